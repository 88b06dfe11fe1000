import ast
import os
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.docs.requirements import FOLDER, STATES, VERBS, Guide, Row, expanded, guides, page

ROOT = Path(__file__).parents[2]
every_guide = pytest.mark.parametrize("guide", guides(), ids=lambda guide: guide.set)


@cache
def _collected(path: str) -> set[str]:
    """What pytest would collect in a file, by name; the file alone is the empty name."""
    tree = ast.parse((ROOT / path).read_text())
    named = {""}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            named |= {f"{node.name}::{name}" for name in _functions(node)}
    return named | _functions(tree)


def _functions(node: ast.Module | ast.ClassDef) -> set[str]:
    made = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {n.name for n in node.body if isinstance(n, made) and n.name.startswith("test_")}


@every_guide
def test_every_id_has_one_row(guide: Guide) -> None:
    told = Counter(one for row in guide.rows for one in row.each)
    assert [one for one, times in told.items() if times > 1] == []
    assert set(told) == set(expanded(guide.ids))


@every_guide
def test_rows_are_whole(guide: Guide) -> None:
    for row in guide.rows:
        assert row.verb in VERBS, row
        assert row.state in STATES, row
        assert row.about, row
        assert "|" not in row.about + row.why, row
        assert bool(row.tests) == (row.state == "covered"), row
        assert bool(row.why) != bool(row.tests), row


def _absent(row: Row) -> list[str]:
    named = [name.partition("::") for name in row.tests]
    return [
        f"{path}::{name}"
        for path, _, name in named
        if not (ROOT / path).is_file() or name not in _collected(path)
    ]


@every_guide
def test_every_test_that_is_named_exists(guide: Guide) -> None:
    assert [name for row in guide.rows for name in _absent(row)] == []


def test_the_page_is_what_is_declared() -> None:
    """``HISBUNDLE_GOLDEN=write`` in the environment writes it anew."""
    path = FOLDER / "requirements.md"
    if os.environ.get("HISBUNDLE_GOLDEN") == "write":
        path.write_text(page())
    assert path.read_text() == page()
