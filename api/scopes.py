"""SMART v2 scopes: what a token lets its bearer do (https://hl7.org/fhir/smart-app-launch).

Only ``system/`` scopes grant anything here. A scope that is not understood, or that is
narrowed in a way that is not enforced (``?category=…``), grants nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}


class Action(StrEnum):
    """The five letters of a scope."""

    CREATE = "c"
    READ = "r"
    UPDATE = "u"
    DELETE = "d"
    SEARCH = "s"


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope: a resource type or ``*``, and what may be done."""

    type: str
    actions: frozenset[Action]


def parse(text: str) -> Scope | None:
    """The scope that ``text`` spells, version 1 or 2; None if it grants nothing."""
    match = _SCOPE.fullmatch(text)
    if match is None or not match[2]:
        return None
    letters = _VERSION_1.get(match[2], match[2])
    return Scope(match[1], frozenset(Action(letter) for letter in letters))


def allows(scopes: Iterable[str], type_: str, action: Action) -> bool:
    """Whether one of ``scopes`` lets its bearer do ``action`` on resources of ``type_``."""
    parsed = (parse(text) for text in scopes)
    return any(s and s.type in ("*", type_) and action in s.actions for s in parsed)
