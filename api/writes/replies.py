"""What a client gets back for a write, by its ``Prefer`` (https://hl7.org/fhir/R4/http.html#ops)."""

from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.requests import caller
from api.writes.incoming import Return, preference
from api.writes.writer import Writer
from fhir.access.grant import Grant
from fhir.access.scopes import Action, ways
from fhir.outcome import operation_outcome
from store.resources import Document


async def reply(
    request: Request,
    writer: Writer,
    document: Document,
    status: int,
    *,
    located: bool = False,
    own: bool = True,
) -> Response:
    """The answer to a write; ``own`` where its content is no more than what the client sent.

    What the client may not read it is not shown, whatever it prefers.
    """
    place = f"{document.type}/{document.id}"
    headers = answers.version_headers(document)
    if located:
        headers["Location"] = f"{writer.base}/{place}/_history/{document.version}"
    wanted = preference(request)
    if wanted is Return.OUTCOME:
        text = f"{place} is at version {document.version}"
        told = operation_outcome("informational", text, severity="information")
        return answers.fhir(told, status, headers)
    if wanted is Return.MINIMAL or not (own or _may_read(request, document)):
        return Response(status_code=status, headers=headers)
    body = await writer.here.strips.body(writer.tx, document)
    pretty = request.query_params.get("_pretty") == "true"
    return answers.fhir(body, status, headers, pretty=pretty)


def deleted(request: Request, document: Document | None, place: str) -> Response:
    """The answer to a deletion, or to that of what was not there."""
    headers = {} if document is None else {"ETag": f'W/"{document.version}"'}
    if preference(request) is not Return.OUTCOME:
        return Response(status_code=204, headers=headers)
    told = operation_outcome("informational", f"{place} is deleted", severity="information")
    return answers.fhir(told, 200, headers)


def _may_read(request: Request, document: Document) -> bool:
    found = ways(caller(request).rights, document.type, Action.READ)
    return bool(found) and Grant(document.type, found).covers(document)
