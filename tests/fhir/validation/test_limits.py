"""Goals of the category alarm-limits: what they set, and what cannot be set."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.alerts import AlertKind
from core.limits import ALWAYS_ON, Limits
from fhir.codes import FLAGS, HEART_RATE, HERTZ, LIMIT_PAUSE, MDC_HEART_RATE, concept
from fhir.validation import Rejected, Severity, checked, issues
from fhir.validation.limits import is_in_force, limits, problems
from fhir.values import Json
from tests.conformance.checker import conformant
from tests.fhir.goals import EVERYTHING, abnormal, extreme, goal, number, off, rate

TOMORROW = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()


def test_one_that_sets_all_there_is() -> None:
    conformant(EVERYTHING)
    checked(EVERYTHING, "Goal")
    wanted = frozenset({AlertKind.ATRIAL_FIBRILLATION})
    assert limits(EVERYTHING) == Limits(50, 120, 40, 140, 3.5, 0.8, wanted)
    assert is_in_force(EVERYTHING)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([rate(high=100)], Limits(fast_per_min=100)),
        ([rate(low=40)], Limits(slow_per_min=40)),
        ([rate(50, 110, MDC_HEART_RATE)], Limits(50, 110)),
        ([rate(120, 180), extreme(100, 220)], Limits(120, 180, 100, 220)),
        ([off("tachycardia"), off("pause")],
         Limits(off=frozenset({AlertKind.TACHYCARDIA, AlertKind.PAUSE}))),
    ],
)  # fmt: skip
def test_what_is_not_set_is_left_to_the_policy(targets: list[Json], expected: Limits) -> None:
    assert limits(goal(*targets)) == expected


BAD: list[tuple[list[Json], str]] = [
    ([], "at least one"),
    ([rate(100, 100)], "the limit of a slow rate (100/min) is not below"),
    ([rate(high=40)], "45/min, as for every patient"),
    ([rate(high=160)], "a very fast rate (150/min, as for every patient); set both"),
    ([rate(low=30)], "the limit of a very slow rate (35/min, as for every patient)"),
    ([rate(5, 120)], "from 15 to 300 /min"),
    ([rate(50, 500)], "from 15 to 300 /min"),
    ([rate(50, 120, unit=HERTZ)], "the unit is /min"),
    ([rate(50), rate(high=120), rate(high=125)], "set twice"),
    ([number(2.0)], "from 3 to 4 s"),
    ([number(8.0)], "from 3 to 4 s"),
    ([number(3.5, LIMIT_PAUSE, HERTZ)], "the unit is s"),
    ([abnormal(0.01)], "from 0.1 to 0.99 1"),
    ([number(60, HEART_RATE)], "this limit is a detailRange"),
    ([rate(50, 120, LIMIT_PAUSE)], "this limit is a detailQuantity"),
    ([{"measure": concept(LIMIT_PAUSE), "detailString": "long"}], "this limit is a detailQuantity"),
    ([{"measure": {"text": "weight"}, "detailString": "less"}], "not a limit of alarms"),
    ([rate(50, 120) | {"dueDate": TOMORROW}], "no date ends them"),
    ([off("asystole")], "Asystole is never switched off"),
    ([{"measure": off("pause")["measure"], "detailCodeableConcept": {"text": "all"}}],
     "one condition, by the code of its alerts"),
]  # fmt: skip


@pytest.mark.parametrize(("targets", "told"), BAD)
def test_what_cannot_be_is_refused_in_words(targets: list[Json], told: str) -> None:
    with pytest.raises(Rejected) as refused:
        limits(goal(*targets))
    assert told in str(refused.value)
    if targets:  # the shape is right: it is refused for what it says
        found = issues(goal(*targets), "Goal")
        assert [i for i in found if i.code == "business-rule" and i.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"subject": {"reference": "Group/g"}}, "a patient's"),
        ({"startDate": TOMORROW}, "not yet"),
        ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, "a modifier"),
    ],
)
def test_of_the_goal_itself(more: dict[str, Any], told: str) -> None:
    with pytest.raises(Rejected, match=told):
        limits(goal(rate(50, 120), **more))


@pytest.mark.parametrize("kind", sorted(ALWAYS_ON))
def test_what_always_rings_cannot_be_switched_off(kind: AlertKind) -> None:
    assert len(problems(goal(off(kind.value)))) == 1


def test_every_other_condition_can_be() -> None:
    free = [kind for kind in AlertKind if kind not in ALWAYS_ON]
    assert set(FLAGS) == set(AlertKind)
    assert limits(goal(*(off(kind.value) for kind in free))).off == frozenset(free)


def test_other_goals_are_anybodys() -> None:
    """A resting heart rate that treatment aims at rings for nobody."""
    aim = goal(rate(high=500), category=[{"text": "dietary"}])
    checked(aim, "Goal")
    assert not is_in_force(aim)
    assert not is_in_force(EVERYTHING | {"lifecycleStatus": "planned"})


def test_plans_are_checked_too_but_may_begin_later() -> None:
    assert problems(goal(rate(50, 40), lifecycleStatus="planned"))
    planned = goal(rate(50, 120), lifecycleStatus="planned", startDate=TOMORROW)
    assert problems(planned) == []


def test_a_detail_needs_what_it_measures() -> None:
    (found,) = issues(goal({"detailString": "x"}, category=[{"text": "x"}]), "Goal")
    assert "gol-1" in found.text
