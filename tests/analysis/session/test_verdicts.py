"""Beats are put to the network once, as soon as they are complete, and what it says is kept."""

import numpy as np
import pytest

from analysis.session.resume import dump, load
from analysis.session.verdicts import Model, Verdicts
from core.ecg import BeatClass
from simulator.rhythm import Rhythm
from tests.analysis.chunks import MODEL, POLICY, RECEIVED_US, Run, all_normal, chunks_of, rhythm_mv

CHUNKS = chunks_of(rhythm_mv(Rhythm.SINUS, 60))
OTHER = Model("other", 0.4, "away")


def test_each_beat_is_asked_once_with_the_chunk_that_completes_it() -> None:
    pipeline, asked = Run().pipeline, list[int]()
    for seq, content in CHUNKS:
        pipeline.push(seq, content, RECEIVED_US)
        fresh = [peak for peak, _ in pipeline.verdicts.asked]
        received = content.sample_index + content.n_valid
        # Told within a beat and a half, and a chunk; but for the first 4 s, which teach the level.
        assert all(received - peak < 2.0 * 125 + 187 for peak in fresh if peak > 600)
        asked += fresh
        pipeline.resolve(all_normal(len(pipeline.crops)))
    assert len(asked) > 60
    assert asked == sorted(set(asked))


def test_what_was_said_of_a_running_strip_outlives_a_restart() -> None:
    session = Run().push(CHUNKS[:13])
    verdicts = session.pipeline.verdicts
    assert len(verdicts.told) > 4
    assert load(dump(session.pipeline), MODEL, POLICY).verdicts == verdicts


def test_what_was_said_of_a_strip_that_is_told_is_forgotten() -> None:
    session = Run()
    for chunk in CHUNKS:
        session.push([chunk])
        told = session.pipeline.verdicts.told
        assert min(told, default=0) >= 1496 * session.pipeline.line.first_unread or not told
        assert len(told) < 40


def test_a_strip_bears_the_name_of_the_reserve_if_it_judged_any_of_its_beats() -> None:
    pipeline = Run().pipeline
    names = []
    for seq, content in CHUNKS:
        pipeline.push(seq, content, RECEIVED_US)
        by = OTHER if seq == 10 else None
        found = pipeline.resolve(all_normal(len(pipeline.crops)), by).findings
        names += [(f.model_id, f.abnormal_from, f.fallback) for f in found]
    assert names[1] == ("other", 0.4, "away")
    assert {*names[:1], *names[2:]} == {("test", 0.5, None)}


def told(*probabilities: float) -> Verdicts:
    verdicts = Verdicts(7, [(7, np.zeros(3, dtype=np.float32))])
    verdicts.tell(np.array([probabilities], dtype=np.float32), MODEL)
    return verdicts


@pytest.mark.parametrize(
    ("probabilities", "abnormal", "beat_class"),
    [
        ((0.25, 0.0, 0.75, 0.0, 0.0), 0.75, BeatClass.VENTRICULAR),
        ((0.25, np.nan, np.nan, np.nan, np.nan), 0.75, None),
        ((1.0 + 1e-6, 0.0, 0.0, 0.0, 0.0), 0.0, BeatClass.NORMAL),
        ((np.nan, 0.0, 1.0, 0.0, 0.0), None, None),
        ((-0.5, 0.0, 1.0, 0.0, 0.0), None, None),
    ],
)
def test_a_beat_is_told_by_what_is_a_probability(
    probabilities: tuple[float, ...], abnormal: float | None, beat_class: BeatClass | None
) -> None:
    (beat,) = told(*probabilities).of([7], 7)
    assert (beat.abnormal_probability, beat.beat_class) == (abnormal, beat_class)


def test_nothing_is_known_of_what_comes_after_a_look() -> None:
    (beat,) = told(0.25, 0.0, 0.75, 0.0, 0.0).of([7], 6)
    assert beat.abnormal_probability is None


def test_another_number_of_answers_than_of_beats_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Verdicts(7, [(7, np.zeros(3, dtype=np.float32))]).tell(np.zeros((0, 5), np.float32), MODEL)
