"""A recording with every kind of beat, and a gap."""

from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np

from core.chunk import INVALID_SAMPLE
from core.ecg import RhythmKind, RhythmSpan
from export.recording import BeatClass, Person, Recording

STARTED_AT = datetime(2026, 3, 1, 12, 0, 0, 120_000, tzinfo=UTC)
PERSON = Person("MRN/4711", "Nováková", "Jana Olga", date(1958, 7, 4), "female")


def recording(n: int = 5000, rate_hz: float = 125.0, nv: int = 732, seed: int = 1) -> Recording:
    """``n`` samples of any code, a gap in the middle, a beat in every second."""
    random = np.random.default_rng(seed)
    codes = random.integers(-32767, 32768, n, dtype=np.int16)
    codes[n // 2 : n // 2 + n // 10] = INVALID_SAMPLE
    beats = np.arange(int(rate_hz) // 2, n, int(rate_hz * 1.3), dtype=np.int64)
    return Recording(
        device_id=UUID("8f3c8a52-6f0e-4b54-9a59-0c6f6d1f2b11"),
        session_id=bytes.fromhex("00000001a1b2c3d4e5f60718293a4b5c"),
        started_at=STARTED_AT,
        rate_hz=rate_hz,
        nv_per_lsb=nv,
        codes=codes,
        beats=beats,
        classes=(np.arange(len(beats)) % len(BeatClass)).astype(np.uint8),
        person=PERSON,
        rhythm=rhythm(n),
    )


def rhythm(n: int) -> tuple[RhythmSpan, ...]:
    """Tachycardia within fibrillation, then none, and what no MIT code tells."""
    return tuple(
        RhythmSpan(kind, first * n // 100, stop * n // 100, 9, 90.0, verified)
        for kind, first, stop, verified in (
            (RhythmKind.SINUS, 0, 20, True),
            (RhythmKind.ATRIAL_FIBRILLATION, 20, 60, True),
            (RhythmKind.VENTRICULAR_TACHYCARDIA, 30, 40, True),
            (RhythmKind.COUPLET, 50, 51, True),
            (RhythmKind.VENTRICULAR_TACHYCARDIA, 80, 85, True),
            (RhythmKind.ASYSTOLE, 90, 95, False),
        )
    )
