"""Device: how it is found (https://hl7.org/fhir/R4/device.html#search)."""

from fhir.search import params
from fhir.search.types import common
from fhir.search.values import MDC_NOTE

DEVICE = common.writable(
    params.resource_type(
        "Device",
        "A monitor that a patient wears, or the algorithm that made a result.",
        "patient",
        "_id",
        params.identifier("device", "Device-identifier"),
        params.patient("Device-patient"),
        common.status("Device", "device-status", "Status of the record."),
        common.concept("type", "type", f"Kind of device. {MDC_NOTE}", "Device-type"),
        params.string(
            "device-name",
            "Beginning of a name of the device or of its kind, case ignored.",
            "Device-device-name",
            "deviceName.name",
            "type.coding.display",
            "type.text",
        ),
        params.string("manufacturer", "Beginning of the maker's name, case ignored.",
                      "Device-manufacturer", "manufacturer"),
        params.string("model", "Beginning of the model, case ignored.",
                      "Device-model", "modelNumber"),
        params.string("udi-di", "Beginning of the UDI's device identifier.",
                      "Device-udi-di", "udiCarrier.deviceIdentifier"),
        params.string("udi-carrier", "Beginning of the UDI as people read it.",
                      "Device-udi-carrier", "udiCarrier.carrierHRF"),
        params.uri("url", "Address of the device in a network.", "Device-url", "url"),
        params.reference("location", "location", "Where it is, as id or Location/id.",
                         "Device-location", "Location"),
        params.reference("organization", "owner", "Whose it is, as id or Organization/id.",
                         "Device-organization", "Organization"),
    )
)  # fmt: skip
