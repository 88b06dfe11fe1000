"""Certificates of devices: our names in them, for their keys, until they end or are revoked."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.authority import (
    DEVICE_LIFE,
    DeviceAuthority,
    Revoked,
    authority_of_pem,
    device_of,
    new_authority,
)
from core.errors import Fault, Incorrect

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AUTHORITY = new_authority(NOW)


def request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "me") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signed = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return signed.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_certificate_names_the_device_and_not_what_was_asked_for() -> None:
    key, device_id = ec.generate_private_key(ec.SECP256R1()), uuid4()
    issued = AUTHORITY.issue(request(key, str(uuid4())), device_id, NOW)
    certificate = x509.load_pem_x509_certificate(issued.pem.encode())
    certificate.verify_directly_issued_by(AUTHORITY.certificate)
    assert device_of(certificate) == device_id
    assert f"{certificate.serial_number:x}" == issued.serial
    assert issued.expires_at == certificate.not_valid_after_utc == NOW + DEVICE_LIFE
    assert certificate.not_valid_before_utc < NOW, "a device's clock may be behind"
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert certificate.public_key().public_bytes(*form) == key.public_key().public_bytes(*form)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert limits.critical and not limits.value.ca


def test_no_certificate_outlives_the_authority() -> None:
    end = AUTHORITY.certificate.not_valid_after_utc
    key = ec.generate_private_key(ec.SECP256R1())
    issued = AUTHORITY.issue(request(key), uuid4(), end - timedelta(days=1))
    assert issued.expires_at == end


def _forged() -> bytes:
    sealed = bytearray(request(ec.generate_private_key(ec.SECP256R1())))
    sealed[40] ^= 1
    return bytes(sealed)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x00",
        _forged(),
        request(ec.generate_private_key(ec.SECP384R1())),
        request(rsa.generate_private_key(65537, 2048)),
    ],
    ids=["nothing", "empty", "forged", "another curve", "RSA"],
)
def test_what_is_not_signed(der: bytes) -> None:
    with pytest.raises(Incorrect, match="csr"):
        AUTHORITY.issue(der, uuid4(), NOW)


def test_the_revocation_list() -> None:
    serials = ("1f", "ab0c")
    pem = AUTHORITY.revocation_list([Revoked(serial, NOW) for serial in serials], NOW)
    told = x509.load_pem_x509_crl(pem.encode())
    assert told.is_signature_valid(AUTHORITY.key.public_key())
    assert [f"{each.serial_number:x}" for each in told] == list(serials)
    later = NOW + timedelta(seconds=1)
    again = x509.load_pem_x509_crl(AUTHORITY.revocation_list([], later).encode())
    numbers = [
        each.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        for each in (told, again)
    ]
    assert numbers[0] < numbers[1]


def test_it_is_kept_as_one_secret() -> None:
    kept: DeviceAuthority = authority_of_pem(AUTHORITY.to_pem())
    assert kept.pem == AUTHORITY.pem
    assert "PRIVATE" not in repr(AUTHORITY) + AUTHORITY.pem
    other = rsa.generate_private_key(65537, 2048)
    with pytest.raises(Fault):
        authority_of_pem(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_names_that_are_no_device() -> None:
    with pytest.raises(Incorrect, match="no device"):
        device_of(AUTHORITY.certificate)
