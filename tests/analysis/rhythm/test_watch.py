"""The look-out: told within 10 s, silent on beats, unverified where nothing bears it out."""

import numpy as np
import numpy.typing as npt
import pytest

from analysis.rhythm.watch import Watch
from analysis.session.resume import dump, load
from analysis.session.segment import Segment
from core.ecg import RhythmKind, StripFinding
from tests.analysis.chunks import MODEL, POLICY, RECEIVED_US, Run, Samples, all_normal, chunks_of
from tests.analysis.synthetic import SINUS, VENTRICULAR, ecg, regular

RATE_HZ = 125.0
ONSET_S = 40.0
K = RhythmKind


def sinus(seconds: float) -> Samples:
    return ecg(RATE_HZ, seconds, regular(seconds))


def fibrillation(seconds: float, height_mv: float = 0.6) -> Samples:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    drift = 4.5 + 0.4 * np.sin(2 * np.pi * 0.23 * t)
    height = height_mv * (1 + 0.3 * np.sin(2 * np.pi * 0.31 * t))
    return height * np.sin(2 * np.pi * np.cumsum(drift) / RATE_HZ)


def standstill(seconds: float, noise_mv: float = 0.01) -> Samples:
    n = round(seconds * RATE_HZ)
    return 0.3 + noise_mv * np.random.default_rng(4).standard_normal(n)


def tachycardia(seconds: float) -> Samples:
    return ecg(RATE_HZ, seconds, np.arange(0.3, seconds, 0.36), (VENTRICULAR,))


