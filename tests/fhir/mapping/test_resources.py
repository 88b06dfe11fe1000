"""Each resource: its golden document, conformance to R4, and the library's own models."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings

from core.alarms import life
from core.alarms.alarm import Alarm
from core.alarms.policy import EscalationPolicy, Level, Recipient
from core.alerts import Alert, AlertKind, Priority
from core.ecg import Rate, StripFinding
from core.limits import UNLIMITED, Limits
from core.messages import Addressed, ChannelKind, Message, MessageEvent
from fhir import bundle
from fhir.mapping.beats import beats
from fhir.mapping.communication import Attempt, communication
from fhir.mapping.device import algorithm, recorder
from fhir.mapping.episodes import episodes
from fhir.mapping.flag import flag
from fhir.mapping.heart_rate import heart_rate
from fhir.mapping.patient import patient
from fhir.mapping.quality import quality
from fhir.mapping.report import report
from fhir.mapping.rhythm import rhythm
from fhir.mapping.strip import ecg_strip, with_samples
from fhir.mapping.summary import summary
from fhir.mapping.task import task
from fhir.outcome import operation_outcome
from fhir.r4b import check_form
from fhir.subscriptions.limits import is_out_of_range
from tests.conformance.checker import check, conformant
from tests.fhir import samples
from tests.fhir.goals import EVERYTHING
from tests.fhir.golden import matches_golden
from tests.fhir.samples import (
    HOLTER,
    NOT_WORN,
    READABLE,
    STARTED_AT,
    TOTALS,
    UNREADABLE,
    WORN,
    alarm_of,
    newest_of,
)

CODES = np.array([0, 12, -32768, -3] * 374, dtype=np.int16)
SENT_PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345"}],
    "name": [{"family": "Nováková", "given": ["Jana"]}],
    "birthDate": "1958-07",
}

MAIL = Addressed(
    Message(
        alarm="6f1c7f0e-8a52-5b0c-9c43-f4a2ad6a0d11",
        event=MessageEvent.TRIGGER,
        kind=AlertKind.VENTRICULAR_TACHYCARDIA,
        priority=Priority.HIGH,
        display="Ventricular tachycardia",
        session="00" * 16,
        strip_index=3,
        opened_at=STARTED_AT,
        count=1,
        confidence=0.97,
        link="https://ecg.test/fhir/Flag/6f1c7f0e-8a52-5b0c-9c43-f4a2ad6a0d11",
    ),
    "p1",
    1,
    0,
    ChannelKind.EMAIL,
    "ward@hospital.test",
)
RUN = replace(
    samples.OPEN_ALERT,
    kind=AlertKind.VENTRICULAR_TACHYCARDIA,
    evidence="6 ventricular beats at 158/min",
    priority=Priority.HIGH,
    basis=samples.BASIS,
)
PASSED = Alert(AlertKind.TACHYCARDIA, STARTED_AT, TOTALS.ended_at, 3, "heart rate 141/min")
WARD = EscalationPolicy(
    "ward 3",
    care_team="team3",
    levels=(Level(0, (Recipient(ChannelKind.EMAIL, "duty@example.org"),)),),
    repeat_s=300,
    repeats_max=1,
)


def flag_of(alert: Alert) -> dict[str, Any]:
    return flag(alarm_of(alert), newest_of(alert))


def notified() -> Alarm:
    """Called by a policy, three times seen."""
    seen = replace(alarm_of(RUN).seen, count=3)
    return life.opened(alarm_of(RUN).id, samples.PATIENT, RUN.kind, seen, WARD, STARTED_AT).alarm


ALERT = flag_of(samples.OPEN_ALERT)
LIMITS = Limits(fast_per_min=72.0, source="Goal/limits/_history/2")
CALLED = notified()
TAKEN = life.acknowledged(CALLED, "Practitioner/7", STARTED_AT + timedelta(seconds=40)).alarm
RESOURCES: dict[str, dict[str, Any]] = {
    "observation-strip": ecg_strip(READABLE, WORN),
    "observation-strip-with-samples": with_samples(ecg_strip(READABLE, WORN), CODES, 732),
    "observation-strip-incomplete": ecg_strip(UNREADABLE, NOT_WORN),
    "observation-heart-rate": heart_rate(READABLE, WORN),
    "observation-heart-rate-high": heart_rate(READABLE, WORN, LIMITS),
    "observation-heart-rate-absent": heart_rate(UNREADABLE, WORN),
    "observation-beats": beats(READABLE, WORN),
    "observation-beats-by-the-reserve": beats(samples.RESERVED, WORN),
    "observation-beats-absent": beats(UNREADABLE, WORN),
    "observation-quality": quality(READABLE, WORN),
    "observation-quality-unreadable": quality(UNREADABLE, WORN),
    "observation-rhythm": rhythm(samples.RHYTHMIC, WORN),
    "observation-rhythm-none": rhythm(READABLE, WORN),
    "observation-summary": summary(HOLTER, WORN, ended=True),
    "observation-summary-unclassified": summary(samples.OLD_HOLTER, WORN, ended=True),
    "observation-episodes": episodes(HOLTER, WORN, ended=True),
    "diagnosticreport-partial": report(HOLTER, WORN, STARTED_AT, ended=False),
    "diagnosticreport-final": report(samples.EMPTY_HOLTER, WORN, STARTED_AT, ended=True),
    "flag-active": ALERT,
    "flag-inactive": flag_of(PASSED),
    "flag-withdrawn": flag_of(replace(RUN, closed_at=RUN.opened_at)),
    "flag-notified": flag(CALLED, newest_of(RUN)),
    "flag-acknowledged": flag(TAKEN, newest_of(RUN)),
    "flag-silent": flag_of(
        Alert(AlertKind.DEVICE_SILENT, STARTED_AT, None, 3, "nothing for 5 min", Priority.LOW)
    ),
    "task-requested": task(CALLED, newest_of(RUN)),
    "task-accepted": task(TAKEN, newest_of(RUN)),
    "communication-completed": communication(MAIL, Attempt(2, STARTED_AT)),
    "communication-in-progress": communication(MAIL, Attempt(1, STARTED_AT, "smtp: 451")),
    "communication-not-done": communication(
        replace(MAIL, channel=ChannelKind.WEBHOOK, address="https://hook.test/secret?key=1"),
        Attempt(1, STARTED_AT, "status 404", dead=True),
    ),
    "device-recorder": recorder(samples.DEVICE, samples.PATIENT),
    "device-algorithm": algorithm("1.0", "baseline-1a2b3c"),
    "patient": patient(SENT_PATIENT),
    "goal-alarm-limits": EVERYTHING,
    "operationoutcome": operation_outcome("invalid", "unknown parameter", expression="foo"),
    "bundle-searchset": bundle.searchset(
        [bundle.match("https://ecg.example/fhir", "Flag", ALERT["id"], ALERT)],
        {"self": "https://ecg.example/fhir/Flag?status=active"},
        total=1,
    ),
    "bundle-history": bundle.history(
        [
            bundle.version(
                "https://ecg.example/fhir", "Device", "d", None, number=2, last_updated=STARTED_AT
            ),
            bundle.version(
                "https://ecg.example/fhir",
                "Device",
                "d",
                recorder(samples.DEVICE, None, active=False) | {"id": "d"},
                number=1,
                last_updated=STARTED_AT,
            ),
        ],
        {"self": "https://ecg.example/fhir/Device/d/_history"},
    ),
}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_is_as_agreed(name: str) -> None:
    matches_golden(name, RESOURCES[name])


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_conforms_to_r4(name: str) -> None:
    conformant(RESOURCES[name])


@pytest.mark.parametrize("name", RESOURCES)
def test_the_library_reads_a_resource(name: str) -> None:
    resource = orjson.loads(orjson.dumps(RESOURCES[name]))
    check_form(resource, resource["resourceType"])


def test_empty_bundles_have_no_entry_element() -> None:
    empty = bundle.searchset([], {"self": "https://ecg.example/fhir/Flag"}, total=0)
    assert "entry" not in empty
    assert empty["total"] == 0
    conformant(empty)


def test_stored_bytes_are_embedded_as_they_are() -> None:
    fragment = orjson.Fragment(b'{"resourceType":"Patient","id":"p"}')
    page = bundle.searchset(
        [bundle.match("https://ecg.example/fhir", "Patient", "p", fragment)], {}
    )
    assert b'{"resourceType":"Patient","id":"p"}' in orjson.dumps(page)
    conformant(page)


@settings(max_examples=60, deadline=None)
@given(samples.findings())
def test_any_finding_becomes_conformant_observations(finding: StripFinding) -> None:
    ids = set()
    for make in (ecg_strip, heart_rate, beats, quality, rhythm):
        resource = make(finding, WORN)
        assert check(resource) == []
        ids.add(resource["id"])
    assert len(ids) == 5
    codes = np.zeros(finding.n_samples, np.int16)
    assert check(with_samples(ecg_strip(finding, NOT_WORN), codes, 732)) == []


@settings(max_examples=60, deadline=None)
@given(samples.alerts)
def test_any_alert_becomes_a_conformant_flag(alert: Alert) -> None:
    made = flag_of(alert)
    assert check(made) == []
    assert (made["status"] == "active") == (alert.closed_at is None)
    assert check(task(alarm_of(alert), newest_of(alert))) == []


@pytest.mark.parametrize(
    ("per_min", "expected"),
    [(150.1, "HH"), (150, "H"), (120.1, "H"), (120.04, "N"), (120, "N"), (45, "N"), (44.9, "L"),
     (35, "L"), (34.9, "LL")],
)  # fmt: skip
def test_a_rate_says_how_it_lies_to_the_limits(per_min: float, expected: str) -> None:
    """Of the value as it is told, with the policy's own bounds where none are set."""
    finding = replace(READABLE, rate=Rate(per_min, 800, 700, 900, 9, 9))
    body = heart_rate(finding, WORN, Limits(fast_per_min=120, source="Goal/g/_history/1"))
    assert body["interpretation"][0]["coding"][0]["code"] == expected
    (own,) = body["referenceRange"]
    assert (own["low"]["value"], own["high"]["value"]) == (45, 120)
    assert is_out_of_range(body) == (expected != "N")
    assert "interpretation" not in heart_rate(finding, WORN, UNLIMITED)
    absent = heart_rate(UNREADABLE, WORN, Limits(fast_per_min=120, source="Goal/g/_history/1"))
    assert not {"interpretation", "referenceRange"} & set(absent)
