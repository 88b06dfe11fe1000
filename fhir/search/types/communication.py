"""Communication: how it is found (https://hl7.org/fhir/R4/communication.html#search)."""

from fhir.search import params
from fhir.search.types import common

_HEARERS = ("CareTeam", "Device", "Group", "Organization", "Patient", *common.PEOPLE)
_SPEAKERS = ("Device", "Organization", "Patient", *common.PEOPLE)

COMMUNICATION = common.recorded(
    params.resource_type(
        "Communication",
        "A message about an alert, and what came of it; each attempt is a version.",
        "subject",
        "-sent",
        params.identifier("communication", "Communication-identifier"),
        params.patient("Communication-patient"),
        common.subject("Communication-subject", "Group"),
        common.status("Communication", "event-status",
                      "preparation, in-progress, not-done, stopped, completed and others."),
        common.concept("category", "category", "What kind of message.", "Communication-category"),
        common.concept("medium", "medium", "By which way it goes.", "Communication-medium"),
        params.date("sent", "When it was taken.", "Communication-sent", "sent"),
        params.date("received", "When it was received.", "Communication-received", "received"),
        params.reference("recipient", "recipient", "Whom it is for, as CareTeam/id (or id) and"
                         " others.", "Communication-recipient", *_HEARERS),
        params.reference("sender", "sender", "Who sends it, as Device/id (or id) and others.",
                         "Communication-sender", *_SPEAKERS),
        params.reference("part-of", "partOf", "What it is a part of, as Type/id.",
                         "Communication-part-of", *common.EVERY_TYPE),
        params.reference("based-on", "basedOn", "What it follows from, as Task/id and others.",
                         "Communication-based-on", *common.EVERY_TYPE),
        common.encounter(defined="Communication-encounter"),
    )
)  # fmt: skip
