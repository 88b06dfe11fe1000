"""A recording through the very pipeline that serves, chunk by chunk, without store or network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.alarms.policy import AlertPolicy
from analysis.classifier import Beats, Classifier
from analysis.session.pipeline import Outcome, SessionPipeline
from analysis.session.verdicts import Model
from core.alerts import Alert
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkBody, ChunkFlag
from core.ecg import StripFinding

NV_PER_LSB = 1000
STARTED_US = 1_750_000_000_000_000
"""Any time will do, as long as it is known: 2025-06-15."""
AT_ONCE = 160
"""Chunks between two calls of the network; how many makes no difference."""
_LARGEST = 32_767


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the service would have said: each strip once, alerts in the order of opening."""

    findings: tuple[StripFinding, ...]
    alerts: tuple[Alert, ...]


def quantised(signal_mv: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``signal_mv`` float64[n] in whole microvolts, as a device sends it."""
    return codes(signal_mv).astype(np.float64) * (NV_PER_LSB * 1e-6)


def codes(signal_mv: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    """The same as int16 codes of NV_PER_LSB nanovolts, clipped to their range."""
    return np.clip(np.rint(signal_mv * 1e6 / NV_PER_LSB), -_LARGEST, _LARGEST).astype(np.int16)


def chunks(signal_mv: npt.NDArray[np.float64], rate_hz: float) -> Iterator[ChunkBody]:
    """The signal cut as a device cuts it; the last chunk may be short."""
    line = codes(signal_mv)
    for first in range(0, len(line), SAMPLES_PER_CHUNK):
        part = line[first : first + SAMPLES_PER_CHUNK]
        samples = np.full(SAMPLES_PER_CHUNK, INVALID_SAMPLE, dtype=np.int16)
        samples[: len(part)] = part
        t0_us = STARTED_US + round(first * 1e6 / rate_hz)
        rate_centihz = round(rate_hz * 100)
        yield ChunkBody(t0_us, first, rate_centihz, ChunkFlag(0), len(part), NV_PER_LSB, samples)


def replay(
    signal_mv: npt.NDArray[np.float64],
    rate_hz: float,
    classifier: Classifier,
    policy: AlertPolicy | None = None,
    at_once: int = AT_ONCE,
    see: Callable[[SessionPipeline, Outcome, Beats], None] | None = None,
) -> Replayed:
    """All that analysis finds in float64[n] mV at ``rate_hz``, as if it came from a device.

    ``see`` is shown each turn of ``at_once`` chunks: the pipeline, what came out, the beats.
    """
    pipeline = SessionPipeline(Model(classifier.model_id, classifier.threshold), policy)
    findings: dict[int, StripFinding] = {}
    alerts: dict[tuple[str, object], Alert] = {}

    def settle(source: SessionPipeline) -> None:
        beats = source.crops
        outcome = source.resolve(classifier.predict(beats))
        if see is not None:
            see(source, outcome, beats)
        findings.update((finding.strip_index, finding) for finding in outcome.findings)
        alerts.update(((alert.kind, alert.opened_at), alert) for alert in outcome.alerts)

    for seq, body in enumerate(chunks(signal_mv, rate_hz)):
        pipeline.push(seq, body, body.t0_us)
        if seq % at_once == at_once - 1:
            settle(pipeline)
    settle(pipeline)
    settle(pipeline.ended())
    alerts.update(((alert.kind, alert.opened_at), alert) for alert in pipeline.ended_alerts())
    ordered = sorted(alerts.values(), key=lambda alert: alert.opened_at)
    return Replayed(tuple(findings[k] for k in sorted(findings)), tuple(ordered))
