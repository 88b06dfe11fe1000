"""What a report is made of: a section computes plain data, and shows it as tables and plots."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

from core.errors import HisbundleError, Incorrect
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
    whatever is drawn by lot. ``code`` is the digest of our own sources. ``pool`` works on several
    records at once (None: one by one); ``errors`` gathers the records that could not be scored.
    """

    cache: Cache
    progress: Progress
    artefact: Path
    code: str
    seed: int
    quick: bool
    pool: Executor | None = None
    errors: list[JsonObject] = field(default_factory=list)

    def each(
        self,
        what: str,
        version: str,
        sources: Sequence[Source],
        work: Callable[[Source], JsonObject],
    ) -> dict[str, JsonObject]:
        """The result of ``work`` on each record, by name; kept under ``what`` and ``version``.

        A record on which it fails is told of in ``errors`` and left out. ``work`` goes to other
        processes: a function of a module, or a partial of one.
        """
        keys = {s.name: (what, version, s.name, s.digest) for s in sources}
        results = {name: kept for name, key in keys.items() if (kept := self.cache.find(key))}
        failed: dict[str, str] = {}
        self.progress(what, len(results), len(sources))
        for source, made in self._made([s for s in sources if s.name not in results], work):
            if isinstance(made, Exception):
                failed[source.name] = f"{type(made).__name__}: {made}"
            else:
                results[source.name] = self.cache.put(keys[source.name], made)
            self.progress(what, len(results) + len(failed), len(sources))
        told = [n for n in keys if n in failed]
        self.errors.extend({"what": what, "record": n, "error": failed[n]} for n in told)
        return {name: results[name] for name in keys if name in results}

    def _made(
        self, sources: Sequence[Source], work: Callable[[Source], JsonObject]
    ) -> Iterator[tuple[Source, JsonObject | Exception]]:
        """Each record with what ``work`` gave or raised, as it is ready."""
        if self.pool is None or len(sources) < 2:
            for source in sources:
                yield source, _tried(work, source)
            return
        futures = {self.pool.submit(_tried, work, source): source for source in sources}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _tried(work: Callable[[Source], JsonObject], source: Source) -> JsonObject | Exception:
    """What ``work`` gives, or what is wrong with the record; our own faults are raised."""
    try:
        return work(source)
    except (HisbundleError, OSError, ValueError, IndexError, ArithmeticError) as error:
        return Incorrect(str(error)) if isinstance(error, HisbundleError) else error


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
