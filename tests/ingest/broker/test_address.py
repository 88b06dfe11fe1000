from pathlib import Path

import pytest

from core.errors import Incorrect
from ingest.broker.address import BrokerAddress, parse_address, tls_context
from tests.ingest.certificates import make_certificates


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker", BrokerAddress("broker", 1883, False)),
        ("mqtts://broker/", BrokerAddress("broker", 8883, True)),
        ("mqtts://[::1]:1884", BrokerAddress("::1", 1884, True)),
        (
            "mqtts://us%40er:p%2Fa%3As%25s@iot.example.org:443",
            BrokerAddress("iot.example.org", 443, True, "us@er", b"p/a:s%s"),
        ),
        ("mqtt://user@broker:1", BrokerAddress("broker", 1, False, "user")),
    ],
)
def test_urls(url: str, address: BrokerAddress) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "http://broker",
        "broker:1883",
        "mqtt://",
        "mqtt://broker:70000",
        "mqtt://broker:abc",
        "mqtt://user:pass/word@broker",
        "mqtt://broker/topic",
        "mqtt://[::1",
    ],
)
def test_urls_that_cannot_be(url: str) -> None:
    with pytest.raises(Incorrect) as error:
        parse_address(url)
    assert "pass" not in str(error.value).replace("passwords", "")


def test_the_password_is_not_printed() -> None:
    address = parse_address("mqtt://user:hidden@broker")
    assert "hidden" not in repr(address) + str(address)


def test_certificate_files(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    assert tls_context(files.ca, files.cert, files.key).check_hostname
    assert tls_context(None).get_ca_certs()
    with pytest.raises(Incorrect, match="certificates"):
        tls_context(tmp_path / "missing")
