"""Ports, checked before anything starts."""

import socket

import pytest

from core.errors import Incorrect
from hisbundle.exits import PortTaken
from hisbundle.ports import resolve_port


def test_a_free_port_is_kept_and_zero_becomes_one() -> None:
    port = resolve_port("127.0.0.1", 0, "--http-port")
    assert port > 0
    assert resolve_port("127.0.0.1", port, "--http-port") == port


def test_a_taken_port_says_so_and_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} on 127.0.0.1 is taken.*--mqtt-port"):
            resolve_port("127.0.0.1", port, "--mqtt-port")


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_a_host_that_is_not_ours(host: str) -> None:
    with pytest.raises(Incorrect, match="cannot listen"):
        resolve_port(host, 0, "--http-port")
