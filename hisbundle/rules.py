"""The table of the alarm policy in words, for administrators and clinicians."""

from collections.abc import Iterator

from analysis.alarms.policy import Row


def told(row: Row) -> tuple[str, ...]:
    """A row's condition, priority, evidence, gates, and end."""
    doubted = row.doubted.value if row.doubted else "silent"
    gates, evidence = ", ".join(_gates(row)), ", ".join(_evidence(row))
    again = f", again after {row.quiet_s:g} s" if row.quiet_s else ""
    return (
        row.kind.value,
        row.priority.value,
        f"from {evidence or 'its first moment'}",
        f"{doubted} without {gates}" if gates else "no gates",
        f"ends {row.clear_s:g} s after it{again}",
    )


def _evidence(row: Row) -> Iterator[str]:
    if row.beats:
        yield f"{row.beats} beats"
    if row.above_per_min:
        yield f"{'below' if 'brady' in row.kind.value else 'above'} {row.above_per_min:g}/min"
    if row.lasting_s:
        yield f"{row.lasting_s:g} s"
    if row.k:
        yield f"{row.k} of {row.n} beats abnormal"
    if row.strips > 1:
        yield f"{row.strips} strips in a row"


def _gates(row: Row) -> Iterator[str]:
    if row.doubted is not None:
        yield "a verified signal"
    if row.probability:
        yield f"P(abnormal) of {row.probability:g}"
    if row.ventricular:
        yield f"a share of V of {row.ventricular:g}"
    if row.quality:
        yield f"a quality of {row.quality:g}"
    if row.sure_beats:
        yield f"{row.sure_beats} sure beats"
