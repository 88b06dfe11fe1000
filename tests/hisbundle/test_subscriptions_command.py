"""``hisbundle subscriptions``: what there is, what fails, and the secret for a subscriber."""

import hmac
from hashlib import sha256
from pathlib import Path

from alerting.subscriptions import signing
from core.local_vault import LocalVault
from hisbundle.parts import MASTER_KEY_FILE
from store.database import Database
from store.subscriptions.state import Status
from tests.alerting.subscriptions.bed import bed as make_bed
from tests.alerting.subscriptions.feed import flag
from tests.alerting.subscriptions.hook import listening
from tests.hisbundle.processes import command


async def test_from_failing_to_off(database: Database, database_url: str, tmp_path: Path) -> None:
    options = {"database_url": database_url, "data_dir": tmp_path}

    async def told(*words: str) -> str:
        status, out, err = await command("subscriptions", *words, **options)
        assert status == 0, err
        return out

    async with listening(tmp_path) as hook:
        bed = make_bed(database, hook)
        await bed.subscribe()
        await bed.deliver()
        hook.status = 503
        await bed.write(flag("f1"), flag("f2"))
        await bed.deliver()
        (row,) = [line.split("\t") for line in (await told("list")).splitlines()]
        assert row[:5] == ["s1", "active", "rest-hook", "0/2", "1 attempts"]
        shown = dict(line.split("\t") for line in (await told("show", "s1")).splitlines())
        assert (shown["last failure"], shown["delivered"]) == ("HTTP 503", "0")
        assert shown["lag"] != "none" and shown["failing since"] != ""
        hook.status = 200
        assert "to be tried" in await told("retry", "s1")
        bed.clock.pass_s(0.5)  # the pause was a second
        bed.clock.at = max(bed.clock.at, (await bed.standing()).next_try_at)
        await bed.deliver()
        assert hook.taken == [1, 2]
        assert "off" in await told("off", "s1")
        assert (await bed.standing()).status is Status.OFF
        assert (await command("subscriptions", "retry", "s1", **options))[0] != 0
        for verb in ("show", "off", "secret"):
            assert (await command("subscriptions", verb, "none", **options))[0] != 0


async def test_the_secret_is_that_of_the_signatures(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    async with listening(tmp_path) as hook:
        await make_bed(database, hook).subscribe()
    out = (
        await command("subscriptions", "secret", "s1", database_url=database_url, data_dir=tmp_path)
    )[1]
    root = await signing.load_root(database, LocalVault(tmp_path / MASTER_KEY_FILE))
    wanted = hmac.new(out.strip().encode(), b"body", sha256).hexdigest()
    assert signing.signature(signing.secret(root, "s1"), b"body") == f"sha256={wanted}"
    assert signing.secret(root, "s2") != out.strip()