class Calm(Run):
    """A session whose beats are all called normal."""

    def predict(self, beats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return all_normal(len(beats))


def told(signal_mv: Samples, kind: RhythmKind) -> tuple[float, list[StripFinding]]:
    """Seconds from ONSET_S to the end of the chunk that told of it; all findings at the end."""
    pipeline, after_s = Run().pipeline, float("inf")
    for seq, content in chunks_of(signal_mv):
        pipeline.push(seq, content, RECEIVED_US)
        found = pipeline.resolve(all_normal(len(pipeline.crops))).findings
        if any(span.kind is kind for finding in found for span in finding.rhythm):
            after_s = min(after_s, (seq + 1) * 187 / RATE_HZ - ONSET_S)
        if seq % 7 == 0:
            pipeline = load(dump(pipeline), MODEL, POLICY)
    return after_s, Calm().push(chunks_of(signal_mv)).end().strips


@pytest.mark.parametrize(
    ("sign", "kind"),
    [
        (fibrillation(30), K.VENTRICULAR_FIBRILLATION),
        (standstill(30), K.ASYSTOLE),
        (standstill(30, 0.0), K.ASYSTOLE),
        (tachycardia(30), K.VENTRICULAR_TACHYCARDIA),
    ],
    ids=["fibrillation", "asystole", "flat", "tachycardia"],
)
@pytest.mark.parametrize("ends_in", ["sinus", "nothing"])
def test_it_is_told_within_10_s_and_lasts(sign: Samples, kind: RhythmKind, ends_in: str) -> None:
    after = [sinus(20)] if ends_in == "sinus" else []
    after_s, strips = told(np.concatenate([sinus(ONSET_S), sign, *after]), kind)
    assert 0 < after_s <= 10
    spans = {s.first_sample: s for strip in strips for s in strip.rhythm if s.kind is kind}
    (span,) = spans.values()
    assert span.first_sample / RATE_HZ == pytest.approx(ONSET_S, abs=2.5)
    assert span.stop_sample / RATE_HZ == pytest.approx(ONSET_S + 30, abs=4)


def test_a_line_without_any_noise_is_not_verified() -> None:
    _, strips = told(np.concatenate([sinus(ONSET_S), standstill(30, 0.0)]), K.ASYSTOLE)
    assert not any(s.verified for f in strips for s in f.rhythm if s.kind is K.ASYSTOLE)
    _, strips = told(np.concatenate([sinus(ONSET_S), standstill(30)]), K.ASYSTOLE)
    assert any(s.verified for f in strips for s in f.rhythm if s.kind is K.ASYSTOLE)


@pytest.mark.parametrize("interval_s", [0.35, 0.6, 0.9, 1.6])
@pytest.mark.parametrize("noise_mv", [0.0, 0.05])
def test_a_heart_that_beats_raises_nothing(interval_s: float, noise_mv: float) -> None:
    signal_mv = ecg(RATE_HZ, 60, regular(60, interval_s), (SINUS,), noise_mv)
    grave = {K.VENTRICULAR_FIBRILLATION, K.ASYSTOLE, K.VENTRICULAR_TACHYCARDIA, K.PAUSE}
    strips = Run().push(chunks_of(signal_mv)).end().strips
    assert not [s for strip in strips for s in strip.rhythm if s.kind in grave]


def test_electrodes_that_are_off_are_no_asystole() -> None:
    off = np.full(round(20 * RATE_HZ), np.nan)
    _, strips = told(np.concatenate([sinus(ONSET_S), off, sinus(20)]), K.ASYSTOLE)
    assert not [s for strip in strips for s in strip.rhythm if s.kind is K.ASYSTOLE]
    assert any(s.kind is K.SINUS for strip in strips for s in strip.rhythm)


def test_a_strip_told_while_it_ran_is_told_again_when_it_is_complete() -> None:
    signal_mv = np.concatenate([sinus(ONSET_S), fibrillation(30), sinus(20)])
    pipeline = Run().pipeline
    for seq, content in chunks_of(signal_mv):
        pipeline.push(seq, content, RECEIVED_US)
    found = pipeline.resolve(all_normal(len(pipeline.crops))).findings
    early = [f for f in found if f.n_samples < 1496]
    assert early
    assert {f.strip_index for f in early} < {f.strip_index for f in found if f.n_samples == 1496}


@pytest.mark.parametrize("blow_samples", [1, 3, 20])
def test_an_asystole_in_which_a_beat_is_found_late_is_not_shorter_than_one(
    blow_samples: int,
) -> None:
    signal_mv = standstill(24, 0.001) - 0.3
    signal_mv[:blow_samples] = 3.0
    spans = [s for f in Calm().push(chunks_of(signal_mv)).end().strips for s in f.rhythm]
    silent = [s for s in spans if s.kind is K.ASYSTOLE]
    assert silent
    assert all(s.stop_sample - s.first_sample >= 4 * RATE_HZ for s in silent)


class Waiting(Watch):
    """A look-out that never asks for a strip before its end."""

    def see(self, segment: Segment) -> None:
        super().see(segment)
        self.news = False


def test_reading_a_strip_early_changes_nothing_that_is_read_later() -> None:
    signal_mv = np.concatenate([sinus(ONSET_S), tachycardia(30), sinus(20)])
    early, late = Run(), Run()
    late.pipeline.line.watch = Waiting()
    for chunk in chunks_of(signal_mv):
        early.push([chunk])
        late.push([chunk])
    assert len(early.end().strips) == len(late.end().strips)
    for one, other in zip(early.strips, late.strips, strict=True):
        assert one == other


def lead_lost(seconds: float = 8.0, jump_mv: float = 4.0) -> Samples:
    """Sinus rhythm while the amplifier comes back from its end, too steep at first for beats."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    quiet = np.where(t < 5.5, 0.02, 1.0) * (sinus(seconds) - 0.3)
    return 0.3 + quiet + jump_mv * np.exp(-t / 1.2)


def test_an_electrode_that_comes_back_is_told_as_asystole_that_nothing_bears_out() -> None:
    _, strips = told(np.concatenate([sinus(ONSET_S), lead_lost(), sinus(20)]), K.ASYSTOLE)
    stops = [s for f in strips for s in f.rhythm if s.kind in (K.ASYSTOLE, K.PAUSE)]
    assert stops
    assert not any(span.verified for span in stops)


@pytest.mark.parametrize("interval_s", [0.55, 1.05])
def test_a_ventricular_run_at_any_rate_is_told_within_10_s(interval_s: float) -> None:
    beats_s = np.concatenate(
        [np.arange(0.4, ONSET_S, 0.8), np.arange(ONSET_S, ONSET_S + 20, interval_s)]
    )
    waves = [SINUS if beat < ONSET_S else VENTRICULAR for beat in beats_s]
    signal_mv = ecg(RATE_HZ, ONSET_S + 20, beats_s, waves)
    run, after_s = Run(), float("inf")
    for seq, content in chunks_of(signal_mv):
        run.pipeline.push(seq, content, RECEIVED_US)
        asked = [peak for peak, _ in run.pipeline.verdicts.asked]
        classes = all_normal(len(asked))
        classes[np.array(asked) / RATE_HZ > ONSET_S - 0.2] = np.eye(1, 5, 2, dtype=np.float32)
        found = run.pipeline.resolve(classes).findings
        if any(s.kind is K.VENTRICULAR_RUN for f in found for s in f.rhythm):
            after_s = min(after_s, (seq + 1) * 187 / RATE_HZ - ONSET_S)
    assert 0 < after_s <= 10
