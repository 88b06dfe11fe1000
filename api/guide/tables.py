"""Parts of the guide that list declarations: resource types, profiles, codes."""

from collections.abc import Iterable, Mapping, Sequence

from lxml.html import HtmlElement
from lxml.html import builder as e

from fhir.profiles.rules import Profile, Rule
from fhir.subscriptions.topics import Topic
from fhir.values import Json


def table(head: Sequence[str], rows: Iterable[Sequence[str | HtmlElement]]) -> HtmlElement:
    """A table in a box that scrolls by itself on a narrow screen."""
    top = e.THEAD(e.TR(*(e.TH(name, scope="col") for name in head)))
    body = e.TBODY(*(e.TR(*(e.TD(cell) for cell in row)) for row in rows))
    return e.DIV(e.CLASS("wide"), e.TABLE(top, body))


def resource(told: Json) -> HtmlElement:
    """One resource type of the CapabilityStatement."""
    type_ = told["type"]
    can = ", ".join(each["code"] for each in told["interaction"])
    parts = [
        e.H3(type_, id=f"type-{type_}"),
        e.P(told.get("documentation", "")),
        e.P(e.B("Interactions: "), can),
    ]
    for name, title in (("searchInclude", "_include"), ("searchRevInclude", "_revinclude")):
        if told.get(name):
            parts.append(e.P(e.B(f"{title}: "), e.CODE(", ".join(told[name]))))
    if told.get("operation"):
        rows = (
            (f"${o['name'].lstrip('$')}", o.get("documentation", "")) for o in told["operation"]
        )
        parts.append(table(("Operation", "What it does"), rows))
    if told.get("searchParam"):
        found = [(p["name"], p["type"], p.get("documentation", "")) for p in told["searchParam"]]
        parts.append(table(("Parameter", "Type", "Meaning"), found))
    return e.SECTION(*parts)


def profile(found: Profile) -> HtmlElement:
    """One profile: what it asks beyond its base."""
    rows = ((rule.path, _often(rule), _content(rule), rule.short) for rule in found.rules)
    return e.SECTION(
        e.H3(found.title, id=f"profile-{found.id}"),
        e.P(found.description),
        table(("Element", "Often", "Must be", "Meaning"), rows),
    )


def _often(rule: Rule) -> str:
    return f"{rule.least}..{rule.most or '*'}"


def _content(rule: Rule) -> str:
    if rule.pattern is not None:
        coding = rule.pattern["coding"][0]
        return f"{coding['system']}|{coding['code']}"
    return rule.value_set or rule.type or ""


def concepts(system: Json) -> HtmlElement:
    """A code system's codes."""
    rows = ((c["code"], c["display"], c["definition"]) for c in system["concept"])
    return table(("Code", "Display", "Definition"), rows)


def topics(found: Iterable[Topic]) -> HtmlElement:
    """What can be subscribed to, and the filters of each type."""
    rows = (
        (each.title, e.CODE(each.url), each.description, _filters(each.filters)) for each in found
    )
    return table(("Topic", "Canonical", "Events", "Filters"), rows)


def _filters(filters: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{type_}: {', '.join(names)}" for type_, names in filters.items())
