"""Enrolment over HTTP (firmware/PROTOCOL.md): our public key, and a device's request."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.disclosure import about, disclosed
from api.grants import allow
from api.requests import body, caller, expect_json
from api.site import site
from core.errors import Incorrect
from fhir.access.scopes import Action, allows
from fhir.values import Json
from ingest.enrol import EnrolmentAnswer, EnrolmentRequest

MAX_BODY_BYTES = 65_536
CLAIM = "hisbundle/claim"
"""The scope of what devices carry from the factory: it enrols, and an operator approves."""
_MAX_EPOCH = 2**32 - 1
_SECRET = {"Cache-Control": "no-store"}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    device_id: UUID
    key_epoch: Annotated[int, Field(ge=0, le=_MAX_EPOCH, strict=True)]
    sealed_key: Annotated[str, Field(max_length=1024)]
    csr: Annotated[str | None, Field(max_length=4096)] = None
    patient: Json | None = None


async def key(request: Request) -> Response:
    """Our key, to which a device seals its own, and where it then publishes."""
    if not _is_claim(request):
        allow(request, "Device", Action.CREATE)
    enrolment = site(request).enrolment
    mqtt = enrolment.mqtt
    return JSONResponse(
        {
            "kem": "P-256",
            "public_key": b64encode(enrolment.key.public_point).decode(),
            "mqtt": {"host": mqtt.host, "port": mqtt.port, "tls": mqtt.tls, "ca_pem": mqtt.ca_pem},
        }
    )


async def enrol(request: Request) -> Response:
    """Enrol a device: with its patient, or by a claim, and then it waits for approval.

    Whatever is secret in the answer is shown this once.
    """
    by_claim = _is_claim(request)
    if not by_claim:
        allow(request, "Device", Action.CREATE)
    sent = await _sent(request)
    wanted = EnrolmentRequest(
        sent.device_id,
        sent.key_epoch,
        _bytes("sealed_key", sent.sealed_key),
        None if sent.csr is None else _bytes("csr", sent.csr),
    )
    answer = await (_claimed if by_claim else _enrolled)(request, wanted, sent.patient)
    site(request).keyring.forget(sent.device_id)
    about(request, "Device", str(sent.device_id))
    return answer


async def _enrolled(request: Request, wanted: EnrolmentRequest, patient: Json | None) -> Response:
    if patient is None:
        raise Incorrect("patient: Field required")
    here = site(request)
    async with here.writes.transaction() as tx:
        answer, patient_id = await here.enrolment.enrol(tx, wanted, patient)
    disclosed(request).add(patient_id)
    told = _let_in(request, wanted, answer) | {"patient": f"Patient/{patient_id}"}
    return JSONResponse(told, 201, _SECRET)


async def _claimed(request: Request, wanted: EnrolmentRequest, patient: Json | None) -> Response:
    if patient is not None:
        raise Incorrect("patient: a claim gives a device to nobody")
    here = site(request)
    async with here.writes.transaction() as tx:
        answer = await here.enrolment.claim(tx, wanted)
    if isinstance(answer, EnrolmentAnswer):
        return JSONResponse(_let_in(request, wanted, answer), 201, _SECRET)
    told = {
        "status": "pending",
        "code": answer.code,
        "expires_at": answer.expires_at.isoformat(timespec="seconds"),
        "key_confirmation": b64encode(answer.key_confirmation).decode(),
        "device": f"Device/{wanted.device_id}",
    }
    return JSONResponse(told, 202, _SECRET)


def _let_in(request: Request, wanted: EnrolmentRequest, answer: EnrolmentAnswer) -> Json:
    told = {
        "mqtt_username": str(wanted.device_id),
        "mqtt_password": answer.mqtt_password,
        "key_confirmation": b64encode(answer.key_confirmation).decode(),
        "device": f"Device/{wanted.device_id}",
    }
    if answer.certificate is None:
        return told
    ends = answer.certificate.expires_at.isoformat(timespec="seconds")
    return told | {"certificate_pem": answer.certificate.pem, "certificate_expires_at": ends}


def _is_claim(request: Request) -> bool:
    """Whether the token lets its bearer claim devices, and not give them to patients."""
    who = caller(request)
    return CLAIM in who.scopes and not allows(who.rights, "Device", Action.CREATE)


async def _sent(request: Request) -> _Body:
    expect_json(request, "enrolment takes application/json")
    raw = await body(request, MAX_BODY_BYTES)
    if b"\\u0000" in raw:
        raise Incorrect("a character that no text may contain")
    try:
        return _Body.model_validate_json(raw)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, wrong["loc"])) or "body"
        raise Incorrect(f"{place}: {wrong['msg']}") from None


def _bytes(name: str, text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise Incorrect(f"{name}: not base64") from None
