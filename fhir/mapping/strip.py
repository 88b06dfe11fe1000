"""ECG strip -> Observation, after HL7 PoCD's ECGSampleArrayObservation.

The stored resource says when, who and how long; the samples are filled in on reading
(``with_samples``), so that no waveform comes to rest in the clear.
https://hl7.org/fhir/R4/datatypes.html#SampledData
"""

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import orjson

from core.chunk import INVALID_SAMPLE
from core.ecg import StripFinding
from fhir import codes
from fhir.codes import concept
from fhir.mapping.identity import Origin
from fhir.mapping.observation import observation
from fhir.values import Json, decimal, period, quantity

KIND = "strip"
_LEAD = "ECG, single lead; electrode positions are not known"
_INVALID = str(INVALID_SAMPLE).encode()


def ecg_strip(finding: StripFinding, origin: Origin) -> Json:
    """The strip's Observation, without samples: final once every sample is there."""
    seconds = finding.n_samples / finding.rate_hz
    text = f"ECG, single lead, {seconds:.1f} s at {finding.rate_hz:g} Hz"
    if finding.n_missing:
        text += f"; {finding.n_missing} of {finding.n_samples} samples have no value"
    return observation(
        KIND,
        finding,
        origin,
        text=text,
        status="preliminary" if finding.n_missing else "final",
        code=concept(codes.ECG_POTENTIAL, codes.EKG_STUDY, text="ECG strip"),
        effectivePeriod=period(finding.started_at, last_sample_at(finding)),
        device=origin.device,
        component=[
            {
                "code": concept(codes.ECG_POTENTIAL, text=_LEAD),
                "valueSampledData": _scale(finding.rate_hz),
            }
        ],
    )


def render(finding: StripFinding, session: int) -> Json:
    """What to read when the samples are asked for; ``session`` is the store's row."""
    return {
        "session": session,
        "first_sample": finding.first_sample,
        "n_samples": finding.n_samples,
        "n_missing": finding.n_missing,
        "component": 0,
    }


def with_samples(strip: Json, samples: npt.NDArray[np.int16], nv_per_lsb: int) -> Json:
    """The strip with its samples: shape (n_samples,), INVALID_SAMPLE where none was received.

    ``factor`` makes the numbers millivolts. The argument is left as it is.
    """
    lead, *others = strip["component"]
    data = lead["valueSampledData"]
    filled = {
        "origin": data["origin"],
        "period": data["period"],
        "factor": nv_per_lsb / 1_000_000,
        "dimensions": data["dimensions"],
        "data": sample_text(samples),
    }
    return strip | {"component": [lead | {"valueSampledData": filled}, *others]}


def sample_text(samples: npt.NDArray[np.int16]) -> str:
    """SampledData.data: numbers, "E" for invalid ones, single spaces between."""
    listed = orjson.dumps(np.ascontiguousarray(samples), option=orjson.OPT_SERIALIZE_NUMPY)
    # No other 16-bit number has this text in it.
    return listed[1:-1].replace(b",", b" ").replace(_INVALID, b"E").decode()


def last_sample_at(finding: StripFinding) -> datetime:
    """Time of the strip's last sample."""
    return finding.started_at + timedelta(seconds=(finding.n_samples - 1) / finding.rate_hz)


def _scale(rate_hz: float) -> Json:
    return {
        "origin": quantity(0, codes.MILLIVOLT, 0),
        "period": decimal(1000 / rate_hz, 6),
        "dimensions": 1,
    }
