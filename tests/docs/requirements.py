"""Requirements of the guides as docs/fhir/requirements/*.json declares them, and their tables.

A row has the ids of a guide's list that it stands for, their verb, what they are about in our own
words, and whether tests cover them (which), or they are left out, come later or are not ours (why).
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "fhir"
INTRODUCTION = """\
# Requirements and the tests that cover them

Ids are those of the requirement lists and tests of the
[Inferno](https://github.com/inferno-framework) test kits, and of IHE's profiles; the words are our
own and short, the guides' count. *Covered*: the tests named fail where the requirement is broken.
*Left out*, *later*: why. *Not ours*: it asks nothing of a service such as this one, which has no
apps launched by users, no types but those of its CapabilityStatement, and need not do what is
merely permitted. A test of ours holds this page against `requirements/*.json` and against the
tests that there are.
"""
STATES = ("covered", "left-out", "later", "not-ours")
VERBS = {"SHALL", "SHALL NOT", "SHOULD", "SHOULD NOT", "MAY"}


@dataclass(frozen=True, slots=True)
class Row:
    """Requirements that are met, or left out, together."""

    ids: str
    verb: str
    about: str
    state: str
    tests: tuple[str, ...] = ()
    why: str = ""

    @property
    def each(self) -> list[str]:
        return expanded(self.ids)


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide's list: all its ids, and the rows that share them among themselves."""

    title: str
    set: str
    url: str
    ids: str
    rows: tuple[Row, ...]


def expanded(ids: str) -> list[str]:
    """The ids that a text such as "1-3, 7" stands for."""
    return [one for part in ids.split(", ") for one in _range(part)]


def _range(part: str) -> Iterator[str]:
    first, dash, last = part.partition("-")
    if dash and first.isdigit():
        yield from map(str, range(int(first), int(last) + 1))
    else:
        yield part


def guides() -> list[Guide]:
    """All guides, in the order of their files' names."""
    return [_guide(path) for path in sorted((FOLDER / "requirements").glob("*.json"))]


def _guide(path: Path) -> Guide:
    told = json.loads(path.read_text())
    rows = tuple(Row(**row | {"tests": tuple(row.get("tests", ()))}) for row in told.pop("rows"))
    return Guide(rows=rows, **told)


def page() -> str:
    """The page docs/fhir/requirements.md."""
    found = guides()
    return "\n".join([INTRODUCTION, *_counts(found), *(line for g in found for line in _table(g))])


def _counts(found: list[Guide]) -> Iterator[str]:
    yield "| Guide | Ids | Covered | Left out | Later | Not ours | SHALL (NOT) of ours covered |"
    yield "|---|---|---|---|---|---|---|"
    for guide in found:
        by_state: Counter[str] = Counter()
        for row in guide.rows:
            by_state[row.state] += len(row.each)
        told = " | ".join(str(by_state[state]) for state in STATES)
        yield f"| {guide.title} | {by_state.total()} | {told} | {_binding(guide)} |"
    yield ""


def _binding(guide: Guide) -> str:
    ours = [row for row in guide.rows if row.state != "not-ours"]
    binding = [row for row in ours if row.verb.startswith("SHALL")]
    met = sum(len(row.each) for row in binding if row.state == "covered")
    return f"{met} of {sum(len(row.each) for row in binding)}"


def _table(guide: Guide) -> Iterator[str]:
    yield f"## {guide.title}\n"
    yield f"`{guide.set}`, <{guide.url}>\n"
    yield "| Ids | Verb | About | State | Tests, or why not |"
    yield "|---|---|---|---|---|"
    for row in guide.rows:
        last = "<br>".join(f"`{name.removeprefix('tests/')}`" for name in row.tests) or row.why
        yield f"| {row.ids} | {row.verb} | {row.about} | {row.state} | {last} |"
    yield ""
