"""What a request does, by its method and path (https://hl7.org/fhir/R4/http.html#summary).

Codes are those of https://hl7.org/fhir/R4/valueset-restful-interaction.html, and a few of our
own for what is no FHIR interaction.
"""

from typing import NamedTuple
from urllib.parse import unquote

BASE = "fhir"
OWN = {
    ("auth", "token"): "token",
    ("auth", "introspect"): "introspect",
    ("auth", "revoke"): "revoke",
    ("enrolment",): "enrol",
    ("enrolment", "key"): "enrolment-key",
}
"""Paths outside of FHIR."""
OTHER = "other"
_BY_METHOD = {"PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_ACTIONS = {
    "read": "R", "vread": "R", "history-instance": "R", "history-type": "R",
    "history-system": "R", "create": "C", "enrol": "C", "update": "U", "patch": "U",
    "delete": "D", "notification": "R",
}  # fmt: skip
CHANGES = frozenset({"create", "update", "patch", "delete", "batch", "enrol"})
"""What is written down before it happens too."""


class Interaction(NamedTuple):
    """A code, and what the path names; ``operation`` is the name of an operation, with its $."""

    code: str
    type: str | None = None
    id: str | None = None
    version: str | None = None
    operation: str | None = None

    @property
    def action(self) -> str:
        """https://hl7.org/fhir/R4/valueset-audit-event-action.html: C, R, U, D or E."""
        return action(self.code)


def action(code: str) -> str:
    """The action of an interaction's code; what is none of the others executes something."""
    return _ACTIONS.get(code, "E")


def interaction(method: str, path: str) -> Interaction:
    """What ``method`` on ``path`` does; whether there is such a route is not asked."""
    parts = tuple(part for part in path.split("/") if part)
    if "%" in path:
        parts = tuple(map(unquote, parts))
    if not parts or parts[0] != BASE:
        return Interaction(OWN.get(parts, OTHER))
    method = "GET" if method == "HEAD" else method
    names = parts[1:]
    operation = next((name for name in names if name.startswith("$")), None)
    if operation is not None:
        type_, id_ = _place(names[: names.index(operation)])
        return Interaction("operation", type_, id_, operation=operation)
    if "_history" in names:
        return _history(names)
    return _plain(method, names)


def _place(names: tuple[str, ...]) -> tuple[str | None, str | None]:
    return (names[0] if names else None), (names[1] if len(names) > 1 else None)


def _history(names: tuple[str, ...]) -> Interaction:
    place = names.index("_history")
    version = names[place + 1] if len(names) > place + 1 else None
    if place >= 2:
        code = "vread" if version else "history-instance"
        return Interaction(code, names[0], names[1], version)
    return Interaction("history-type", names[0]) if place else Interaction("history-system")


def _plain(method: str, names: tuple[str, ...]) -> Interaction:
    if not names:
        return Interaction("batch" if method == "POST" else "search-system")
    if names[-1] == "_search":
        return Interaction("search-type", names[0]) if names[:-1] else Interaction("search-system")
    if method in _BY_METHOD:
        return Interaction(_BY_METHOD[method], *_place(names))
    if len(names) == 1:
        return Interaction("create" if method == "POST" else "search-type", names[0])
    return Interaction("read" if method == "GET" else OTHER, *_place(names))
