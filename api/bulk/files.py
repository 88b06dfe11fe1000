"""The files of a job, written out as they are fetched: one resource a line, samples and all.

What rests is a list of versions, so that no waveform comes to rest in the clear. A file is read
in batches, each in a transaction of its own; versions never change, so it comes out the same.
"""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.bulk.pace import Pace
from api.bulk.sights import Sight
from api.bulk.status import visible
from api.disclosure import disclosed
from api.grants import denied
from api.requests import caller
from api.site import Site, site
from core.errors import NotFound
from fhir.bulk.attachments import absolute
from fhir.bulk.manifest import deletion
from fhir.bulk.plan import Plan
from store import jobs, snapshots
from store.jobs import Part

MEDIA_TYPE = "application/fhir+ndjson"
BATCH = 64
_HEADERS = {"Cache-Control": "private, no-cache"}


class _Download(StreamingResponse):
    """A file on its way; counted until its last byte is sent, or nobody listens any more."""

    def __init__(self, lines: AsyncIterator[bytes], pace: Pace) -> None:
        super().__init__(lines, headers=_HEADERS, media_type=MEDIA_TYPE)
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._pace.download():
            await super().__call__(scope, receive, send)


async def download(request: Request) -> Response:
    """One file. Raises Forbidden if the token no longer shows all that is in it."""
    here = site(request)
    number = request.path_params["number"]
    async with here.database.transaction() as tx:
        job = await visible(request, tx)
        if not (number.isascii() and number.isdigit() and len(number) < 9):
            raise NotFound("there is no such file")
        part = await jobs.part(tx, job.order.id, int(number))
    reads = Plan.from_json(job.order.request).reads
    now = Sight.of(caller(request).scopes, part.type, reads=reads)
    then = Sight.of(job.order.scopes, part.type, reads=reads)
    if now is None or then is None or not now.holds(then):
        raise denied(request, f"system/{part.type}.{'rs' if reads else 's'}")
    disclosed(request).update(part.patients)
    if request.method == "HEAD":
        return Response(headers=_HEADERS, media_type=MEDIA_TYPE)
    return _Download(_lines(here, part, now, here.base(request)), here.pace)


async def _lines(here: Site, part: Part, sight: Sight, base: str) -> AsyncIterator[bytes]:
    for start in range(0, len(part.ids), BATCH):
        stop = start + BATCH
        if part.deletions:
            lines = [deletion(part.type, id_) for id_ in part.ids[start:stop]]
        else:
            found = await _batch(here, part, sight, slice(start, stop))
            lines = [absolute(line, base) for line in found]
        yield b"".join(line + b"\n" for line in lines)


async def _batch(here: Site, part: Part, sight: Sight, which: slice) -> list[bytes]:
    async with here.pace.batches, here.database.transaction() as tx:
        found = await snapshots.documents(tx, part.type, part.ids[which], part.versions[which])
        return [await here.strips.body(tx, item) for item in found if sight.covers(item)]
