"""Task: how it is found (https://hl7.org/fhir/R4/task.html#search)."""

from fhir.search import params
from fhir.search import values as extract
from fhir.search.params import Kind, SearchParam
from fhir.search.types import common

TASK = common.writable(
    params.resource_type(
        "Task",
        "Something to be done, such as acknowledging an alert: accepting it does.",
        "for",
        "-authored-on",
        params.identifier("task", "Task-identifier"),
        params.patient("Task-patient"),
        SearchParam(
            "subject", Kind.REFERENCE, "Whom it is for, as Patient/id (or id) and others.",
            "Task-subject", extract.other_subjects("for"),
            targets=("Patient", *(t for t in common.EVERY_TYPE if t != "Patient")),
        ),
        common.status("Task", "task-status", "requested, accepted, completed and others."),
        common.concept("business-status", "businessStatus", "Status in its own words.",
                       "Task-business-status"),
        common.concept("code", "code", "What is to be done.", "Task-code"),
        params.coded("intent", "intent", "http://hl7.org/fhir/task-intent",
                     "order, plan and others.", "Task-intent"),
        params.coded("priority", "priority", "http://hl7.org/fhir/request-priority",
                     "routine, urgent, asap or stat.", "Task-priority"),
        params.date("authored-on", "When it was asked for.", "Task-authored-on", "authoredOn"),
        params.date("modified", "When it was last changed.", "Task-modified", "lastModified"),
        params.date("period", "When it was worked on.", "Task-period", "executionPeriod"),
        params.reference("focus", "focus", "What it is about, as Flag/id and others.",
                         "Task-focus", "Flag", *(t for t in common.EVERY_TYPE if t != "Flag")),
        params.reference("owner", "owner", "Who answers for it, as Practitioner/id (or id) and"
                         " others.", "Task-owner", *common.PEOPLE, "Organization", "CareTeam",
                         "Patient", "Device"),
        params.reference("requester", "requester", "Who asks for it, as Device/id (or id) and"
                         " others.", "Task-requester", "Device", *common.PEOPLE, "Organization",
                         "Patient"),
        params.reference("part-of", "partOf", "What it is a part of, as id or Task/id.",
                         "Task-part-of", "Task"),
        params.reference("based-on", "basedOn", "What it follows from, as ServiceRequest/id and"
                         " others.", "Task-based-on", "ServiceRequest",
                         *(t for t in common.EVERY_TYPE if t != "ServiceRequest")),
        params.token("group-identifier", extract.identifiers("groupIdentifier"),
                     "Identifier of all that was asked for at once.", "Task-group-identifier"),
        common.concept("performer", "performerType", "What kind of person is to do it.",
                       "Task-performer"),
        common.encounter(defined="Task-encounter"),
    )
)  # fmt: skip
