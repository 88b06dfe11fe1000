"""Evidence on its way to the store: each piece beside the version that it would follow.

The store asks while it holds the FHIR clock, so what a clinician writes meanwhile comes before or
after, and is never lost.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from core import json_text
from fhir.clinical import standing
from fhir.search.indexing import draft
from fhir.values import Json
from store import resources
from store.database import Transaction
from store.resource_rows import Current
from store.resources import Draft, Stored

After = Callable[[Json, Json | None, tuple[str, ...]], Json | None]
"""Given a body, the version before, and the names of its clinical elements: what to write."""
Piece = tuple[Draft, After]
_ABOUT_NOW = frozenset({"meta", "recorded", "text"})


async def publish(tx: Transaction, pieces: Iterable[Piece]) -> list[Stored]:
    """Write evidence, as each piece's ``After`` says; where each came to rest."""
    ways = {piece.key: (piece, after) for piece, after in pieces}

    def revise(fresh: Draft, before: Current | None) -> Draft | None:
        after = ways[fresh.key][1]
        if before is None or before.deleted:
            return None if after(fresh.body or {}, None, ()) is None else fresh
        body = after(_plain(fresh), json_text.loads(before.body), before.clinical)
        if body is None:
            return None
        return replace(evidence(body, fresh.render), clinical=before.clinical)

    drafts: Sequence[Draft] = [piece for piece, _ in ways.values()]
    return await resources.put_many(tx, drafts, revise)


def as_told(fresh: Json, before: Json | None, clinical: tuple[str, ...]) -> Json:
    """What has no life of its own: the newest, but for what a clinician has set."""
    return fresh if before is None else standing(fresh, before, clinical)


def lasting(fresh: Json, before: Json | None, _: tuple[str, ...]) -> Json | None:
    """What tells when it was made: it is made anew only where it has something else to tell."""
    if before is not None and _told(fresh) == _told(before):
        return None
    return fresh


def _told(body: Json) -> Json:
    return {name: value for name, value in body.items() if name not in _ABOUT_NOW}


def evidence(body: Json, render: Json | None = None) -> Draft:
    """A resource of the service's own."""
    return replace(draft(body, render), evidence=True)


def _plain(fresh: Draft) -> Json:
    """The body with its numbers as they will be stored, to be compared with what is."""
    body: Json = json_text.loads(json_text.dumps(fresh.body))
    return body
