"""Every row of the alarm policy can be read by somebody who does not read code."""

from analysis.alarms.policy import AlertPolicy
from core.alerts import AlertKind
from hisbundle.rules import told


def test_each_row_says_its_condition_priority_and_evidence() -> None:
    policy = AlertPolicy()
    rows = [told(row) for row in policy.rows]
    assert [row[:2] for row in rows] == [(r.kind.value, r.priority.value) for r in policy.rows]
    assert told(policy.row(AlertKind.BRADYCARDIA))[2] == "from below 45/min, 2 strips in a row"
    assert told(policy.row(AlertKind.PAUSE))[2] == "from 3 s"
    assert "low without a verified signal" in told(policy.row(AlertKind.ASYSTOLE))[3]
