"""A resource held against a profile of ours, rule by rule."""

from collections.abc import Iterator
from typing import Any

from fhir.profiles.rules import Profile, Rule
from fhir.values import Json


def broken(resource: Json, profile: Profile) -> Iterator[tuple[str, str]]:
    """What of a profile a resource does not keep: the element, and what is wrong with it."""
    for rule in profile.rules:
        for parent in _parents(resource, rule.path.split(".")[1:]):
            found = _values(parent, rule)
            if len(found) < rule.least or (rule.most is not None and len(found) > int(rule.most)):
                often = f"{rule.least}..{rule.most or '*'}"
                yield rule.path, f"{profile.id}: is there {len(found)} times, not {often}"
            if rule.pattern is not None and not all(_contains(v, rule.pattern) for v in found):
                yield rule.path, f"{profile.id}: has not what the profile's pattern has"


def _parents(node: Any, path: list[str]) -> Iterator[Json]:
    """The nodes that have, or should have, the last name of ``path``."""
    if len(path) == 1:
        if isinstance(node, dict):
            yield node
        return
    found = node.get(path[0], []) if isinstance(node, dict) else []
    for inner in found if isinstance(found, list) else [found]:
        yield from _parents(inner, path[1:])


def _values(node: Json, rule: Rule) -> list[Any]:
    type_ = rule.type or ""
    name = rule.path.rpartition(".")[2].replace("[x]", type_[:1].upper() + type_[1:])
    found = node.get(name, [])
    return found if isinstance(found, list) else [found]


def _contains(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and _contains(value[name], wanted) for name, wanted in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(_contains(each, wanted) for each in value) for wanted in pattern
        )
    return bool(value == pattern)
