"""Resource types: one declaration each, from which routes, index, SQL and /metadata follow.

Search parameters are those of https://hl7.org/fhir/R4/searchparameter-registry.html; the ones
that R4 lacks (Flag's status, code and category) are defined here under our own canonical.
"""

from collections.abc import Mapping

from fhir.search.params import ResourceType
from fhir.search.types.binary import BINARY
from fhir.search.types.care_team import CARE_TEAM
from fhir.search.types.communication import COMMUNICATION
from fhir.search.types.device import DEVICE
from fhir.search.types.document import DOCUMENT
from fhir.search.types.encounter import ENCOUNTER
from fhir.search.types.flag import FLAG
from fhir.search.types.goal import GOAL
from fhir.search.types.group import GROUP
from fhir.search.types.location import LOCATION
from fhir.search.types.metric import METRIC
from fhir.search.types.observation import OBSERVATION
from fhir.search.types.organization import ORGANIZATION
from fhir.search.types.patient import PATIENT
from fhir.search.types.practitioner import PRACTITIONER
from fhir.search.types.provenance import PROVENANCE
from fhir.search.types.report import REPORT
from fhir.search.types.role import ROLE
from fhir.search.types.service_request import SERVICE_REQUEST
from fhir.search.types.subscription import SUBSCRIPTION
from fhir.search.types.task import TASK

TYPES: Mapping[str, ResourceType] = {
    kind.name: kind
    for kind in (
        PATIENT,
        DEVICE,
        OBSERVATION,
        REPORT,
        FLAG,
        DOCUMENT,
        BINARY,
        PROVENANCE,
        ENCOUNTER,
        SERVICE_REQUEST,
        CARE_TEAM,
        PRACTITIONER,
        ROLE,
        ORGANIZATION,
        LOCATION,
        METRIC,
        GROUP,
        SUBSCRIPTION,
        TASK,
        COMMUNICATION,
        GOAL,
    )
}
"""By name, in the order in which a reader will care for them."""

SYSTEM = ("transaction", "batch", "history-system")
"""What a client may do with the whole system, beside searching and reading types."""
