"""Message -> Communication: what was sent to whom about an alert, and what came of it.

https://hl7.org/fhir/R4/communication.html. One resource for each message to one address; each
attempt is a version of it, and ``note`` says how that attempt went.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from core.messages import Addressed, ChannelKind, headline
from fhir import codes
from fhir.codes import concept
from fhir.mapping.identity import stable_id
from fhir.values import Json, compact, instant, narrative, reference

KIND = "message"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The ``number``-th try to send a message (from 1), at ``at``; ``error`` "" where it was taken.

    ``dead``: it will not be tried again.
    """

    number: int
    at: datetime
    error: str = ""
    dead: bool = False


def communication_id(sent: Addressed) -> str:
    """The id of a message's Communication, from what makes the message one of its own."""
    message = sent.message
    parts = (message.alarm, KIND, message.event.value, sent.level, sent.round)
    return stable_id("/".join(map(str, (*parts, sent.channel.value, sent.address))))


def communication(sent: Addressed, attempt: Attempt) -> Json:
    """The Communication after an attempt; ``sent`` is when the channel took the message."""
    message = sent.message
    said = headline(message)
    return compact(
        {
            "resourceType": "Communication",
            "id": communication_id(sent),
            "text": narrative(f"{said}; by {sent.channel.value}, {_outcome(attempt)}"),
            "status": _status(attempt),
            "statusReason": {"text": attempt.error} if attempt.error else None,
            "category": [concept(codes.ALERT_MESSAGE)],
            "priority": codes.REQUEST_PRIORITIES[message.priority.value],
            "medium": [concept(codes.MEDIA[sent.channel.value], text=sent.channel.value)],
            "subject": reference("Patient", sent.patient_id),
            "topic": concept(*codes.FLAGS[message.kind.value]),
            "about": [reference("Flag", message.alarm)],
            "sent": None if attempt.error else instant(attempt.at),
            "recipient": [_recipient(sent)],
            "payload": [{"contentString": said}, {"contentString": message.link}],
            "note": [{"time": instant(attempt.at), "text": _note(attempt)}],
        }
    )


def _status(attempt: Attempt) -> str:
    """``not-done`` for what failed at once, ``stopped`` for what was given up after more tries."""
    if not attempt.error:
        return "completed"
    if not attempt.dead:
        return "in-progress"
    return "not-done" if attempt.number == 1 else "stopped"


def _outcome(attempt: Attempt) -> str:
    return f"{_status(attempt)} after attempt {attempt.number}"


def _note(attempt: Attempt) -> str:
    return f"Attempt {attempt.number}: {attempt.error or 'taken'}."


def _recipient(sent: Addressed) -> Json:
    """Whom it is for; of a webhook only the origin, for what follows may be a secret."""
    if sent.channel is ChannelKind.EMAIL:
        return {"identifier": _uri(f"mailto:{sent.address}"), "display": sent.address}
    if sent.channel is ChannelKind.SNS:
        return {"identifier": _uri(sent.address), "display": sent.address.rpartition(":")[2]}
    parts = urlsplit(sent.address)
    origin = f"{parts.scheme}://{parts.hostname or ''}"
    return {"identifier": _uri(origin), "display": parts.hostname or "webhook"}


def _uri(value: str) -> Json:
    return {"system": "urn:ietf:rfc:3986", "value": value}
