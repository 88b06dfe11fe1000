"""Settings that cannot work, told by name before anything is started."""

import re
import ssl
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from core import outbound
from core.errors import Forbidden, Incorrect
from core.settings import ClassifierKind, Role, Settings, SmtpTls

_ADDRESS = re.compile(r"[^\s@<>]+@[A-Za-z0-9.-]+")
_HERE = ("localhost", "127.0.0.1", "::1")


def check(settings: Settings) -> None:
    """Look at what one field alone does not show. Raises Incorrect, with the setting's name."""
    if not settings.roles:
        raise Incorrect("HISBUNDLE_ROLES names no role")
    check_database_url(settings.database_url)
    _check_ports(settings)
    _check_public_url(settings.public_url)
    _check_https(settings.tls_cert_file, settings.tls_key_file)
    _check_classifier(settings)
    _check_origins(settings.subscription_origins)
    _check_mail(settings)
    for name in ("mqtt_ca_file", "mqtt_client_cert_file", "mqtt_client_key_file", "hl7v2_ca_file"):
        path: Path | None = getattr(settings, name)
        if path is not None and not path.is_file():
            raise Incorrect(f"HISBUNDLE_{name.upper()}: there is no file {path}")


def check_database_url(url: SecretStr | None) -> None:
    """Raises Incorrect for another database than Postgres (the value may hold a password)."""
    scheme = "postgresql" if url is None else urlsplit(url.get_secret_value()).scheme
    if scheme not in ("postgresql", "postgres"):
        raise Incorrect("HISBUNDLE_DATABASE_URL does not begin with postgresql://")


def _check_ports(settings: Settings) -> None:
    both = Role.API in settings.roles and Role.INGEST in settings.roles
    embedded = settings.mqtt_url is None
    if both and embedded and settings.http_port == settings.mqtt_port != 0:
        raise Incorrect(f"HTTP and MQTT cannot both listen on port {settings.http_port}")


def _check_public_url(url: str | None) -> None:
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Incorrect(f"HISBUNDLE_PUBLIC_URL is not an http:// or https:// URL: {url}")


def _check_classifier(settings: Settings) -> None:
    if settings.classifier is ClassifierKind.SAGEMAKER and settings.sagemaker_endpoint is None:
        raise Incorrect("HISBUNDLE_CLASSIFIER is sagemaker without HISBUNDLE_SAGEMAKER_ENDPOINT")
    url = settings.sagemaker_runtime_url
    if url is not None and not urlsplit(url).hostname:
        raise Incorrect(f"HISBUNDLE_SAGEMAKER_RUNTIME_URL is not an https:// URL: {url}")


def _check_mail(settings: Settings) -> None:
    if (settings.smtp_host is None) != (settings.smtp_from is None):
        raise Incorrect("HISBUNDLE_SMTP_HOST and HISBUNDLE_SMTP_FROM go together")
    if (settings.smtp_user is None) != (settings.smtp_password is None):
        raise Incorrect("HISBUNDLE_SMTP_USER and HISBUNDLE_SMTP_PASSWORD go together")
    if settings.smtp_from is not None and not _ADDRESS.fullmatch(settings.smtp_from):
        raise Incorrect("HISBUNDLE_SMTP_FROM is not an e-mail address")
    if settings.smtp_tls is SmtpTls.NONE and settings.smtp_host not in (None, *_HERE):
        raise Incorrect("HISBUNDLE_SMTP_TLS is none, and HISBUNDLE_SMTP_HOST is not this machine")


def _check_origins(origins: Sequence[str]) -> None:
    for text in origins:
        try:
            is_origin = outbound.parse(text).path == "/" and "?" not in text
        except Forbidden:
            is_origin = False
        if not is_origin:
            told = "is not an origin, as https://ehr.example"
            raise Incorrect(f"HISBUNDLE_SUBSCRIPTION_ORIGINS: {text} {told}")


def _check_https(certificate: Path | None, key: Path | None) -> None:
    if certificate is None:
        if key is not None:
            raise Incorrect("HISBUNDLE_TLS_KEY_FILE is set without HISBUNDLE_TLS_CERT_FILE")
        return
    try:
        # An empty password: else an encrypted key would ask for one at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except OSError as error:
        pair = f"{certificate}, {key or 'key in the same file'}"
        raise Incorrect(f"HISBUNDLE_TLS_CERT_FILE and _KEY_FILE ({pair}): {error}") from error
