"""What the server says of itself: /metadata and /health."""

import asyncio
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import answers
from api.requests import read_params
from api.site import site
from api.smart.discovery import security
from core.errors import HisbundleError
from fhir.bulk.capability import with_exports
from fhir.search.capability import capability_statement
from fhir.values import instant
from store import resources

HEALTH_TIMEOUT_S = 2.0


async def metadata(request: Request) -> Response:
    """The CapabilityStatement."""
    pretty = read_params(request)
    here = site(request)
    statement = with_exports(capability_statement(here.base(request), here.version, here.started))
    for rest in statement["rest"]:
        rest["security"] |= security(here.root(request))
    return answers.fhir(statement, pretty=pretty)


async def health(request: Request) -> Response:
    """Alive, as it answers; ready (200) if the database answers too, else 503."""
    database = await _database(request)
    ready = database["status"] == "ok"
    body = {
        "status": "ok" if ready else "unavailable",
        "version": site(request).version,
        "checks": {"database": database},
    }
    return JSONResponse(body, 200 if ready else 503, {"Cache-Control": "no-store"})


async def _database(request: Request) -> dict[str, Any]:
    began = time.monotonic()
    try:
        async with asyncio.timeout(HEALTH_TIMEOUT_S), site(request).probe.transaction() as tx:
            stamp = await resources.latest_stamp(tx)
    except (HisbundleError, TimeoutError):
        return {"status": "unavailable"}
    return {
        "status": "ok",
        "latency_ms": round((time.monotonic() - began) * 1000, 1),
        "last_resource_at": None if stamp is None else instant(stamp),
    }
