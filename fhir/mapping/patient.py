"""Patient as a client sends it: checked, and given an id that follows from its identifier.

https://hl7.org/fhir/R4/patient.html
"""

from collections.abc import Iterator

from core.errors import Incorrect
from fhir.mapping.identity import stable_id
from fhir.r4b import check_form
from fhir.search.values import elements
from fhir.values import Json, narrative

_OURS = ("id", "meta", "text")
"""What the server decides; a stranger's narrative is not shown to anybody."""

_IDENTIFIER_USES = frozenset({"usual", "official", "temp", "secondary", "old"})
_NAME_USES = frozenset({"usual", "official", "temp", "nickname", "anonymous", "old", "maiden"})
_GENDERS = frozenset({"male", "female", "other", "unknown"})
_TELECOM_SYSTEMS = frozenset({"phone", "fax", "email", "pager", "url", "sms", "other"})
_TELECOM_USES = frozenset({"home", "work", "temp", "old", "mobile"})
_ADDRESS_USES = frozenset({"home", "work", "temp", "old", "billing"})
_ADDRESS_TYPES = frozenset({"postal", "physical", "both"})
_LINK_TYPES = frozenset({"replaced-by", "replaces", "refer", "seealso"})
_CODES = {
    "identifier.use": _IDENTIFIER_USES,
    "name.use": _NAME_USES,
    "contact.name.use": _NAME_USES,
    "gender": _GENDERS,
    "contact.gender": _GENDERS,
    "telecom.system": _TELECOM_SYSTEMS,
    "contact.telecom.system": _TELECOM_SYSTEMS,
    "telecom.use": _TELECOM_USES,
    "contact.telecom.use": _TELECOM_USES,
    "address.use": _ADDRESS_USES,
    "contact.address.use": _ADDRESS_USES,
    "address.type": _ADDRESS_TYPES,
    "contact.address.type": _ADDRESS_TYPES,
    "link.type": _LINK_TYPES,
}
"""Required bindings, which the library's models do not enforce."""


def patient(sent: Json) -> Json:
    """The Patient as it is stored: what was sent, under our id and with our narrative.

    The id follows from the first identifier, so two devices of a new patient that are enrolled
    at the same moment make one Patient. Raises Incorrect for what is not an R4 Patient with an
    identifier of system and value.
    """
    check_form(sent, "Patient")
    _refuse(_wrong(sent))
    first = identifiers(sent)[0]
    kept = {name: value for name, value in sent.items() if name not in _OURS}
    head = {
        "resourceType": "Patient",
        "id": stable_id(f"patient/{first[0]}|{first[1]}"),
        "text": narrative(f"Patient {_shown_name(sent) or first[1]}"),
    }
    return head | kept


def identifiers(sent: Json) -> list[tuple[str, str]]:
    """System and value of each identifier that has both. Raises Incorrect if there is none."""
    pairs = [
        (identifier["system"], identifier["value"])
        for identifier in elements(sent, "identifier")
        if identifier.get("system") and identifier.get("value")
    ]
    if not pairs:
        raise Incorrect("Patient.identifier: system and value are required")
    return pairs


def _shown_name(sent: Json) -> str:
    for name in elements(sent, "name"):
        parts = [*name.get("given", []), name.get("family", "")]
        shown = name.get("text") or " ".join(part for part in parts if part)
        if shown:
            return str(shown)
    return ""


def _wrong(sent: Json) -> Iterator[str]:
    for path, allowed in _CODES.items():
        for code in elements(sent, path):
            if code not in allowed:
                known = ", ".join(sorted(allowed))
                yield f"Patient.{path}: {str(code)[:40]!r} is not one of {known}"
    for path in ("telecom", "contact.telecom"):
        if any(t.get("value") and not t.get("system") for t in elements(sent, path)):
            yield f"Patient.{path}: a value needs a system (cpt-2)"
    for contact in elements(sent, "contact"):
        if not {"name", "telecom", "address", "organization"} & contact.keys():
            yield "Patient.contact: needs a name, telecom, address or organization (pat-1)"


def _refuse(wrong: Iterator[str]) -> None:
    told = "; ".join(wrong)
    if told:
        raise Incorrect(told)
