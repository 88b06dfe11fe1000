"""Sample line to chunk bodies: quantised, cut every 187 samples, flagged, time-stamped."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkBody, ChunkFlag

NV_PER_LSB = 1000
"""One microvolt per code: finer than the front end (732 nV at gain 1100), and +-32 mV wide."""

_MAX_CODE = 32767


def quantise(samples_mv: npt.NDArray[np.float64], nv_per_lsb: int) -> npt.NDArray[np.int16]:
    """Millivolts to i16 codes; NaN becomes INVALID_SAMPLE, what is out of range is clipped."""
    codes = np.clip(np.rint(np.nan_to_num(samples_mv) * 1e6 / nv_per_lsb), -_MAX_CODE, _MAX_CODE)
    return np.where(np.isnan(samples_mv), INVALID_SAMPLE, codes).astype(np.int16)


@dataclass(slots=True)
class Framer:
    """Cuts one session's samples into chunk bodies.

    ``started_us`` is the UTC time of sample 0 in microseconds; 0 while the clock is unset.
    """

    rate_hz: float
    started_us: int
    nv_per_lsb: int = NV_PER_LSB
    next_sample: int = 0
    _held: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    _gap_before: bool = False

    def push(self, samples_mv: npt.NDArray[np.float64]) -> list[ChunkBody]:
        """The full chunks that these samples complete; the rest is held."""
        line = np.concatenate([self._held, samples_mv])
        full = len(line) // SAMPLES_PER_CHUNK * SAMPLES_PER_CHUNK
        self._held = line[full:]
        return [self._body(part) for part in line[:full].reshape(-1, SAMPLES_PER_CHUNK)]

    def flush(self) -> list[ChunkBody]:
        """The held rest as a last, partial chunk (none if nothing is held)."""
        rest, self._held = self._held, np.empty(0)
        return [self._body(rest)] if len(rest) else []

    def skip(self, count: int) -> int:
        """Count samples that were measured but could not be kept; the next chunk says so.

        What was held goes with them, for no chunk goes on across a gap; how many that makes.
        """
        lost = count + len(self._held)
        self._held = np.empty(0)
        self.next_sample += lost
        self._gap_before = True
        return lost

    @property
    def owes_gap(self) -> bool:
        """Whether samples were skipped of which no chunk has told yet."""
        return self._gap_before

    @property
    def next_sample_us(self) -> int:
        """When the next sample is measured, once nothing is held; 0 while the clock is unset."""
        offset_us = round(self.next_sample * 1e6 / self.rate_hz)
        return self.started_us and self.started_us + offset_us

    def _body(self, samples_mv: npt.NDArray[np.float64]) -> ChunkBody:
        first, valid = self.next_sample, len(samples_mv)
        codes = np.full(SAMPLES_PER_CHUNK, INVALID_SAMPLE, dtype=np.int16)
        codes[:valid] = quantise(samples_mv, self.nv_per_lsb)
        flags = self._flags(codes[:valid])
        t0_us = self.next_sample_us
        self.next_sample += valid
        rate_centihz = round(self.rate_hz * 100)
        return ChunkBody(t0_us, first, rate_centihz, flags, valid, self.nv_per_lsb, codes)

    def _flags(self, codes: npt.NDArray[np.int16]) -> ChunkFlag:
        flags = ChunkFlag(0)
        if (codes == INVALID_SAMPLE).any():
            flags |= ChunkFlag.LEAD_OFF_PLUS | ChunkFlag.LEAD_OFF_MINUS
        if (np.abs(codes.astype(np.int32)) == _MAX_CODE).any():
            flags |= ChunkFlag.SATURATED
        if self._gap_before:
            flags |= ChunkFlag.GAP_BEFORE
            self._gap_before = False
        return flags if self.started_us else flags | ChunkFlag.CLOCK_UNSYNCED
