"""What stands in the store already of the resources that are published again."""

import orjson

from core.errors import Gone, NotFound
from fhir.values import Json
from store import resources
from store.database import Transaction


async def stored(tx: Transaction, fresh: Json) -> Json | None:
    """The current version of the resource that ``fresh`` would follow, or None."""
    try:
        document = await resources.read(tx, fresh["resourceType"], fresh["id"])
    except (NotFound, Gone):
        return None
    body: Json = orjson.loads(document.body)
    return body
