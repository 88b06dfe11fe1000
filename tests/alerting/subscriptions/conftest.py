"""A subscriber, and everything that leads to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.database import Database
from tests.alerting.subscriptions.bed import Bed
from tests.alerting.subscriptions.bed import bed as make_bed
from tests.alerting.subscriptions.hook import Hook, listening


@pytest.fixture
async def hook(tmp_path: Path) -> AsyncIterator[Hook]:
    async with listening(tmp_path) as found:
        yield found


@pytest.fixture
def bed(database: Database, hook: Hook) -> Bed:
    return make_bed(database, hook)
