"""What a report is made of: a section computes plain data, and shows it as tables and plots."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from model.evaluation.cache import Cache, JsonObject
from model.evaluation.source import Source
from model.progress import Progress

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under headings; floats are shown with two decimals, None as a dash."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    printed: bool = True


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture: ``draw`` fills an empty figure of ``size_in`` inches (width, height)."""

    name: str
    title: str
    draw: Callable[[Figure], None]
    size_in: tuple[float, float] = (8.0, 4.0)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that was promised: ``reached`` is what came out, at ``key`` of report.json."""

    key: str
    what: str
    wanted: str
    reached: float | None
    met: bool


@dataclass(frozen=True, slots=True)
class Context:
    """What a section runs with: kept results, progress, and what to evaluate.

    ``artefact`` is the .tflite file that is served. ``quick`` asks for less work; ``seed`` is for
    whatever is drawn by lot. ``code`` is the digest of our own sources.
    """

    cache: Cache
    progress: Progress
    artefact: Path
    code: str
    seed: int
    quick: bool

    def each(
        self,
        what: str,
        version: str,
        sources: Sequence[Source],
        work: Callable[[Source], JsonObject],
    ) -> dict[str, JsonObject]:
        """The result of ``work`` on each record, by name; kept under ``what`` and ``version``."""
        results: dict[str, JsonObject] = {}
        self.progress(what, 0, len(sources))
        for source in sources:
            depends_on = (what, version, source.name, source.digest)
            results[source.name] = self.cache.get(depends_on, lambda source=source: work(source))  # type: ignore[misc]
            self.progress(what, len(results), len(sources))
        return results


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report, at key ``name`` of report.json.

    ``run`` gives plain data; the others read nothing but that.
    """

    name: str
    title: str
    about: str
    run: Callable[[Sequence[Source], Context], JsonObject]
    tables: Callable[[JsonObject], list[Table]]
    plots: Callable[[JsonObject], list[Plot]]
    targets: Callable[[JsonObject], list[Target]]


def percent(share: float | None) -> float | None:
    """A share of 1 in per cent, to three decimals."""
    return None if share is None else round(100 * share, 3)
