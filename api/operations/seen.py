"""What a reference within this server names, as far as the caller may read it."""

from starlette.requests import Request

from api.grants import grant
from api.reads import current
from api.scopes import Action
from core.errors import Forbidden, Gone, NotFound
from fhir.search.registry import TYPES
from store.database import Transaction
from store.resources import Document


async def seen(request: Request, tx: Transaction, name: str) -> Document | None:
    """What ``Type/id`` names; None where it is not here, or not for this caller's eyes."""
    type_, _, id_ = name.partition("/")
    if type_ not in TYPES or type_ == "Binary":
        return None
    try:
        return await current(tx, grant(request, type_, Action.READ), id_)
    except (Forbidden, NotFound, Gone):
        return None
