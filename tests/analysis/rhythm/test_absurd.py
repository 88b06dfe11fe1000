"""Absurd input: no crash, no span that cannot be, and the same spans after every restart."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.rhythm.dump import dump_rules, load_rules
from analysis.rhythm.mark import Mark
from analysis.rhythm.session import Sight, StripRules
from analysis.rhythm.tracker import Tracker
from analysis.session.state import pack, unpack
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK
from core.ecg import Beat, BeatClass, Quality, RefusalReason, RhythmSpan, StripFinding
from tests.analysis.chunks import Chunk, Run, Samples, body
from tests.analysis.rhythm.test_session import strip
from tests.analysis.synthetic import ecg, regular

CODES = SAMPLES_PER_CHUNK
RATES_HZ = (125.0, 250.0, 500.0)
_EXTREME = 32_767


def absurd(kind: str, n: int, rate_hz: float, seed: int) -> Samples:
    """Codes (in microvolts) of n samples of a line that no heart draws, or hardly."""
    generator = np.random.default_rng(seed)
    seconds = n / rate_hz
    made: dict[str, npt.NDArray[np.floating[Any]]] = {
        "constant": np.full(n, 700.0),
        "rail": np.full(n, float(_EXTREME)),
        "flips": _EXTREME * (1.0 - 2.0 * (np.arange(n) % 2)),
        "white": generator.uniform(-_EXTREME, _EXTREME, n),
        "off": np.full(n, float(INVALID_SAMPLE)),
        "holes": np.where(generator.random(n) < 0.3, INVALID_SAMPLE, 200.0),
        "300": 1000 * ecg(rate_hz, seconds, np.arange(0.1, max(seconds - 0.1, 0.2), 0.2)),
        "sinus": 1000 * ecg(rate_hz, seconds, regular(seconds)),
    }
    return made[kind].astype(np.float64)


KINDS = ("constant", "rail", "flips", "white", "off", "holes", "300", "sinus")


def session(rate_hz: float, parts: list[tuple[str, int]], lost: set[int], seed: int) -> list[Chunk]:
    """Chunks of the parts (kind, chunks) in a row; the chunks ``lost`` never arrive."""
    lines = [absurd(kind, n * CODES, rate_hz, seed) for kind, n in parts]
    codes = np.rint(np.concatenate(lines)).astype(np.int16)
    return [
        (
            seq,
            body(
                codes[seq * CODES : (seq + 1) * CODES],
                seq * CODES,
                rate_centihz=round(100 * rate_hz),
            ),
        )
        for seq in range(len(codes) // CODES)
        if seq not in lost
    ]


def assert_possible(strips: list[StripFinding]) -> None:
    for finding in strips:
        end = finding.first_sample + finding.n_samples
        keys = [(span.kind, span.first_sample) for span in finding.rhythm]
        assert len(keys) == len(set(keys))
        for span in finding.rhythm:
            assert 0 <= span.first_sample < span.stop_sample
            assert span.first_sample < end
            assert span.stop_sample > finding.first_sample
            assert span.beats >= 0
            assert span.rate_per_min is None or math.isfinite(span.rate_per_min)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(RATES_HZ),
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 12)), min_size=1, max_size=5),
    st.sets(st.integers(0, 40), max_size=6),
    st.integers(0, 9),
)
def test_no_signal_is_too_absurd_and_no_restart_shows(
    rate_hz: float, parts: list[tuple[str, int]], lost: set[int], seed: int
) -> None:
    chunks = session(rate_hz, parts, lost, seed)
    whole, restarted = Run(), Run()
    for chunk in chunks:
        whole.push([chunk])
        restarted.push([chunk]).store_and_load()
    assert_possible(whole.end().strips)
    assert restarted.end().strips == whole.strips


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_300_beats_per_minute_are_counted_for_what_they_are(rate_hz: float) -> None:
    strips = Run().push(session(rate_hz, [("sinus", 20), ("300", 40)], set(), 1)).end().strips
    assert_possible(strips)
    assert max(len(f.beats) / (f.n_samples / rate_hz) for f in strips) <= 5.5


def finite(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


MARKS = st.builds(
    Mark,
    st.integers(10_000, 15_000),
    st.none() | finite(0.0, 20.0),
    st.none() | st.sampled_from(BeatClass),
    st.none() | st.booleans(),
    st.none() | finite(-1, 1),
    st.none() | finite(-1, 1),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(MARKS, max_size=60), st.sampled_from(RATES_HZ), st.booleans())
def test_beats_in_any_order_and_of_any_class_make_spans_that_can_be(
    marks: list[Mark], rate_hz: float, readable: bool
) -> None:
    tracker, told = Tracker(), list[RhythmSpan]()
    for mark in marks:
        take = tracker.push if readable else tracker.push_unreadable
        told += [*take(mark, rate_hz), *tracker.open(rate_hz)]
    for span in [*told, *tracker.end(rate_hz)]:
        assert span.first_sample < span.stop_sample
        assert span.rate_per_min is None or 0 < span.rate_per_min < math.inf
    assert not tracker.open(rate_hz)


WINDOWS = st.sampled_from([0, 5, 33]).map(lambda n: np.sin(np.arange(float(n))))
SIGHTS = st.builds(Sight, st.none() | finite(0.0, 12.0), WINDOWS, WINDOWS)
BEATS = st.tuples(
    st.integers(0, 1495),
    st.none() | finite(0, 1),
    st.none() | st.sampled_from(BeatClass),
    SIGHTS,
)
AbsurdStrip = tuple[
    list[tuple[int, float | None, BeatClass | None, Sight]],
    bool,
    list[float],
    set[RefusalReason],
]
STRIPS = st.tuples(
    st.lists(BEATS, max_size=12),
    st.booleans(),
    st.lists(finite(0, 1), max_size=12),
    st.sets(st.sampled_from(RefusalReason), max_size=3),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(STRIPS, max_size=8))
def test_rules_give_the_same_spans_when_they_are_dumped_at_every_strip(
    strips: list[AbsurdStrip],
) -> None:
    going, dumped = StripRules(), StripRules()
    for i, (beats, readable, seconds, reasons) in enumerate(strips):
        ordered = sorted(beats, key=lambda beat: beat[0])
        found = strip(i + 8, [])  # later than five intervals of the longest kind
        finding = replace(
            found,
            beats=tuple(Beat(found.first_sample + at, p, kind) for at, p, kind, _ in ordered),
            quality=Quality(0.5, readable, tuple(sorted(reasons)), tuple(seconds)),
        )
        sights = [sight for _, _, _, sight in ordered]
        one, other = going.tell(finding, sights, ()), dumped.tell(finding, sights, ())
        assert one == other
        dumped = load_rules(unpack(pack("0", dump_rules(dumped)), "0"))
        assert_possible([replace(finding, rhythm=one)])
