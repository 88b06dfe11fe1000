"""Escalation policies: whom an alarm is told to, after how long, and how often again.

Levels and delays are those of a distributed alarm system with operator confirmation
(IEC 60601-1-8, 6.11): what nobody confirms goes to the next. Latching is its 6.10.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import field
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from core.alerts import Priority
from core.errors import Incorrect
from core.messages import ChannelKind

DAY_S = 86_400.0
POLICIES_MAX = 1000
_CLOSED = ConfigDict(extra="forbid")
_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Address = Annotated[str, Field(min_length=1, max_length=1000)]
_CareTeam = Annotated[str, Field(pattern=r"^[A-Za-z0-9.\-]{1,64}$")]


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Recipient:
    """An address on a channel."""

    channel: ChannelKind
    address: _Address


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Level:
    """Who is told ``delay_s`` after the alarm's round has begun."""

    delay_s: Annotated[float, Field(ge=0, le=DAY_S)]
    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1, max_length=20)]


@dataclass(frozen=True, slots=True, config=_CLOSED)
class EscalationPolicy:
    """What becomes of an alarm until somebody answers for it; times in seconds.

    It holds for alarms of its ``priorities``, of the patients of ``care_team`` (a CareTeam's id;
    None: of all). ``repeat_s`` after its last level a round begins anew, ``repeats_max`` times;
    ``realert_s`` after its acknowledgement, while the condition lasts, the alarm calls again; one
    that nobody has acknowledged for ``expires_s`` expires. None is never. For ``quiet_s`` after
    its end the condition's return is the same alarm. One that latches waits for its
    acknowledgement also when the condition has passed.
    """

    name: _Name
    priorities: frozenset[Priority] = frozenset(Priority)
    care_team: _CareTeam | None = None
    levels: Annotated[tuple[Level, ...], Field(max_length=10)] = ()
    repeat_s: Annotated[float, Field(ge=10, le=DAY_S)] | None = None
    repeats_max: Annotated[int, Field(ge=0, le=1000)] = 0
    realert_s: Annotated[float, Field(ge=10, le=7 * DAY_S)] | None = None
    expires_s: Annotated[float, Field(ge=10, le=30 * DAY_S)] | None = None
    quiet_s: Annotated[float, Field(ge=0, le=DAY_S)] = 300.0
    latching: bool = False


NOBODY = EscalationPolicy("none")
"""In force where no policy is: alarms live, and nobody is told but by FHIR."""


@dataclass(config=_CLOSED)
class _File:
    policy: Annotated[list[EscalationPolicy], Field(max_length=POLICIES_MAX)] = field(
        default_factory=list
    )


_FILE = TypeAdapter(_File)
_ONE = TypeAdapter(EscalationPolicy)


def from_file(content: Mapping[str, Any]) -> list[EscalationPolicy]:
    """The policies of a parsed TOML file: tables ``policy``, each with tables ``levels``.

    Raises Incorrect, naming what is wrong, also for levels that go back in time and names that
    come twice.
    """
    try:
        policies = _FILE.validate_python(content, strict=False).policy
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Incorrect(f"{place}: {first['msg']}") from None
    names = [policy.name for policy in policies]
    if len(set(names)) < len(names):
        raise Incorrect("policy: a name comes twice")
    for policy in policies:
        delays = [level.delay_s for level in policy.levels]
        if delays != sorted(delays):
            raise Incorrect(f"policy {policy.name}: levels: delay_s goes back")
    return policies


def from_json(stored: Any) -> EscalationPolicy:
    """A policy from what ``to_json`` made of it."""
    return _ONE.validate_python(stored)


def to_json(policy: EscalationPolicy) -> dict[str, Any]:
    """A policy as plain JSON."""
    made: dict[str, Any] = _ONE.dump_python(policy, mode="json")
    return made | {"priorities": sorted(made["priorities"])}


def chosen(
    policies: Sequence[EscalationPolicy], priority: Priority, care_teams: Set[str]
) -> EscalationPolicy:
    """The first policy for a priority that is of one of the patient's care teams, or of none.

    A care team's own goes before one for everybody; where there is none, NOBODY.
    """
    fit = [policy for policy in policies if priority in policy.priorities]
    own = [policy for policy in fit if policy.care_team in care_teams]
    general = [policy for policy in fit if policy.care_team is None]
    return next(iter((*own, *general)), NOBODY)
