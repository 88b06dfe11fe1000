"""A message to a care team about an alert: what it says, and to whom. It names no patient."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.alerts import AlertKind, Priority


class ChannelKind(StrEnum):
    """Ways to a care team."""

    SNS = "sns"
    EMAIL = "email"
    WEBHOOK = "webhook"


class MessageEvent(StrEnum):
    """What a message tells, in the words of PagerDuty's Events API v2."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


_HEADLINES = {
    MessageEvent.TRIGGER: "",
    MessageEvent.ACKNOWLEDGE: "Acknowledged: ",
    MessageEvent.RESOLVE: "Over: ",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is told of an alert; ``alarm`` is its Flag's id, the same in all its messages.

    ``session`` is the session's id in hex, ``confidence`` the network's probability (0 to 1),
    ``count`` how often the condition has come, ``link`` a URL that asks for a login.
    """

    alarm: str
    event: MessageEvent
    kind: AlertKind
    priority: Priority
    display: str
    session: str
    strip_index: int
    opened_at: datetime
    count: int
    confidence: float | None
    link: str


@dataclass(frozen=True, slots=True)
class Addressed:
    """A message on its way: the escalation's level, its round, channel and address.

    Alarm, event, level, round, channel and address together come once: putting the same out
    again changes nothing. ``patient_id`` is for the record and is not sent.
    """

    message: Message
    patient_id: str
    level: int
    round: int
    channel: ChannelKind
    address: str


def headline(message: Message) -> str:
    """What has happened, in a few words."""
    return f"{_HEADLINES[message.event]}{message.display}"
