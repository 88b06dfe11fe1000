"""A plan becomes a job: bounded, stamped, answered by 202 and where to ask after it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.requests import caller
from api.site import FHIR_PATH, Site, site
from fhir.bulk.plan import Plan
from fhir.outcome import operation_outcome
from store import jobs, resources
from store.database import Transaction
from store.jobs import Bounds, Order

BOUNDS = Bounds(active=5, kept=100, total=1000)
PATH = "/_jobs"
"""Below the FHIR base; no resource type is called so."""


async def accept(request: Request, plan: Plan, ignored: tuple[str, ...] = ()) -> Response:
    """Take the order. Raises TooBusy where there are too many jobs."""
    here, who = site(request), caller(request)
    async with here.database.transaction() as tx:
        order = Order(
            id=uuid4().hex,
            owner=who.client_id,
            scopes=who.scopes,
            request=plan.to_json(),
            as_of=await _moment(tx),
        )
        await jobs.add(tx, order, BOUNDS, here.settings.job_life_s)
    told = "accepted; ask at Content-Location how far it is"
    if ignored:
        told += f". Not supported, and left out: {', '.join(ignored)}"
    body = operation_outcome("informational", told, severity="information")
    return answers.fhir(body, 202, {"Content-Location": status_url(here, request, order.id)})


async def _moment(tx: Transaction) -> datetime:
    """The moment at which everything will be told: no later write is stamped so early."""
    stamp = await resources.latest_stamp(tx)
    return stamp or datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)


def status_url(here: Site, request: Request, job: str) -> str:
    """Where to ask after a job."""
    return f"{here.root(request)}{FHIR_PATH}{PATH}/{job}"
