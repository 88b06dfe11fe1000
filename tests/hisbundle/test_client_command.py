"""``hisbundle client``: registered by the command, let in by the service, and let out."""

import asyncio
import time
from pathlib import Path

import httpx
import orjson

from api.smart.bearers import REFRESH_S
from store import clients
from store.database import Database
from tests.api.bulk.support import group
from tests.api.smart.support import JWKS, Service
from tests.api.support import patient, store
from tests.hisbundle import processes
from tests.hisbundle.processes import command, data_folder


async def test_add_list_disable(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(orjson.dumps(JWKS))
    options = {"database_url": database_url, "data_dir": tmp_path}
    status, out, err = await command(
        *("client", "add", "My EHR", "--jwks-file", str(file)),
        *("--scope", "system/*.rs", "--break-glass"),
        **options,
    )
    assert status == 0, err
    client_id = out.strip()
    _, out, _ = await command("client", "list", **options)
    (line,) = out.splitlines()
    assert line.split("\t")[:2] == [client_id, "active"]
    assert line.split("\t")[3:] == ["inline", "system/*.rs hisbundle/break-glass", "all", "My EHR"]
    assert (await command("client", "disable", client_id, **options))[0] == 0
    assert "disabled" in (await command("client", "list", **options))[1]
    assert (await command("client", "disable", "nobody", **options))[0] == 2


async def test_a_client_of_certain_patients(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(orjson.dumps(JWKS))
    options = {"database_url": database_url, "data_dir": tmp_path}
    await store(database, patient("p1"), group("ward"))
    words = ("client", "add", "Study", "--jwks-file", str(file), "--scope", "patient/*.rs")
    status, out, err = await command(*words, "--patient", "p1", "--group", "ward", **options)
    assert status == 0, err
    async with database.transaction() as tx:
        found = await clients.find(tx, out.strip())
    assert found is not None
    assert (found.patients, found.groups) == (("p1",), ("ward",))
    _, out, _ = await command("client", "list", **options)
    assert out.strip().split("\t")[4:] == ["patient/*.rs", "Patient/p1 Group/ward", "Study"]
    for wrong in ((), ("--patient", "p2"), ("--group", "p1")):
        status, _, err = await command(*words, *wrong, **options)
        assert (status, "Traceback" in err) == (2, False), err


async def test_wrong_registrations_are_told_without_a_traceback(
    database_url: str, tmp_path: Path
) -> None:
    options = {"database_url": database_url, "data_dir": tmp_path}
    for words in (
        ("--jwks-file", str(tmp_path / "nowhere"), "--scope", "system/*.rs"),
        ("--jwks-url", "http://elsewhere.test/", "--scope", "system/*.rs"),
        ("--jwks-url", "https://elsewhere.test/", "--scope", "patient/*.rs"),
        ("--scope", "system/*.rs"),
    ):
        status, _, err = await command("client", "add", "x", *words, **options)
        assert (status, "Traceback" in err) == (2, False), err


async def test_two_processes_share_clients_replays_and_revocations(
    database_url: str, reachable_folder: Path, tmp_path: Path
) -> None:
    """Two services on one database and one data folder, as behind a load balancer."""
    file = tmp_path / "jwks.json"
    file.write_bytes(orjson.dumps(JWKS))
    with data_folder(reachable_folder) as folder:
        public = {"public_url": "http://ecg.test", "roles": ["api"], "database_url": database_url}
        one, two = (processes.Service(folder, **public) for _ in range(2))
        for each, port in ((one, one.settings.http_port), (two, two.settings.http_port)):
            each.url = f"http://127.0.0.1:{port}"
        options = {"database_url": database_url, "data_dir": folder}
        words = ("client", "add", "EHR", "--jwks-file", str(file), "--scope", "system/*.rs")
        client_id = (await command(*words, **options))[1].strip()
        async with (
            one.running(), two.running(),
            httpx.AsyncClient(base_url=one.url) as first,
            httpx.AsyncClient(base_url=two.url) as second,
        ):  # fmt: skip
            here, there = Service(client_id, first), Service(client_id, second)
            assertion = here.assertion()
            token = (await here.ask(assertion)).json()["access_token"]
            assert (await there.ask(assertion)).status_code == 401
            assert (await there.get("/fhir/Patient", token)).status_code == 200
            assert (await here.post("/auth/revoke", token=token)).status_code == 200
            until = time.monotonic() + 4 * REFRESH_S
            while (await there.get("/fhir/Patient", token)).status_code != 401:
                assert time.monotonic() < until
                await asyncio.sleep(0.1)
            other = await here.token()
            await command("client", "disable", client_id, **options)
            until = time.monotonic() + 4 * REFRESH_S
            while (await there.get("/fhir/Patient", other)).status_code != 401:
                assert time.monotonic() < until
                await asyncio.sleep(0.1)
