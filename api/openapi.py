"""What the OpenAPI document says of each route beside its address, from the declarations.

https://spec.openapis.org/oas/v3.1.0#operation-object. FastAPI cannot know it: our endpoints take
the request alone. The document is for tools; what the server can do is told in FHIR, by the
CapabilityStatement. It stands at /openapi.json, for any bearer of a token.
"""

import re

from fastapi import FastAPI

from api.gate import OAUTH, PUBLIC
from api.requests import FORM
from api.site import FHIR_PATH
from fhir.search.params import Kind, SearchParam
from fhir.search.registry import TYPES
from fhir.values import Json

_FHIR_TYPES = ("application/fhir+json", "application/fhir+xml")
_RESOURCE = {"$ref": "#/components/schemas/Resource"}
_TEXT = {"type": "string"}
_COMPONENTS: Json = {
    "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    "schemas": {
        "Resource": {
            "type": "object",
            "required": ["resourceType"],
            "properties": {"resourceType": {"type": "string"}},
        },
        "OperationOutcome": {
            "type": "object",
            "required": ["resourceType", "issue"],
            "properties": {
                "resourceType": {"const": "OperationOutcome"},
                "issue": {"type": "array", "minItems": 1, "items": {"type": "object"}},
            },
        },
        "OAuthError": {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {"error": _TEXT, "error_description": _TEXT},
        },
    },
}
_EXAMPLES = {
    Kind.TOKEN: "final",
    Kind.REFERENCE: "Patient/p1",
    Kind.STRING: "an",
    Kind.DATE: "ge2026-03-01",
    Kind.QUANTITY: "gt72|http://unitsofmeasure.org|/min",
    Kind.URI: "urn:oid:1.2.36.146",
}
_RESULT: dict[str, Json] = {
    "_id": _TEXT,
    "_lastUpdated": _TEXT,
    "_sort": _TEXT,
    "_count": {"type": "integer", "minimum": 0},
    "_total": {"enum": ["none", "estimate", "accurate"]},
    "_summary": {"enum": ["true", "false", "text", "data", "count"]},
    "_elements": _TEXT,
    "_include": _TEXT,
    "_revinclude": _TEXT,
}
_ANSWER: dict[str, Json] = {
    "_format": {"enum": ["json", "xml"]},
    "_pretty": {"enum": ["true", "false"]},
}
_OAUTH_FIELDS = ("grant_type", "client_assertion_type", "client_assertion", "scope", "token")
_MORE_ANSWERS: dict[tuple[str, str], Json] = {
    ("/enrolment", "POST"): {"202": {"description": "A claim: it waits for an operator's approval"}}
}
_SAMPLE = {"id": "p0", "version": "1", "job": "0", "number": "1"}


def operation(path: str, method: str, body: Json | None = None) -> Json:
    """What is said of the route at ``path``; ``body`` is its requestBody, if it declares one."""
    found = [_path(name) for name in re.findall(r"{(\w+)}", path)] + _query(path, method)
    sent = body or _body(path, method)
    error = "OAuthError" if path in OAUTH else "OperationOutcome"
    types = ("application/json",) if path in OAUTH else _FHIR_TYPES
    told = {
        "parameters": found,
        "security": [] if path in PUBLIC | OAUTH else [{"bearer": []}],
        "responses": {
            "4XX": {
                "description": f"Refused, with an {error}",
                "content": _content({"$ref": f"#/components/schemas/{error}"}, *types),
            }
        }
        | _MORE_ANSWERS.get((path, method), {}),
    }
    return told | ({"requestBody": sent} if sent else {})


def status(path: str, method: str, body: Json | None) -> int:
    """The status of the usual answer."""
    if "$export" in path:
        return 202
    if method == "DELETE":
        return 202 if "_jobs" in path else 204
    is_create = method == "POST" and body is not None and path.strip("/") != FHIR_PATH.strip("/")
    return 201 if is_create or (path, method) == ("/enrolment", "POST") else 200


def install(app: FastAPI) -> None:
    """Add to ``app``'s document what belongs to no single route."""
    made = app.openapi

    def document() -> Json:
        found: Json = made()
        for name, parts in _COMPONENTS.items():
            found.setdefault("components", {}).setdefault(name, {}).update(parts)
        return found

    app.openapi = document  # type: ignore[method-assign]


def _content(schema: Json, *media_types: str) -> Json:
    return {name: {"schema": schema} for name in media_types}


def _path(name: str) -> Json:
    schema = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": r"^[A-Za-z0-9\-.]+$"}
    return {
        "name": name, "in": "path", "required": True, "schema": schema, "example": _SAMPLE[name],
    }  # fmt: skip


def _query(path: str, method: str) -> list[Json]:
    """Parameters of the URL: of a search those of its type, of anything else how it is told."""
    if not path.startswith(FHIR_PATH) or method not in ("GET", "DELETE"):
        return []
    kind = TYPES.get(path.removeprefix(f"{FHIR_PATH}/"))
    searched = [] if kind is None else [_search_param(p) for p in kind.params.values()]
    results = {} if kind is None else _RESULT
    return searched + [_parameter(n, schema) for n, schema in (results | _ANSWER).items()]


def _search_param(param: SearchParam) -> Json:
    more = {"description": param.documentation, "example": _EXAMPLES[param.kind]}
    return _parameter(param.name, _TEXT) | more


def _parameter(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _body(path: str, method: str) -> Json | None:
    """What is sent where no declaration says so: forms, Parameters, an enrolment."""
    if method != "POST":
        return None
    if path in OAUTH or path.endswith("/_search"):
        names = _OAUTH_FIELDS if path in OAUTH else ("_id", "_count", "_sort")
        schema = {"type": "object", "properties": dict.fromkeys(names, _TEXT)}
        return {"content": _content(schema, FORM)}
    if path.startswith(FHIR_PATH):
        return {"content": _content(_RESOURCE, *_FHIR_TYPES)}
    return {"content": _content({"type": "object"}, "application/json")}
