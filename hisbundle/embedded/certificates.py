"""A certificate authority of this data folder, and the server certificate that it signs.

For the embedded MQTT endpoint: devices get the authority's certificate when they enrol and
trust nothing else. P-256, profile after RFC 5280; keys are 0600 files.
"""

import datetime
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.errors import Incorrect
from hisbundle.embedded.private import create_private

CA_LIFE = datetime.timedelta(days=20 * 365)
"""Devices keep the authority's certificate for their life."""
SERVER_LIFE = datetime.timedelta(days=397)
RENEW_BEFORE = datetime.timedelta(days=30)
_BACKDATE = datetime.timedelta(days=1)  # a device's clock may be behind
_Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
_ANY = ("", "0.0.0.0", "::")  # noqa: S104 (no names: left out of the certificate)
_LOCAL = ("localhost", "127.0.0.1", "::1")


class ServerTls:
    """The TLS side of the embedded endpoint, from ``folder`` (made when missing).

    The server certificate is for this machine's names and for ``hosts``. Clients are asked for a
    certificate of ``client_ca`` if there is one; who shows none still gets through the handshake,
    so that the refusal can say why. Raises Incorrect if that file cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        hosts: Sequence[str],
        now: datetime.datetime | None = None,
        client_ca: Path | None = None,
    ) -> None:
        self._folder = folder
        self._names = _names(hosts)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.ca_path = folder / "ca.pem"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        if client_ca is not None:
            _ask_for_certificates(self.context, client_ca)
        self.refresh(now or datetime.datetime.now(datetime.UTC))

    def refresh(self, now: datetime.datetime) -> bool:
        """Renew what nears its end or misses a name, and use it for new connections.

        Returns whether the server certificate is a new one. Call it at start and daily.
        """
        ca = _load_or_make_ca(self._folder, now)
        current = _load(self._folder / "server.pem")
        renew = current is None or not _is_good(current[0], ca[0], self._names, now)
        if renew:
            _make_server(self._folder, ca, self._names, now)
        self.context.load_cert_chain(self._folder / "server.pem")
        return renew


def _ask_for_certificates(context: ssl.SSLContext, client_ca: Path) -> None:
    try:
        context.load_verify_locations(client_ca)
    except OSError as error:  # SSLError is one
        raise Incorrect(f"mqtt_client_ca_file {client_ca}: {error}") from error
    context.verify_mode = ssl.CERT_OPTIONAL


def _names(hosts: Sequence[str]) -> tuple[str, ...]:
    names = (*_LOCAL, socket.gethostname(), *hosts)
    return tuple(dict.fromkeys(n for n in names if n.isascii() and n not in _ANY))


def _load_or_make_ca(folder: Path, now: datetime.datetime) -> _Pair:
    found = _load(folder / "ca-key.pem")
    if found is None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hisbundle local authority")])
        certificate = (
            _builder(name, name, key, now, CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _store(folder / "ca-key.pem", certificate, key)
        found = certificate, key
    pem = found[0].public_bytes(serialization.Encoding.PEM)
    if not (folder / "ca.pem").exists():
        (folder / "ca.pem").write_bytes(pem)
    return found


def _make_server(folder: Path, ca: _Pair, names: Sequence[str], now: datetime.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hisbundle")])
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca[1].public_key())
    certificate = (
        _builder(subject, ca[0].subject, key, now, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(n) for n in names]), critical=False)
        .add_extension(issuer_id, critical=False)
        .sign(ca[1], hashes.SHA256())
    )
    _store(folder / "server.pem", certificate, key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
    life: datetime.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


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


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _is_good(
    certificate: x509.Certificate,
    ca: x509.Certificate,
    names: Sequence[str],
    now: datetime.datetime,
) -> bool:
    present = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        certificate.issuer == ca.subject
        and now + RENEW_BEFORE < certificate.not_valid_after_utc
        and all(_name(name) in present for name in names)
    )


def _store(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """Key and certificate in one file, so that no kill leaves one without the other."""
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.unlink(missing_ok=True)
    create_private(path, pem)


def _load(path: Path) -> _Pair | None:
    if not path.exists():
        return None
    pem = path.read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Incorrect(f"{path} holds no elliptic-curve key")
    return x509.load_pem_x509_certificate(pem), key
