"""Whether a version of a resource is an event of a Subscription."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from fhir.search.held import Held, holds
from fhir.search.indexing import index
from fhir.subscriptions.wanted import Wanted
from fhir.values import Json


@dataclass(frozen=True, slots=True)
class Seen:
    """A version as it is judged; of a deletion, what was deleted."""

    type: str
    body: Json
    held: Held
    is_deletion: bool


def seen(type_: str, id_: str, stamp: datetime, content: bytes, *, is_deletion: bool) -> Seen:
    """A stored version, read. ``content`` of a deletion is that of the version before."""
    body: Json = orjson.loads(content)
    return Seen(type_, body, Held(id_, stamp, index(body)), is_deletion)


def is_wanted(wanted: Wanted, version: Seen) -> bool:
    """Whether the Subscription is to be told of it."""
    clauses = wanted.types.get(version.type)
    if clauses is None or not _is_event(wanted, version):
        return False
    return all(holds(clause, version.held) for clause in clauses)


def _is_event(wanted: Wanted, version: Seen) -> bool:
    """By the topic; criteria in R4's style are met by what is there, never by a deletion."""
    if wanted.topic is None:
        return not version.is_deletion
    if version.is_deletion and not wanted.topic.deletions:
        return False
    return wanted.topic.is_event(version.body)
