"""Enrolment of a device: its key comes in sealed, is wrapped, and a login goes out."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from core.authority import (
    DeviceAuthority,
    Issued,
    authority_of_pem,
    new_authority,
    requested_key,
)
from core.enrolment import key_confirmation, open_device_key, public_point
from core.errors import Conflict, Fault, Forbidden
from core.issuer import Issuer
from core.keys import KeyName, KeyPurpose, KeyVault, device_key_name
from store import approvals, certificates, devices
from store import secrets as service_secrets
from store.database import Database, Transaction

SECRET_NAME = "enrolment"  # noqa: S105 (a name, not a secret)
_KEY_NAME = KeyName(KeyPurpose.SERVICE, SECRET_NAME, 1)
_AUTHORITY_NAME = KeyName(KeyPurpose.SERVICE, "device-authority", 1)


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """What a device asks with: its id, the epoch of its new key, and that key, sealed.

    ``csr`` asks for a certificate as well (PKCS#10, DER).
    """

    device_id: UUID
    key_epoch: int
    sealed_key: bytes
    csr: bytes | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentAnswer:
    """What a device gets: its MQTT password, and the proof that we hold its key (32 bytes).

    ``certificate`` is set where it asked for one.
    """

    mqtt_password: str = field(repr=False)
    key_confirmation: bytes
    certificate: Issued | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a device gets that an operator has to approve: no login, but a code to be shown."""

    code: str = field(repr=False)
    expires_at: datetime
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

    def fresh() -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    der = await _secret(database, vault, _KEY_NAME, fresh)
    private = load_der_private_key(der, None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise Fault("the stored enrolment key is not an elliptic-curve key")
    return EnrolmentKey(private)


async def load_authority(database: Database, vault: KeyVault) -> DeviceAuthority:
    """The authority of devices' certificates, made on first use; all processes agree on one."""

    def fresh() -> bytes:
        return new_authority(datetime.now(UTC)).to_pem()

    return authority_of_pem(await _secret(database, vault, _AUTHORITY_NAME, fresh))


async def _secret(
    database: Database, vault: KeyVault, name: KeyName, fresh: Callable[[], bytes]
) -> bytes:
    async with database.transaction() as tx:
        wrapped = await service_secrets.find(tx, name.owner)
    if wrapped is None:
        ours = await vault.wrap(name, fresh())
        async with database.transaction() as tx:
            wrapped = await service_secrets.put_first(tx, name.owner, ours)
    return await vault.unwrap(name, wrapped)


async def enrol(
    tx: Transaction,
    vault: KeyVault,
    key: EnrolmentKey,
    request: EnrolmentRequest,
    issuer: Issuer | None = None,
) -> EnrolmentAnswer:
    """Enrol a device, or a new key epoch of it (the one before retires).

    The same key again is answered with a new password. Raises Incorrect for a key that is
    not sealed to us or a request for a certificate that is none, Conflict for another key under
    a known epoch or for an older epoch, Forbidden for a revoked device or epoch, Unavailable
    while the vault is away. A device that waited for approval waits no more.
    """
    device_key = key.open(request)
    device = await devices.hold(tx, request.device_id)
    if device.status == "revoked":
        raise Forbidden(f"device {request.device_id} is revoked")
    await _take_key(tx, vault, request, device_key, trusted=device.status == "active")
    if device.status == "pending":
        await approvals.withdraw(tx, request.device_id)
        await devices.set_status(tx, request.device_id, "active")
    return await _let_in(tx, request, device_key, issuer)


async def claim(
    tx: Transaction,
    vault: KeyVault,
    key: EnrolmentKey,
    request: EnrolmentRequest,
    issuer: Issuer | None = None,
) -> EnrolmentAnswer | Waiting:
    """Enrol a device of which nobody has said yet that it is ours: it waits for approval.

    One that has been approved is let in, if it asks with the key that was approved. Raises as
    ``enrol`` does, TooBusy where too many wait, and Forbidden for another key of a device that
    is approved: that takes more than a claim.
    """
    device_key = key.open(request)
    if request.csr is not None:
        requested_key(request.csr)
    device = await devices.hold(tx, request.device_id)
    if device.status == "revoked":
        raise Forbidden(f"device {request.device_id} is revoked")
    newest = await devices.newest_key(tx, request.device_id)
    if newest is not None and device.status == "active":
        if newest.epoch != request.key_epoch:
            raise Forbidden("a claim does not renew the key of a device that is approved")
        await _check_same(vault, request, newest, device_key)
        return await _let_in(tx, request, device_key, issuer)
    await devices.set_status(tx, request.device_id, "pending")
    await _take_key(tx, vault, request, device_key, trusted=False)
    code, expires_at = await approvals.ask(tx, request.device_id, device_key, datetime.now(UTC))
    confirmation = key_confirmation(device_key, request.device_id, request.key_epoch)
    return Waiting(code, expires_at, confirmation)


async def _take_key(
    tx: Transaction,
    vault: KeyVault,
    request: EnrolmentRequest,
    device_key: bytes,
    *,
    trusted: bool,
) -> None:
    newest = await devices.newest_key(tx, request.device_id)
    if newest is not None and newest.epoch >= request.key_epoch:
        await _check_same(vault, request, newest, device_key)
        return
    if newest is not None and not trusted:  # nobody ever said that the key before was its own
        await devices.revoke_key(tx, request.device_id, newest.epoch)
    wrapped = await vault.wrap(device_key_name(request.device_id, request.key_epoch), device_key)
    await devices.add_key(tx, request.device_id, request.key_epoch, wrapped)


async def _let_in(
    tx: Transaction,
    request: EnrolmentRequest,
    device_key: bytes,
    issuer: Issuer | None,
) -> EnrolmentAnswer:
    certificate = None
    if request.csr is not None and issuer is not None:
        certificate = await issuer.issue(request.csr, request.device_id, datetime.now(UTC))
        await certificates.note(tx, request.device_id, certificate)
    password = secrets.token_urlsafe(32)
    await devices.set_password(tx, request.device_id, password)
    confirmation = key_confirmation(device_key, request.device_id, request.key_epoch)
    return EnrolmentAnswer(password, confirmation, certificate)


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
