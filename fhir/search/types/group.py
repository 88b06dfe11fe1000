"""Group: how it is found (https://hl7.org/fhir/R4/group.html#search)."""

from fhir.search import params
from fhir.search.types import common

GROUP = common.writable(
    params.resource_type(
        "Group",
        "Patients or devices taken together, such as those of a study.",
        None,
        "_id",
        params.identifier("group", "Group-identifier"),
        params.coded(
            "type",
            "type",
            "http://hl7.org/fhir/group-type",
            "person, device and others.",
            "Group-type",
        ),
        params.boolean(
            "actual", "actual", "Whether it has members, true or false.", "Group-actual"
        ),
        common.concept("code", "code", "Kind of members.", "Group-code"),
        common.concept(
            "characteristic",
            "characteristic.code",
            "What members have in common.",
            "Group-characteristic",
        ),
        params.reference(
            "member",
            "member.entity",
            "A member, as Patient/id (or id) and others.",
            "Group-member",
            "Patient",
            "Device",
            *common.PEOPLE,
            "Group",
        ),
        params.reference(
            "managing-entity",
            "managingEntity",
            "Who keeps it, as Organization/id (or id) and others.",
            "Group-managing-entity",
            "Organization",
            *common.PEOPLE,
        ),
    )
)
