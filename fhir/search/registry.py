"""Resource types: one declaration each, from which routes, index, SQL and /metadata follow.

Search parameters are those of https://hl7.org/fhir/R4/searchparameter-registry.html; the ones
that R4 lacks (Flag's status, code and category) are defined here under our own canonical.
"""

from collections.abc import Mapping

from fhir.search.params import ResourceType
from fhir.search.types.binary import BINARY
from fhir.search.types.device import DEVICE
from fhir.search.types.document import DOCUMENT
from fhir.search.types.flag import FLAG
from fhir.search.types.observation import OBSERVATION
from fhir.search.types.patient import PATIENT
from fhir.search.types.provenance import PROVENANCE
from fhir.search.types.report import REPORT

TYPES: Mapping[str, ResourceType] = {
    kind.name: kind
    for kind in (PATIENT, DEVICE, OBSERVATION, REPORT, FLAG, DOCUMENT, BINARY, PROVENANCE)
}
