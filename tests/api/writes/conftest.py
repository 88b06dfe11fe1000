"""Clients that write."""

import pytest

from tests.api.conftest import Scoped
from tests.api.support import Client


@pytest.fixture
def writer(with_scopes: Scoped) -> Client:
    """A client that may read and write all there is."""
    return with_scopes("system/*.cruds")
