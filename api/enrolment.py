"""A device and its patient enrolled together, in one transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import Conflict
from core.issuer import Issuer
from core.keys import KeyVault
from fhir.mapping.patient import identifiers, patient
from fhir.publishing.recorder import put_recorder, recorder
from fhir.search.indexing import draft
from fhir.values import Json
from ingest.enrol import (
    EnrolmentAnswer,
    EnrolmentKey,
    EnrolmentRequest,
    Waiting,
    claim,
    enrol,
)
from store import resources, search, wearing
from store.criteria import Query, SortColumn, SortKey, TokenClause, TokenValue
from store.database import Transaction


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """Where devices publish; ``ca_pem`` is None where the public authorities do."""

    host: str
    port: int
    ca_pem: str | None
    tls: bool = True


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What enrolling takes: the vault, our key pair, where to send devices, who certifies them."""

    vault: KeyVault
    key: EnrolmentKey
    mqtt: MqttAddress
    issuer: Issuer

    async def claim(self, tx: Transaction, request: EnrolmentRequest) -> EnrolmentAnswer | Waiting:
        """As ``ingest.enrol.claim`` does; the Device is inactive until it is approved."""
        answer = await claim(tx, self.vault, self.key, request, self.issuer)
        if isinstance(answer, Waiting):
            await resources.lock(tx)
            await put_recorder(tx, request.device_id, None, active=False)
        return answer

    async def enrol(
        self, tx: Transaction, request: EnrolmentRequest, sent_patient: Json
    ) -> tuple[EnrolmentAnswer, str]:
        """Enrol a device for a patient; the answer, and the patient's id.

        Raises what ``ingest.enrol.enrol`` and ``fhir.mapping.patient.patient`` raise, and Conflict
        if the identifiers belong to different patients. What the hospital has changed meanwhile in
        Patient and Device stays.
        """
        stranger = patient(sent_patient)
        answer = await enrol(tx, self.vault, self.key, request, self.issuer)
        # Late, because other writers of resources wait from here to the commit.
        await resources.lock(tx)
        found = await _find_patient(tx, sent_patient)
        patient_id = found or stranger["id"]
        await wearing.put_on(tx, request.device_id, patient_id, datetime.now(UTC))
        bodies = [await recorder(tx, request.device_id, patient_id)]
        if found is None:
            if await resources.present(tx, [("Patient", patient_id)]):
                raise Conflict(f"Patient/{patient_id} no longer carries the identifier sent")
            bodies.append(stranger)
        await resources.put_many(tx, [draft(body) for body in bodies])
        return answer, patient_id


async def _find_patient(tx: Transaction, sent: Json) -> str | None:
    """The stored patient who has one of the identifiers sent."""
    values = tuple(TokenValue(value, system) for system, value in identifiers(sent))
    clause = TokenClause(("identifier",), values)
    found = await search.find(tx, Query("Patient", (clause,), (SortKey(SortColumn.ID),)), 2)
    if len(found) > 1:
        raise Conflict("the identifiers belong to different patients")
    return found[0].document.id if found else None
