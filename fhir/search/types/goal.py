"""Goal: how it is found (https://hl7.org/fhir/R4/goal.html#search)."""

from fhir.search import params
from fhir.search.types import common

GOAL = common.writable(
    params.resource_type(
        "Goal",
        "What is aimed at for a patient. Active and of the category alarm-limits, it sets the"
        " limits of their alarms: heart rate (LOINC 8867-4), and our own measures.",
        "subject",
        "-start-date",
        params.identifier("goal", "clinical-identifier"),
        params.patient("clinical-patient"),
        common.subject("Goal-subject", "Group", "Organization"),
        params.coded("lifecycle-status", "lifecycleStatus", "http://hl7.org/fhir/goal-status",
                     "proposed, active, completed and others.", "Goal-lifecycle-status"),
        common.concept("achievement-status", "achievementStatus", "How far it is reached.",
                       "Goal-achievement-status"),
        common.concept("category", "category", "alarm-limits and others.", "Goal-category"),
        common.concept("description", "description", "What is aimed at.",
                       "http://hl7.org/fhir/us/core/SearchParameter/us-core-goal-description"),
        params.date("start-date", "When it begins.", "Goal-start-date", "startDate"),
        params.date("target-date", "By when it is to be reached.", "Goal-target-date",
                    "target.dueDate"),
    )
)  # fmt: skip
