"""What a stored resource is found by: patient, time range, tokens (plain data, no SQL)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

NO_DATE = datetime(1, 1, 2, tzinfo=UTC)
"""``at`` of a resource without a date: last when the newest come first."""
FOREVER = datetime(9999, 12, 30, tzinfo=UTC)
"""``until`` of a period that has not ended."""
MAX_CODE = 500
"""Characters of a code that stand in an index as they are."""
FAR = Decimal("1e100")
"""The bound of a quantity that has none on that side."""


@dataclass(frozen=True, slots=True)
class Token:
    """One value of one search parameter.

    ``code`` is the code, the reference as ``Type/id``, or the lower-case text; ``system`` is
    the code's system, empty where there is none. One that ``leads`` is found by an index of its
    own, in the order of time; what does not is a filter: it costs a tenth of the space, and fits
    values that many resources share.
    """

    param: str
    code: str
    system: str = ""
    leads: bool = True

    @property
    def keys(self) -> tuple[int, int, int, int]:
        """The keys of a filter: by code, by system and code, by system, and that it is there."""
        param, code, system = self.param, self.code, self.system
        return key(param, code), key(param, code, system), key(param, None, system), key(param)


@dataclass(frozen=True, slots=True)
class Span:
    """The time under a date parameter that is not the type's first, end excluded."""

    param: str
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity as a range, both ends included; the unit by its code and as it is read."""

    system: str
    code: str
    unit: str
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Wording:
    """What a reader sees of a token parameter's values, folded: a filter, and in a dictionary."""

    param: str
    text: str

    @property
    def key(self) -> int:
        """The key of the filter."""
        return key(f"{self.param}:text", self.text)

    @property
    def keys(self) -> tuple[int, int]:
        """The keys of the filter: by the text, and that there is one."""
        return self.key, key(f"{self.param}:text")


def key(param: str, code: str | None = None, system: str | None = None) -> int:
    """The 64-bit number that stands for a filter's value; None is any."""
    asked = ["" if part is None else f"={part}" for part in (code, system)]
    return int.from_bytes(sha256("\0".join((param, *asked)).encode()).digest()[:8], signed=True)


def short(code: str) -> str:
    """``code`` as an index has room for it: a long one by its beginning and its digest."""
    if len(code) <= MAX_CODE:
        return code
    return f"{code[:100]}…{sha256(code.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Concept:
    """What a resource is a value of: all codings of its code, and what can be told by category.

    ``codings`` are (code, system), sorted; ``param`` is where their tokens stand. ``filters`` are
    the keys of the resource's categories.
    """

    param: str
    codings: tuple[tuple[str, str], ...]
    filters: tuple[int, ...] = ()

    @property
    def key(self) -> int:
        """One number for all of it."""
        parts = [part for coding in self.codings for part in coding]
        return key(self.param, "\x1f".join(parts), ",".join(map(str, self.filters)))


@dataclass(frozen=True, slots=True)
class Index:
    """All that a resource is found by.

    ``at`` and ``until`` bound the time it is about, end excluded; ``until`` is None where it
    tells no time, and ``at`` is then NO_DATE.
    """

    patient_id: str | None = None
    at: datetime = NO_DATE
    until: datetime | None = None
    tokens: tuple[Token, ...] = ()
    spans: tuple[Span, ...] = ()
    amounts: tuple[tuple[str, Amount], ...] = ()
    wordings: tuple[Wording, ...] = ()
    concept: Concept | None = None
