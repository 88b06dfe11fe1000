"""Beat classification: counts, verdicts, times; and never a rhythm."""

from dataclasses import replace

import orjson

from core.ecg import Beat
from fhir import codes
from fhir.mapping.beats import beats
from fhir.mapping.summary import summary
from fhir.values import Json
from tests.fhir.samples import HOLTER, READABLE, RESERVED, UNREADABLE, WORN

MADE = beats(READABLE, WORN)


def components(resource: Json, code: str) -> list[Json]:
    return [c for c in resource["component"] if c["code"]["coding"][0]["code"] == code]


def test_counts_are_those_of_the_beats() -> None:
    for code, count in (
        ("beats", 3),
        ("classified-beats", 2),
        ("abnormal-beats", 1),
        ("ventricular-beats", 1),
    ):
        assert [c["valueInteger"] for c in components(MADE, code)] == [count]


def test_each_beat_has_its_time_verdict_and_probability() -> None:
    told = [
        (
            peak["valueDateTime"],
            [i["coding"][0]["code"] for i in peak.get("interpretation", [])],
            [e.get("valueDecimal", e.get("valueCode")) for e in peak.get("extension", [])],
        )
        for peak in components(MADE, "r-peak")
    ]
    assert told == [
        ("2026-03-01T12:00:00.216Z", ["N"], [0.0213, "N"]),
        ("2026-03-01T12:00:01.024Z", ["A"], [0.9877, "V"]),
        ("2026-03-01T12:00:11.816Z", [], []),
    ]


def test_the_models_threshold_decides() -> None:
    at = replace(READABLE, beats=(Beat(4500, 0.3),), abnormal_from=0.3)
    above = replace(at, abnormal_from=0.31)
    assert beats(at, WORN)["interpretation"][0]["coding"][0]["code"] == "A"
    assert beats(above, WORN)["interpretation"][0]["coding"][0]["code"] == "N"


def test_without_a_classified_beat_there_is_no_verdict() -> None:
    absent = beats(UNREADABLE, WORN)
    assert absent["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
    assert "valueCodeableConcept" not in absent
    assert "interpretation" not in absent


def test_the_network_is_the_device_and_nobody_has_confirmed_it() -> None:
    assert MADE["status"] == "preliminary"
    assert MADE["device"]["reference"].startswith("Device/")
    assert MADE["device"] != WORN.device
    assert READABLE.model_id in MADE["method"]["text"]


def test_no_diagnosis_is_coded() -> None:
    assert codes.SNOMED.encode() not in orjson.dumps(MADE)


def test_the_engine_that_stood_in_is_told_and_why() -> None:
    made = beats(RESERVED, WORN)
    engine, clock = (note["text"] for note in made["note"])
    assert engine == (
        "Classified by net-1a2b3c instead of the configured engine, which could not be asked: "
        "SageMaker: circuit open."
    )
    assert clock.startswith("The device's clock")
    assert made["method"]["text"] == "Neural network net-1a2b3c, instead of the configured engine"
    assert made["device"] != MADE["device"]
    assert "note" not in MADE
    assert not components(summary(HOLTER, WORN, ended=True), "fallback-strips")
    some = replace(HOLTER, sums=replace(HOLTER.sums, fallback_strips=4))
    (told,) = components(summary(some, WORN, ended=True), "fallback-strips")
    assert told["valueInteger"] == 4
