"""Tables as the command prints them, aligned."""

from collections.abc import Sequence

from model.evaluation.cache import JsonObject
from model.evaluation.page import cell, outcome
from model.evaluation.section import Table, Target


def as_text(table: Table) -> str:
    """A title, the columns, the rows and the note; first column to the left, others right."""
    lines = [table.columns, *(tuple(map(cell, row)) for row in table.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]
    body = "\n".join(_line(line, widths) for line in lines)
    return "\n".join(filter(None, [table.title, body, table.note]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    others = (text.rjust(width) for text, width in zip(cells[1:], widths[1:], strict=True))
    return "  ".join([first, *others]).rstrip()


def targets_table(targets: Sequence[Target]) -> Table:
    """What was promised, and what was reached."""
    rows = tuple((t.what, t.wanted, t.reached, outcome(t)) for t in targets)
    return Table("Targets", ("target", "wanted", "reached", ""), rows)


def errors_table(errors: Sequence[JsonObject]) -> Table:
    """Records that could not be scored, and why."""
    rows = tuple((e["record"], e["what"], e["error"]) for e in errors)
    return Table("Records left out", ("record", "of", "why"), rows)


def seconds_table(seconds: JsonObject) -> Table:
    """How long each section took."""
    total = round(sum(seconds.values()), 1)
    return Table("Time", ("section", "seconds"), (*seconds.items(), ("all", total)))
