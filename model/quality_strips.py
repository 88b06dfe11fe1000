"""Records through the serving pipeline, clean and with noise, and what it said of each strip."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from core.chunk import SAMPLES_PER_CHUNK, ChunkBody, ChunkFlag
from core.ecg import SAMPLES_PER_STRIP, StripFinding
from core.errors import Incorrect
from model.ec57 import Reference, match_beats, read_lead, reference_beats
from model.noise import SNRS_DB, NoiseKind, add_noise, make_noise, signal_power
from model.reference_marks import Marks, reference_marks

Floats = npt.NDArray[np.float64]

RATE_HZ = 125.0
NV_PER_LSB = 1000
T0_US = 1_700_000_000_000_000
EXCERPT_STRIPS = 6
"""So many strips of a record get each kind of noise, and are read without it for comparison."""
EXCERPT_SPACING_S = 360
CLEAN_START_S = 300
RHYTHM_LEAST_S = 2.0
"""A strip shows a rhythm that lasts this long in it."""


@dataclass(frozen=True, slots=True)
class StripScore:
    """A whole strip: what was done to it, what was said of it, and what is true of it.

    ``kind`` is None for the record as it is, else the noise of this excerpt; ``snr_db`` is None
    where it was not added. ``noisy_s`` are the seconds that the reference marks as noise,
    ``noisy_seconds`` says which. Beats in flutter are not counted.
    """

    record: str
    kind: NoiseKind | None
    snr_db: float | None
    score: float
    readable: bool
    reasons: tuple[str, ...]
    seconds: tuple[float, ...]
    noisy_seconds: tuple[bool, ...]
    noisy_s: float
    rhythms: frozenset[str]
    beats: int
    missed: int
    surplus: int


def score_record(record: Path, seed: int) -> list[StripScore]:
    """All strips of a WFDB record (no suffix), then its noisy excerpts at every SNR.

    Raises Incorrect without annotations.
    """
    reference = reference_beats(record)
    if reference is None:
        raise Incorrect(f"no annotations beside {record}")
    marks, lead_mv = reference_marks(record), read_lead(record, RATE_HZ)
    found = [*_strips(record.name, (None, None), lead_mv, 0, reference, marks)]
    beats = np.rint(reference.beats_s * RATE_HZ).astype(np.int64)
    power = signal_power(lead_mv, beats, RATE_HZ)
    for position, kind in enumerate(NoiseKind):
        first = round((CLEAN_START_S + EXCERPT_SPACING_S * position) * RATE_HZ)
        part = lead_mv[first : first + EXCERPT_STRIPS * SAMPLES_PER_STRIP]
        if len(part) < EXCERPT_STRIPS * SAMPLES_PER_STRIP:
            break
        noise = make_noise(kind, len(part), RATE_HZ, seed)
        found += _strips(record.name, (kind, None), part, first, reference, marks)
        for snr_db in SNRS_DB:
            noisy = add_noise(part, noise, power, snr_db)
            found += _strips(record.name, (kind, snr_db), noisy, first, reference, marks)
    return found


def findings_of(signal_mv: Floats) -> list[StripFinding]:
    """What the serving pipeline says of a signal (float64[n], mV, RATE_HZ); no beat is classed.

    Of a strip that was told while it ran the last telling counts.
    """
    pipeline = SessionPipeline(Model("none", 1.0))
    for seq, body in enumerate(_bodies(signal_mv)):
        pipeline.push(seq, body, T0_US)
    ended = pipeline.ended()
    parts = [
        p.resolve(np.full((len(p.crops), 5), np.nan, dtype=np.float32)) for p in (pipeline, ended)
    ]
    last = {finding.strip_index: finding for part in parts for finding in part.findings}
    return [last[k] for k in sorted(last)]


def _bodies(signal_mv: Floats) -> Iterator[ChunkBody]:
    codes = np.clip(np.rint(signal_mv * 1e6 / NV_PER_LSB), -32767, 32767).astype(np.int16)
    for first in range(0, len(codes) - SAMPLES_PER_CHUNK + 1, SAMPLES_PER_CHUNK):
        samples = codes[first : first + SAMPLES_PER_CHUNK]
        at_us = T0_US + round(first / RATE_HZ * 1e6)
        n = len(samples)
        rate = round(RATE_HZ * 100)
        yield ChunkBody(at_us, first, rate, ChunkFlag(0), n, NV_PER_LSB, samples)


def _strips(
    record: str,
    noise: tuple[NoiseKind | None, float | None],
    signal_mv: Floats,
    first: int,
    reference: Reference,
    marks: Marks,
) -> Iterator[StripScore]:
    """The whole strips of a signal that begins at sample ``first`` of its record."""
    findings = [f for f in findings_of(signal_mv) if f.n_samples == SAMPLES_PER_STRIP]
    starts_s = [(first + f.first_sample) / RATE_HZ for f in findings]
    errors = _errors(findings, starts_s, reference)
    for finding, begin, (beats, missed, surplus) in zip(findings, starts_s, errors, strict=True):
        end = begin + SAMPLES_PER_STRIP / RATE_HZ
        seconds = finding.quality.seconds
        yield StripScore(
            record,
            *noise,
            finding.quality.score,
            finding.quality.readable,
            tuple(finding.quality.reasons),
            seconds,
            tuple(marks.noisy_s(begin + k, begin + k + 1) >= 0.5 for k in range(len(seconds))),
            marks.noisy_s(begin, end),
            marks.rhythms_in(begin, end, RHYTHM_LEAST_S),
            beats,
            missed,
            surplus,
        )


def _errors(
    findings: Sequence[StripFinding], starts_s: Sequence[float], reference: Reference
) -> list[tuple[int, int, int]]:
    """Reference beats, missed ones and surplus detections of each strip (EC57, 150 ms)."""
    length = SAMPLES_PER_STRIP / RATE_HZ
    borders = np.array([*starts_s, starts_s[-1] + length]) if starts_s else np.zeros(1)
    shift = starts_s[0] - findings[0].first_sample / RATE_HZ if starts_s else 0.0
    at = np.array([b.sample_index for f in findings for b in f.beats]) / RATE_HZ + shift
    found = reference.outside_flutter(at)
    truth = reference.outside_flutter(reference.beats_s)
    truth = truth[(truth >= borders[0]) & (truth < borders[-1])]
    pairs = match_beats(truth, found)
    missed = np.delete(truth, [i for i, _ in pairs])
    surplus = np.delete(found, [j for _, j in pairs])
    counts = [np.histogram(times, borders)[0].tolist() for times in (truth, missed, surplus)]
    return list(zip(*counts, strict=True))
