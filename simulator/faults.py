"""Faults on request, on the way out of the device: seeded, so that a run can be repeated."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Share of publishes (0 to 1) that suffer each fault; the outbox keeps the true chunk."""

    duplicate: float = 0.0
    reorder: float = 0.0
    drop: float = 0.0
    corrupt: float = 0.0


@dataclass(slots=True)
class FaultyWire:
    """Turns each frame into what really goes out: nothing, one, two, late or damaged frames."""

    rates: FaultRates
    seed: int = 0
    _random: random.Random = field(init=False)
    _late: bytes | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - faults, not secrets

    def send(self, frame: bytes) -> Iterator[bytes]:
        """The frames to publish now in place of this one."""
        if self._hits(self.rates.drop):
            return
        if self._hits(self.rates.reorder) and self._late is None:
            self._late = frame
            return
        yield self._damage(frame) if self._hits(self.rates.corrupt) else frame
        if self._hits(self.rates.duplicate):
            yield frame
        if self._late is not None:
            yield self._late
            self._late = None

    def _hits(self, share: float) -> bool:
        return share > 0 and self._random.random() < share

    def _damage(self, frame: bytes) -> bytes:
        at, bit = self._random.randrange(48, len(frame)), self._random.randrange(8)
        return frame[:at] + bytes([frame[at] ^ (1 << bit)]) + frame[at + 1 :]
