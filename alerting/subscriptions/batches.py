"""A bounded part of the stream of versions, cut between stamps.

Versions of one transaction share a stamp, and the cursor is a stamp: a batch holds all of a
stamp or nothing of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.database import Transaction
from store.subscriptions import cursor
from store.subscriptions.cursor import Written

_INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Batch:
    """Versions in the order of stamps, and the stamp up to which these are all there are."""

    versions: tuple[Written, ...]
    until: datetime


async def batch(
    tx: Transaction, types: Sequence[str], after: datetime, clock: datetime, count: int
) -> Batch:
    """About ``count`` versions after ``after``: fewer, or as many as the first stamp has."""
    found = await cursor.versions(tx, types, after, clock, count + 1)
    if len(found) <= count:
        return Batch(tuple(found), clock)
    last = found[-1].document.last_updated
    whole = tuple(each for each in found if each.document.last_updated < last)
    if whole:
        return Batch(whole, whole[-1].document.last_updated)
    # One transaction wrote more than a batch: it is taken as a whole.
    every = await cursor.versions(tx, types, last - _INSTANT, last, cursor.ALL)
    return Batch(tuple(every), last)
