"""DeviceMetric: how it is found (https://hl7.org/fhir/R4/devicemetric.html#search)."""

from fhir.search import params
from fhir.search.types import common
from fhir.search.values import MDC_NOTE

METRIC = common.writable(
    params.resource_type(
        "DeviceMetric",
        "What a device measures, sets or computes, such as the potential of a lead.",
        None,
        "_id",
        params.identifier("metric", "DeviceMetric-identifier"),
        common.concept("type", "type", f"What is measured. {MDC_NOTE}", "DeviceMetric-type"),
        params.coded(
            "category",
            "category",
            "http://hl7.org/fhir/metric-category",
            "measurement, setting, calculation or unspecified.",
            "DeviceMetric-category",
        ),
        params.reference(
            "source", "source", "The device, as id or Device/id.", "DeviceMetric-source", "Device"
        ),
        params.reference(
            "parent",
            "parent",
            "The part of the device, as id or Device/id.",
            "DeviceMetric-parent",
            "Device",
        ),
    )
)
