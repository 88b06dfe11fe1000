"""Whose data an answer carries: noted by the routes, written down before the answer leaves."""

from collections.abc import Iterable, Sequence

from starlette.requests import Request

from api.tokens import Caller
from store.resources import Document

MAX_LISTED_CHARS = 32_768
"""Of all entries of a Bundle; each has its share, so that a long one hides no other."""


def disclose(request: Request, documents: Iterable[Document]) -> None:
    """Note that these are about to leave, each in whole or in part."""
    disclosed(request).update(d.patient_id for d in documents if d.patient_id is not None)


def disclosed(request: Request) -> set[str]:
    """The ids of the patients whose data the answer carries so far."""
    found: set[str] = request.scope.setdefault("disclosed", set())
    return found


def about(request: Request, type_: str, id_: str) -> None:
    """Note which resource a request is about, where its address does not say so."""
    request.scope["about"] = (type_, id_)


def asking(request: Request, lines: Sequence[str]) -> None:
    """Note what the entries of a Bundle ask for, for its address says nothing of it."""
    each = MAX_LISTED_CHARS // max(len(lines), 1)
    request.scope["listed"] = "\r\n".join(" ".join(line.split())[:each] for line in lines)


def acting(request: Request, client: str) -> None:
    """Note who makes a request that comes without a token; or who they say they are."""
    request.scope["caller"] = Caller(client, ())
