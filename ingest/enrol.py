"""Enrolment of a device: its key comes in sealed, is wrapped, and a login goes out."""

import hmac
import secrets
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from core.enrolment import key_confirmation, open_device_key, public_point
from core.errors import Conflict, Fault, Forbidden
from core.keys import KeyName, KeyPurpose, KeyVault, device_key_name
from store import devices
from store import secrets as service_secrets
from store.database import Database, Transaction

SECRET_NAME = "enrolment"  # noqa: S105 (a name, not a secret)
_KEY_NAME = KeyName(KeyPurpose.SERVICE, SECRET_NAME, 1)


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """What a device asks with: its id, the epoch of its new key, and that key, sealed."""

    device_id: UUID
    key_epoch: int
    sealed_key: bytes


@dataclass(frozen=True, slots=True)
class EnrolmentAnswer:
    """What a device gets: its MQTT password, and the proof that we hold its key (32 bytes)."""

    mqtt_password: str = field(repr=False)
    key_confirmation: bytes


class EnrolmentKey:
    """The service's key pair, to which devices seal theirs."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    @property
    def public_point(self) -> bytes:
        """The public key as 65 bytes, uncompressed."""
        return public_point(self._private)

    def open(self, request: EnrolmentRequest) -> bytes:
        """The device's key. Raises Incorrect if it was not sealed to us for this request."""
        return open_device_key(
            request.sealed_key, request.device_id, request.key_epoch, self._private
        )


async def load_enrolment_key(database: Database, vault: KeyVault) -> EnrolmentKey:
    """The service's enrolment key, made on first use; all processes agree on one."""
    async with database.transaction() as tx:
        wrapped = await service_secrets.find(tx, SECRET_NAME)
    if wrapped is None:
        fresh = ec.generate_private_key(ec.SECP256R1())
        der = fresh.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        ours = await vault.wrap(_KEY_NAME, der)
        async with database.transaction() as tx:
            wrapped = await service_secrets.put_first(tx, SECRET_NAME, ours)
    private = load_der_private_key(await vault.unwrap(_KEY_NAME, wrapped), None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise Fault("the stored enrolment key is not an elliptic-curve key")
    return EnrolmentKey(private)


async def enrol(
    tx: Transaction, vault: KeyVault, key: EnrolmentKey, request: EnrolmentRequest
) -> EnrolmentAnswer:
    """Enrol a device, or a new key epoch of it (the one before retires).

    The same key again is answered with a new password. Raises Incorrect for a key that is
    not sealed to us, Conflict for another key under a known epoch or for an older epoch,
    Forbidden for a revoked device or epoch, Unavailable while the vault is away.
    """
    device_key = key.open(request)
    device = await devices.hold(tx, request.device_id)
    if device.status != "active":
        raise Forbidden(f"device {request.device_id} is revoked")
    newest = await devices.newest_key(tx, request.device_id)
    if newest is None or newest.epoch < request.key_epoch:
        name = device_key_name(request.device_id, request.key_epoch)
        wrapped = await vault.wrap(name, device_key)
        await devices.add_key(tx, request.device_id, request.key_epoch, wrapped)
    else:
        await _check_same(vault, request, newest, device_key)
    password = secrets.token_urlsafe(32)
    await devices.set_password(tx, request.device_id, password)
    confirmation = key_confirmation(device_key, request.device_id, request.key_epoch)
    return EnrolmentAnswer(password, confirmation)


async def _check_same(
    vault: KeyVault, request: EnrolmentRequest, newest: devices.DeviceKey, device_key: bytes
) -> None:
    if newest.epoch != request.key_epoch:
        raise Conflict(f"key epoch {request.key_epoch} is older than {newest.epoch}")
    if newest.status != "active":
        raise Forbidden(f"key epoch {request.key_epoch} is {newest.status}")
    known = await vault.unwrap(device_key_name(request.device_id, newest.epoch), newest.wrapped)
    if not hmac.compare_digest(known, device_key):
        raise Conflict(f"key epoch {request.key_epoch} has another key")
