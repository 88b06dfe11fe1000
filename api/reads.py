"""read, vread and history of one resource (https://hl7.org/fhir/R4/http.html)."""

import re
from email.utils import parsedate_to_datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.disclosure import disclose
from api.grants import Grant, grant
from api.links import url
from api.requests import is_lenient, negotiate, read_params
from api.scopes import Action
from api.site import Site, site
from core.errors import Gone, Incorrect, NotFound
from fhir import bundle
from fhir.search.params import ResourceType
from fhir.search.request import CURSOR, Pair, Search, parse
from fhir.values import Json
from store import resources
from store.criteria import SortColumn, SortKey
from store.database import Transaction
from store.reader import Reader
from store.resources import Document

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_HISTORY_PARAMS = {"_count", "_format", "_pretty", CURSOR}
_BY_VERSION = (SortKey(SortColumn.ID),)


async def read(request: Request, kind: ResourceType) -> Response:
    """The current version; 304 if the client has it, 410 if it is deleted."""
    sight = grant(request, kind.name, Action.READ)
    pretty = read_params(request)
    here = site(request)
    document = await _current(here.reader, sight, _id(request))
    disclose(request, [document])
    headers = answers.version_headers(document)
    if _is_known(request, document):
        return Response(status_code=304, headers=headers)
    body = document.body
    if document.render is not None:
        async with here.database.transaction() as tx:
            body = await here.strips.body(tx, document)
    return answers.fhir(body, headers=headers, pretty=pretty)


async def vread(request: Request, kind: ResourceType) -> Response:
    """One version, current or not."""
    sight = grant(request, kind.name, Action.READ)
    pretty = read_params(request)
    wanted = request.path_params["version"]
    if not re.fullmatch(r"[1-9]\d{0,17}", wanted, re.ASCII):
        raise NotFound(f"there is no version {wanted[:40]!r}")
    here = site(request)
    async with here.database.transaction() as tx:
        document = await _version(tx, sight, _id(request), int(wanted))
        disclose(request, [document])
        body = await here.strips.body(tx, document)
    return answers.fhir(body, headers=answers.version_headers(document), pretty=pretty)


async def history(request: Request, kind: ResourceType) -> Response:
    """The versions of one resource, newest first, in pages."""
    sight = grant(request, kind.name, Action.READ)
    search = _history_search(request, kind)
    here, name = site(request), _id(request)
    base = here.base(request)
    path = f"{base}/{kind.name}/{name}/_history"
    newest = _newest(here, path, search)
    async with here.database.transaction() as tx:
        found = await _visible(tx, sight, name, search.count + 1, newest)
        if not found:
            raise sight.missing(name)
        disclose(request, found[: search.count])
        entries = [await _entry(here, tx, document, base) for document in found[: search.count]]
    links = {"self": url(path, search.applied)}
    if len(found) > search.count:
        position = (str(found[search.count].version),)
        links["next"] = here.cursor_key.next_url(path, search.applied, position)
    body = bundle.history(entries, links)
    return answers.fhir(body, pretty=("_pretty", "true") in search.applied)


async def _current(reader: Reader, sight: Grant, name: str) -> Document:
    try:
        return sight.checked(await reader.read(sight.type, name))
    except Gone as error:
        raise sight.veiled(error, name) from None


async def _version(tx: Transaction, sight: Grant, name: str, number: int) -> Document:
    try:
        found = await resources.vread(tx, sight.type, name, number)
    except Gone as error:
        raise sight.veiled(error, name) from None
    except NotFound:
        if sight.is_whole:
            raise
        raise sight.missing(name) from None
    return sight.checked(found)


async def _visible(
    tx: Transaction, sight: Grant, name: str, count: int, newest: int
) -> list[Document]:
    """Up to ``count`` versions that may be seen; what may not leaves no gap in a page."""
    seen: list[Document] = []
    while len(seen) < count and newest > 0:
        found = await resources.history(tx, sight.type, name, count, newest)
        seen += filter(sight.covers, found)
        newest = found[-1].version - 1 if len(found) == count else 0
    return seen[:count]


async def _entry(here: Site, tx: Transaction, document: Document, base: str) -> Json:
    content = None
    if not document.deleted:
        content = orjson.Fragment(await here.strips.body(tx, document))
    return bundle.version(
        base,
        document.type,
        document.id,
        content,
        number=document.version,
        last_updated=document.last_updated,
    )


def _id(request: Request) -> str:
    name: str = request.path_params["id"]
    if not _ID.fullmatch(name):
        raise NotFound("there is no resource with such an id")
    return name


def _history_search(request: Request, kind: ResourceType) -> Search:
    pairs: list[Pair] = request.query_params.multi_items()
    if not is_lenient(request):
        for name in pairs:
            if name[0] not in _HISTORY_PARAMS:
                raise Incorrect(f"history has no parameter {name[0][:80]!r}")
    negotiate(request.headers.get("accept"), request.query_params.get("_format"))
    known = [pair for pair in pairs if pair[0] in _HISTORY_PARAMS]
    search = parse(kind, known, site(request).limits, "")
    if search.count == 0:
        raise Incorrect("_count: at least 1 version, please")
    return search


def _newest(here: Site, path: str, search: Search) -> int:
    if search.cursor is None:
        return resources.LAST_VERSION
    position = here.cursor_key.open(path, search.applied, search.cursor, _BY_VERSION)
    return int(str(position[0]))


def _is_known(request: Request, document: Document) -> bool:
    """Whether the client holds this version (RFC 9110, section 13.2.2)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool(known & {"*", f'"{document.version}"'})
    since = request.headers.get("if-modified-since")
    try:
        return since is not None and (
            document.last_updated.replace(microsecond=0) <= parsedate_to_datetime(since)
        )
    except (ValueError, TypeError):
        return False
