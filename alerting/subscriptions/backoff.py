"""When a failed delivery is tried again, and when no more.

athenahealth tries for an hour, HAPI for a minute; a night without a network must not cost a
subscriber anything, so it is a day here
(https://docs.athenahealth.com/api/guides/event-notifications).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

FIRST_S, LONGEST_S = 1.0, 300.0
PATIENCE = timedelta(hours=24)
_DOUBLINGS_MAX = 20


def next_try(
    now: datetime, failing_since: datetime, attempts: int, share: Callable[[], float]
) -> datetime | None:
    """After ``attempts`` failures since ``failing_since``; None once it has been a day.

    The pause doubles; ``share`` (0 to 1) shortens it by up to half, so that subscribers who
    failed together are not all tried together. The last try is at the end of the day.
    """
    until = failing_since + PATIENCE
    if now >= until:
        return None
    pause_s = min(FIRST_S * 2.0 ** min(attempts - 1, _DOUBLINGS_MAX), LONGEST_S)
    return min(now + timedelta(seconds=pause_s * (1 - share() / 2)), until)
