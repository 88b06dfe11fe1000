"""A TCP address that we may listen on, checked before anything is started."""

import errno
import socket

from core.errors import Incorrect
from hisbundle.exits import PortTaken


def resolve_port(host: str, port: int, setting: str) -> int:
    """The port to listen on: ``port``, or a free one for 0.

    Raises PortTaken if another process listens there, Incorrect for a host that is not ours.
    """
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
            probe.listen(1)
            return int(probe.getsockname()[1])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"port {port} on {host} is taken by another process: "
                f"stop it, or choose another with {setting}"
            ) from error
        raise Incorrect(f"cannot listen on {host} port {port}: {error.strerror}") from error
