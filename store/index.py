"""What a stored resource is found by: patient, time range, tokens (plain data, no SQL)."""

from dataclasses import dataclass
from datetime import UTC, datetime

NO_DATE = datetime(1, 1, 2, tzinfo=UTC)
"""``at`` of a resource without a date: last when the newest come first."""
FOREVER = datetime(9999, 12, 30, tzinfo=UTC)
"""``until`` of a period that has not ended."""


@dataclass(frozen=True, slots=True)
class Token:
    """One value of one search parameter.

    ``code`` is the code, the reference as ``Type/id``, or the lower-case text; ``system`` is
    the code's system, empty where there is none.
    """

    param: str
    code: str
    system: str = ""


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
