"""Searches that are answered later, as files (``Prefer: respond-async``).

https://hl7.org/fhir/R4/async.html. What says how a page looks has no meaning there; where a
search asks for more than its matches, it is answered at once, as RFC 7240 allows.
"""

from starlette.requests import Request
from starlette.responses import Response

from api.bulk.kickoff import ASYNC, request_url
from api.bulk.orders import accept
from api.requests import prefers
from api.site import site
from fhir.bulk.plan import Plan, search_step
from fhir.search.params import ResourceType
from fhir.search.request import Search

_MORE = {"_include", "_revinclude", "_summary", "_elements", "_total"}


def is_wanted(request: Request, search: Search) -> bool:
    """Whether the client would rather wait, and the answer can be files."""
    if search.cursor is not None or search.total_only or not prefers(request, ASYNC):
        return False
    return not any(name.partition(":")[0] in _MORE for name, _ in search.applied)


async def order(request: Request, kind: ResourceType, search: Search) -> Response:
    """Take the search as a job."""
    plan = Plan(
        url=request_url(request),
        base=site(request).base(request),
        steps=(search_step(kind, search.applied),),
        reads=False,
    )
    return await accept(request, plan, search.ignored)
