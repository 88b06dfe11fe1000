"""CapabilityStatement, generated from the declarations that also route and search.

Source: https://hl7.org/fhir/R4/capabilitystatement.html
"""

from datetime import datetime

from fhir.audit.declaration import AUDIT_EVENT
from fhir.profiles.capability import conformance_types, supported_profiles
from fhir.search.operations import operations
from fhir.search.params import Interaction, Kind, ResourceType, SearchParam
from fhir.search.registry import SYSTEM, TYPES
from fhir.subscriptions.codes import SERVER, SUBSCRIPTION_PROFILE, TOPIC_CANONICAL
from fhir.subscriptions.topics import TOPICS
from fhir.values import Json, compact, instant

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
    " _total, _summary, _elements (at the root; of matches), _include and _revinclude (also"
    " :iterate, and * for every reference of a type; of references that the token lets one see),"
    " _format, _pretty. What is told in part carries the tag SUBSETTED. Pages go on by the link"
    " next, which is opaque: resources written meanwhile neither repeat one nor hide one."
)
_LAST_UPDATED = (
    "When the version was written, in milliseconds. Loss-free: stamps become visible in their"
    " own order, so that asking for _lastUpdated=gt the newest seen (or Bundle.meta.lastUpdated)"
    " never misses a version."
)
_GUIDES = {"Subscription": (SUBSCRIPTION_PROFILE,)}
"""Profiles of guides, by type."""
_COMMON = (
    ("_id", "token", "Resource-id", "Logical id."),
    ("_lastUpdated", "date", "Resource-lastUpdated", _LAST_UPDATED),
)


def capability_statement(base: str, version: str, date: datetime) -> Json:
    """What the server at ``base`` can do; ``date`` is when it became so."""
    return {
        "resourceType": "CapabilityStatement",
        "instantiates": [SERVER],
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
                "resource": [
                    *(_resource(kind) for kind in (*TYPES.values(), AUDIT_EVENT)),
                    *conformance_types(),
                ],
                "interaction": [{"code": code} for code in SYSTEM],
                **_operations(""),
            }
        ],
    }


def _resource(kind: ResourceType) -> Json:
    can = {interaction: interaction in kind.interactions for interaction in Interaction}
    versioned = can[Interaction.VREAD]
    profiles = [*supported_profiles(kind.name), *_GUIDES.get(kind.name, ())]
    return {
        **_topics(kind.name),
        "type": kind.name,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{kind.name}",
        **({"supportedProfile": profiles} if profiles else {}),
        "documentation": kind.documentation,
        "interaction": [{"code": interaction.value} for interaction in kind.interactions],
        "versioning": "versioned" if versioned else "no-version",
        "readHistory": versioned,
        "updateCreate": can[Interaction.UPDATE],
        "conditionalCreate": can[Interaction.CREATE],
        "conditionalRead": "full-support" if versioned else "not-supported",
        "conditionalUpdate": can[Interaction.UPDATE],
        "conditionalDelete": "single" if can[Interaction.DELETE] else "not-supported",
        "referencePolicy": ["literal", "local", *(["enforced"] if can[Interaction.CREATE] else [])],
        **(_searches(kind) if can[Interaction.SEARCH_TYPE] else {}),
        **_operations(kind.name),
    }


def _topics(type_: str) -> Json:
    """What can be subscribed to (R4 has no SubscriptionTopic)."""
    told = [{"url": TOPIC_CANONICAL, "valueCanonical": url} for url in TOPICS]
    return {"extension": told} if type_ == "Subscription" else {}


def _searches(kind: ResourceType) -> Json:
    """How a type is searched, and what may be included with it."""
    sortable = kind.sort_keys
    return compact(
        {
            "searchInclude": [f"{kind.name}:{param.name}" for param in _references(kind)],
            "searchRevInclude": [
                f"{other.name}:{param.name}"
                for other in TYPES.values()
                for param in _references(other)
                if kind.name in param.targets
            ],
            "searchParam": [
                *(_param(*common) for common in _COMMON),
                *(_declared(param, param.name in sortable) for param in kind.params.values()),
            ],
        }
    )


def _references(kind: ResourceType) -> list[SearchParam]:
    if kind.name not in TYPES:  # searched by itself, and brings nothing along
        return []
    return [param for param in kind.params.values() if param.kind is Kind.REFERENCE]


def _operations(type_: str) -> Json:
    """The operations of a type, or of the system where ``type_`` is empty."""
    told = [
        {"name": found.name, "definition": found.definition, "documentation": found.documentation}
        for found in operations(type_)
    ]
    return {"operation": told} if told else {}


def _declared(param: SearchParam, sortable: bool) -> Json:
    colons = [f":{modifier}" for modifier in param.modifiers]
    if len(param.targets) > 1:
        colons.append(":[type]")
    documentation = f"{param.documentation} Modifiers: {', '.join(colons)}."
    documentation += " Sortable." if sortable else ""
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
