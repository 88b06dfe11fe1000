import numpy as np
import pytest

from analysis.beats import BEAT_VALUES
from analysis.context import NEXT_MAX_S, Context, row_start, row_stop
from analysis.patient.p_waves import BEATS
from analysis.patient.rhythm import MEMORY
from analysis.session.pipeline import SessionPipeline
from analysis.session.resume import dump, load
from analysis.signal.filters import BandPass
from analysis.signal.rpeaks import RPeakDetector
from simulator.rhythm import Rhythm
from tests.analysis.chunks import MODEL, NV_PER_LSB, POLICY, RECEIVED_US, chunks_of, rhythm_mv


def whole_rows(signal_mv: np.ndarray, rate_hz: float) -> np.ndarray:
    """The rows of the whole signal at once, as training makes them."""
    detector, context = RPeakDetector(rate_hz), Context()
    peaks = [*detector.push(signal_mv), *detector.flush()]
    filtered = BandPass(rate_hz).push(signal_mv)
    rows = [
        context.row(filtered, r, after, rate_hz)
        for r, after in zip(peaks, [*peaks[1:], None], strict=True)
    ]
    return np.array([row for row in rows if row is not None])


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 257.0, 360.0])
def test_stored_and_loaded_after_each_chunk_equals_the_whole_record(rate_hz: float) -> None:
    raw = rhythm_mv(Rhythm.BRADYCARDIA, 40, rate_hz)
    signal_mv = np.round(raw * (1e6 / NV_PER_LSB)) * (NV_PER_LSB * 1e-6)
    pipeline, rows = SessionPipeline(MODEL, POLICY), []
    for seq, content in chunks_of(signal_mv, rate_hz):
        pipeline.push(seq, content, RECEIVED_US)
        rows.append(pipeline.crops)
        pipeline.resolve(np.zeros((len(rows[-1]), 5), dtype=np.float32))
        pipeline = load(dump(pipeline), MODEL, POLICY)
    served = np.concatenate(rows)
    assert len(served) > 10
    np.testing.assert_array_equal(served, whole_rows(signal_mv, rate_hz)[: len(served)])


def test_the_state_is_bounded() -> None:
    signal = BandPass(125.0).push(rhythm_mv(Rhythm.SINUS, 300))
    context = Context()
    for r in range(100, len(signal) - 200, 75):
        context.row(signal, r, r + 75, 125.0)
    assert len(context.before_s) == MEMORY
    assert len(context.p_waves.seen) == BEATS


def test_a_beat_whose_successor_comes_too_late_has_no_row_but_is_remembered() -> None:
    signal, context = BandPass(125.0).push(rhythm_mv(Rhythm.SINUS, 20)), Context()
    assert context.row(signal, 500, 500 + round((NEXT_MAX_S + 0.1) * 125), 125.0) is None
    assert context.previous_s is None
    assert context.shapes.heights
    row = context.row(signal, 1100, 1200, 125.0)
    assert row is not None
    assert row.shape == (BEAT_VALUES,)
    assert np.isfinite(row).all()


def test_no_interval_spans_a_beat_that_was_skipped() -> None:
    signal, context = BandPass(125.0).push(rhythm_mv(Rhythm.SINUS, 20)), Context()
    context.row(signal, 500, 600, 125.0)
    context.skip()
    assert context.before_s == [0.8]
    assert context.previous_s is None


def test_a_row_needs_the_window_and_the_crop() -> None:
    assert row_stop(1000, 1030, 125.0) == 1062
    assert row_stop(1000, 1100, 125.0) == 1120
    assert row_start(1000, 125.0) == 950
