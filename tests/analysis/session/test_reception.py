"""What counts as received, missing or saturated."""

import numpy as np

from analysis.session.clock import Clock
from analysis.session.reception import Tally, count_in, saturated, usable_codes
from core.chunk import INVALID_SAMPLE, ChunkFlag
from core.ecg import SAMPLES_PER_STRIP
from tests.analysis.chunks import T0_US, body


def test_a_chunk_across_a_border_counts_in_both_strips() -> None:
    codes = np.arange(187, dtype=np.int16)
    codes[[0, 186]] = INVALID_SAMPLE
    content = body(codes, SAMPLES_PER_STRIP - 100)
    tallies: dict[int, Tally] = {}
    count_in(tallies, content, usable_codes(content))
    assert [(t.received, t.lead_off) for t in tallies.values()] == [(100, 1), (87, 1)]
    assert tallies[1].place(Clock()).started.time_us == T0_US + 800_000
    # The first strip began before anything was received: counted back from what was.
    assert tallies[0].place(Clock()).started.time_us == T0_US - 1396 * 8000
    assert tallies[0].counts(SAMPLES_PER_STRIP).missing == 1397


def test_only_valid_samples_are_used() -> None:
    assert len(usable_codes(body([1, 2, 3]))) == 3
    flagged = usable_codes(body([1, 2, 3], flags=ChunkFlag.LEAD_OFF_PLUS))
    assert (flagged == INVALID_SAMPLE).all()
    marked = usable_codes(body([1, INVALID_SAMPLE, 3], flags=ChunkFlag.LEAD_OFF_PLUS))
    assert marked.tolist() == [1, INVALID_SAMPLE, 3]


def test_saturation_is_at_the_rails_that_a_device_reports() -> None:
    clipped = body([-2048, -2048, 5, 2047, INVALID_SAMPLE])
    assert saturated(clipped, usable_codes(clipped)).sum() == 0
    clipped = body([-2048, -2048, 5, 2047, INVALID_SAMPLE], flags=ChunkFlag.SATURATED)
    assert saturated(clipped, usable_codes(clipped)).sum() == 3
    full = body([-32767, 5, 32767, INVALID_SAMPLE])
    assert saturated(full, usable_codes(full)).sum() == 2


def test_saturated_samples_count_in_their_second() -> None:
    codes = np.zeros(187, dtype=np.int16)
    codes[[0, 124, 125, 186]] = 32767
    content = body(codes, SAMPLES_PER_STRIP)
    tallies: dict[int, Tally] = {}
    count_in(tallies, content, usable_codes(content), jumped=True)
    counts = tallies[1].counts(187)
    assert counts.saturated[:3] == (2, 2, 0)
    assert len(counts.saturated) == 12
    assert counts.clock_jumps == 1
