"""report.html: one file, its pictures inside, no script and nothing from elsewhere."""

import base64
from collections.abc import Sequence
from html import escape

from model.evaluation.cache import JsonObject
from model.evaluation.section import Cell, Plot, Section, Table, Target
from model.evaluation.style import render

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1b1f24; background: #fff;
  max-width: 1200px; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; }
h2 { margin-top: 2.6rem; border-bottom: 2px solid #0b5cad; padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p.note, figcaption, dl { color: #5b6168; font-size: .86rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem .6rem; text-align: right; white-space: nowrap; }
th { border-bottom: 1px solid #8a8f98; vertical-align: bottom; white-space: normal; }
th:first-child, td:first-child { text-align: left; }
tbody tr:nth-child(even) { background: #f5f7f9; }
td.met { color: #2e7d32; font-weight: 600; } td.missed { color: #b3261e; font-weight: 600; }
td:has(code) { text-align: left; } details { margin: .8rem 0; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
nav a { margin-right: 1rem; }
"""


def page(
    title: str,
    facts: JsonObject,
    targets: Sequence[Target],
    parts: Sequence[tuple[Section, str]],
    remarks: Sequence[Table] = (),
) -> str:
    """The whole document; ``parts`` are sections with their content from ``section_html``.

    ``remarks`` are tables that come before them.
    """
    shown = {k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in facts.items()}
    links = "".join(f'<a href="#{s.name}">{escape(s.title)}</a>' for s, _ in parts)
    told = "".join(f"<dt>{escape(str(k))}</dt><dd>{escape(str(v))}</dd>" for k, v in shown.items())
    body = "".join(
        f'<h2 id="{s.name}">{escape(s.title)}</h2><p>{escape(s.about)}</p>{content}'
        for s, content in parts
    )
    left_out = "".join(map(table_html, remarks))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1><nav>{links}</nav>"
        f"<dl>{told}</dl>{_targets(targets)}{left_out}{body}</body></html>\n"
    )


def section_html(tables: Sequence[Table], plots: Sequence[Plot]) -> str:
    """Tables first, then plots; those that are not printed are folded away."""
    return "".join([*map(table_html, tables), *map(_figure, plots)])


def outcome(target: Target) -> str:
    """Whether a target was reached; without cases there is nothing to say."""
    if target.reached is None:
        return "no cases"
    return "met" if target.met else "missed"


def _targets(targets: Sequence[Target]) -> str:
    rows = "".join(
        f"<tr><td>{escape(t.what)}</td><td>{escape(t.wanted)}</td><td>{escape(cell(t.reached))}"
        f'</td><td class="{outcome(t).split()[0]}">{outcome(t)}</td>'
        f"<td><code>{escape(t.key)}</code></td></tr>"
        for t in targets
    )
    head = "<th>target</th><th>wanted</th><th>reached</th><th></th><th>key of report.json</th>"
    return (
        f'<h2>Targets</h2><div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def table_html(table: Table) -> str:
    """One table with its title and note."""
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell(value))}</td>" for value in row) + "</tr>"
        for row in table.rows
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    inside = (
        f'{note}<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    if table.printed:
        return f"<h3>{escape(table.title)}</h3>{inside}"
    return f"<details><summary>{escape(table.title)}</summary>{inside}</details>"


def cell(value: Cell) -> str:
    """A value as text: at most three decimals, a dash for what there is not."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def _figure(plot: Plot) -> str:
    picture = base64.b64encode(render(plot)).decode()
    return (
        f"<h3>{escape(plot.title)}</h3><figure>"
        f'<img alt="{escape(plot.title)}" src="data:image/svg+xml;base64,{picture}">'
        f"<figcaption>{escape(plot.note)}</figcaption></figure>"
    )
