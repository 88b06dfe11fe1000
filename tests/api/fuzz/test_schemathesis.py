"""The OpenAPI document against the application: no answer is a fault, every error is FHIR.

https://schemathesis.readthedocs.io. Operations that are alike but for their resource type share
their examples: each is asked a few times, all together several hundred times.
"""

import json
from typing import Any
from urllib.parse import urlencode

import schemathesis
from fastapi import FastAPI
from hypothesis import given
from lxml import etree
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from tests.api.fuzz.support import Answer, Wire, beside, bounded

EACH = 2
PATHS_MIN = 200


def _target(case: Case[Any]) -> str:
    query = urlencode([(n, str(v)) for n, v in (case.query or {}).items()], errors="replace")
    return case.formatted_path + (f"?{query}" if query else "")


def _body(case: Case[Any]) -> bytes:
    """What was made up, in the form that was made up; XML of what is no tree is any bytes."""
    sent: Any = case.body
    if isinstance(sent, bytes):
        return sent
    if not isinstance(sent, dict | list | str | int | float | bool | None):
        return b""
    if case.media_type == "application/x-www-form-urlencoded" and isinstance(sent, dict):
        return urlencode(sent, doseq=True, errors="replace").encode()
    if "xml" in (case.media_type or "") and isinstance(sent, dict):
        name = sent.get("resourceType")
        root = etree.Element(f"{{http://hl7.org/fhir}}{name if name in _TYPES else 'Patient'}")
        return etree.tostring(root)
    return json.dumps(sent, default=str).encode()


_TYPES = ("Patient", "Observation", "Bundle", "Parameters")


def _headers(case: Case[Any]) -> list[tuple[str, str]]:
    return [("content-type", case.media_type)] if case.media_type else []


def _documented(operation: APIOperation[Any, Any, Any, Any], answer: Answer) -> None:
    """An answer that is an error has the form that the document tells."""
    if answer.status >= 400 and "/auth/" in operation.path:
        assert set(answer.json()) == {"error", "error_description"}


async def test_no_operation_has_a_fault(wire: Wire, app: FastAPI) -> None:
    schema = schemathesis.openapi.from_dict(app.openapi())
    send = wire.through()
    asked = 0

    def ask(operation: APIOperation[Any, Any, Any, Any]) -> None:
        strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)

        @bounded(EACH)
        @given(strategy)
        def search(case: Case[Any]) -> None:
            nonlocal asked
            asked += 1
            answer = send(case.method, _target(case), _headers(case), _body(case))
            _documented(operation, answer)

        search()

    def all_of_them() -> None:
        for result in schema.get_all_operations():
            assert isinstance(result, Ok)
            ask(result.ok())

    await beside(all_of_them)
    assert asked >= PATHS_MIN


async def test_the_document_tells_of_parameters_bodies_and_errors(app: FastAPI) -> None:
    document = app.openapi()
    search = document["paths"]["/fhir/Observation"]["get"]
    names = {each["name"] for each in search["parameters"]}
    assert {"code", "patient", "date", "_count", "_format"} <= names
    assert document["paths"]["/fhir/Patient/{id}"]["get"]["parameters"][0]["name"] == "id"
    create = document["paths"]["/fhir/Patient"]["post"]
    assert {"application/fhir+json", "application/fhir+xml"} == set(
        create["requestBody"]["content"]
    )
    assert "201" in create["responses"]
    assert "application/fhir+json" in create["responses"]["4XX"]["content"]
    assert document["paths"]["/metadata"]["get"]["security"] == []
    assert search["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
