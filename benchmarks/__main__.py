"""``python -m benchmarks [name …] [--quick] [--observations N] [--json]``."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from importlib import import_module

import uvloop

from benchmarks.machine import machine_line
from benchmarks.report import Row, as_json, table
from benchmarks.rounds import FULL, QUICK, Size
from hisbundle.logs import configure_logs

NAMES = (
    *("chunk", "ingest", "endpoint", "analysis", "fhir", "reads", "journey", "alerts", "matcher"),
    *("classifier", "hour"),
)
"""In the order of running; the last two import TensorFlow."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for and print it."""
    asked = _parser().parse_args(arguments)
    configure_logs("ERROR", as_json=False)
    command = " ".join([".venv/bin/python -m benchmarks", *(arguments or sys.argv[1:])])
    machine, began = machine_line(), time.monotonic()
    rows: list[Row] = []
    size = QUICK if asked.quick else FULL
    if asked.observations is not None:
        size = replace(size, observations=asked.observations)
    for name in asked.names or NAMES:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += _run(name, size)
    if asked.json:
        print(as_json(machine, command, rows))
    else:
        seconds = time.monotonic() - began
        print(f"{machine}\n{command}\n\n{table(rows)}\n\n{seconds:.0f} s", flush=True)


def _run(name: str, size: Size) -> list[Row]:
    run: Callable[[Size], Awaitable[list[Row]]] = import_module(f"benchmarks.{name}").run

    async def work() -> list[Row]:
        return await run(size)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    told = "how many to read among (1000000; 100000 if quick)"
    parser.add_argument("--observations", type=int, metavar="N", help=told)
    parser.add_argument("--json", action="store_true", help="figures for programs")
    return parser


if __name__ == "__main__":
    main()
