"""Enrolment of a device: its key, sealed to the service, against an MQTT password."""

import base64
import hmac
import ssl
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Fault, Unavailable
from simulator.identity import Identity

_TIMEOUT_S = 30.0
_SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """Where the service takes chunks; ``ca_pem`` is None where the system's CAs serve.

    A broker with accounts of its own may want another login than the device's.
    """

    host: str
    port: int
    tls: bool
    ca_pem: str | None
    username: str | None = None
    password: str | None = None


def seal_key(identity: Identity, service_point: bytes) -> bytes:
    """The device key for the service's eyes only (HPKE base mode, RFC 9180)."""
    public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), service_point)
    bound = identity.device_id.bytes + identity.key_epoch.to_bytes(4, "big")
    return _SUITE.encrypt(identity.device_key, public_key, info=b"ecg enrol v1|" + bound)


def key_confirmation(identity: Identity) -> bytes:
    """What only somebody who opened the sealed key can answer."""
    bound = identity.device_id.bytes + identity.key_epoch.to_bytes(4, "big")
    salt = identity.device_id.bytes
    key = HKDF(hashes.SHA256(), 32, salt, b"ecg-iot v1 confirm").derive(identity.device_key)
    return hmac.digest(key, b"enrolled|" + bound, sha256)


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise Unavailable(f"enrolment: {response.status_code} {response.text[:500]}")
    answer: dict[str, Any] = response.json()
    return answer


def enrol(
    base_url: str, token: str, identity: Identity, patient: dict[str, Any]
) -> tuple[Identity, MqttAddress]:
    """Register the device and the patient who wears it; returns what to remember and where to go.

    ``patient`` is a FHIR Patient with an identifier. Raises Unavailable if the service refuses or
    is away, Fault if it cannot show that it holds the key.
    """
    headers = {"Authorization": f"Bearer {token}"}
    context = ssl.create_default_context()
    with httpx.Client(
        base_url=base_url, headers=headers, timeout=_TIMEOUT_S, verify=context
    ) as client:
        service = _answer(client.get("/enrolment/key"))
        sealed = seal_key(identity, base64.b64decode(service["public_key"]))
        request = {
            "device_id": str(identity.device_id),
            "key_epoch": identity.key_epoch,
            "sealed_key": base64.b64encode(sealed).decode(),
            "patient": patient,
        }
        answer = _answer(client.post("/enrolment", json=request))
    confirmation = base64.b64decode(answer["key_confirmation"])
    if not hmac.compare_digest(confirmation, key_confirmation(identity)):
        raise Fault("the service did not prove that it holds the device's key")
    return replace(identity, mqtt_password=answer["mqtt_password"]), MqttAddress(**service["mqtt"])
