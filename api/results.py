"""The resource behind a Binary, and what belongs to it: session, wearer, person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import orjson

from core.ecg import SessionKey
from core.errors import Gone, HisbundleError, NotFound
from export.paper.sheet import Patient
from export.recording import Person
from fhir.access.grant import Grant
from fhir.mapping.identity import named, subject_id
from fhir.search.values import elements
from fhir.values import Json
from store import excerpts, resources
from store.database import Transaction
from store.resources import Document


@dataclass(frozen=True, slots=True)
class Result:
    """A report or a strip; ``name`` is what follows device and session in its identifier."""

    document: Document
    body: Json
    session: SessionKey
    patient_id: str | None
    name: tuple[str, ...]
    patient: Json

    @property
    def device(self) -> str:
        """The recorder, in words."""
        return f"Device {self.session.device_id}"


async def find(tx: Transaction, sights: Sequence[Grant], id_: str) -> Result:
    """The service's own result with this id in one of ``sights``. Raises NotFound, or Gone.

    What a client has written is none, whatever it says of itself: its identifier must not open
    somebody else's session.
    """
    missing: HisbundleError = NotFound(f"there is nothing behind Binary/{id_}")
    for sight in sights:
        found = await resources.current(tx, sight.type, id_)
        if found is None or not sight.is_whole_for(found.patient_id):
            continue
        if found.deleted:
            missing = Gone(f"{sight.type}/{id_} was deleted in version {found.version}")
            continue
        if not found.evidence:
            continue
        document = await resources.read(tx, sight.type, id_)
        body: Json = orjson.loads(document.body)
        device_id, session_id, name = named(body)
        session = await excerpts.session(tx, device_id, session_id)
        wearer = subject_id(body)
        patient = await _stored(tx, "Patient", wearer) if wearer else {}
        return Result(document, body, session, wearer, tuple(name), patient)
    raise missing


async def _stored(tx: Transaction, type_: str, id_: str) -> Json:
    try:
        body: Json = orjson.loads((await resources.read(tx, type_, id_)).body)
    except (NotFound, Gone):
        return {}
    return body


def on_paper(patient: Json) -> Patient:
    """The patient in words."""
    family, given = _name(patient)
    text = next(iter(elements(patient, "name.text")), "")
    shown = ", ".join(part for part in (family, given) if part) or str(text)
    return Patient(shown, _identifier(patient), str(patient.get("birthDate", "")))


def in_files(patient: Json) -> Person:
    """The patient as file headers have it; a birth date that is no whole date is left out."""
    try:
        born = date.fromisoformat(str(patient.get("birthDate", "")))
    except ValueError:
        born = None
    family, given = _name(patient)
    text = str(next(iter(elements(patient, "name.text")), ""))
    return Person(_identifier(patient), family or text, given, born, str(patient.get("gender", "")))


def _name(patient: Json) -> tuple[str, str]:
    name: Json = next(iter(elements(patient, "name")), {})
    return str(name.get("family", "")), " ".join(name.get("given", []))


def _identifier(patient: Json) -> str:
    return str(next(iter(elements(patient, "identifier.value")), patient.get("id", "")))
