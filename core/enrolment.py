"""What device and service compute at enrolment (firmware/PROTOCOL.md, section 5; RFC 9180).

The device makes its own key and seals it to the service's public key with HPKE in base mode
(P-256, HKDF-SHA-256, AES-256-GCM). ``info`` binds device and epoch, so that a sealed key
cannot be enrolled for another. The service proves with an HMAC that it opened the key.
"""

import hmac
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.errors import Incorrect
from core.keys import KEY_BYTES

SEALED_KEY_BYTES = 65 + KEY_BYTES + 16
MAX_EPOCH = 2**32 - 1

_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"ecg enrol v1|"
_CONFIRM_LABEL = b"ecg-iot v1 confirm"
_CONFIRM = b"enrolled|"


def _identity(device_id: UUID, key_epoch: int) -> bytes:
    return device_id.bytes + key_epoch.to_bytes(4, "big")


def seal_device_key(
    device_key: bytes, device_id: UUID, key_epoch: int, public_point: bytes
) -> bytes:
    """The 113 bytes that a device sends; ``public_point`` is 65 bytes, uncompressed.

    Raises Incorrect if that is no point of P-256.
    """
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_point)
    except ValueError:
        raise Incorrect("not an uncompressed point of P-256") from None
    return _SUITE.encrypt(device_key, public, info=_INFO + _identity(device_id, key_epoch))


def open_device_key(
    sealed: bytes, device_id: UUID, key_epoch: int, private: ec.EllipticCurvePrivateKey
) -> bytes:
    """The device's key of 32 bytes.

    Raises Incorrect if it was sealed to another service, or for another device or epoch.
    """
    if len(sealed) != SEALED_KEY_BYTES or not 0 <= key_epoch <= MAX_EPOCH:
        raise Incorrect(f"a sealed key has {SEALED_KEY_BYTES} bytes, an epoch 32 bits")
    try:
        return _SUITE.decrypt(sealed, private, info=_INFO + _identity(device_id, key_epoch))
    except (InvalidTag, ValueError):
        raise Incorrect("the key is not sealed to us for this device and epoch") from None


def public_point(private: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key as 65 bytes, uncompressed (SEC 1, section 2.3.3)."""
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def key_confirmation(device_key: bytes, device_id: UUID, key_epoch: int) -> bytes:
    """The 32 bytes by which the device knows that the service holds its key."""
    key = HKDF(hashes.SHA256(), 32, device_id.bytes, _CONFIRM_LABEL).derive(device_key)
    return hmac.digest(key, _CONFIRM + _identity(device_id, key_epoch), sha256)
