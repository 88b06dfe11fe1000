"""Devices: the recorder that a patient wears, and the software that reads its signal.

https://hl7.org/fhir/R4/device.html
"""

from uuid import UUID

from fhir import codes
from fhir.codes import concept
from fhir.mapping.identity import stable_id
from fhir.values import Json, compact, narrative, reference


def recorder(device_id: UUID, patient_id: str | None, *, active: bool = True) -> Json:
    """An enrolled recorder and its present wearer; its id is the device's own UUID."""
    name = "Wearable single-lead ECG recorder"
    return compact(
        {
            "resourceType": "Device",
            "id": str(device_id),
            "text": narrative(f"{name} {device_id}"),
            "identifier": [{"system": codes.DEVICE_SID, "value": str(device_id)}],
            "status": "active" if active else "inactive",
            "deviceName": [{"name": name, "type": "other"}],
            "type": concept(codes.ECG_DEVICE, text=name),
            "patient": reference("Patient", patient_id) if patient_id else None,
        }
    )


def algorithm(pipeline_version: str, model_id: str, weights_sha256: str | None = None) -> Json:
    """The analysis software at one version; each version is a device of its own.

    ``weights_sha256`` is the digest of the network's weights, where it is known.
    """
    weights = [{"type": {"text": "SHA-256 of the weights"}, "value": weights_sha256}]
    name = "hisbundle ECG analysis"
    return {
        "resourceType": "Device",
        "id": algorithm_id(pipeline_version, model_id),
        "text": narrative(f"{name}, pipeline {pipeline_version}, model {model_id}"),
        "identifier": [{"system": codes.ALGORITHM_SID, "value": f"{pipeline_version}/{model_id}"}],
        "status": "active",
        "deviceName": [{"name": name, "type": "model-name"}],
        "type": concept(codes.ANALYSIS_SOFTWARE),
        "version": [
            {"type": {"text": "signal pipeline"}, "value": pipeline_version},
            {"type": {"text": "beat classifier"}, "value": model_id},
            *(weights if weights_sha256 else []),
        ],
    }


def algorithm_id(pipeline_version: str, model_id: str) -> str:
    """The id of that version's Device."""
    return stable_id(f"algorithm/{pipeline_version}/{model_id}")
