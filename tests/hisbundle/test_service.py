"""The service as a process: start, stop, kill, and starting again."""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.errors import Conflict, Unavailable
from core.settings import Settings
from hisbundle.embedded.postgres import running_url
from hisbundle.exits import PortTaken
from hisbundle.reach import open_database
from hisbundle.service import running_service
from hisbundle.tokens import development_token
from store import devices
from tests.hisbundle.processes import Service, command, data_folder


@pytest.fixture
def data_dir(reachable_folder: Path) -> Iterator[Path]:
    with data_folder(reachable_folder) as folder:
        yield folder


async def _enrolment_key(service: Service, token: str) -> dict[str, dict[str, object]]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers) as client:
        answer = await client.get("/enrolment/key")
        answer.raise_for_status()
        found: dict[str, dict[str, object]] = answer.json()
        return found


async def _until_postgres_is_gone(data_dir: Path) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                running_url(data_dir)
            except Unavailable:
                return
            await asyncio.sleep(0.05)


async def _kill_postgres(data_dir: Path) -> None:
    pid_file = data_dir / "postgres" / "cluster" / "data" / "postmaster.pid"
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    await asyncio.sleep(0.3)


async def test_start_stop_and_start_again(data_dir: Path) -> None:
    service = Service(data_dir)
    async with service.running() as process:
        token = development_token(service.settings)
        before = await _enrolment_key(service, token)
        context = ssl.create_default_context(cadata=str(before["mqtt"]["ca_pem"]))
        mqtt_port = service.settings.mqtt_port
        with (
            socket.create_connection(("127.0.0.1", mqtt_port)) as tcp,
            context.wrap_socket(tcp, server_hostname="127.0.0.1") as tls,
        ):
            assert tls.version() in ("TLSv1.2", "TLSv1.3")
        await _check_a_second_service(service.settings)
        await _kill_postgres(data_dir)
        await service.until_healthy(process)
        assert await _enrolment_key(service, token) == before
        process.terminate()
        assert await process.wait() == 0
    with pytest.raises(Unavailable):
        running_url(data_dir)
    async with service.running() as process:
        assert await _enrolment_key(service, token) == before
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


async def _check_a_second_service(settings: Settings) -> None:
    """It does not start; a command finds its way to the first one's database."""
    with pytest.raises(PortTaken, match="--http-port"):
        await running_service(settings).__aenter__()
    free = settings.model_copy(update={"http_port": 0, "mqtt_port": 0})
    with pytest.raises(Conflict, match="another hisbundle service runs on"):
        await running_service(free).__aenter__()
    async with open_database(free) as database, database.transaction() as tx:
        assert await devices.listing(tx, 10) == []


async def test_a_killed_service_leaves_nothing_running(data_dir: Path) -> None:
    service = Service(data_dir)
    async with service.running() as process:
        process.kill()
    await _until_postgres_is_gone(data_dir)
    status, out, err = await command("quarantine", "list", data_dir=data_dir)
    assert (status, out, err) == (0, "", "0 kept\n")


async def test_one_role_on_a_postgres_of_the_system(
    system_postgres_url: str, tmp_path: Path
) -> None:
    service = Service(tmp_path, database_url=system_postgres_url, roles=["api"])
    async with service.running() as process:
        assert not (tmp_path / "postgres").exists()
        process.terminate()
        assert await process.wait() == 0
