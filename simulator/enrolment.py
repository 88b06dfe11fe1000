"""Enrolment of a device: its key, sealed to the service, against an MQTT password."""

import base64
import hmac
import ssl
from dataclasses import dataclass, replace
from typing import Any

import httpx

from core.enrolment import key_confirmation, seal_device_key
from core.errors import Fault, Incorrect, Unavailable
from simulator.identity import Identity

_TIMEOUT_S = 30.0


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
    is away, Incorrect if it is another kind of server, Fault if it cannot show that it holds the
    key.
    """
    try:
        return _enrol(base_url, token, identity, patient)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"enrolment at {base_url}: {error or type(error).__name__}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise Incorrect(f"enrolment at {base_url}: not a hisbundle service ({error!r})") from error


def _enrol(
    base_url: str, token: str, identity: Identity, patient: dict[str, Any]
) -> tuple[Identity, MqttAddress]:
    headers = {"Authorization": f"Bearer {token}"}
    context = ssl.create_default_context()
    with httpx.Client(
        base_url=base_url, headers=headers, timeout=_TIMEOUT_S, verify=context
    ) as client:
        service = _answer(client.get("/enrolment/key"))
        name = (identity.device_id, identity.key_epoch)
        point = base64.b64decode(service["public_key"])
        sealed = seal_device_key(identity.device_key, *name, point)
        request = {
            "device_id": str(identity.device_id),
            "key_epoch": identity.key_epoch,
            "sealed_key": base64.b64encode(sealed).decode(),
            "patient": patient,
        }
        answer = _answer(client.post("/enrolment", json=request))
    confirmation = base64.b64decode(answer["key_confirmation"])
    if not hmac.compare_digest(confirmation, key_confirmation(identity.device_key, *name)):
        raise Fault("the service did not prove that it holds the device's key")
    known = replace(identity, mqtt_password=answer["mqtt_password"], service_point=point)
    return known, MqttAddress(**service["mqtt"])
