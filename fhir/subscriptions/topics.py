"""The topics that can be subscribed to: which versions of which resources are their events.

R4 has no SubscriptionTopic; a topic is known by its canonical URL, which the CapabilityStatement
tells. Source: https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/components.html and
https://hl7.org/fhir/us/core/patient-data-feed.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fhir.codes import BASE
from fhir.subscriptions import limits
from fhir.subscriptions.codes import FEED
from fhir.values import Json

ALERTS = f"{BASE}/SubscriptionTopic/alerts"
REPORTS = f"{BASE}/SubscriptionTopic/finished-reports"
OUT_OF_RANGE = f"{BASE}/SubscriptionTopic/vital-signs-out-of-range"

TRIGGER = "trigger"
"""The one filter that is no search parameter: US Core's name for what happened."""
_FINISHED = frozenset({"final", "amended", "corrected", "appended"})


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. ``filters`` names by type what a Subscription may filter by.

    A version that is not a deletion is an event if ``is_event`` of it; a deletion is one if
    ``deletions`` count and what was deleted would have been one.
    """

    url: str
    title: str
    description: str
    filters: Mapping[str, tuple[str, ...]]
    is_event: Callable[[Json], bool]
    deletions: bool


def _always(_: Json) -> bool:
    return True


def _is_finished(report: Json) -> bool:
    return report.get("status") in _FINISHED


_SHARED = ("patient", "subject", "encounter", "status", "code", "category")

TOPICS: Mapping[str, Topic] = {
    topic.url: topic
    for topic in (
        Topic(
            ALERTS,
            "Alerts",
            "A Flag was raised, has changed (acknowledged, resolved) or was deleted.",
            {"Flag": ("patient", "subject", "encounter", "status", "code", "category")},
            _always,
            deletions=True,
        ),
        Topic(
            REPORTS,
            "Finished reports",
            "A DiagnosticReport became final, or was amended, corrected or appended to.",
            {"DiagnosticReport": _SHARED},
            _is_finished,
            deletions=False,
        ),
        Topic(
            OUT_OF_RANGE,
            "Vital signs out of range",
            "A vital sign was observed that is marked as abnormal (H, L and the like), lies"
            " outside of its own reference range, or, where it has neither, scores three points"
            " in NEWS2.",
            {"Observation": _SHARED},
            limits.is_out_of_range,
            deletions=False,
        ),
        Topic(
            FEED,
            "US Core patient data feed",
            "A resource was created, changed or deleted (data-driven).",
            {
                "DiagnosticReport": (*_SHARED, TRIGGER),
                "DocumentReference": ("patient", "category", "type", "status", TRIGGER),
                "Encounter": ("patient", "type", "status", "class", TRIGGER),
                "Observation": (*_SHARED, TRIGGER),
            },
            _always,
            deletions=True,
        ),
    )
}
"""By canonical URL."""
