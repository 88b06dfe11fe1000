"""Orders: ``$export`` of the system, of patients or of a group, and searches for later.

https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-kick-off-request and
https://hl7.org/fhir/R4/async.html. Answered by 202 and the address of the job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api.bulk import people
from api.bulk.orders import accept
from api.bulk.sights import Sight
from api.grants import denied, narrow_inner
from api.requests import body, caller, expect_json, is_lenient, negotiate, prefers
from api.site import site
from core import json_text
from core.errors import Incorrect
from fhir.bulk import parameters
from fhir.bulk.parameters import Wanted
from fhir.bulk.plan import Plan, Step, query
from fhir.search.params import Interaction, ResourceType
from fhir.search.registry import TYPES
from fhir.search.request import Pair

MAX_BODY_BYTES = 1 << 20
ASYNC = "respond-async"
_ASCII = bytes(range(33, 127)).decode()


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whose data are exported: everything, of patients, or of these (ids)."""

    in_compartment: bool = False
    patients: tuple[str, ...] | None = None


async def system(request: Request) -> Response:
    """Everything that the token may read."""
    wanted = await _wanted(request)
    if wanted.patients is not None:
        raise Incorrect("patient: ask for Patient/$export")
    return await _order(request, wanted, _Scope())


async def patients(request: Request) -> Response:
    """What belongs to patients: to all, or to those who are named."""
    wanted = await _wanted(request)
    named = wanted.patients
    if named is not None:
        await people.known(request, named)
    return await _order(request, wanted, _Scope(True, named))


async def group(request: Request) -> Response:
    """What belongs to the members of a group."""
    wanted = await _wanted(request)
    members = await people.members(request, request.path_params["id"])
    for name in wanted.patients or ():
        if name not in members:
            raise Incorrect(f"Patient/{name} is no member of the group")
    return await _order(request, wanted, _Scope(True, wanted.patients or members))


async def _wanted(request: Request) -> Wanted:
    negotiate(request.headers.get("accept"), None)
    lenient = is_lenient(request)
    if not (prefers(request, ASYNC) or lenient):
        raise Incorrect(f"$export needs the header Prefer: {ASYNC}")
    pairs: Sequence[Pair] = request.query_params.multi_items()
    if request.method == "POST":
        pairs = [*pairs, *await _sent(request)]
    elif any(name == "patient" for name, _ in pairs):
        raise Incorrect("patient: name patients by POST, in a Parameters resource")
    return parameters.parse(pairs, site(request).base(request), lenient=lenient)


async def _sent(request: Request) -> list[Pair]:
    text = await body(request, MAX_BODY_BYTES)
    if not text:
        return []
    expect_json(request, "$export takes a Parameters resource as application/fhir+json")
    return parameters.from_resource(json_text.loads(text))


async def _order(request: Request, wanted: Wanted, scope: _Scope) -> Response:
    here = site(request)
    types = _types(request, wanted, scope.in_compartment)
    for type_, text in wanted.filters:
        narrow_inner(request, query(type_, text, here.base(request)))
    steps = [
        Step(name, filters=tuple(text for type_, text in wanted.filters if type_ == name))
        for name in types
    ]
    if wanted.since is not None:
        # A deletion tells no category: who may see some of a type learns of none.
        whole = [name for name in types if _sight(request, name, whole=True)]
        steps += [Step(name, deletions=True) for name in whole]
    plan = Plan(
        url=request_url(request),
        base=here.base(request),
        steps=tuple(steps),
        since=wanted.since,
        patients=scope.patients,
        in_compartment=scope.in_compartment,
    )
    return await accept(request, plan, wanted.ignored)


def _types(request: Request, wanted: Wanted, in_compartment: bool) -> list[str]:
    """The types to export. Raises Incorrect for unknown ones, Forbidden without their scopes."""
    offered = {kind.name: kind for kind in TYPES.values() if _is_offered(kind, in_compartment)}
    asked = (*(wanted.types or ()), *(type_ for type_, _ in wanted.filters))
    for name in asked:
        if name not in offered:
            raise Incorrect(f"{name[:80]!r} is no resource type that is exported here")
        if not _sight(request, name):
            raise denied(request, f"system/{name}.rs")
    found = [name for name in wanted.types or offered if _sight(request, name)]
    if not found:
        raise denied(request, "to read any resource type that is exported here")
    return found


def _is_offered(kind: ResourceType, in_compartment: bool) -> bool:
    searched = Interaction.SEARCH_TYPE in kind.interactions
    return searched and (kind.patient is not None or not in_compartment)


def _sight(request: Request, type_: str, *, whole: bool = False) -> bool:
    sight = Sight.of(caller(request).rights, type_, reads=True)
    return sight is not None and (sight.is_whole or not whole)


def request_url(request: Request) -> str:
    """The request's URL as the client wrote it, at the address that it knows us by."""
    # Letters that were not escaped may be of any coding.
    query = quote(request.scope["query_string"], safe=_ASCII)
    path = quote(request.scope["path"], safe="/$")
    return site(request).root(request) + path + (f"?{query}" if query else "")
