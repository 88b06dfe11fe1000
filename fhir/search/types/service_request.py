"""ServiceRequest: how it is found (https://hl7.org/fhir/R4/servicerequest.html#search)."""

from fhir.search import params
from fhir.search import values as extract
from fhir.search.types import common

SERVICE_REQUEST = common.writable(
    params.resource_type(
        "ServiceRequest",
        "An order, such as one for long-term ECG.",
        "subject",
        "-authored",
        params.identifier("order", "clinical-identifier"),
        params.token("requisition", extract.identifiers("requisition"),
                     "Identifier of all that was ordered at once.", "ServiceRequest-requisition"),
        params.patient("clinical-patient"),
        common.subject("ServiceRequest-subject", "Device", "Group", "Location"),
        common.status("ServiceRequest", "request-status", "active, completed and others."),
        params.coded("intent", "intent", "http://hl7.org/fhir/request-intent",
                     "order, plan and others.", "ServiceRequest-intent"),
        params.coded("priority", "priority", "http://hl7.org/fhir/request-priority",
                     "routine, urgent, asap or stat.", "ServiceRequest-priority"),
        common.concept("category", "category", "Kind of order.", "ServiceRequest-category"),
        common.concept("code", "code", "What is ordered.", "clinical-code"),
        params.date("authored", "When it was ordered.", "ServiceRequest-authored", "authoredOn"),
        params.date("occurrence", "When it is to be done.", "ServiceRequest-occurrence",
                    "occurrenceDateTime", "occurrencePeriod"),
        common.encounter(),
        params.reference("requester", "requester", "Who ordered it, as Practitioner/id (or id) and"
                         " others.", "ServiceRequest-requester", *common.PEOPLE, "Organization",
                         "Device", "Patient"),
        common.performer("performer", "Who is to do it, as Practitioner/id (or id) and others.",
                         "ServiceRequest-performer", "Organization", "CareTeam", "Device",
                         "Patient"),
        params.reference("based-on", "basedOn", "What it follows from, as id or"
                         " ServiceRequest/id.", "ServiceRequest-based-on", "ServiceRequest"),
        params.reference("replaces", "replaces", "What it stands instead of, as id or"
                         " ServiceRequest/id.", "ServiceRequest-replaces", "ServiceRequest"),
    )
)  # fmt: skip
