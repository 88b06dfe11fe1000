"""Our tables against HL7's definitions, for every type that clients may send or use."""

from collections.abc import Iterator

from fhir.r4b import required_choices
from fhir.validation.datatypes import DATATYPES
from fhir.validation.elements import WRITABLE, elements
from fhir.validation.resources import RESOURCES
from fhir.validation.shape import CONTAINED
from tests.conformance.definitions import definitions
from tests.conformance.walk import Json, child

ELSEWHERE = {"dom-2", "dom-3", "dom-4", "dom-5", "ele-1", "ref-1", "txt-1", "txt-2"}
ONLY_IN_THE_SCHEMA = {
    # The packager's own.
    "account", "accounts", "author", "compartment", "deleted", "offeredIn", "onBehalfOf",
    "project", "resource",
    # Nobody extends with Meta, and the parts of data types have no modifiers.
    "valueMeta", "modifierExtension",
}  # fmt: skip
Pair = tuple[str, str]
"""HL7's path of a type, and the library's name for it."""


def reachable() -> Iterator[Pair]:
    todo = [(name, name) for name in (*WRITABLE, *CONTAINED)]
    seen: set[str] = set()
    while todo:
        path, name = todo.pop()
        if path in seen or path in ("Element", "Resource"):
            continue
        seen.add(path)
        yield path, name
        for element in elements(name).values():
            found = child(path, element.name)
            if found is not None and not element.is_primitive:
                todo.append((found[2], element.type))


def schema(path: str) -> Json:
    head, *steps = path.split(".")
    name = "_".join([head, "".join(step[0].upper() + step[1:] for step in steps)]).strip("_")
    properties: Json = definitions()["schema"]["definitions"][name]["properties"]
    return properties


def test_names_arrays_and_codes_are_those_of_hl7s_schema() -> None:
    for path, name in reachable():
        ours, theirs = elements(name), schema(path)
        named = {n for n in theirs if n[0] != "_"} - {"resourceType"}
        assert set(ours) <= named, path
        assert named - set(ours) <= ONLY_IN_THE_SCHEMA, path
        for element in ours.values():
            declared = theirs[element.name]
            assert element.many == (declared.get("type") == "array"), (path, element)
            codes = declared.get("enum") or declared.get("items", {}).get("enum")
            assert not codes or set(codes) == element.codes, (path, element)


def test_cardinalities_and_targets_are_hl7s() -> None:
    for path, name in reachable():
        for element in elements(name).values():
            found = child(path, element.name)
            assert found is not None, (path, element)
            declared, definition, _ = found
            if declared.endswith("[x]"):
                needed = element.choice in required_choices(name)
                assert needed == bool(definition["min"]), (path, element)
            else:
                assert element.required == bool(definition["min"]), (path, element)
            if element.type == "Reference":
                assert element.targets == set(definition["targets"]), (path, element)


def test_every_invariant_of_hl7_is_known() -> None:
    known = ELSEWHERE | {rule.key for rules in (DATATYPES | RESOURCES).values() for rule in rules}
    content = definitions()["elements"]
    for path, _ in reachable():
        below = [path, *(f"{path}.{name}" for name in content[path]["children"])]
        for place in below:
            for key, _ in content.get(place, {"invariants": []})["invariants"]:
                assert key in known, (place, key)
