"""Device: how it is found (https://hl7.org/fhir/R4/device.html#search)."""

from fhir.search import params
from fhir.search import values as extract
from fhir.search.values import MDC_NOTE

DEVICE = params.resource_type(
    "Device",
    "A monitor that a patient wears, or the algorithm that made a result.",
    "patient",
    "_id",
    params.identifier("device", "Device-identifier"),
    params.patient("Device-patient"),
    params.coded(
        "status",
        "status",
        "http://hl7.org/fhir/device-status",
        "Status of the record.",
        "Device-status",
    ),
    params.token("type", extract.codings("type"), f"Kind of device. {MDC_NOTE}", "Device-type"),
)
