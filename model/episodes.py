"""Rhythms scored episode by episode and second by second, after ANSI/AAMI EC57.

Episode sensitivity is the share of reference episodes that a found one overlaps, positive
predictivity the share of found ones that a reference one overlaps; of duration, the same for
seconds (``epicmp``, https://physionet.org/physiotools/wag/eval0.htm; IEC 60601-2-47 asks for
these). Ventricular flutter has no beat marks: within it only fibrillation is scored.
``python -m model.episodes FOLDER`` prints the table, with the reference's beat classes.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.classifier import CLASSES
from analysis.session.pipeline import SessionPipeline
from analysis.session.strips import Draft, Model
from core.chunk import INVALID_SAMPLE, SAMPLES_PER_CHUNK, ChunkBody, ChunkFlag
from core.ecg import Beat, BeatClass, RhythmKind, RhythmSpan, StripFinding
from model.ec57 import match_beats, read_lead
from model.rhythm_reference import RhythmReference, Seconds, rhythm_reference
from model.splits import DS1, DS2

RATE_HZ = 125.0
UV_PER_LSB = 1
GRAVE = (
    RhythmKind.VENTRICULAR_FIBRILLATION,
    RhythmKind.VENTRICULAR_TACHYCARDIA,
    RhythmKind.ASYSTOLE,
)
"""What must be told within 10 s of its onset (ANSI/AAMI EC13)."""
_TOLD_US = 1_700_000_000_000_000


@dataclass(frozen=True, slots=True)
class EpisodeScore:
    """Episodes: of ``reference``, ``detected``; of ``found``, ``confirmed``. The same in seconds.

    ``latency_s``: for each reference episode detected, from its onset to the end of the chunk
    that told of it.
    """

    reference: int = 0
    detected: int = 0
    found: int = 0
    confirmed: int = 0
    reference_s: float = 0.0
    found_s: float = 0.0
    both_s: float = 0.0
    latency_s: tuple[float, ...] = ()

    def __add__(self, other: "EpisodeScore") -> "EpisodeScore":
        mine, others = asdict(self), asdict(other)
        return EpisodeScore(**{name: mine[name] + others[name] for name in mine})

    def shares(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Episode Se and +P, duration Se and +P; None of nothing."""
        return (
            _share(self.detected, self.reference),
            _share(self.confirmed, self.found),
            _share(self.both_s, self.reference_s),
            _share(self.both_s, self.found_s),
        )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Told:
    """A span as last told, and when it was told first (seconds of signal received by then)."""

    span: RhythmSpan
    told_s: float

    @property
    def seconds(self) -> Seconds:
        """From and to, in seconds from the record's start."""
        return self.span.first_sample / RATE_HZ, self.span.stop_sample / RATE_HZ


class Labelled(SessionPipeline):
    """The pipeline that is served, with the reference's classes in place of the network's."""

    def __init__(self, reference: RhythmReference) -> None:
        super().__init__(Model("reference", 0.5))
        self.reference = reference

    def _with_rhythm(self, draft: Draft, finding: StripFinding) -> StripFinding:
        found_s = np.array([beat.sample_index for beat in finding.beats]) / RATE_HZ
        first, stop = np.searchsorted(
            self.reference.beats_s, (found_s.min(initial=0) - 1, found_s.max(initial=0) + 1)
        )
        classes: dict[int, BeatClass] = {
            j: self.reference.classes[first + i]
            for i, j in match_beats(self.reference.beats_s[first:stop], found_s)
        }
        beats = tuple(
            Beat(beat.sample_index, beat.abnormal_probability, classes.get(i))
            for i, beat in enumerate(finding.beats)
        )
        return super()._with_rhythm(draft, replace(finding, beats=beats))


def tell(pipeline: SessionPipeline, signal_mv: npt.NDArray[np.float64]) -> list[Told]:
    """Stream float64[n] in mV at RATE_HZ through ``pipeline``, chunk by chunk: all its spans."""
    codes = np.clip(np.rint(signal_mv * 1000 / UV_PER_LSB), -32767, 32767).astype(np.int16)
    told: dict[tuple[RhythmKind, int], Told] = {}
    for seq, first in enumerate(range(0, len(codes), SAMPLES_PER_CHUNK)):
        part = codes[first : first + SAMPLES_PER_CHUNK]
        pipeline.push(seq, _body(part, first), _TOLD_US)
        _collect(told, pipeline, (first + len(part)) / RATE_HZ)
    _collect(told, pipeline.ended(), len(codes) / RATE_HZ)
    return list(told.values())


