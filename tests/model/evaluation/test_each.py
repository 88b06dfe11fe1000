"""One record that cannot be scored does not stop the others, one by one or several at once."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import Incorrect
from model.evaluation.cache import Cache, JsonObject
from model.evaluation.section import Context
from model.evaluation.source import Source, readable, unannotated
from model.progress import untold

SOURCES = [Source(Path(name), name) for name in ("901", "902", "903")]


@pytest.fixture(params=[0, 2])
def pool(request: pytest.FixtureRequest) -> Iterator[Executor | None]:
    """None, or two workers."""
    if not request.param:
        yield None
        return
    with ThreadPoolExecutor(request.param) as workers:
        yield workers


def work(source: Source) -> JsonObject:
    if source.name == "902":
        raise Incorrect("no annotations beside 902")
    return {"name": source.name}


def test_a_record_that_cannot_be_scored_is_named(tmp_path: Path, pool: Executor | None) -> None:
    context = Context(Cache(tmp_path), untold, Path("a.tflite"), "code", 1, False, pool)
    results = context.each("beats", "1", SOURCES, work)
    assert results == {"901": {"name": "901"}, "903": {"name": "903"}}
    error = "Incorrect: no annotations beside 902"
    assert context.errors == [{"what": "beats", "record": "902", "error": error}]


def test_a_fault_of_ours_is_raised(tmp_path: Path, pool: Executor | None) -> None:
    def faulty(_source: Source) -> JsonObject:
        raise TypeError("ours")

    context = Context(Cache(tmp_path), untold, Path("a.tflite"), "code", 1, False, pool)
    with pytest.raises(TypeError):
        context.each("beats", "1", SOURCES, faulty)


def test_records_without_signal_or_annotations_are_told_apart(tmp_path: Path) -> None:
    for name in ("901", "902"):
        (tmp_path / f"{name}.hea").write_text(
            f"{name} 1 250 1000\n{name}.dat 16 200 16 0 0 0 0 X\n"
        )
    (tmp_path / "901.atr").write_bytes(b"\0\0")
    assert unannotated(tmp_path) == ("902",)
    with pytest.raises(Incorrect, match="no readable WFDB record"):
        readable(Source(tmp_path / "901", ""))
