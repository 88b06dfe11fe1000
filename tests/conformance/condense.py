"""What the checks need of HL7's definition files, in one small document.

``elements``: per element path ("Observation.component", "Period"), its children with types,
cardinality, reference targets, and whether they are part of a summary or modify others; and its
invariants of severity error.
``parameters``: per resource type, its search parameters by code: URL, type and targets.
``profiles``: the invariants that the vital-signs profiles add, by canonical URL and path.
``schema``: HL7's JSON schema, mended where it cannot be used as shipped.
"""

from pathlib import Path
from typing import Any

import orjson

Json = dict[str, Any]

_PROFILES = ("vitalsigns", "heartrate")
_TEXT = r"^[ \r\n\t\S]+$"
# HL7 means \S as in XML Schema: a no-break or an ideographic space is one.
_MEANT = r"[^ \r\n\t]"
_FHIRPATH = "http://hl7.org/fhirpath/System."


def condense(package: Path) -> Json:
    """Read the definition files in ``package`` and keep what the checks use."""
    resources = _structures(package / "profiles-resources.json")
    types = _structures(package / "profiles-types.json")
    others = _structures(package / "profiles-others.json")
    elements: Json = {}
    for structure in [*types, *resources]:
        if structure.get("derivation") != "constraint":
            _add_elements(elements, structure)
    return {
        "elements": elements,
        "parameters": _parameters(package / "search-parameters.json"),
        "profiles": {
            structure["url"]: _profile_invariants(structure)
            for structure in others
            if structure["id"] in _PROFILES
        },
        "schema": _mended(orjson.loads((package / "fhir.schema.json").read_bytes()), elements),
    }


def _structures(path: Path) -> list[Json]:
    entries = orjson.loads(path.read_bytes())["entry"]
    return [
        entry["resource"]
        for entry in entries
        if entry["resource"]["resourceType"] == "StructureDefinition"
    ]


def _parameters(path: Path) -> Json:
    found: Json = {}
    for entry in orjson.loads(path.read_bytes())["entry"]:
        parameter = entry["resource"]
        for base in parameter["base"]:
            found.setdefault(base, {})[parameter["code"]] = {
                "url": parameter["url"],
                "type": parameter["type"],
                "targets": parameter.get("target", []),
            }
    return found


def _add_elements(elements: Json, structure: Json) -> None:
    for element in structure["snapshot"]["element"]:
        path = element["path"]
        own = elements.setdefault(path, {"children": {}, "invariants": []})
        own["invariants"] = _invariants(element)
        parent, _, name = path.rpartition(".")
        if parent:
            elements.setdefault(parent, {"children": {}, "invariants": []})
            elements[parent]["children"][name] = _child(element)


def _child(element: Json) -> Json:
    types = element.get("type", [])
    return {
        "min": element["min"],
        "summary": element.get("isSummary", False),
        "modifier": element.get("isModifier", False),
        "types": [t["code"].removeprefix(_FHIRPATH) for t in types],
        "same_as": element.get("contentReference", "").removeprefix("#"),
        "targets": sorted(
            {
                profile.rpartition("/")[2]
                for t in types
                if t["code"] == "Reference"
                for profile in t.get("targetProfile", [])
            }
        ),
    }


def _invariants(element: Json) -> list[tuple[str, str]]:
    return [
        (constraint["key"], constraint["expression"])
        for constraint in element.get("constraint", [])
        if constraint["severity"] == "error" and "expression" in constraint
    ]


def _profile_invariants(structure: Json) -> Json:
    added: Json = {}
    for element in structure["snapshot"]["element"]:
        own = [pair for pair in _invariants(element) if pair[0].startswith("vs-")]
        if own and ":" not in element["id"]:  # a slice repeats what its element says
            added[element["path"]] = own
    return added


def _mended(schema: Json, elements: Json) -> Json:
    """HL7's schema with resources told apart by resourceType, and none but HL7's own.

    As shipped, ``ResourceList`` tries every alternative, ``Resource`` is not defined, the
    packager's types stand among HL7's, and texts in Japanese are no strings.
    """
    definitions = schema["definitions"]
    listed = [choice["$ref"].rpartition("/")[2] for choice in definitions["ResourceList"]["oneOf"]]
    for name in set(listed) - set(elements):
        del definitions[name]
    names = [name for name in listed if name in elements]
    definitions["ResourceList"] = {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"enum": names}},
        "allOf": [
            {
                "if": {"properties": {"resourceType": {"const": name}}},
                "then": {"$ref": f"#/definitions/{name}"},
            }
            for name in names
        ],
    }
    definitions["Resource"] = {"$ref": "#/definitions/ResourceList"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",  # if/then came with draft 7
        "$ref": "#/definitions/ResourceList",
        "definitions": _tidied(definitions),
    }


def _tidied(node: Any) -> Any:
    """The schema less its prose (two thirds of its size); properties of that name stay."""
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return _MEANT if node == _TEXT else node
    return {
        key: _tidied(value)
        for key, value in node.items()
        if not (key == "description" and isinstance(value, str))
    }
