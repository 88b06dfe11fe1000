"""An entry of the audit trail -> AuditEvent, after IHE BALP 1.1.4.

A profile is claimed where it is fulfilled: its outcome is fixed to success. Who is source and
who destination follows the profiles: the caller is the source of what is asked or written, and
the destination of what is read. https://profiles.ihe.net/ITI/BALP/
"""

from base64 import b64encode

from core.audit import Entry, Recorded
from fhir.audit import codes
from fhir.audit.agents import agents, who
from fhir.audit.interaction import action
from fhir.codes import Code, concept
from fhir.values import Json, compact, instant, narrative

_PROFILES = {
    "read": "Read", "vread": "Read", "create": "Create", "update": "Update", "patch": "Update",
    "delete": "Delete", "search-type": "Query", "search-system": "Query",
}  # fmt: skip
_LOCAL = frozenset({"introspect", "revoke", "enrol", "enrolment-key", "notification", "other"})
_OUTCOMES = {0: "success", 4: "refused", 8: "failed", 12: "unavailable"}


def audit_event(recorded: Recorded) -> Json:
    """The AuditEvent of an entry."""
    entry = recorded.entry
    at = instant(recorded.at)
    reasoned = entry.reason is not None
    return compact(
        {
            "resourceType": "AuditEvent",
            "id": str(recorded.seq),
            "meta": {"versionId": "1", "lastUpdated": at} | _profile(entry),
            "text": narrative(_told(entry)),
            "type": (codes.AUTHENTICATION if entry.interaction == "token" else codes.REST).coding,
            "subtype": [subtype(entry.interaction).coding],
            "action": action(entry.interaction),
            "recorded": at,
            "outcome": None if entry.status is None else str(entry.outcome),
            "outcomeDesc": _description(entry),
            "purposeOfEvent": [_purpose(entry)] if reasoned else None,
            "agent": agents(entry),
            "source": _source(entry),
            "entity": _entities(entry),
        }
    )


def subtype(interaction: str) -> Code:
    """The interaction as a Coding."""
    if interaction == "token":
        return codes.GET_TOKEN
    system = codes.LOCAL if interaction in _LOCAL else codes.INTERACTIONS
    return Code(system, interaction, interaction, "")


def _profile(entry: Entry) -> Json:
    """The BALP profile; the ones about a resource ask that it is named."""
    name = _PROFILES.get(entry.interaction)
    named = name == "Query" or (entry.type is not None and entry.resource_id is not None)
    if name is None or not named or entry.status is None or entry.outcome:
        return {}
    return {"profile": [f"{codes.PROFILE}{'Patient' if entry.patient else ''}{name}"]}


def _purpose(entry: Entry) -> Json:
    return concept(codes.BREAK_THE_GLASS, text=entry.reason)


def _description(entry: Entry) -> str:
    if entry.status is None:
        return "begun; what became of it is an event of its own"
    often = f", {entry.repeats} times" if entry.repeats > 1 else ""
    return f"HTTP {entry.status}{often}"


def _told(entry: Entry) -> str:
    outcome = "begun" if entry.status is None else _OUTCOMES[entry.outcome]
    what = "/".join(part for part in (entry.type, entry.resource_id) if part)
    whom = f" of Patient/{entry.patient}" if entry.patient else ""
    return f"{entry.interaction} {what}{whom} by {entry.client or 'nobody known'}: {outcome}"


def _source(entry: Entry) -> Json:
    observer = who(codes.SERVER_SID, entry.server)
    type_ = [codes.APPLICATION_SERVER.coding]
    return compact({"site": entry.server, "observer": observer, "type": type_})


def _entities(entry: Entry) -> list[Json]:
    """Patient, resource, query and request id, as far as they are known."""
    found: list[Json] = []
    if entry.patient is not None:
        patient = {"reference": f"Patient/{entry.patient}"}
        found.append(_entity(codes.PERSON, codes.PATIENT, what=patient))
    named = entry.type is not None and entry.resource_id is not None
    if named and not _is_query(entry):  # BALP's Query has one object, the query
        found.append(_entity(codes.OBJECT, codes.DOMAIN_RESOURCE, what=_what(entry)))
    found.append(_query(entry))
    if entry.request_id is not None:
        what = {"identifier": {"value": entry.request_id}}
        found.append({"what": what, "type": codes.REQUEST_ID.coding})
    return found


def _query(entry: Entry) -> Json:
    """The request as it came; it has no type but in BALP's Query, where it has a slice by it."""
    query = {"role": codes.QUERY.coding, "query": b64encode(entry.request).decode()}
    return {"type": codes.OBJECT.coding} | query if _is_query(entry) else query


def _is_query(entry: Entry) -> bool:
    return _PROFILES.get(entry.interaction) == "Query"


def _what(entry: Entry) -> Json:
    version = f"/_history/{entry.version}" if entry.version else ""
    return {"reference": f"{entry.type}/{entry.resource_id}{version}"}


def _entity(type_: Code, role: Code, **more: object) -> Json:
    return {"type": type_.coding, "role": role.coding} | more
