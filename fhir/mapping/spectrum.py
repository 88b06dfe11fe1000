"""A strip's power spectrum -> Observation whose SampledData runs over frequency.

R4's SampledData knows steps of time only. R5's ``interval`` and ``intervalUnit`` say what the
step is here, as extensions for R4 (https://hl7.org/fhir/versions.html#extensions), and the
period is marked as not applicable.
"""

import numpy as np
import numpy.typing as npt

from fhir import codes
from fhir.codes import concept
from fhir.values import Json, compact, decimal, narrative, quantity, reference

_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SampledData"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_STEPS = 1_000_000
"""Numbers are whole millionths of the highest density."""
_TAKEN_OVER = ("status", "category", "subject", "encounter", "effectivePeriod", "device")

Floats = npt.NDArray[np.float64]


def spectrum_observation(strip: Json, hz: Floats, density: Floats, method: str) -> Json:
    """The spectrum of ``strip``: density[k] in mV^2/Hz at hz[k], evenly spaced from 0 Hz on."""
    step_hz = float(hz[1] - hz[0])
    text = f"ECG power spectral density, 0 to {hz[-1]:g} Hz in steps of {step_hz:g} Hz"
    kept = {name: strip[name] for name in _TAKEN_OVER if name in strip}
    return compact(
        {
            "resourceType": "Observation",
            "text": narrative(text),
            "code": concept(codes.POWER_SPECTRUM),
            "method": {"text": method},
            "derivedFrom": [reference("Observation", strip["id"])],
            "component": [
                {
                    "code": concept(codes.POWER_SPECTRUM),
                    "valueSampledData": _sampled(density, step_hz),
                }
            ],
        }
        | kept
    )


def _sampled(density: Floats, step_hz: float) -> Json:
    factor = float(f"{max(float(density.max()), 1e-12) / _STEPS:.6g}")
    counts = np.rint(density / factor).astype(np.int64)
    return {
        "extension": [
            {"url": f"{_R5}.interval", "valueDecimal": decimal(step_hz, 9)},
            {"url": f"{_R5}.intervalUnit", "valueCode": codes.HERTZ.code},
        ],
        "origin": quantity(0, codes.SQUARE_MILLIVOLT_PER_HERTZ, 0),
        "_period": {"extension": [{"url": _ABSENT, "valueCode": "not-applicable"}]},
        "factor": factor,
        "dimensions": 1,
        "data": " ".join(map(str, counts.tolist())),
    }
