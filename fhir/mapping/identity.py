"""Whose signal it is, and the ids that follow from it.

An id is a UUID made from what it names (RFC 9562, version 5), so the same finding always has the
same id: publishing again writes a new version and never a second resource.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from core.errors import NotFound
from fhir.codes import BASE, RESULT_SID
from fhir.values import Json, reference

NAMESPACE = uuid5(NAMESPACE_URL, BASE)


def stable_id(name: str) -> str:
    """The id of what ``name`` names."""
    return str(uuid5(NAMESPACE, name))


@dataclass(frozen=True, slots=True)
class Origin:
    """The session that a signal comes from, and its wearer; None where nobody wore the device."""

    device_id: UUID
    session_id: bytes
    patient_id: str | None

    @property
    def subject(self) -> Json:
        """The wearer, or the device itself."""
        if self.patient_id is None:
            return self.device
        return reference("Patient", self.patient_id)

    @property
    def device(self) -> Json:
        """The recorder."""
        return reference("Device", str(self.device_id))

    def name(self, *parts: object) -> str:
        """A name within the session. The device is in it: session ids are the devices' own."""
        return "/".join(map(str, (self.device_id, self.session_id.hex(), *parts)))

    def id(self, *parts: object) -> str:
        """The id of a resource, from its name."""
        return stable_id(self.name(*parts))

    def identifier(self, *parts: object) -> Json:
        """The same name as business identifier."""
        return {"system": RESULT_SID, "value": self.name(*parts)}

    def observation(self, *parts: object) -> Json:
        """A reference to an Observation of the monitoring session."""
        return reference("Observation", self.id(*parts))


def named(resource: Json) -> tuple[UUID, bytes, Sequence[str]]:
    """Device, session and the rest of the name in a result's identifier; see ``Origin.name``.

    Raises NotFound for a resource that is no result of a session.
    """
    for identifier in resource.get("identifier", []):
        if identifier.get("system") == RESULT_SID:
            try:
                device, session, *rest = str(identifier["value"]).split("/")
                return UUID(device), bytes.fromhex(session), rest
            except ValueError:
                break
    raise NotFound(f"{resource['resourceType']}/{resource['id']} is of no monitoring session")


def subject_id(resource: Json) -> str | None:
    """The id of the Patient that a result is about; None where nobody wore the device."""
    type_, _, name = str(resource.get("subject", {}).get("reference", "")).rpartition("/")
    return name if type_ == "Patient" else None
