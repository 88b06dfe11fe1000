"""Where a service says that it is."""

import socket
from pathlib import Path

import pytest

from core.settings import Settings
from hisbundle.address import mqtt_host, own_url


@pytest.mark.parametrize(
    ("given", "url", "mqtt"),
    [
        ({}, "http://127.0.0.1:8080", "127.0.0.1"),
        ({"bind_host": "::1", "http_port": 9}, "http://[::1]:9", "::1"),
        ({"bind_host": "::"}, "http://127.0.0.1:8080", socket.gethostname()),
        ({"tls_cert_file": Path("c.pem")}, "https://127.0.0.1:8080", "127.0.0.1"),
        ({"public_url": "https://ecg.example/"}, "https://ecg.example", "ecg.example"),
    ],
)
def test_addresses(given: dict[str, object], url: str, mqtt: str) -> None:
    settings = Settings.model_construct().model_copy(update=given)
    assert own_url(settings) == url
    assert mqtt_host(settings) == mqtt
