"""Settings that cannot work."""

from pathlib import Path

import pytest

from core.errors import Incorrect
from core.settings import Settings
from hisbundle.checks import check
from hisbundle.embedded.certificates import ServerTls


def _settings(**given: object) -> Settings:
    return Settings.model_validate(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"roles": []}, "HISBUNDLE_ROLES"),
        ({"database_url": "mysql://me:hush@host/x"}, "HISBUNDLE_DATABASE_URL"),
        ({"http_port": 9000, "mqtt_port": 9000}, "9000"),
        ({"public_url": "fhir.example.org"}, "HISBUNDLE_PUBLIC_URL"),
        ({"tls_key_file": "key.pem"}, "HISBUNDLE_TLS_CERT_FILE"),
        ({"tls_cert_file": "/nowhere/cert.pem"}, "/nowhere/cert.pem"),
        ({"mqtt_ca_file": "/nowhere/ca.pem"}, "HISBUNDLE_MQTT_CA_FILE"),
        ({"subscription_origins": ["ehr.example"]}, "HISBUNDLE_SUBSCRIPTION_ORIGINS"),
        ({"subscription_origins": ["https://ehr.example/hooks"]}, "/hooks is not an origin"),
        ({"smtp_host": "mail.example"}, "HISBUNDLE_SMTP_FROM"),
        ({"smtp_user": "me"}, "HISBUNDLE_SMTP_PASSWORD"),
        ({"smtp_host": "mail.example", "smtp_from": "duty"}, "HISBUNDLE_SMTP_FROM is not"),
        (
            {"smtp_host": "mail.example", "smtp_from": "a@b.example", "smtp_tls": "none"},
            "HISBUNDLE_SMTP_TLS",
        ),
    ],
)
def test_each_is_told_by_name(given: dict[str, object], said: str) -> None:
    with pytest.raises(Incorrect, match=said) as caught:
        check(_settings(**given))
    assert "hush" not in str(caught.value)


def test_a_certificate_without_its_key(tmp_path: Path) -> None:
    ServerTls(tmp_path, ["127.0.0.1"])
    check(_settings(tls_cert_file=tmp_path / "server.pem"))
    with pytest.raises(Incorrect, match="HISBUNDLE_TLS_CERT_FILE"):
        check(_settings(tls_cert_file=tmp_path / "ca.pem"))


def test_what_is_fine() -> None:
    check(_settings())
    check(_settings(http_port=0, mqtt_port=0, public_url="https://fhir.example.org/"))
    check(_settings(subscription_origins=["https://ehr.example", "http://127.0.0.1:9000/"]))
    check(_settings(database_url="postgresql://me@/x?host=/run/pg"))
