"""The beat detector beside others: every record, gross, and whether streaming equals batch.

Matching after ANSI/AAMI EC57 (model.ec57): 150 ms, whole records, ventricular flutter left out.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from core.errors import Incorrect
from model.ec57 import (
    Floats,
    Reference,
    Score,
    detect,
    gross,
    match_beats,
    read_lead,
    reference_beats,
    score_beats,
)
from model.evaluation import detector_plots, detector_tables
from model.evaluation.cache import JsonObject
from model.evaluation.engines import ENGINES, OURS, SERVED_RATE_HZ, Engine, lead_of
from model.evaluation.section import Context, Section
from model.evaluation.source import Source, files_digest
from model.evaluation.subgroups import Groups, grouped

_HERE = Path(__file__)
_SCORING = (_HERE, _HERE.with_name("engines.py"), _HERE.parents[1] / "ec57.py")


def run(sources: Sequence[Source], context: Context) -> JsonObject:
    """All engines on all records, and the check that chunks change nothing."""
    scoring = files_digest(_SCORING)
    engines: JsonObject = {}
    for engine in ENGINES:
        ours = context.code if engine.name.startswith(OURS) else ""
        stamp = f"{scoring} {engine.version} {ours}"
        work = partial(_scored, engine.name)
        records = context.each(f"detector: {engine.title}", stamp, sources, work)
        engines[engine.name] = {
            "title": engine.title,
            "version": engine.version,
            "streaming": engine.streaming,
            "rate_hz": engine.rate_hz,
            **summary(records),
            "records": records,
        }
    equal = context.each("detector: chunks against whole", context.code, sources, _equal)
    same = [name for name, result in equal.items() if result["equal"]]
    return {
        "engines": engines,
        "streaming_equals_batch": {
            "records": len(equal),
            "equal": len(same),
            "differing": sorted(set(equal) - set(same)),
        },
        "subgroups": _subgroups(engines[OURS]["records"], grouped(sources)),
    }


def _scored(name: str, source: Source) -> JsonObject:
    """The engine of this name (an engine itself does not travel to other processes)."""
    return score_engine(next(e for e in ENGINES if e.name == name), source.path)


def _subgroups(records: JsonObject, groups: Groups) -> JsonObject:
    return {
        trait: {
            value: {"records": len(known), **summary(known)["gross"]}
            for value, names in values.items()
            for known in [{n: records[n] for n in names if n in records}]
        }
        for trait, values in groups.items()
    }


def score_engine(engine: Engine, record: Path) -> JsonObject:
    """One engine on one record: counts, Se, +P, F1, offset and jitter in ms, CPU time.

    ``offset_ms`` is the median of detection minus reference, ``jitter_ms`` the 95th percentile of
    the distance from that; both None without a match.
    """
    reference = _reference(record)
    lead_mv, rate_hz = lead_of(record, engine)
    began = time.process_time()
    found_s = engine.find(lead_mv, rate_hz)
    cpu_s = time.process_time() - began
    return {
        **shares(score_beats(reference, found_s)),
        **_timing(reference, found_s),
        "cpu_ms_per_min": round(1000 * cpu_s / (len(lead_mv) / rate_hz / 60), 3),
    }


def _reference(record: Path) -> Reference:
    reference = reference_beats(record)
    if reference is None:
        raise Incorrect(f"no annotations beside {record}")
    return reference


def _timing(reference: Reference, found_s: Floats) -> JsonObject:
    pairs = match_beats(reference.beats_s, found_s)
    if not pairs:
        return {"offset_ms": None, "jitter_ms": None}
    late_ms = np.array([1000 * (found_s[j] - reference.beats_s[i]) for i, j in pairs])
    offset_ms = float(np.median(late_ms))
    jitter_ms = float(np.percentile(np.abs(late_ms - offset_ms), 95))
    return {"offset_ms": round(offset_ms, 3), "jitter_ms": round(jitter_ms, 3)}


def shares(score: Score) -> JsonObject:
    """Counts and shares as plain data, None where there are no cases."""
    ratios = {
        "sensitivity": score.sensitivity,
        "positive_predictivity": score.positive_predictivity,
        "f1": score.f1,
    }
    return asdict(score) | {k: None if v != v else round(v, 6) for k, v in ratios.items()}


def summary(records: JsonObject) -> JsonObject:
    """Gross counts and shares of an engine, its average over records, its worst record by F1."""
    scores = [Score(r["tp"], r["fp"], r["fn"]) for r in records.values()]
    told = {name: r["f1"] for name, r in records.items() if r["f1"] is not None}
    worst = min(told, key=lambda name: told[name], default=None)
    return {
        "gross": shares(gross(scores)),
        "average_f1": round(float(np.mean(list(told.values()))), 6) if told else None,
        "worst": {"record": worst, "f1": None if worst is None else told[worst]},
        **{key: _median(records, key) for key in ("offset_ms", "jitter_ms", "cpu_ms_per_min")},
    }


def _median(records: JsonObject, key: str) -> float | None:
    values = [r[key] for r in records.values() if r[key] is not None]
    return round(float(np.median(values)), 3) if values else None


def _equal(source: Source) -> JsonObject:
    """Whether chunks of the device give the beats of the whole record, to the sample."""
    lead_mv = read_lead(source.path, SERVED_RATE_HZ)
    whole = detect(lead_mv, SERVED_RATE_HZ, chunk=max(1, len(lead_mv)))
    return {"equal": bool(np.array_equal(detect(lead_mv, SERVED_RATE_HZ), whole))}


SECTION = Section(
    "detectors",
    "Beat detection",
    "R peaks of channel 0 against the reference beats: ANSI/AAMI EC57, one to one within 150 ms, "
    "whole records, ventricular flutter left out. Ours hears the signal in chunks of 187 samples.",
    run,
    detector_tables.tables,
    detector_plots.plots,
    detector_tables.targets,
)
