"""Members of groups (https://hl7.org/fhir/R4/group.html)."""

from datetime import datetime

from fhir.search.values import period_range
from fhir.values import Json


def patients(group: Json, now: datetime) -> tuple[str, ...]:
    """The ids of the patients in a Group, each once, as long as they are members.

    A member counts unless it is inactive, or outside its period.
    """
    found = []
    for member in group.get("member", []):
        target, _, name = str(member.get("entity", {}).get("reference", "")).rpartition("/")
        if target == "Patient" and not member.get("inactive") and _is_now(member, now):
            found.append(name)
    return tuple(dict.fromkeys(found))


def _is_now(member: Json, now: datetime) -> bool:
    if "period" not in member:
        return True
    start, end = period_range(member["period"])
    return start <= now < end
