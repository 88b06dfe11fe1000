"""Conformance resources of our own: read, and search by url, version and name.

They hold no patient's data, so that any scope of their type will do.
"""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.grants import grant
from api.links import url
from api.requests import form, is_lenient, negotiate, read_params
from api.site import site
from core.errors import Incorrect, NotFound
from fhir import bundle
from fhir.access.scopes import Action
from fhir.profiles.capability import PARAMS
from fhir.profiles.catalogue import catalogue, look_up
from fhir.search.request import Pair

_PARAMS = {name for name, *_ in PARAMS}
_RESULT = {"_format", "_pretty", "_count", "_total"}


def read(type_: str) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint that reads one resource of ``type_``."""

    async def endpoint(request: Request) -> Response:
        grant(request, type_, Action.READ)
        pretty = read_params(request)
        found = catalogue()[type_].get(request.path_params["id"])
        if found is None:
            raise NotFound(f"there is no such {type_}")
        return answers.fhir(found, pretty=pretty)

    return endpoint


def search(type_: str) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint that searches ``type_``, by GET and by a form; all stand on one page."""

    async def endpoint(request: Request) -> Response:
        grant(request, type_, Action.SEARCH)
        is_form = request.method == "POST"
        pairs = await form(request) if is_form else request.query_params.multi_items()
        asked = _asked(request, pairs)
        found = look_up(type_, {name: asked[name] for name in _PARAMS & asked.keys()})
        base = site(request).base(request)
        shown = [] if asked.get("_count") == "0" else found
        entries = [bundle.match(base, type_, each["id"], each) for each in shown]
        links = {"self": url(f"{base}/{type_}", asked.items())}
        pretty = asked.get("_pretty") == "true"
        return answers.fhir(bundle.searchset(entries, links, len(found)), pretty=pretty)

    return endpoint


def _asked(request: Request, pairs: Sequence[Pair]) -> dict[str, str]:
    request.scope["format"] = dict(pairs).get("_format")  # it may have come in the form
    negotiate(request.headers.get("accept"), request.scope["format"])
    unknown = [name for name, _ in pairs if name not in _PARAMS | _RESULT]
    if unknown and not is_lenient(request):
        raise Incorrect(f"unknown search parameter {unknown[0][:80]!r}")
    known = [pair for pair in pairs if pair[0] in _PARAMS | _RESULT]
    if len(dict(known)) < len(known):
        raise Incorrect("a search parameter is given twice")
    return dict(known)
