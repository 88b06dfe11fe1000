"""Operations that this server has, for its CapabilityStatement; their routes are in ``api``.

Source: https://hl7.org/fhir/R4/operations.html
"""

from dataclasses import dataclass

from fhir.codes import BASE
from fhir.validation.elements import WRITABLE


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: ``name`` without its ``$``, and the canonical of its OperationDefinition.

    ``types`` are those on whose types or instances it is invoked; "" stands for the system.
    """

    name: str
    definition: str
    documentation: str
    types: tuple[str, ...]


_R4 = "http://hl7.org/fhir/OperationDefinition"
_OURS = f"{BASE}/OperationDefinition"
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "validate",
        f"{_R4}/Resource-validate",
        "What would be said against a resource, or is to be said of a stored one.",
        WRITABLE,
    ),
    Operation(
        "everything",
        f"{_R4}/Patient-everything",
        "All that is known of one patient, in pages: start, end, _since, _type, _count.",
        ("Patient",),
    ),
    Operation(
        "lastn",
        f"{_R4}/Observation-lastn",
        "The latest Observations of each code of one patient: patient or subject, category or"
        " code, max (1 to 100), and any other search parameter.",
        ("Observation",),
    ),
    Operation(
        "stats",
        f"{_R4}/Observation-stats",
        "Statistics of the values (valueQuantity, in UCUM) of codes of one patient. Percentiles"
        " interpolate; variance and std-dev are of a sample; skew and kurtosis are standardised"
        " moments; regression tells gradient per hour and intercept.",
        ("Observation",),
    ),
    Operation(
        "spectrum",
        f"{_OURS}/Observation-spectrum",
        "Power spectrum of an ECG strip, computed when asked for.",
        ("Observation",),
    ),
    Operation(
        "document",
        f"{_OURS}/DiagnosticReport-document",
        "The report and what it refers to, in one Bundle.",
        ("DiagnosticReport",),
    ),
    Operation(
        "status",
        f"{_BACKPORT}/backport-subscription-status",
        "How Subscriptions stand, and how many events each has had: id and status, each as often"
        " as you like; of one Subscription, without parameters.",
        ("Subscription",),
    ),
    Operation(
        "events",
        f"{_BACKPORT}/backport-subscription-events",
        "Past events of a Subscription, for whoever asked for it: eventsSinceNumber,"
        " eventsUntilNumber (both included), content (empty, id-only or full-resource). Events"
        " are kept for 7 days; an answer has at most 100.",
        ("Subscription",),
    ),
    Operation(
        "get-ws-binding-token",
        f"{_BACKPORT}/backport-subscription-get-ws-binding-token",
        "A token with which a websocket is bound to Subscriptions (id, as often as you like; of"
        " one, without parameters), for whoever asked for them. It counts once, within 60 s.",
        ("Subscription",),
    ),
)


def operations(type_: str) -> tuple[Operation, ...]:
    """Those of one resource type, or of the system where ``type_`` is empty."""
    return tuple(operation for operation in OPERATIONS if type_ in operation.types)
