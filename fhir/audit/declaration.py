"""AuditEvent: how it is found (https://hl7.org/fhir/R4/auditevent.html#search).

It is apart from the other types: it is not stored as a resource, no wildcard scope opens it, and
nobody writes it.
"""

from dataclasses import replace

from fhir.search.params import Interaction, Kind, ResourceType, SearchParam, resource_type


def _param(name: str, kind: Kind, documentation: str, *targets: str) -> SearchParam:
    return SearchParam(name, kind, documentation, f"AuditEvent-{name}", targets=targets)


_DECLARED = resource_type(
    "AuditEvent",
    "Who did what to whose data (IHE BALP): an event per patient disclosed, written before the"
    " answer left. Needs a scope that names AuditEvent. Sort by date or -date; pages by next.",
    None,
    "-date",
    _param("patient", Kind.REFERENCE, "The patient disclosed, as id or Patient/id.", "Patient"),
    _param(
        "agent",
        Kind.REFERENCE,
        "The caller: a client's id; also agent:identifier=[system]|[client id].",
        "Device",
    ),
    _param("altid", Kind.TOKEN, "The caller's client id."),
    _param("entity", Kind.REFERENCE, "The resource it was about, as Type/id.", "Patient"),
    _param("type", Kind.TOKEN, "rest, or 110114 for tokens that were asked for."),
    _param("subtype", Kind.TOKEN, "The interaction: read, search-type, create and others."),
    _param("action", Kind.TOKEN, "C, R, U, D or E."),
    _param("outcome", Kind.TOKEN, "0 success, 4 refused, 8 failed, 12 unavailable."),
    _param("address", Kind.STRING, "The caller's network address, its beginning."),
    _param("policy", Kind.TOKEN, "The access token's id, urn:ietf:params:oauth:jti:[jti]."),
    replace(
        _param("date", Kind.DATE, "When it was written down. Sortable."),
        dates=lambda _: None,
    ),
)
AUDIT_EVENT: ResourceType = replace(
    _DECLARED, interactions=(Interaction.READ, Interaction.SEARCH_TYPE)
)
