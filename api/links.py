"""Links of a Bundle: what was applied, and a signed cursor to the next page."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Self
from urllib.parse import quote, urlencode

import orjson

from core.errors import Incorrect
from fhir.search.request import CURSOR, Pair
from store.criteria import Position, PositionValue, SortColumn, SortKey

_MAC_BYTES = 16


def url(path: str, pairs: Iterable[Pair]) -> str:
    """An absolute URL with its parameters; what FHIR writes plainly stays readable."""
    query = urlencode(list(pairs), quote_via=quote, safe="/:|,$*")
    return f"{path}?{query}" if query else path


def with_cursor(link: str, cursor: str) -> str:
    """Where the page behind ``cursor`` is, by the link to the first one."""
    return f"{link}{'&' if '?' in link else '?'}{CURSOR}={cursor}"


@dataclass(frozen=True, slots=True)
class CursorKey:
    """Signs positions, so that a cursor belongs to one search and cannot be made up."""

    secret: bytes

    @classmethod
    def derive(cls, secret: bytes) -> Self:
        """A key of its own from another of the service's secrets."""
        return cls(hmac.digest(secret, b"hisbundle search cursor", sha256))

    def next_url(self, path: str, pairs: tuple[Pair, ...], position: Position) -> str:
        """Where the page after ``position`` is."""
        return with_cursor(url(path, pairs), self.sign(path, pairs, position))

    def sign(self, path: str, pairs: tuple[Pair, ...], position: Position) -> str:
        """The cursor: the position and its MAC, in base64url."""
        packed = orjson.dumps([_plain(value) for value in position])
        return urlsafe_b64encode(self._mac(path, pairs, packed) + packed).rstrip(b"=").decode()

    def open(
        self, path: str, pairs: tuple[Pair, ...], cursor: str, order: tuple[SortKey, ...]
    ) -> Position:
        """The position in a cursor. Raises Incorrect if it is not of this search."""
        try:
            signed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except ValueError:
            raise Incorrect(f"{CURSOR} is not one of ours") from None
        mac, packed = signed[:_MAC_BYTES], signed[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(path, pairs, packed)):
            raise Incorrect(f"{CURSOR} does not belong to this search")
        values = orjson.loads(packed)
        return tuple(_typed(value, key) for value, key in zip(values, order, strict=True))

    def _mac(self, path: str, pairs: tuple[Pair, ...], packed: bytes) -> bytes:
        # The path without its host: a server may be reached under several names.
        context = orjson.dumps([path.partition("://")[2].partition("/")[2], pairs])
        return hmac.digest(self.secret, context + b"\n" + packed, sha256)[:_MAC_BYTES]


def _plain(value: PositionValue) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _typed(value: str | None, key: SortKey) -> PositionValue:
    if value is None or key.column not in _TYPES:
        return value
    return _TYPES[key.column](value)


_TYPES: dict[SortColumn, Callable[[str], datetime | Decimal]] = {
    SortColumn.AT: datetime.fromisoformat,
    SortColumn.LAST_UPDATED: datetime.fromisoformat,
    SortColumn.SPAN: datetime.fromisoformat,
    SortColumn.AMOUNT: Decimal,
}
