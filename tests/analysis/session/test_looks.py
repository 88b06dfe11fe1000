"""A running strip is looked at with every chunk: what is urgent rings before it is whole."""

import numpy as np
import pytest

from analysis.session.pipeline import SessionPipeline
from analysis.session.resume import dump, load
from core.alerts import Alert, AlertKind
from core.ecg import BeatClass
from tests.analysis.chunks import MODEL, POLICY, RECEIVED_US, Chunk, Run, all_normal, chunks_of
from tests.analysis.synthetic import SINUS, ecg

RATE_HZ, CHUNK_S = 125.0, 187 / 125.0
ONSET_S = 50.2
CLASSES = tuple(BeatClass)


def signal(rr_s: float, last_s: float = 90.0) -> list[Chunk]:
    """Sinus rhythm at 75 per minute, from ONSET_S on one beat every ``rr_s``."""
    beats_s = np.concatenate((np.arange(0.4, ONSET_S, 0.8), np.arange(ONSET_S, last_s, rr_s)))
    noise_mv = np.random.default_rng(5).normal(0, 0.005, round(last_s * RATE_HZ))
    return chunks_of(ecg(RATE_HZ, last_s, beats_s, [SINUS] * len(beats_s)) + noise_mv)


def judged(pipeline: SessionPipeline, beat_class: BeatClass) -> np.ndarray:
    """All beats from ONSET_S on are of a class, those before are normal."""
    told = all_normal(len(pipeline.verdicts.asked))
    for row, (peak, _) in zip(told, pipeline.verdicts.asked, strict=True):
        if peak > (ONSET_S - 0.3) * RATE_HZ:
            row[:] = np.eye(1, len(CLASSES), CLASSES.index(beat_class))
    return told


def rung(chunks: list[Chunk], beat_class: BeatClass, at_once: int = 1) -> dict[AlertKind, float]:
    """When each kind of alert was told first, in s after ONSET_S."""
    pipeline, first = SessionPipeline(MODEL, POLICY), dict[AlertKind, float]()
    for i in range(0, len(chunks), at_once):
        for seq, content in chunks[i : i + at_once]:
            pipeline.push(seq, content, RECEIVED_US)
        for alert in pipeline.resolve(judged(pipeline, beat_class)).alerts:
            first.setdefault(alert.kind, (i + at_once) * CHUNK_S - ONSET_S)
    return first


@pytest.mark.parametrize(
    ("rr_s", "beat_class", "kind", "evidence_s"),
    [
        (2.0, BeatClass.NORMAL, AlertKind.EXTREME_BRADYCARDIA, 6.0),
        (0.36, BeatClass.NORMAL, AlertKind.EXTREME_TACHYCARDIA, 16 * 0.36),
        (0.8, BeatClass.SUPRAVENTRICULAR, AlertKind.ABNORMAL_BEATS, 7 * 0.8),
        (0.8, BeatClass.VENTRICULAR, AlertKind.VENTRICULAR_RUN, 2 * 0.8),
    ],
)
def test_it_rings_with_the_chunk_that_completes_the_evidence(
    rr_s: float, beat_class: BeatClass, kind: AlertKind, evidence_s: float
) -> None:
    told_s = rung(signal(rr_s), beat_class)[kind]
    # The last beat's successor, or what its row shows, and then the rest of the chunk.
    assert evidence_s < told_s < evidence_s + max(rr_s, 1.2 * rr_s) + 0.6 + CHUNK_S


def all_alerts(chunks: list[Chunk], at_once: int, *, restart: bool) -> list[Alert]:
    pipeline, alerts = SessionPipeline(MODEL, POLICY), list[Alert]()
    for i in range(0, len(chunks), at_once):
        for seq, content in chunks[i : i + at_once]:
            pipeline.push(seq, content, RECEIVED_US)
        alerts += pipeline.resolve(judged(pipeline, BeatClass.VENTRICULAR)).alerts
        if restart:
            pipeline = load(dump(pipeline), MODEL, POLICY)
    return alerts


@pytest.mark.parametrize("rr_s", [0.42, 0.8, 2.1])
def test_what_rings_does_not_depend_on_how_many_chunks_a_turn_brings(rr_s: float) -> None:
    chunks = signal(rr_s)
    one_by_one = all_alerts(chunks, 1, restart=True)
    assert one_by_one
    assert (
        one_by_one
        == all_alerts(chunks, 11, restart=False)
        == all_alerts(chunks, 999, restart=False)
    )


def test_a_look_that_finds_nothing_tells_nothing_and_leaves_nothing() -> None:
    session = Run()
    for seq, content in signal(0.8):
        session.pipeline.push(seq, content, RECEIVED_US)
        before = session.pipeline.line.first_unread
        found = session.pipeline.resolve(all_normal(len(session.pipeline.crops))).findings
        assert all(finding.strip_index < before for finding in found)
    assert not session.alerts


def test_an_extreme_rate_that_was_over_does_not_open_again_by_the_beats_of_then() -> None:
    beats_s = np.concatenate(
        (np.arange(0.4, 48, 0.8), np.arange(48, 58, 2.0), np.arange(58, 120, 0.8))
    )
    noise_mv = np.random.default_rng(6).normal(0, 0.005, round(120 * RATE_HZ))
    chunks = chunks_of(ecg(RATE_HZ, 120, beats_s, [SINUS] * len(beats_s)) + noise_mv)
    told = [
        (alert.kind, alert.closed_at is not None)
        for chunk in [Run().push(chunks)]
        for alert in chunk.alerts.values()
    ]
    assert told.count((AlertKind.EXTREME_BRADYCARDIA, True)) == 1
