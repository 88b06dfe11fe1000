"""Which strips a report shows."""

from dataclasses import replace

from api.report_choice import BEFORE_S, EXCERPTS_MAX, choices
from core.alerts import Alert, AlertKind
from core.ecg import SAMPLES_PER_STRIP, RhythmKind, RhythmSpan
from core.holter.strip import digest
from core.holter.summary import holter
from tests.core.holter.samples import RATE_HZ, STARTED_AT, session

MANY = holter(digest(session(300)), 0)
ALERTS = [Alert(AlertKind.TACHYCARDIA, STARTED_AT, None, k, "141/min") for k in range(40)]


def test_they_are_bounded_and_each_stretch_is_shown_once() -> None:
    chosen = choices(MANY, ALERTS)
    assert len(chosen) <= EXCERPTS_MAX
    assert len({choice.first_sample for choice in chosen}) == len(chosen)
    titles = "; ".join(choice.title for choice in chosen).lower()
    for told in ("lowest heart rate", "highest heart rate", "longest rr interval", "alert: fast"):
        assert told in titles


def test_the_gravest_come_first_and_each_shows_its_onset() -> None:
    chosen = choices(MANY, [])
    assert chosen[0].title == "Ventricular fibrillation or flutter"
    assert chosen[0].told.startswith("longest of ")
    assert chosen[0].marked is not None
    assert chosen[0].marked[0] - chosen[0].first_sample == BEFORE_S * RATE_HZ
    assert not any("Sinus" in choice.title or "Noise" in choice.title for choice in chosen)


def test_the_fastest_is_shown_beside_the_longest() -> None:
    spans = [
        RhythmSpan(RhythmKind.TACHYCARDIA, 2000, 6000, 70, 120.0, True),
        RhythmSpan(RhythmKind.TACHYCARDIA, 8000, 11000, 50, 125.0, True),
        RhythmSpan(RhythmKind.TACHYCARDIA, 13000, 14000, 30, 190.0, False),
        RhythmSpan(RhythmKind.TACHYCARDIA, 15000, 16000, 30, 180.0, True),
    ]
    found = [
        replace(strip, rhythm=tuple(
            span for span in spans
            if span.first_sample < strip.first_sample + SAMPLES_PER_STRIP
            and span.stop_sample > strip.first_sample
        ))
        for strip in session(12, named=False)
    ]  # fmt: skip
    told = [c.told for c in choices(holter(digest(found), 0), []) if c.title == "Tachycardia"]
    assert told == [
        "longest of 4: 32 s, 70 beats, 120/min",
        "second longest of 4: 24 s, 50 beats, 125/min",
        "fastest of 4: 8.0 s, 30 beats, 180/min",
    ]


def test_a_session_without_anything_shows_its_first_strip() -> None:
    strip = replace(session(17)[16], rhythm=())
    (only,) = choices(holter(digest([strip]), 0), [])
    assert (only.title, only.first_sample) == ("First strip", 16 * SAMPLES_PER_STRIP)
