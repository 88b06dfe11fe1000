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
from api.requests import body, expect_json
from api.site import site
from core.errors import Incorrect
from fhir.access.scopes import Action
from fhir.values import Json
from ingest.enrol import EnrolmentRequest

MAX_BODY_BYTES = 65_536
_MAX_EPOCH = 2**32 - 1


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    device_id: UUID
    key_epoch: Annotated[int, Field(ge=0, le=_MAX_EPOCH, strict=True)]
    sealed_key: Annotated[str, Field(max_length=1024)]
    patient: Json


async def key(request: Request) -> Response:
    """Our key, to which a device seals its own, and where it then publishes."""
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
    """Enrol a device and its patient; the password is shown this once."""
    allow(request, "Device", Action.CREATE)
    sent = await _sent(request)
    here = site(request)
    wanted = EnrolmentRequest(sent.device_id, sent.key_epoch, _bytes(sent.sealed_key))
    async with here.writes.transaction() as tx:
        answer, patient_id = await here.enrolment.enrol(tx, wanted, sent.patient)
    here.keyring.forget(sent.device_id)
    about(request, "Device", str(sent.device_id))
    disclosed(request).add(patient_id)
    return JSONResponse(
        {
            "mqtt_username": str(sent.device_id),
            "mqtt_password": answer.mqtt_password,
            "key_confirmation": b64encode(answer.key_confirmation).decode(),
            "patient": f"Patient/{patient_id}",
            "device": f"Device/{sent.device_id}",
        },
        201,
        {"Cache-Control": "no-store"},
    )


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


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise Incorrect("sealed_key: not base64") from None
