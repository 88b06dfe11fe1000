"""What a stored resource is found by: patient, time range, tokens (plain data, no SQL)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

NO_DATE = datetime(1, 1, 2, tzinfo=UTC)
"""``at`` of a resource without a date: last when the newest come first."""
FOREVER = datetime(9999, 12, 30, tzinfo=UTC)
"""``until`` of a period that has not ended."""


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
    def keys(self) -> tuple[int, int, int]:
        """The keys of a filter: by code, by system and code, and by system."""
        param, code, system = self.param, self.code, self.system
        return key(param, code), key(param, code, system), key(param, None, system)


def key(param: str, code: str | None, system: str | None = None) -> int:
    """The 64-bit number that stands for a filter's value; None is any."""
    asked = ["" if part is None else f"={part}" for part in (code, system)]
    return int.from_bytes(sha256("\0".join((param, *asked)).encode()).digest()[:8], signed=True)


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
