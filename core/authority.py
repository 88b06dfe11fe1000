"""Certificates of devices: what our authority signs, and what it takes back.

Profiles after RFC 5280 (certificate, revocation list) and RFC 2986 (signing request). A
device's certificate names it twice: the common name is its id, and a URI of the subject
alternative names is ``urn:uuid:<id>`` (RFC 9562, section 4). Keys are of P-256.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.errors import Fault, Incorrect

DEVICE_LIFE = timedelta(days=397)
AUTHORITY_LIFE = timedelta(days=20 * 365)
LIST_LIFE = timedelta(days=7)
"""How long brokers may go by a revocation list."""
_BACKDATE = timedelta(days=1)  # a device's clock may be behind
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hisbundle device authority")])


@dataclass(frozen=True, slots=True)
class Issued:
    """A signed certificate. ``serial`` is hexadecimal, lower case."""

    serial: str
    pem: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Revoked:
    """A certificate that counts no more, and since when."""

    serial: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeviceAuthority:
    """Signs for devices; the certificate is public, the key is not."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def pem(self) -> str:
        """What brokers trust."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def issue(self, request_der: bytes, device_id: UUID, now: datetime) -> Issued:
        """A client certificate for the key of a signing request; its names are ours to say.

        Raises Incorrect for what is no request, is not signed by its own key, or is of another
        kind of key.
        """
        expires = min(now + DEVICE_LIFE, self.certificate.not_valid_after_utc)
        signed = (
            _unsigned(_device_name(device_id), requested_key(request_der), now, expires)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(_alternative_names(device_id), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        pem = signed.public_bytes(Encoding.PEM).decode()
        return Issued(f"{signed.serial_number:x}", pem, now, signed.not_valid_after_utc)

    def revocation_list(self, revoked: Iterable[Revoked], now: datetime) -> str:
        """The list of what counts no more, PEM, for brokers that check one."""
        made = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        made = made.last_update(now - _BACKDATE).next_update(now + LIST_LIFE)
        made = made.add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        for each in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(int(each.serial, 16))
            made = made.add_revoked_certificate(entry.revocation_date(each.at).build())
        return made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def to_pem(self) -> bytes:
        """Key and certificate, to be wrapped by a vault."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)


def new_authority(now: datetime) -> DeviceAuthority:
    """An authority of its own key, signed by itself; it may sign no other authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _unsigned(_NAME, key.public_key(), now, now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return DeviceAuthority(certificate, key)


def authority_of_pem(pem: bytes) -> DeviceAuthority:
    """What ``to_pem`` wrote. Raises Fault if it is something else."""
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Fault("the stored key of the device authority is not an elliptic-curve key")
    return DeviceAuthority(x509.load_pem_x509_certificate(pem), key)


def device_of(certificate: x509.Certificate) -> UUID:
    """The device that a certificate names; that it is ours, TLS has checked.

    Raises Incorrect where name and alternative name are not of one device.
    """
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        (uri,) = found.value.get_values_for_type(x509.UniformResourceIdentifier)
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        device_id = UUID(str(name.value))
    except (x509.ExtensionNotFound, ValueError):
        raise Incorrect("the certificate names no device") from None
    if uri != device_id.urn:
        raise Incorrect("the certificate names two devices")
    return device_id


def requested_key(request_der: bytes) -> ec.EllipticCurvePublicKey:
    """The key that asks for a certificate. Raises Incorrect for what cannot be given one."""
    try:
        request = x509.load_der_x509_csr(request_der)
        key, is_signed = request.public_key(), request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm):
        raise Incorrect("csr: no PKCS#10 request in DER") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Incorrect("csr: the key is not of P-256")
    if not is_signed:
        raise Incorrect("csr: not signed by the key that it names")
    return key


def _unsigned(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_NAME)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _device_name(device_id: UUID) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(device_id))])


def _alternative_names(device_id: UUID) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(device_id.urn)])


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
