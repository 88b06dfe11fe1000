"""Escalation policies: from a file, into rows and back, and which one is chosen."""

import tomllib
from dataclasses import replace

import pytest

from core.alarms.policy import NOBODY, EscalationPolicy, chosen, from_file, from_json, to_json
from core.alerts import Priority
from core.errors import Incorrect
from core.messages import ChannelKind

FILE = """
[[policy]]
name = "ward 3"
care_team = "team3"
priorities = ["high"]
repeat_s = 300
repeats_max = 3
realert_s = 1800
expires_s = 86400
latching = true

[[policy.levels]]
delay_s = 0
recipients = [
  {channel = "sns", address = "arn:aws:sns:eu-central-1:1:ward3"},
  {channel = "webhook", address = "https://events.example/v2"},
]

[[policy.levels]]
delay_s = 120
recipients = [{channel = "email", address = "duty@example.org"}]

[[policy]]
name = "everybody else"
"""


def read(text: str) -> list[EscalationPolicy]:
    return from_file(tomllib.loads(text))


def test_a_file_is_read_and_kept() -> None:
    ward, rest = read(FILE)
    assert ward.levels[0].recipients[1].channel is ChannelKind.WEBHOOK
    assert (ward.latching, ward.quiet_s) == (True, 300.0)
    assert ward.priorities == frozenset({Priority.HIGH})
    assert rest.priorities == frozenset(Priority)
    assert [from_json(to_json(policy)) for policy in (ward, rest)] == [ward, rest]
    assert read("") == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"high"', '"loud"'), "policy.0.priorities"),
        (("delay_s = 120", "delay_s = -1"), "policy.0.levels.1.delay_s"),
        (("delay_s = 0", "delay_s = 600"), "ward 3: levels: delay_s goes back"),
        (('"everybody else"', '"ward 3"'), "a name comes twice"),
        (("repeat_s", "repeats_s"), "policy.0.repeats_s"),
        (('"sns"', '"pigeon"'), "policy.0.levels.0.recipients.0.channel"),
        (('name = "everybody else"', 'name = "x"\n[rule]'), "rule"),
    ],
)
def test_a_wrong_one_is_named(change: tuple[str, str], told: str) -> None:
    with pytest.raises(Incorrect, match=told):
        read(FILE.replace(*change))


def test_a_care_teams_own_goes_before_everybodys() -> None:
    ward, rest = read(FILE)
    assert chosen([rest, ward], Priority.HIGH, {"team3"}) == ward
    assert chosen([rest, ward], Priority.LOW, {"team3"}) == rest
    assert chosen([rest, ward], Priority.HIGH, frozenset()) == rest
    assert chosen([ward], Priority.HIGH, frozenset()) == NOBODY
    first = replace(rest, name="first")
    assert chosen([first, rest], Priority.LOW, frozenset()) == first
