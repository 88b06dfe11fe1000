"""Sessions whose key cannot be had: told as an alarm, and analysed once it can."""

from pathlib import Path

import pytest
from sqlalchemy import text

from core.alerts import AlertKind
from core.keyring import KeyRing
from core.local_vault import LocalVault
from simulator.rhythm import Rhythm
from store.database import Database
from tests.analysis.bed import Bed
from tests.analysis.chunks import Run, chunks_of, rhythm_mv

CHUNKS = chunks_of(rhythm_mv(Rhythm.SINUS, 30))[:16]


@pytest.fixture
def bed(database: Database, tmp_path: Path) -> Bed:
    return Bed(database, LocalVault(tmp_path / "master.key"))


@pytest.mark.parametrize("status", ["revoked", "active"])
async def test_a_key_that_cannot_be_had_is_told_and_over_when_it_is_back(
    bed: Bed, tmp_path: Path, status: str
) -> None:
    """Revoked, or wrapped by a vault that is another one now."""
    device = await bed.device()
    row = await bed.send(device, CHUNKS)
    own, other = LocalVault(tmp_path / "master.key"), LocalVault(tmp_path / "other.key")
    await _keys(bed, other, status)
    for _ in range(2):
        await bed.analyse(bed.worker())
    (alert,) = await bed.alerts(row)
    assert (alert.kind, alert.closed_at) == (AlertKind.KEY_FAILURE, None)
    assert "the key cannot be had" in alert.evidence
    assert await bed.findings(row) == []
    await _keys(bed, own, "active")
    await bed.analyse(bed.worker())
    (alert,) = [a for a in await bed.alerts(row) if a.kind is AlertKind.KEY_FAILURE]
    assert alert.closed_at is not None
    assert await bed.findings(row) == Run().push(CHUNKS).strips


async def _keys(bed: Bed, vault: LocalVault, status: str) -> None:
    bed.keys = KeyRing(vault, bed._load, 100, 60.0)
    async with bed.database.transaction() as tx:
        await tx.execute(text("UPDATE device_key SET status = :to"), {"to": status})
