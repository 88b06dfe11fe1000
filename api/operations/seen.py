"""What references within this server name, as far as the caller may read it."""

from collections.abc import Iterable

from starlette.requests import Request

from api.grants import grant
from core.errors import Forbidden
from fhir.access.grant import Grant
from fhir.access.scopes import Action
from fhir.search.registry import TYPES
from store import resources
from store.database import Transaction
from store.resources import Document, Key


async def seen(request: Request, tx: Transaction, names: Iterable[str]) -> list[Document]:
    """What each ``Type/id`` names, in their order, read at once.

    What is not here, or not for this caller's eyes, is left out.
    """
    keys = [(type_, id_) for type_, _, id_ in (name.partition("/") for name in names)]
    sights = {type_: _sight(request, type_) for type_ in dict.fromkeys(type_ for type_, _ in keys)}
    wanted = [key for key in dict.fromkeys(keys) if sights[key[0]] is not None]
    there: dict[Key, Document] = {}
    if wanted:
        there = {(d.type, d.id): d for d in await resources.read_many(tx, wanted)}
    return [
        there[key]
        for key in wanted
        if key in there and (sight := sights[key[0]]) is not None and sight.covers(there[key])
    ]


def _sight(request: Request, type_: str) -> Grant | None:
    if type_ not in TYPES or type_ == "Binary":
        return None
    try:
        return grant(request, type_, Action.READ)
    except Forbidden:
        return None
