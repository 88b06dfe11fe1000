"""Statuses of what is published again."""

from dataclasses import replace

import pytest

from core.ecg import Quality
from fhir.mapping.identity import Origin
from fhir.publishing.publication import publications
from fhir.publishing.revision import revised
from tests.fhir.samples import DEVICE, NOT_WORN, PATIENT, READABLE, SESSION, UNREADABLE, WORN


def of(status: str, value: int = 1) -> dict[str, object]:
    return {"status": status, "value": value}


@pytest.mark.parametrize(
    ("before", "fresh", "replaces", "status"),
    [
        (None, of("final"), False, "final"),
        (of("partial"), of("partial", 2), False, "partial"),
        (of("partial"), of("partial"), False, None),
        (of("partial"), of("final"), False, "final"),
        (of("final"), of("final", 2), False, "amended"),
        (of("final"), of("partial", 2), False, "amended"),
        (of("final"), of("final"), False, None),
        (of("amended"), of("final"), False, None),
        (of("amended"), of("final", 2), False, "amended"),
        (of("preliminary"), of("final", 2), True, "amended"),
        (of("preliminary"), of("preliminary"), True, None),
        (of("amended"), of("final"), True, None),
    ],
)
def test_next_status(
    before: dict[str, object] | None,
    fresh: dict[str, object],
    replaces: bool,
    status: str | None,
) -> None:
    after = revised(fresh, before, replaces=replaces)
    assert (after and after["status"]) == status


def test_version_and_time_of_issue_are_not_content() -> None:
    before = of("final") | {"meta": {"versionId": "3"}, "issued": "2026-03-01T12:00:00Z"}
    assert revised(of("final") | {"issued": "2026-03-02T12:00:00Z"}, before) is None


def kinds(worn: Origin, readable: bool) -> list[str]:
    made = publications(READABLE if readable else UNREADABLE, worn, 1)
    return [p.body["identifier"][0]["value"].split("/")[2] for p in made if p.after(p.body, None)]


def test_what_has_no_value_is_not_published() -> None:
    assert kinds(WORN, readable=True) == ["strip", "quality", "heart-rate", "beats"]
    assert kinds(WORN, readable=False) == ["strip", "quality"]


def test_a_device_that_nobody_wears_has_no_vital_signs() -> None:
    assert kinds(NOT_WORN, readable=True) == ["strip", "quality", "beats"]
    made = list(publications(READABLE, NOT_WORN, 1))
    assert all(p.body["subject"] == {"reference": f"Device/{DEVICE}"} for p in made)


def test_what_was_said_and_no_longer_holds_is_taken_back() -> None:
    before = {p.body["id"]: p.body for p in publications(READABLE, WORN, 1)}
    now_unreadable = replace(READABLE, rate=None, beats=(), quality=Quality(0.1, False, ()))
    after = [p.after(p.body, before[p.body["id"]]) for p in publications(now_unreadable, WORN, 1)]
    assert after[0] is None  # the strip has the same samples
    assert [resource["status"] for resource in after[1:] if resource] == [
        "amended",
        "amended",
        "preliminary",
    ]
    assert all("dataAbsentReason" in resource for resource in after[2:] if resource)


def test_a_strip_with_nothing_to_say_is_a_pause_only_if_it_is_readable() -> None:
    pause = replace(READABLE, rate=None, beats=())
    made = [p.body["code"] for p in publications(pause, WORN, 1) if p.after(p.body, None)]
    assert len(made) == 3  # strip, quality, and no beats in a readable strip


def test_ids_tell_devices_sessions_kinds_and_strips_apart() -> None:
    other = Origin(DEVICE, bytes(16), PATIENT)
    ids = [
        p.body["id"]
        for origin in (WORN, other)
        for finding in (READABLE, replace(READABLE, strip_index=4))
        for p in publications(finding, origin, 1)
    ]
    assert len(set(ids)) == 20
    assert WORN.id("strip", 3) == Origin(DEVICE, SESSION, "another").id("strip", 3)