def _body(part: npt.NDArray[np.int16], first: int) -> ChunkBody:
    samples = np.full(SAMPLES_PER_CHUNK, INVALID_SAMPLE, dtype=np.int16)
    samples[: len(part)] = part
    t0_us = _TOLD_US + round(first / RATE_HZ * 1e6)
    return ChunkBody(
        t0_us, first, round(RATE_HZ * 100), ChunkFlag(0), len(part), UV_PER_LSB * 1000, samples
    )


def _collect(
    told: dict[tuple[RhythmKind, int], Told], pipeline: SessionPipeline, at_s: float
) -> None:
    nothing = np.zeros((len(pipeline.crops), len(CLASSES)), dtype=np.float32)
    for finding in pipeline.resolve(nothing).findings:
        for span in finding.rhythm:
            key = (span.kind, span.first_sample)
            told[key] = Told(span, told[key].told_s if key in told else at_s)


def score(
    kind: RhythmKind, reference: Mapping[RhythmKind, Sequence[Seconds]], told: Iterable[Told]
) -> EpisodeScore:
    """One kind of rhythm in one record."""
    flutter = RhythmKind.VENTRICULAR_FIBRILLATION
    apart = [] if kind is flutter else reference[flutter]
    truth = [span for span in reference[kind] if not _meets(span, apart)]
    found = [t for t in told if t.span.kind is kind and not _meets(t.seconds, apart)]
    spans = [t.seconds for t in found]
    latency = [
        min(t.told_s for t in found if _meets(t.seconds, [span])) - span[0]
        for span in truth
        if _meets(span, spans)
    ]
    return EpisodeScore(
        len(truth),
        sum(_meets(span, spans) for span in truth),
        len(spans),
        sum(_meets(span, truth) for span in spans),
        _seconds(truth),
        _seconds(spans),
        _seconds([_cut(a, b) for a in truth for b in spans if _meets(a, [b])]),
        tuple(latency) if kind in GRAVE else (),
    )


def _meets(span: Seconds, others: Iterable[Seconds]) -> bool:
    return any(span[0] < stop and span[1] > start for start, stop in others)


def _cut(a: Seconds, b: Seconds) -> Seconds:
    return max(a[0], b[0]), min(a[1], b[1])


def _seconds(spans: Iterable[Seconds]) -> float:
    """Length of the union of the spans."""
    total, until = 0.0, 0.0
    for start, stop in sorted(spans):
        total += max(stop - max(start, until), 0.0)
        until = max(until, stop)
    return total


def score_record(record: Path) -> dict[RhythmKind, EpisodeScore]:
    """Every kind of rhythm in the WFDB record at ``record`` (no suffix), streamed as served."""
    reference = rhythm_reference(record)
    told = tell(Labelled(reference), read_lead(record, RATE_HZ))
    return {kind: score(kind, reference.spans, told) for kind in RhythmKind}


def report(folder: Path, records: Iterable[str]) -> dict[str, dict[RhythmKind, EpisodeScore]]:
    """The scores of each record, and under ``gross`` their sums.

    Raises Incorrect for a record without annotations.
    """
    found = {name: score_record(folder / name) for name in records}
    return found | {"gross": summed(found.values())}


def summed(
    scores: Iterable[Mapping[RhythmKind, EpisodeScore]],
) -> dict[RhythmKind, EpisodeScore]:
    """Gross scores of several records."""
    every = list(scores)
    return {kind: sum((one[kind] for one in every), EpisodeScore()) for kind in RhythmKind}


def table(title: str, scores: Mapping[RhythmKind, EpisodeScore]) -> str:
    """A line for each kind that occurs: counts, shares in %, latency in s (median, most)."""
    head = f"{title:<26}{'ref':>6}{'found':>7}{'Se':>7}{'+P':>7}{'dur Se':>8}{'dur +P':>8}  latency"
    lines = [head]
    for kind, one in scores.items():
        if one.reference or one.found:
            shares = ["-" if s is None else f"{100 * s:.1f}" for s in one.shares()]
            late = one.latency_s and f"  {np.median(one.latency_s):.1f}, {max(one.latency_s):.1f}"
            lines.append(
                f"{kind:<26}{one.reference:>6}{one.found:>7}{shares[0]:>7}{shares[1]:>7}"
                f"{shares[2]:>8}{shares[3]:>8}{late or ''}"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the tables of FOLDER [RECORD ...]: DS1, DS2 and all that are there."""
    folder = Path(arguments[0])
    names = list(arguments[1:]) or sorted(path.stem for path in folder.glob("*.hea"))
    scores = report(folder, names)
    for title, part in (("DS1", DS1), ("DS2", DS2), ("all", names)):
        chosen = [scores[name] for name in part if name in names]
        if chosen:
            print(table(f"{title} ({len(chosen)} records)", summed(chosen)), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
