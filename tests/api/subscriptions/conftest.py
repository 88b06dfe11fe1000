"""A client that subscribes, and the matcher at work."""

from collections.abc import Awaitable, Callable

import pytest

from alerting.subscriptions.matcher import Matcher
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.support import Client

Match = Callable[[], Awaitable[None]]


@pytest.fixture
def subscriber(with_scopes: Scoped) -> Client:
    """A client that may read and write all there is."""
    return with_scopes("system/*.cruds")


@pytest.fixture
def match(database: Database) -> Match:
    """Matches all that was written so far."""
    matcher = Matcher(database)

    async def work() -> None:
        while await matcher.turn():
            pass

    return work
