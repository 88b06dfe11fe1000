"""Where the samples of a session lie in time, as far as its chunks tell.

A device's clock may be unset for a while (t0_us is 0; firmware/PROTOCOL.md, section 2). Its
samples are then placed by counting from another chunk that knew the time, and as long as
none did, from when the session's first chunk was received.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.chunk import ChunkBody, ChunkFlag

EARLIEST_US = 946_684_800_000_000
LATEST_US = 4_102_444_800_000_000
"""A device time outside 2000..2100 is no time: the clock counts as unset."""


JUMP_US = 500_000
"""Between two chunks that follow each other a clock drifts by microseconds: this is a jump."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A time in microseconds since 1970 UTC, and whether the device's clock was synchronised."""

    time_us: int
    synced: bool

    @property
    def moment(self) -> datetime:
        """The same as a datetime."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.time_us)


def samples_us(samples: int, rate_centihz: int) -> int:
    """Duration of ``samples`` in whole microseconds, rounded to the nearest."""
    return (samples * 100_000_000 + rate_centihz // 2) // rate_centihz


def stated_time(body: ChunkBody) -> Instant | None:
    """The time of a chunk's first sample as the device states it, None while it knows none."""
    if not EARLIEST_US <= body.t0_us <= LATEST_US:
        return None
    return Instant(body.t0_us, not body.flags & ChunkFlag.CLOCK_UNSYNCED)


@dataclass(slots=True)
class Clock:
    """The latest sample whose time is known: from the device, or else from reception.

    ``rate_centihz`` is the latest chunk's sampling rate.
    """

    sample_index: int = 0
    time_us: int = 0
    synced: bool = False
    stated: bool = False
    rate_centihz: int = 12_500

    def see(self, body: ChunkBody, received_us: int) -> None:
        """Learn from the next chunk. ``received_us``: when it came in, us since 1970 UTC."""
        stated, self.rate_centihz = stated_time(body), body.rate_centihz
        if stated is not None:
            self.sample_index, self.stated = body.sample_index, True
            self.time_us, self.synced = stated.time_us, stated.synced
        elif self.time_us == 0:
            self.sample_index = body.sample_index
            self.time_us = received_us - samples_us(body.n_valid, body.rate_centihz)

    def jumps(self, body: ChunkBody) -> bool:
        """Whether the next chunk states another time than counting its samples gives."""
        stated = stated_time(body)
        if stated is None or not self.stated:
            return False
        counted = self.at(body.sample_index, self.rate_centihz)
        return abs(stated.time_us - counted.time_us) > JUMP_US

    def at(self, sample_index: int, rate_centihz: int) -> Instant:
        """The time of any sample of the session, counted from the one that is known.

        However far a sample number jumps, this stays a time, with room for what follows it.
        """
        away_us = samples_us(sample_index - self.sample_index, rate_centihz)
        return Instant(min(max(self.time_us + away_us, 0), LATEST_US), self.synced)
