"""$validate: what would be said of a resource if it were sent to be stored.

Source: https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.disclosure import disclose
from api.grants import denied, grant
from api.reads import current, resource_id
from api.requests import body, caller, expect_json, negotiate
from api.site import site
from core import json_text
from core.errors import Incorrect
from fhir.access.scopes import Action, ways
from fhir.outcome import findings
from fhir.parameters import CODE, RESOURCE, URI, Given, from_body, from_query
from fhir.search.params import ResourceType
from fhir.validation import Issue, Severity, issues
from fhir.validation.profiles import is_known
from fhir.values import Json

MAX_BYTES = 1 << 20
MODES = ("create", "update", "delete", "profile")
_FORMS = {"resource": RESOURCE, "mode": CODE, "profile": URI}
_OF_THE_ANSWER = ("_format", "_pretty")


async def of_type(request: Request, kind: ResourceType) -> Response:
    """Validate a resource that is sent, for a type."""
    rights = caller(request).rights
    if not any(ways(rights, kind.name, action) for action in (Action.READ, Action.CREATE)):
        raise denied(request, f"system/{kind.name}.{Action.CREATE}")
    given = await _given(request)
    if "resource" not in given or given.get("mode") == "delete":
        raise Incorrect("send the resource; a deletion is validated at its address")
    return _answer(request, given, given["resource"], kind)


async def of_resource(request: Request, kind: ResourceType) -> Response:
    """Validate the resource at an address, or what is sent to take its place."""
    sight = grant(request, kind.name, Action.READ)
    given, name = await _given(request), resource_id(request)
    if "resource" in given:
        return _answer(request, given, given["resource"], kind, name)
    here = site(request)
    async with here.database.transaction() as tx:
        document = await current(tx, sight, name)
        disclose(request, [document])
        stored = json_text.loads(await here.strips.body(tx, document))
    return _answer(request, given, stored, kind, name)


async def _given(request: Request) -> Given:
    """What the URL and the body give: a bare resource, or Parameters."""
    pairs = request.query_params.multi_items()
    negotiate(request.headers.get("accept"), request.query_params.get("_format"))
    given = from_query([pair for pair in pairs if pair[0] not in _OF_THE_ANSWER], _FORMS)
    given |= await _sent(request)
    if given.get("mode", "create") not in MODES:
        raise Incorrect(f"mode: one of {', '.join(MODES)}, please")
    return given


async def _sent(request: Request) -> Given:
    text = await body(request, MAX_BYTES)
    if not text:
        return {}
    expect_json(request)
    sent: Any = json_text.loads(text)
    if not isinstance(sent, dict):
        raise Incorrect("a resource is a JSON object")
    return (
        from_body(sent, _FORMS) if sent.get("resourceType") == "Parameters" else {"resource": sent}
    )


def _answer(
    request: Request, given: Given, resource: Json, kind: ResourceType, name: str | None = None
) -> Response:
    found: list[Issue] = []
    if given.get("mode") != "delete":
        found += _found(given, resource, kind, name)
    pretty = request.query_params.get("_pretty") == "true"
    return answers.fhir(findings(found), pretty=pretty)


def _found(given: Given, resource: Json, kind: ResourceType, name: str | None) -> list[Issue]:
    profile = given.get("profile")
    found = list(issues(resource, kind.name, () if profile is None else (profile,)))
    if profile is not None and not is_known(profile, kind.name):
        told = f"the profile {profile[:200]} is not known here, so that nobody has checked it"
        found.append(Issue(Severity.ERROR, "not-supported", told, kind.name))
    if name is not None and resource.get("id") != name:
        told = f"the id must be {name}, as in the address"
        found.append(Issue(Severity.ERROR, "value", told, f"{kind.name}.id"))
    return found
