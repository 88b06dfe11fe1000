"""The manifest of a finished job, and a deletion as a line of its own.

https://hl7.org/fhir/uv/bulkdata/export.html#response---complete-status
"""

from collections.abc import Iterable
from datetime import datetime

import orjson

from fhir.values import Json, instant


def output(type_: str, url: str, count: int) -> Json:
    """One file of ``count`` lines."""
    return {"type": type_, "url": url, "count": count}


def manifest(
    request: str, as_of: datetime, files: Iterable[Json], deletions: Iterable[Json]
) -> Json:
    """What a finished job gives; ``as_of`` is the moment at which everything is as told."""
    return {
        "transactionTime": instant(as_of),
        "request": request,
        "requiresAccessToken": True,
        "output": list(files),
        "deleted": list(deletions),
        "error": [],
    }


def deletion(type_: str, id_: str) -> bytes:
    """A deletion as a transaction Bundle of one entry."""
    entry = {"request": {"method": "DELETE", "url": f"{type_}/{id_}"}}
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
