"""read and vread of one resource (https://hl7.org/fhir/R4/http.html)."""

import re
from email.utils import parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

from api import answers, views
from api.disclosure import disclose
from api.fields import field
from api.grants import grant
from api.requests import read_params
from api.site import site
from core.errors import Gone, NotFound
from fhir.access.grant import Grant
from fhir.access.scopes import Action
from fhir.search.params import ResourceType
from store import resources
from store.database import Transaction
from store.reader import Reader
from store.resources import Document

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


async def read(request: Request, kind: ResourceType) -> Response:
    """The current version; 304 if the client has it, 410 if it is deleted."""
    sight = grant(request, kind.name, Action.READ)
    pretty = read_params(request, views.PARAMS)
    part = views.asked(kind, request)
    here = site(request)
    document = await _current(here.reader, sight, resource_id(request))
    disclose(request, [document])
    headers = answers.version_headers(document)
    if _is_known(request, document):
        return Response(status_code=304, headers=headers)
    [body] = await views.bodies(here, [(document, part)])
    return answers.fhir(body, headers=headers, pretty=pretty)


async def vread(request: Request, kind: ResourceType) -> Response:
    """One version, current or not."""
    sight = grant(request, kind.name, Action.READ)
    pretty = read_params(request, views.PARAMS)
    part = views.asked(kind, request)
    wanted = request.path_params["version"]
    if not re.fullmatch(r"[1-9]\d{0,17}", wanted, re.ASCII):
        raise NotFound(f"there is no version {wanted[:40]!r}")
    here = site(request)
    async with here.database.transaction() as tx:
        document = await _version(tx, sight, resource_id(request), int(wanted))
        disclose(request, [document])
        headers = answers.version_headers(document)
        if _is_known(request, document):
            return Response(status_code=304, headers=headers)
        body = await views.body(here, tx, document, part)
    return answers.fhir(body, headers=headers, pretty=pretty)


async def current(tx: Transaction, sight: Grant, name: str) -> Document:
    """The current version. Raises NotFound or Gone, as far as the caller may know."""
    try:
        return sight.checked(await resources.read(tx, sight.type, name))
    except Gone as error:
        raise sight.veiled(error, name) from None


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


def resource_id(request: Request) -> str:
    """The id in the path. Raises NotFound for what can be none."""
    name: str = request.path_params["id"]
    if not _ID.fullmatch(name):
        raise NotFound("there is no resource with such an id")
    return name


def _is_known(request: Request, document: Document) -> bool:
    """Whether the client holds this version (RFC 9110, section 13.2.2)."""
    tags = field(request.scope, b"if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool(known & {"*", f'"{document.version}"'})
    since = field(request.scope, b"if-modified-since")
    try:
        return since is not None and (
            document.last_updated.replace(microsecond=0) <= parsedate_to_datetime(since)
        )
    except (ValueError, TypeError, OverflowError):  # a year of twenty digits
        return False
