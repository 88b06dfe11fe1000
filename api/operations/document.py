"""DiagnosticReport/[id]/$document: a report and all that it speaks of, in one Bundle.

After https://hl7.org/fhir/R4/composition-operation-document.html, for a report.
"""

from datetime import UTC, datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.disclosure import disclose
from api.grants import grant
from api.operations.given import nothing
from api.operations.seen import seen
from api.reads import current
from api.requests import read_params
from api.site import site
from fhir.access.scopes import Action
from fhir.mapping.composition import composition, document_bundle, spoken_of
from fhir.values import Json
from store.database import Transaction
from store.resources import Document

MOST = 500
"""Resources in one document; what is beyond is left to its references."""


async def document(request: Request) -> Response:
    """The document of one report; what the caller may not see is left out of it."""
    pretty = read_params(request)
    await nothing(request)
    here, base = site(request), site(request).base(request)
    sight = grant(request, "DiagnosticReport", Action.READ)
    async with here.database.transaction() as tx:
        report = await current(tx, sight, request.path_params["id"])
        found = [report, *await _spoken_of(request, tx, report)]
        bodies = [
            (_body(each), orjson.Fragment(await here.strips.body(tx, each))) for each in found
        ]
    disclose(request, found)
    plain = [body for body, _ in bodies]
    results = [body for body in plain if body["resourceType"] == "Observation"]
    devices = (f"Device/{body['id']}" for body in plain if body["resourceType"] == "Device")
    now = datetime.now(UTC)
    first = composition(plain[0], results, next(devices, None), now)
    return answers.fhir(document_bundle(base, first, bodies, now), pretty=pretty)


async def _spoken_of(request: Request, tx: Transaction, report: Document) -> list[Document]:
    """What the report refers to, and what its results do, each once."""
    near = dict.fromkeys(spoken_of(_body(report)))
    found = await seen(request, tx, near)
    results = [document for document in found if document.type == "Observation"]
    far = dict.fromkeys(name for result in results for name in spoken_of(_body(result)))
    known = {*near, f"{report.type}/{report.id}"}
    further = [name for name in far if name not in known][: max(MOST - len(known), 0)]
    return found + await seen(request, tx, further)


def _body(document: Document) -> Json:
    body: Json = orjson.loads(document.body)
    return body
