"""Signal quality held against truth: the detector ought to be right where it says readable.

Noise of four kinds is added at 24 to -6 dB (``model.noise``), and the records' own noise is taken
from their reference. ``python -m model.quality FOLDER [RECORD ...]`` prints the table. The limit
READABLE_SCORE was chosen on DS1; DS2 is only reported.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from analysis.signal.quality import READABLE_SCORE
from model.evaluate import area_under_roc
from model.noise import SNRS_DB, NoiseKind
from model.quality_strips import StripScore, score_record
from model.splits import DS1, DS2, PACED

JsonObject = dict[str, Any]
Strips = Sequence[StripScore]

SPLITS = {"DS1": DS1, "DS2": DS2, "paced": PACED}


def report(
    data_dir: Path,
    records: Iterable[str] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> JsonObject:
    """The validation on the WFDB records of a folder, all of them by default, as plain data.

    By split: ``noise`` (by kind and SNR: AUC noisy against clean strips of the same signal, share
    readable, detector in readable and unreadable strips), ``annotated`` noise, ``rhythms``,
    ``clean``. Raises Incorrect if a record has no annotations. ``progress`` is told each record.
    """
    names = sorted(h.stem for h in data_dir.glob("*.hea")) if records is None else list(records)
    scored: dict[str, Strips] = {}
    for name in names:
        scored[name] = score_named(data_dir / name)
        progress(name)
    return summed(scored)


def score_named(record: Path) -> list[StripScore]:
    """All strips of one record; its noise follows from its name. Raises Incorrect as above."""
    return score_record(record, crc32(record.name.encode()))


def summed(scored: Mapping[str, Strips]) -> JsonObject:
    """The same, from the strips by record."""
    names, strips = list(scored), [strip for each in scored.values() for strip in each]
    split = {name: title for title, members in SPLITS.items() for name in members}
    titles = dict.fromkeys(split.get(name, "other") for name in names)
    return {
        "readable_from": READABLE_SCORE,
        "snr": "nst: QRS peak-to-peak squared over 8, against noise RMS squared",
        "records": names,
        "by_split": {
            title: _of_split([s for s in strips if split.get(s.record, "other") == title])
            for title in titles
        },
    }


def _of_split(strips: Strips) -> JsonObject:
    excerpts = [s for s in strips if s.kind is not None]
    whole = [s for s in strips if s.kind is None]
    clean = [s for s in whole if s.noisy_s == 0]
    kinds: dict[str, Strips] = {kind: [s for s in excerpts if s.kind is kind] for kind in NoiseKind}
    return {
        "noise": {kind: _by_snr(part) for kind, part in {**kinds, "all": excerpts}.items()},
        "annotated": _annotated(whole),
        "rhythms": {
            name: _accepted([s for s in clean if name in s.rhythms])
            for name in sorted({name for s in clean for name in s.rhythms})
        },
        "clean": _accepted(clean) | _detector(clean),
    }


def _by_snr(strips: Strips) -> JsonObject:
    clean = [s for s in strips if s.snr_db is None]
    told: JsonObject = {"clean": _accepted(clean) | _detector(clean)}
    for snr_db in SNRS_DB:
        noisy = [s for s in strips if s.snr_db == snr_db]
        told[f"{snr_db:g} dB"] = {"auc": _auc(noisy, clean)} | _accepted(noisy) | _detector(noisy)
    added = [s for s in strips if s.snr_db is not None]
    return told | {"together": _accepted(added) | _detector(added) | _foresight(strips)}


def _auc(noisy: Strips, clean: Strips) -> float | None:
    truth = np.array([True] * len(noisy) + [False] * len(clean))
    return area_under_roc(truth, np.array([1 - s.score for s in (*noisy, *clean)]))


def _foresight(strips: Strips) -> JsonObject:
    """How well the score foretells strips in which the detector errs at all."""
    wrong = [s for s in strips if s.missed + s.surplus > 0]
    return {"auc_detector_errs": _auc(wrong, [s for s in strips if s.missed + s.surplus == 0])}


def _accepted(strips: Strips) -> JsonObject:
    readable = sum(s.readable for s in strips)
    return {"strips": len(strips), "share_readable": _ratio(readable, len(strips))}


def _detector(strips: Strips) -> JsonObject:
    sides = {"readable": True, "unreadable": False}
    return {
        name: _matched([s for s in strips if s.readable is is_so]) for name, is_so in sides.items()
    }


def _matched(strips: Strips) -> JsonObject:
    beats, missed = sum(s.beats for s in strips), sum(s.missed for s in strips)
    found = beats - missed
    return {
        "beats": beats,
        "sensitivity": _ratio(found, beats),
        "positive_predictivity": _ratio(found, found + sum(s.surplus for s in strips)),
    }


def _annotated(strips: Strips) -> JsonObject:
    noisy = [s for s in strips if s.noisy_s >= 1]
    mostly = [s for s in strips if s.noisy_s >= 6]
    clean = [s for s in strips if s.noisy_s == 0]
    truth = np.array([is_so for s in strips for is_so in s.noisy_seconds], dtype=np.bool_)
    scores = np.array([score for s in strips for score in s.seconds])
    return {
        "seconds": len(truth),
        "noisy_seconds": int(truth.sum()),
        "auc_seconds": area_under_roc(truth, 1 - scores),
        "auc_strips": _auc(noisy, clean),
        "auc_mostly_noisy_strips": _auc(mostly, clean),
        "noisy": _accepted(noisy) | _detector(noisy),
        "mostly_noisy": _accepted(mostly) | _detector(mostly),
        "not_noisy": _accepted(clean) | _detector(clean),
    }


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def table(told: JsonObject) -> str:
    """The figures of ``report`` in lines of text."""
    lines = [f"readable from a score of {told['readable_from']:g}; SNR after {told['snr']}"]
    for split, part in told["by_split"].items():
        lines.append(f"\n{split:<28}{'AUC':>8}{'readable':>10}  Se/+P % readable   unreadable")
        for kind, by_snr in part["noise"].items():
            lines += [_row(f"{kind} {snr}", row) for snr, row in by_snr.items()]
        marked = part["annotated"]
        lines.append(_row("not marked as noise", marked["not_noisy"]))
        lines.append(_row("noise for 1 s", marked["noisy"] | {"auc": marked["auc_strips"]}))
        mostly = marked["mostly_noisy"] | {"auc": marked["auc_mostly_noisy_strips"]}
        lines.append(_row("noise for 6 s", mostly))
        lines.append(
            f"  seconds marked as noise {marked['noisy_seconds']} of {marked['seconds']},"
            f" AUC {_text(marked['auc_seconds'])}"
        )
        lines += [
            f"  {name:<8}{row['strips']:>6} strips without noise, readable"
            f"{_percent(row['share_readable'])}"
            for name, row in part["rhythms"].items()
        ]
    return "\n".join(lines)


def _row(title: str, row: JsonObject) -> str:
    sides = (
        f"{_percent(row[side]['sensitivity'])}{_percent(row[side]['positive_predictivity'])}"
        for side in ("readable", "unreadable")
    )
    auc = row.get("auc", row.get("auc_detector_errs"))
    return f"  {title:<26}{_text(auc)}{_percent(row['share_readable'])}    {'  '.join(sides)}"


def _percent(share: float | None) -> str:
    return f"{'-':>8}" if share is None else f"{100 * share:8.2f}"


def _text(auc: float | None) -> str:
    return f"{'-':>8}" if auc is None else f"{auc:8.3f}"


def main(arguments: Sequence[str]) -> int:
    """Print the table: FOLDER [RECORD ...]; in lines of noise "together", AUC foretells errors."""
    told = report(
        Path(arguments[0]), arguments[1:] or None, lambda name: print(name, file=sys.stderr)
    )
    print(table(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
