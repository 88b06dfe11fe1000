"""Resources as they leave: whole, or in part (https://hl7.org/fhir/R4/search.html#summary)."""

from collections.abc import Iterable

from api.site import Site
from core.errors import Incorrect
from fhir.search import results
from fhir.search.params import ResourceType
from fhir.search.request import Pair
from fhir.search.results import Summary
from fhir.search.subset import Subset, subset
from store.database import Transaction
from store.resources import Document

PARAMS = frozenset({"_summary", "_elements"})


async def body(here: Site, tx: Transaction, document: Document, part: Subset | None) -> bytes:
    """The JSON to send. The samples of a strip are read only where they are told."""
    if part is None:
        return await here.strips.body(tx, document)
    told = part.needs_samples(document.type)
    return part.of(await here.strips.body(tx, document) if told else document.body)


def asked(kind: ResourceType, pairs: Iterable[Pair]) -> Subset | None:
    """The part that the parameters of a read ask for. Raises Incorrect."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in PARAMS:
            if name in found:
                raise Incorrect(f"{name} is given twice")
            found[name] = value
    summary = results.summary(found["_summary"]) if "_summary" in found else None
    if summary is Summary.COUNT:
        raise Incorrect("_summary=count is for searches")
    elements = results.elements(kind, found["_elements"]) if "_elements" in found else ()
    return subset(summary, elements)
