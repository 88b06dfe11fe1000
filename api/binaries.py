"""Binary: renderings of reports and strips, made when they are asked for.

https://hl7.org/fhir/R4/binary.html: as their own media type, or as a Binary resource where
``Accept`` asks for FHIR. Whoever reads one must be allowed to read Binary and the resource
behind it.
"""

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api import answers, papers, results
from api.disclosure import disclose
from api.grants import reach
from api.hl7v2 import letterhead
from api.recordings import recording
from api.requests import caller, negotiate, read_params
from api.results import Result
from api.site import Site, site
from core.errors import Forbidden, NotFound, TooCostly
from core.formats import FILES, PAPER, Format, binary_id, parse_binary_id
from export.files.dicom import dicom
from export.files.edf import edf
from export.files.wfdb_zip import wfdb_zip
from export.paper.drawing import Page
from export.paper.excerpts import excerpt_pages
from export.paper.layout import strip_page
from export.paper.pdf import pdf
from export.paper.report import finish, report_pages
from export.paper.sheet import Excerpt, Report
from export.paper.svg import svg
from fhir import media
from fhir.access.grant import Grant
from fhir.access.scopes import Action, Way, ways
from fhir.publishing.outbox import report_message
from fhir.search.params import ResourceType
from store.database import Transaction

JSON_MAX_BYTES = 8 << 20
"""As JSON a file is held several times over; by its own type it is sent in parts."""
FIRST_STRIPS = 4
"""The page of a report on which its strips begin."""
_BEHIND = ("DiagnosticReport", "Observation")
_WRITERS = {Format.WFDB: wfdb_zip, Format.EDF: edf, Format.DICOM: dicom}


async def read(request: Request, kind: ResourceType) -> Response:
    """A rendering, in its own media type or as FHIR."""
    own = reach(request, kind.name, Action.READ)
    resource_id, form = parse_binary_id(request.path_params["id"])
    as_fhir = _wants_fhir(request, form)
    pretty = read_params(request) if as_fhir else False
    here = site(request)
    async with here.renderings.turn():
        async with here.database.transaction() as tx:
            result = await results.find(tx, _readable(request, own), resource_id)
            disclose(request, [result.document])
            parts = await _rendered(here, tx, result, form)
        headers = answers.version_headers(result.document) | {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
            "Content-Disposition": f'inline; filename="{resource_id}{form.file_name}"',
        }
        if not as_fhir:
            first = await asyncio.to_thread(next, parts)
            return StreamingResponse(
                _after(first, parts), 200, _private(headers), form.content_type
            )
        data = await asyncio.to_thread(_whole, parts)
    body = {
        "resourceType": "Binary",
        "id": binary_id(resource_id, form),
        "contentType": form.content_type,
        "securityContext": {"reference": f"{result.document.type}/{resource_id}"},
        "data": b64encode(data).decode(),
    }
    return answers.fhir(body, headers=headers, pretty=pretty)


def _private(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"Cache-Control": "private, no-cache"}


def _wants_fhir(request: Request, form: Format) -> bool:
    """Whether FHIR is asked for before the form's own type. Raises 406 for neither."""
    format_ = request.query_params.get("_format")
    wanted = (format_ or request.headers.get("accept") or "*/*").split(",")
    types = [(item.partition(";")[0].strip().lower(), media.named(item)) for item in wanted]
    family = f"{form.content_type.partition('/')[0]}/*"
    for name, fhir_form in types:
        if name in (form.content_type, "*/*", family):
            return False
        if fhir_form is not None:
            break
    negotiate(request.headers.get("accept"), format_)
    return True


def _readable(request: Request, own: Grant) -> list[Grant]:
    """What the caller may see of what is behind Binaries. Raises Forbidden for nothing.

    A file shows all there is of a session: whoever sees a part by categories sees none.
    """
    rights = caller(request).rights
    found = []
    for type_ in _BEHIND:
        whole = (way for way in ways(rights, type_, Action.READ) if not way.filter)
        both = tuple(_met(way, mine) for way in whole for mine in own.ways)
        found += [Grant(type_, both)] if both else []
    if not found:
        raise Forbidden("the token's scopes do not include what is behind this Binary")
    return found


def _met(one: Way, other: Way) -> Way:
    """The way to what both of two without filters lead to."""
    if one.patients is None or other.patients is None:
        return Way(patients=other.patients if one.patients is None else one.patients)
    return Way(patients=one.patients & other.patients)


async def _rendered(here: Site, tx: Transaction, result: Result, form: Format) -> Iterator[bytes]:
    """The form in parts; what has to be read of the store is read here."""
    if form not in PAPER and result.document.type != "DiagnosticReport":
        raise NotFound("only reports and their sessions are made into files and messages")
    if form is Format.HL7:
        head, at = letterhead(here.settings), result.document.last_updated
        told = await report_message(tx, result.body, head, result.document.version, at)
        return iter([told.encode()])
    if form in FILES:
        made = await recording(tx, here.keyring, result)
        return _WRITERS[form](made)
    if result.document.type == "Observation":
        strip = await papers.strip_on_paper(tx, here.keyring, result)
        pages = await asyncio.to_thread(lambda: [strip_page(strip)])
    else:
        report, shown = await papers.report_on_paper(tx, here.keyring, result)
        pages = await asyncio.to_thread(_report_pages, report, shown)
    if form is Format.SVG:
        first = pages[FIRST_STRIPS - 1 if len(pages) >= FIRST_STRIPS else 0]
        return iter([(await asyncio.to_thread(svg, first)).encode()])
    return iter([await asyncio.to_thread(pdf, pages, "ECG, single lead")])


def _report_pages(report: Report, shown: list[Excerpt]) -> list[Page]:
    pages = [*report_pages(report), *excerpt_pages(shown, report)]
    return [finish(page, report, number, len(pages)) for number, page in enumerate(pages, 1)]


def _after(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _whole(parts: Iterable[bytes]) -> bytes:
    """All parts. Raises TooCostly past what JSON should carry."""
    data = bytearray()
    for part in parts:
        data += part
        if len(data) > JSON_MAX_BYTES:
            raise TooCostly("too long for FHIR JSON; ask for it by its own media type")
    return bytes(data)
