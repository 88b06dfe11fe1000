"""How far a job is, its manifest once it is done, and its end by the client's wish.

https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-status-request
"""

from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import answers
from api.bulk.orders import status_url
from api.bulk.sights import ordered_with, sees_all
from api.requests import caller
from api.site import site
from core.errors import NotFound, TooCostly
from fhir.bulk.manifest import manifest, output
from fhir.bulk.plan import Plan
from fhir.outcome import operation_outcome
from store import jobs
from store.database import Transaction
from store.jobs import Job

RETRY_AFTER_S = 2


async def status(request: Request) -> Response:
    """202 while the job runs, 200 with the manifest once it is done."""
    here = site(request)
    async with here.database.transaction() as tx:
        job = await visible(request, tx)
        heads = await jobs.parts(tx, job.order.id) if job.state == "done" else []
    if job.state == "failed":
        raise TooCostly("the job was given up after several attempts; ask for less at once")
    if job.state == "active":
        here.pace.poll(job.order.id)
        return _running(job)
    url, plan = status_url(here, request, job.order.id), Plan.from_json(job.order.request)
    files = [(h, output(h.type, f"{url}/{h.number}.ndjson", h.count)) for h in heads]
    body = manifest(
        plan.url,
        job.order.as_of,
        [file for head, file in files if not head.deletions],
        [file | {"type": "Bundle"} for head, file in files if head.deletions],
    )
    expires = format_datetime(job.expires_at, usegmt=True)
    return JSONResponse(body, headers={"Expires": expires, "Cache-Control": "private, no-cache"})


async def cancel(request: Request) -> Response:
    """End a job, and forget what it made."""
    async with site(request).database.transaction() as tx:
        job = await visible(request, tx)
        await jobs.remove(tx, job.order.id)
    body = operation_outcome("informational", "the job is removed", severity="information")
    return answers.fhir(body, 202)


async def visible(request: Request, tx: Transaction) -> Job:
    """The job at this address. Raises NotFound for those of others too.

    An administrator's token opens the jobs of clients as well, if it may see all that they show.
    """
    job = await jobs.find(tx, request.path_params["job"])
    who, order = caller(request), job.order
    if who.client_id != order.owner:
        plan = Plan.from_json(order.request)
        held = await ordered_with(tx, order)
        if who.client_id is not None or not sees_all(who.rights, plan, held):
            raise NotFound("there is no such job")
    return job


def _running(job: Job) -> Response:
    plan = Plan.from_json(job.order.request)
    at = f"{job.stage + 1} of {len(plan.steps)}"
    told = f"{job.written} resources so far, type {at}"
    body = operation_outcome("informational", told, severity="information")
    return answers.fhir(body, 202, {"X-Progress": told, "Retry-After": str(RETRY_AFTER_S)})
