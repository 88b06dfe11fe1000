"""Each benchmark, very small: it runs, and its rows are sane."""

import json
import math
from importlib import import_module

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.report import Row, as_json, number, table
from benchmarks.rounds import Size, compare

TINY = Size(1, 0.005, 5000)


def _is_sane(row: Row) -> bool:
    figures = (row.per_second, row.ratio, row.p50_ms, row.p99_ms)
    told = [figure for figure in figures if figure is not None]
    in_order = row.p50_ms is None or row.p99_ms is None or row.p50_ms <= row.p99_ms
    return bool(told) and in_order and all(math.isfinite(f) and f > 0 for f in told)


@pytest.mark.parametrize("name", NAMES)
async def test_each_benchmark(name: str) -> None:
    rows: list[Row] = await import_module(f"benchmarks.{name}").run(TINY)
    assert rows
    assert all(_is_sane(row) for row in rows), rows
    cases = {row.case for row in rows}
    assert {row.benchmark for row in rows} == {name}
    assert all((row.ratio is None) == (row.beside == "") for row in rows)
    assert all(any(case.startswith(row.beside) for case in cases) for row in rows)


async def test_a_ratio_is_taken_within_each_round() -> None:
    """A machine that halves its speed between rounds changes rates, and no ratio."""
    seconds = iter([1.0, 2.0, 2.0, 4.0, 1.0, 2.0])

    async def lap() -> tuple[int, float]:
        return 10, next(seconds)

    speeds = await compare({"a": lap, "b": lap}, 3)
    assert (speeds["a"].per_second, speeds["b"].per_second) == (10.0, 5.0)
    assert (speeds["b"].least, speeds["b"].ratio, speeds["b"].greatest) == (0.5, 0.5, 0.5)


def test_figures_for_people_and_for_programs() -> None:
    rows = [Row("chunk", "seal", 1_234_567.0, "chunks", 0.1234, "bare", note="n")]
    assert "| chunk     | seal | 1,230,000  | chunks | 0.123 | bare " in table(rows)
    assert [number(value) for value in (None, 0.5, 99.96, 100.4, 1999.0)] == [
        *("", "0.5", "100", "100", "2,000")
    ]
    told = json.loads(as_json("machine", "command", rows))
    assert told["rows"][0]["per_second"] == 1_234_567.0
