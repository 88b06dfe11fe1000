"""batch and transaction (https://hl7.org/fhir/R4/http.html#transaction)."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.disclosure import asking
from api.errors import answer
from api.requests import read_params
from api.site import site
from api.writes import entries, incoming
from api.writes.subrequest import answered, request_of, response_entry
from api.writes.transaction import transaction
from core.errors import HisbundleError
from fhir.values import Json


async def bundle(request: Request) -> Response:
    """A Bundle of requests: each for itself, or all of them or none."""
    pretty = read_params(request)
    sent = await incoming.resource(request, incoming.MAX_BUNDLE_BYTES)
    type_, listed = entries.of_bundle(sent)
    asking(request, [entries.line(each) for each in listed])
    run = transaction if type_ == "transaction" else _batch
    told = await run(request, listed)
    if isinstance(told, Response):
        return told
    body = {"resourceType": "Bundle", "type": f"{type_}-response"}
    return answers.fhir(body | ({"entry": told} if told else {}), pretty=pretty)


async def _batch(request: Request, listed: Sequence[Any]) -> list[Json]:
    return [await _one(request, number, sent) for number, sent in enumerate(listed)]


async def _one(request: Request, number: int, sent: Any) -> Json:
    try:
        entry = entries.entry(number, sent, site(request).base(request))
        own = request_of(request, entry, {})
    except HisbundleError as error:
        return response_entry(answer(error))
    return response_entry(await answered(own))
