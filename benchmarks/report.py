"""What a benchmark says: rows of figures, as a table for people or as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

HEADINGS = ("benchmark", "case", "per second", "of", "ratio", "beside", "p50 ms", "p99 ms", "note")


@dataclass(frozen=True, slots=True)
class Row:
    """One measured case.

    ``per_second`` counts ``unit``; ``ratio`` is it over the same of the case ``beside``, the
    median of the rounds (above 1 is faster); ``p50_ms`` and ``p99_ms`` are latencies.
    """

    benchmark: str
    case: str
    per_second: float | None = None
    unit: str = ""
    ratio: float | None = None
    beside: str = ""
    p50_ms: float | None = None
    p99_ms: float | None = None
    note: str = ""


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table that is aligned as plain text too."""
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(line, widths) for line in (lines[0], rule, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"


def as_json(machine: str, command: str, rows: Sequence[Row]) -> str:
    """The same for programs."""
    told = {"machine": machine, "command": command, "rows": [asdict(row) for row in rows]}
    return json.dumps(told, indent=1, ensure_ascii=False)


def number(value: float | None) -> str:
    """Three significant digits, thousands apart; empty for None."""
    if value is None:
        return ""
    if value >= 100:
        digits = len(str(int(value)))
        return f"{round(value, 3 - digits):,.0f}"
    return f"{value:.3g}"


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.benchmark,
        row.case,
        number(row.per_second),
        row.unit,
        number(row.ratio),
        row.beside,
        number(row.p50_ms),
        number(row.p99_ms),
        row.note,
    )
