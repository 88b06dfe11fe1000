"""Resources as they leave: whole, or in part (https://hl7.org/fhir/R4/search.html#summary)."""

from collections.abc import Sequence

from starlette.requests import Request

from api.site import Site
from core.errors import Incorrect
from fhir.search import results
from fhir.search.params import ResourceType
from fhir.search.results import Summary
from fhir.search.subset import Subset, subset
from store.database import Transaction
from store.resources import Document

PARAMS = frozenset({"_summary", "_elements"})
Part = Subset | None
"""What of a resource leaves; None is the whole."""


async def body(here: Site, tx: Transaction, document: Document, part: Part) -> bytes:
    """The JSON to send. The samples of a strip are read only where they are told."""
    if not _needs_strip(document, part):
        return plain(document, part)
    strip = await here.strips.body(tx, document)
    return strip if part is None else part.of(strip)


async def bodies(here: Site, told: Sequence[tuple[Document, Part]]) -> list[bytes]:
    """The JSON of each document; a transaction is opened where a strip must be read for it."""
    if not any(_needs_strip(document, part) for document, part in told):
        return [plain(document, part) for document, part in told]
    async with here.database.transaction() as tx:
        return [await body(here, tx, document, part) for document, part in told]


def plain(document: Document, part: Part) -> bytes:
    """The JSON of a document that is as it is stored."""
    return document.body if part is None else part.of(document.body)


def _needs_strip(document: Document, part: Part) -> bool:
    told = part is None or part.needs_samples(document.type)
    return document.render is not None and told


def asked(kind: ResourceType, request: Request) -> Part:
    """The part that the parameters of a read ask for. Raises Incorrect."""
    if not request.scope.get("query_string"):
        return None
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in PARAMS:
            if name in found:
                raise Incorrect(f"{name} is given twice")
            found[name] = value
    summary = results.summary(found["_summary"]) if "_summary" in found else None
    if summary is Summary.COUNT:
        raise Incorrect("_summary=count is for searches")
    elements = results.elements(kind, found["_elements"]) if "_elements" in found else ()
    return subset(summary, elements)
