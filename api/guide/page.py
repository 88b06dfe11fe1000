"""The guide as one HTML page, and where its examples are."""

from functools import cache
from pathlib import Path

from lxml.html import HtmlElement, tostring
from lxml.html import builder as e

from api.guide import tables
from api.guide.style import STYLE
from fhir.profiles.artefact import VERSION
from fhir.profiles.catalogue import catalogue
from fhir.profiles.structures import PROFILES
from fhir.subscriptions.topics import TOPICS
from fhir.values import Json

EXAMPLES = Path(__file__).parents[2] / "docs" / "fhir" / "examples"
_PARTS = ("Access", "Resource types", "Subscriptions", "Profiles", "Codes", "Examples")
_ACCESS = (
    "Every request carries a bearer token of SMART Backend Services: register the client's public"
    " keys with “hisbundle client add”, sign an assertion (RS384 or ES384) for the token endpoint,"
    " and ask for system scopes, such as system/Observation.rs. Scopes may be narrowed by category."
)

_SUBSCRIPTIONS = (
    "Subscriptions R5 Backport 1.1.0 for R4: criteria are the URL of one of these topics, with"
    " filters in the extension backport-filter-criteria, or a search of one type without chains."
    " Who asks must be able to read all that would be told. Events are numbered without gaps and"
    " kept for 7 days."
)


def page(statement: Json, base: str) -> bytes:
    """The guide of the server at ``base`` that says ``statement`` of itself, in HTML."""
    body = e.BODY(
        e.HEADER(
            e.H1("FHIR implementation guide"),
            e.P(
                f"hisbundle {statement['software']['version']}, FHIR R4"
                f" {statement['fhirVersion']}, artefacts {VERSION}. Base URL: ",
                e.CODE(base),
            ),
            e.NAV(*(e.A(part, href=f"#{_anchor(part)}") for part in _PARTS)),
        ),
        e.MAIN(
            _part("Access", e.P(_ACCESS), e.PRE(_curl(base))),
            _part("Resource types", *_resources(statement)),
            _part("Subscriptions", e.P(_SUBSCRIPTIONS), tables.topics(TOPICS.values())),
            _part("Profiles", *(tables.profile(each) for each in PROFILES)),
            _part("Codes", *_codes()),
            _part("Examples", *_examples()),
        ),
    )
    head = e.HEAD(
        e.META(charset="utf-8"),
        e.META(name="viewport", content="width=device-width, initial-scale=1"),
        e.TITLE("hisbundle: FHIR implementation guide"),
        e.STYLE(STYLE),
    )
    whole = e.HTML(head, body, lang="en")
    return tostring(whole, doctype="<!doctype html>", encoding="utf-8")


def _anchor(part: str) -> str:
    return part.lower().replace(" ", "-")


def _part(title: str, *content: HtmlElement) -> HtmlElement:
    return e.SECTION(e.H2(title, id=_anchor(title)), *content)


def _curl(base: str) -> str:
    return (
        f'curl -H "Authorization: Bearer $TOKEN" \\\n'
        f'  "{base}/Observation?patient.identifier=$MRN&code=8867-4&_sort=-date&_count=10"'
    )


def _resources(statement: Json) -> list[HtmlElement]:
    (rest,) = statement["rest"]
    return [e.P(rest["documentation"]), *(tables.resource(each) for each in rest["resource"])]


def _codes() -> list[HtmlElement]:
    system = catalogue()["CodeSystem"]["ecg"]
    sets = catalogue()["ValueSet"].values()
    return [
        e.P(e.CODE(system["url"]), f": {system['description']}"),
        tables.concepts(system),
        tables.table(
            ("Value set", "Canonical", "Meaning"),
            ((each["title"], each["url"], each["description"]) for each in sets),
        ),
    ]


@cache
def examples() -> dict[str, str]:
    """Examples by name, as their files have them."""
    return {path.stem: path.read_text() for path in sorted(EXAMPLES.glob("*.json"))}


def _examples() -> list[HtmlElement]:
    return [
        e.DETAILS(e.SUMMARY(name), e.PRE(text), id=f"example-{name}")
        for name, text in examples().items()
    ]
