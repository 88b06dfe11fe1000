"""What the CapabilityStatement says of conformance resources, and of profiles.

Source: https://hl7.org/fhir/R4/capabilitystatement.html and conformance-module.html
"""

from fhir.profiles.artefact import canonical
from fhir.profiles.catalogue import TYPES
from fhir.profiles.structures import PROFILES
from fhir.values import Json

PARAMS = (
    ("_id", "token", "Resource-id", "Logical id."),
    ("url", "uri", "conformance-url", "The canonical URL, without its version."),
    ("version", "token", "conformance-version", "The business version."),
    ("name", "string", "conformance-name", "The beginning of the computer-friendly name."),
    ("status", "token", "conformance-status", "active, for all that is here."),
)
"""How conformance resources are found: name, kind, definition in R4's registry, meaning."""
_DOCUMENTATION = (
    "What this server defines itself, the same for everybody; read only. Each parameter is given"
    " once, a comma meaning OR, and the answer is whole."
)


def conformance_types() -> list[Json]:
    """``rest.resource`` of each type of conformance resource."""
    return [
        {
            "type": type_,
            "profile": f"http://hl7.org/fhir/StructureDefinition/{type_}",
            "documentation": _DOCUMENTATION,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "versioning": "no-version",
            "readHistory": False,
            "updateCreate": False,
            "conditionalCreate": False,
            "conditionalRead": "not-supported",
            "conditionalUpdate": False,
            "conditionalDelete": "not-supported",
            "searchParam": [_param(*param) for param in PARAMS],
        }
        for type_ in TYPES
    ]


def _param(name: str, kind: str, defined: str, documentation: str) -> Json:
    definition = f"http://hl7.org/fhir/SearchParameter/{defined}"
    return {"name": name, "definition": definition, "type": kind, "documentation": documentation}


def supported_profiles(type_: str) -> list[str]:
    """The profiles of ours that resources of a type follow."""
    return [canonical("StructureDefinition", p.id) for p in PROFILES if p.type == type_]
