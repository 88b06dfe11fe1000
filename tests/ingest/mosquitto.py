"""A real mosquitto in a folder of its own, started, killed and started again by its pid."""

import asyncio
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.ingest.certificates import Certificates

SERVER = "/usr/sbin/mosquitto"
PUB = "/usr/bin/mosquitto_pub"
SUB = "/usr/bin/mosquitto_sub"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Mosquitto:
    """With ``certificates`` it speaks TLS; with ``users`` it wants passwords; ``acl`` is a file's
    text. It keeps sessions on disk, so a SIGTERM loses nothing (a SIGKILL does: that is
    mosquitto)."""

    folder: Path
    certificates: Certificates | None = None
    users: dict[str, str] | None = None
    acl: str | None = None
    documented: str | None = None
    """A whole configuration instead, to be run as it is but for port, paths and log."""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        self.port = self.port or free_port()
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join(self._lines()) + "\n")
        self.process = subprocess.Popen(
            [SERVER, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up_s = time.monotonic() + 10
        while not self._answers():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < give_up_s
            time.sleep(0.01)
        return self

    def _lines(self) -> list[str]:
        if self.documented is not None:
            return self._documented(self.documented)
        lines = [
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {self.folder}/",
            "max_queued_messages 100000",
            "max_inflight_messages 1000",
            f"log_dest file {self.folder}/mosquitto.log",
            f"allow_anonymous {'false' if self.users else 'true'}",
        ]
        if os.getuid() == 0:
            lines.append("user root")
        if self.certificates:
            lines.append(f"certfile {self.certificates.cert}")
            lines.append(f"keyfile {self.certificates.key}")
        if self.users:
            lines.append(f"password_file {self._passwords(self.users)}")
        if self.acl is not None:
            (self.folder / "acl").write_text(self.acl)
            lines.append(f"acl_file {self.folder}/acl")
        return lines

    def _documented(self, text: str) -> list[str]:
        moved = {
            "listener 8883": f"listener {self.port} 127.0.0.1",
            "/etc/mosquitto/hisbundle/": f"{self.folder}/",
            "/var/lib/mosquitto/": f"{self.folder}/",
            "log_dest stderr": f"log_dest file {self.folder}/mosquitto.log",
        }
        for written, here in moved.items():
            assert written in text
            text = text.replace(written, here)
        return [text, *(["user root"] if os.getuid() == 0 else [])]

    def _passwords(self, users: dict[str, str]) -> Path:
        path = self.folder / "passwords"
        path.touch()
        for name, word in users.items():
            subprocess.run(["/usr/bin/mosquitto_passwd", "-b", str(path), name, word], check=True)
        return path

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM: it writes its database first."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text()


async def run(*command: str, stdin: bytes = b"") -> tuple[int, str]:
    """A client program to its end: exit status, and what it printed to both channels."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(20):
        printed, _ = await process.communicate(stdin)
    return process.returncode or 0, printed.decode()
