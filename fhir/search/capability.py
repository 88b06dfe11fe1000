"""CapabilityStatement, generated from the declarations that also route and search.

Source: https://hl7.org/fhir/R4/capabilitystatement.html
"""

from datetime import datetime

from fhir.search.params import Interaction, ResourceType, SearchParam
from fhir.search.registry import TYPES
from fhir.values import Json, instant

FHIR_VERSION = "4.0.1"
FORMATS = ("application/fhir+json", "application/fhir+xml", "json", "xml")
PATCH_FORMATS = ("application/json-patch+json",)
SECURITY = (
    "Every request but this one, /.well-known/smart-configuration and /health needs a bearer"
    " token (RFC 6750): a JWT with SMART system scopes, such as system/Observation.rs."
)
SEARCHING = (
    "GET and POST _search. Parameters repeat for AND, commas mean OR. Unknown parameters are"
    " refused, unless Prefer: handling=lenient. Results: _sort, _count (0 for the total alone),"
    " _total, _summary=count|false, _format=json, _pretty. Pages go on by the link next, which"
    " is opaque: resources written meanwhile neither repeat one nor hide one."
)
_LAST_UPDATED = (
    "When the version was written, in milliseconds. Loss-free: stamps become visible in their"
    " own order, so that asking for _lastUpdated=gt the newest seen (or Bundle.meta.lastUpdated)"
    " never misses a version."
)
_COMMON = (
    ("_id", "token", "Resource-id", "Logical id."),
    ("_lastUpdated", "date", "Resource-lastUpdated", _LAST_UPDATED),
)


def capability_statement(base: str, version: str, date: datetime) -> Json:
    """What the server at ``base`` can do; ``date`` is when it became so."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(date),
        "publisher": "hisbundle",
        "kind": "instance",
        "software": {"name": "hisbundle", "version": version},
        "implementation": {"description": "FHIR gateway for continuous ECG", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": list(FORMATS),
        "patchFormat": list(PATCH_FORMATS),
        "rest": [
            {
                "mode": "server",
                "documentation": SEARCHING,
                "security": {"cors": False, "description": SECURITY},
                "resource": [_resource(kind) for kind in TYPES.values()],
            }
        ],
    }


def _resource(kind: ResourceType) -> Json:
    sortable = kind.sort_keys
    versioned = Interaction.VREAD in kind.interactions
    searched = Interaction.SEARCH_TYPE in kind.interactions
    statement = {
        "type": kind.name,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{kind.name}",
        "documentation": kind.documentation,
        "interaction": [{"code": interaction.value} for interaction in kind.interactions],
        "versioning": "versioned" if versioned else "no-version",
        "readHistory": versioned,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalRead": "full-support" if versioned else "not-supported",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
    }
    if searched:
        statement["searchParam"] = [
            *(_param(*common) for common in _COMMON),
            *(_declared(param, param.name in sortable) for param in kind.params.values()),
        ]
    return statement


def _declared(param: SearchParam, sortable: bool) -> Json:
    documentation = param.documentation + (" Sortable." if sortable else "")
    return _param(param.name, param.kind, param.canonical, documentation)


def _param(name: str, kind: str, definition: str, documentation: str) -> Json:
    if "://" not in definition:
        definition = f"http://hl7.org/fhir/SearchParameter/{definition}"
    return {
        "name": name,
        "definition": definition,
        "type": str(kind),
        "documentation": documentation,
    }
