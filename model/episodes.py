"""Rhythms scored episode by episode and second by second, after ANSI/AAMI EC57.

Episode sensitivity is the share of reference episodes that a found one overlaps, positive
predictivity the share of found ones that a reference one overlaps; of duration, the same for
seconds (``epicmp``, https://physionet.org/physiotools/wag/eval0.htm; IEC 60601-2-47 asks for
these). Ventricular flutter has no beat marks: within it only fibrillation is scored.
``python -m model.episodes FOLDER`` prints the tables, with the reference's beat classes and with
those of the network that is served.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from analysis.classifier import Classifier, load_classifier
from core.ecg import RhythmKind
from model import urgent
from model.ec57 import read_lead
from model.rhythm_reference import Seconds, meets, rhythm_reference
from model.rhythm_told import RATE_HZ, Told, tell
from model.splits import DS1, DS2
from model.urgent import Caught

GRAVE = (
    RhythmKind.VENTRICULAR_FIBRILLATION,
    RhythmKind.VENTRICULAR_TACHYCARDIA,
    RhythmKind.ASYSTOLE,
)
"""What must be told within 10 s of its onset (ANSI/AAMI EC13)."""
OPINIONS = ("reference", "network")
"""Whose beat classes: the reference's show the rules alone, the network's are those served."""


@dataclass(frozen=True, slots=True)
class EpisodeScore:
    """Episodes: of ``reference``, ``detected``; of ``found``, ``confirmed``. The same in seconds.

    ``latency_s``: for each reference episode detected, from its onset to the end of the chunk
    that told of it. ``unverified`` are those of ``found`` that the signal does not bear out.
    """

    reference: int = 0
    detected: int = 0
    found: int = 0
    confirmed: int = 0
    reference_s: float = 0.0
    found_s: float = 0.0
    both_s: float = 0.0
    latency_s: tuple[float, ...] = ()
    unverified: int = 0

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


def score(
    kind: RhythmKind, reference: Mapping[RhythmKind, Sequence[Seconds]], told: Iterable[Told]
) -> EpisodeScore:
    """One kind of rhythm in one record."""
    flutter = RhythmKind.VENTRICULAR_FIBRILLATION
    apart = [] if kind is flutter else reference[flutter]
    truth = [span for span in reference[kind] if not meets(span, apart)]
    found = [t for t in told if t.span.kind is kind and not meets(t.seconds, apart)]
    spans = [t.seconds for t in found]
    latency = [
        min(t.told_s for t in found if meets(t.seconds, [span])) - span[0]
        for span in truth
        if meets(span, spans)
    ]
    return EpisodeScore(
        len(truth),
        sum(meets(span, spans) for span in truth),
        len(spans),
        sum(meets(span, truth) for span in spans),
        _seconds(truth),
        _seconds(spans),
        _seconds([_cut(a, b) for a in truth for b in spans if meets(a, [b])]),
        tuple(latency) if kind in GRAVE else (),
        sum(not t.span.verified for t in found),
    )


def _cut(a: Seconds, b: Seconds) -> Seconds:
    return max(a[0], b[0]), min(a[1], b[1])


def _seconds(spans: Iterable[Seconds]) -> float:
    """Length of the union of the spans."""
    total, until = 0.0, 0.0
    for start, stop in sorted(spans):
        total += max(stop - max(start, until), 0.0)
        until = max(until, stop)
    return total


@dataclass(frozen=True, slots=True)
class RecordScore:
    """One opinion on one record: every kind of rhythm, and what must not be missed."""

    kinds: dict[RhythmKind, EpisodeScore]
    urgent: dict[str, Caught]


def score_record(record: Path, classifier: Classifier) -> dict[str, RecordScore]:
    """The WFDB record at ``record`` (no suffix), streamed as served: a score by OPINIONS.

    Raises Incorrect for a record without annotations.
    """
    reference = rhythm_reference(record)
    told = tell(read_lead(record, RATE_HZ), reference, classifier)
    return {
        name: RecordScore(
            {kind: score(kind, reference.spans, spans) for kind in RhythmKind},
            urgent.caught(reference, spans),
        )
        for name, spans in zip(OPINIONS, (told.reference, told.network), strict=True)
    }


def together(scores: Iterable[RecordScore]) -> RecordScore:
    """Gross scores of several records."""
    every = list(scores)
    return RecordScore(
        summed(one.kinds for one in every), urgent.summed(one.urgent for one in every)
    )


def summed(
    scores: Iterable[Mapping[RhythmKind, EpisodeScore]],
) -> dict[RhythmKind, EpisodeScore]:
    """Gross scores of several records."""
    every = list(scores)
    return {kind: sum((one[kind] for one in every), EpisodeScore()) for kind in RhythmKind}


def table(title: str, scores: Mapping[RhythmKind, EpisodeScore]) -> str:
    """A line for each kind that occurs: counts, shares in %, latency in s (median, most)."""
    head = (
        f"{title:<26}{'ref':>6}{'found':>7}{'Se':>7}{'+P':>7}{'dur Se':>8}{'dur +P':>8}"
        f"{'doubted':>9}  latency"
    )
    lines = [head]
    for kind, one in scores.items():
        if one.reference or one.found:
            shares = ["-" if s is None else f"{100 * s:.1f}" for s in one.shares()]
            late = one.latency_s and f"  {np.median(one.latency_s):.1f}, {max(one.latency_s):.1f}"
            lines.append(
                f"{kind:<26}{one.reference:>6}{one.found:>7}{shares[0]:>7}{shares[1]:>7}"
                f"{shares[2]:>8}{shares[3]:>8}{one.unverified:>9}{late or ''}"
            )
    return "\n".join(lines)


def urgent_table(counts: Mapping[str, Caught]) -> str:
    """A line for each measure: how many there were, were found, and were told within 10 s."""
    lines = [f"{'must not be missed':<26}{'ref':>6}{'found':>7}{'in time':>9}{'latest s':>10}"]
    for name, one in counts.items():
        latest = "-" if one.latest_s is None else f"{one.latest_s:.1f}"
        lines.append(f"{name:<26}{one.reference:>6}{one.found:>7}{one.in_time:>9}{latest:>10}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the tables of FOLDER [RECORD ...]: DS1, DS2 and all that are there."""
    folder = Path(arguments[0])
    names = list(arguments[1:]) or sorted(path.stem for path in folder.glob("*.hea"))
    classifier = load_classifier()
    scores = {name: score_record(folder / name, classifier) for name in names}
    for title, part in (("DS1", DS1), ("DS2", DS2), ("all", names)):
        for opinion in OPINIONS:
            chosen = [scores[name][opinion] for name in part if name in names]
            if chosen:
                gross = together(chosen)
                print(f"{title}, {len(chosen)} records, classes of the {opinion}")
                print(table("", gross.kinds))
                print(urgent_table(gross.urgent), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
