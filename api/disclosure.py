"""Whose data an answer carries: noted by the routes, written down before the answer leaves."""

from collections.abc import Iterable

from starlette.requests import Request

from store.resources import Document


def disclose(request: Request, documents: Iterable[Document]) -> None:
    """Note that these are about to leave, each in whole or in part."""
    disclosed(request).update(d.patient_id for d in documents if d.patient_id is not None)


def disclosed(request: Request) -> set[str]:
    """The ids of the patients whose data the answer carries so far."""
    found: set[str] = request.scope.setdefault("disclosed", set())
    return found
