"""A new key while the device is in use: commands "EK", requests "ER" (PROTOCOL.md, section 6).

A request is sealed to the service like an enrolment's and proven by the key before it, so that
neither a broker nor a stolen password can put a key of its own in a device's place. A command to
make a new key is proven likewise; that it was taken, by the confirmation of section 5.
"""

import hmac
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.enrolment import MAX_EPOCH, SEALED_KEY_BYTES, key_confirmation, seal_device_key
from core.errors import Incorrect

REQUEST_BYTES = 24 + SEALED_KEY_BYTES + 32
COMMAND_BYTES = 56
_REQUEST_HEAD = b"ER\x01\x01"
_COMMAND_HEAD = b"EK\x01"
_PROOF_BYTES = 32
_ROTATE_LABEL = b"ecg-iot v1 rotate"
_COMMAND_LABEL = b"ecg-iot v1 command"


class CommandKind(IntEnum):
    """What a command says."""

    ROTATE = 1
    TAKEN = 2


@dataclass(frozen=True, slots=True)
class RotationRequest:
    """A request as it came. ``key_epoch`` is the new key's, ``signed`` what ``mac`` covers."""

    device_id: UUID
    key_epoch: int
    sealed_key: bytes
    signed: bytes = field(repr=False)
    mac: bytes = field(repr=False)

    def check(self, key_before: bytes) -> None:
        """Raises Incorrect unless it was made with the key of the epoch before."""
        wanted = _proof(key_before, _ROTATE_LABEL, self.device_id, self.key_epoch - 1, self.signed)
        if not hmac.compare_digest(wanted, self.mac):
            raise Incorrect("the request was not made with the key before")


def parse_request(payload: bytes) -> RotationRequest:
    """A request's fields. Raises Incorrect for bytes that are none."""
    if len(payload) != REQUEST_BYTES or payload[:4] != _REQUEST_HEAD:
        raise Incorrect(f"a key request has {REQUEST_BYTES} bytes and begins with ER, 1, 1")
    key_epoch = int.from_bytes(payload[20:24], "big")
    if key_epoch == 0:
        raise Incorrect("no key is of epoch 0 and follows another")
    signed, mac = payload[:-_PROOF_BYTES], payload[-_PROOF_BYTES:]
    return RotationRequest(UUID(bytes=payload[4:20]), key_epoch, signed[24:], signed, mac)


def build_request(
    new_key: bytes, key_before: bytes, device_id: UUID, key_epoch: int, public_point: bytes
) -> bytes:
    """The 169 bytes by which a device asks for ``new_key`` to be that of ``key_epoch``."""
    sealed = seal_device_key(new_key, device_id, key_epoch, public_point)
    signed = _REQUEST_HEAD + device_id.bytes + key_epoch.to_bytes(4, "big") + sealed
    return signed + _proof(key_before, _ROTATE_LABEL, device_id, key_epoch - 1, signed)


def command_to_rotate(newest_key: bytes, device_id: UUID, newest_epoch: int) -> bytes:
    """The command to make the key of the next epoch. Raises Incorrect after the last one."""
    if newest_epoch >= MAX_EPOCH:
        raise Incorrect("there is no later key epoch")
    head = _command_head(CommandKind.ROTATE, device_id, newest_epoch + 1)
    return head + _proof(newest_key, _COMMAND_LABEL, device_id, newest_epoch, head)


def command_taken(new_key: bytes, device_id: UUID, key_epoch: int) -> bytes:
    """The command that tells that the new key is taken."""
    head = _command_head(CommandKind.TAKEN, device_id, key_epoch)
    return head + key_confirmation(new_key, device_id, key_epoch)


def open_command(
    payload: bytes, device_id: UUID, newest_key: bytes, newest_epoch: int, pending: bytes | None
) -> CommandKind:
    """What a command says to a device. Raises Incorrect for what the service did not say to it."""
    if len(payload) != COMMAND_BYTES or payload[:3] != _COMMAND_HEAD:
        raise Incorrect("not a command")
    head, proof = payload[:24], payload[24:]
    if newest_epoch >= MAX_EPOCH or head[4:] != device_id.bytes + (newest_epoch + 1).to_bytes(
        4, "big"
    ):
        raise Incorrect("a command to another device, or about another key epoch")
    if head[3] == CommandKind.ROTATE:
        wanted = _proof(newest_key, _COMMAND_LABEL, device_id, newest_epoch, head)
    elif head[3] == CommandKind.TAKEN and pending is not None:
        wanted = key_confirmation(pending, device_id, newest_epoch + 1)
    else:
        raise Incorrect("not a command that is waited for")
    if not hmac.compare_digest(wanted, proof):
        raise Incorrect("the command's proof is wrong")
    return CommandKind(head[3])


def _command_head(kind: CommandKind, device_id: UUID, key_epoch: int) -> bytes:
    return _COMMAND_HEAD + bytes([kind]) + device_id.bytes + key_epoch.to_bytes(4, "big")


def _proof(key: bytes, label: bytes, device_id: UUID, key_epoch: int, data: bytes) -> bytes:
    info = label + device_id.bytes + key_epoch.to_bytes(4, "big")
    derived = HKDF(hashes.SHA256(), 32, device_id.bytes, info).derive(key)
    return hmac.digest(derived, data, sha256)
