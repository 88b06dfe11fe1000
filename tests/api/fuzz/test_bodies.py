"""Bodies of any shape at every address that takes one: JSON, XML, Bundles, enrolments."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from fhir.search.registry import TYPES
from tests.api.fuzz.support import Wire, beside, bounded, words

EXAMPLES = 150
NUMBERS = [
    "0",
    "-0",
    "1e308",
    "1e309",
    "1e-400",
    "1e-99999999999999999999",
    "9" * 50,
    "0." + "1" * 90,
]
TEXTS = [
    '"\\ud800"', '"\\u0000"', '"\\uffff"', '""', '" "', '"p0"', '"Patient/p0"', '"urn:uuid:1"',
    '"Patient?identifier=M0"', '"https://ecg.test"', '"<script>"', '"' + "a" * 70_000 + '"',
]  # fmt: skip
NAMES = words(
    "resourceType id meta status code subject value valueQuantity valueString identifier system"
    " entry request url method resource type fullUrl ifNoneExist ifMatch extension contained text"
    " div reference member entity parameter name op path from _status _id contentType data unit"
)
KINDS = [*sorted(TYPES), "Bundle", "Parameters", "Unicorn", "Resource"]
PLACES = (
    ["/fhir", "/fhir/", "/enrolment", "/fhir/Observation/$lastn", "/fhir/$export"]
    + [f"/fhir/{name}" for name in ("Patient", "Observation", "Group", "Subscription", "Consent")]
    + [f"/fhir/{name}/$validate" for name in ("Patient", "Observation", "DiagnosticReport")]
)
leaf = (
    st.sampled_from(["null", "true", "{}", "[]", *NUMBERS, *TEXTS])
    | st.text(max_size=8).map(lambda t: orjson.dumps(t.encode(errors="replace").decode()).decode())
    | st.sampled_from(KINDS).map(lambda kind: f'"{kind}"')
)


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}"


tree = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(st.sampled_from(NAMES), inner), max_size=5).map(_object)
    ),
    max_leaves=12,
)
resource = st.builds(
    lambda kind, pairs: _object([("resourceType", f'"{kind}"'), *pairs]),
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.sampled_from(NAMES), tree), max_size=5),
)
deep = st.builds(
    lambda depth, pair: pair[0] * depth + pair[1] * depth,
    st.sampled_from([60, 70, 1100, 20_000]),
    st.sampled_from([("[", "]"), ('{"a":', "}"), ('{"contained":[', "]}")]),
)
URLS = words(
    "Patient Patient/p0 Observation?subject=Patient/p0 ../auth/token //metrics /../metrics %00"
    " Patient/%00 Patient/p0/$everything Patient/p0/_history AuditEvent _jobs/x $export metadata"
    " Binary/r0-pdf Observation/$lastn?patient=p0&code=1 Group/g/$export Patient/$validate ? # %2f"
    " Observation?_count=99999999999 http://ecg.test/fhir/Patient http://other.test/fhir/Patient"
)
request = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE"]),
        "url": st.sampled_from(URLS) | st.text(max_size=9),
    },
    optional=dict.fromkeys(
        ("ifMatch", "ifNoneMatch", "ifNoneExist", "ifModifiedSince"),
        st.text(max_size=9) | st.sampled_from(["9999-12-31T23:59:59-14:00", "*", 'W/"1"']),
    ),
)
entries = st.lists(
    st.builds(
        lambda asked, sent: f'{{"request":{orjson.dumps(asked).decode()},"resource":{sent}}}',
        request.filter(lambda asked: str(asked).isprintable()),
        resource | tree,
    )
    | tree,
    max_size=5,
)
bundle = st.builds(
    lambda type_, sent: f'{{"resourceType":"Bundle","type":"{type_}","entry":[{",".join(sent)}]}}',
    st.sampled_from(["batch", "transaction", "transaction", "message"]),
    entries,
)
XML = "application/fhir+xml"


@st.composite
def element(draw: Any, depth: int = 4) -> str:
    name = draw(st.sampled_from([*NAMES, *KINDS[:4], "div", "a:b", "x"]))
    space = draw(st.sampled_from(["", "", ' xmlns="http://hl7.org/fhir"', ' xmlns:a="urn:a"']))
    value = draw(st.sampled_from(["", ' value="p0"', ' value=""', ' value="1e9999"', ' url="u"']))
    more = "" if depth == 0 else "".join(draw(st.lists(element(depth - 1), max_size=2)))
    return f"<{name}{space}{value}>{more}</{name}>"


document = st.builds(
    lambda kind, inner: f'<{kind} xmlns="http://hl7.org/fhir">{"".join(inner)}</{kind}>',
    st.sampled_from(KINDS),
    st.lists(element(), max_size=3),
)


async def test_random_json(wire: Wire) -> None:
    send = wire.through()
    types = st.sampled_from(["application/fhir+json", "application/json", "text/json", XML])

    @bounded(EXAMPLES)
    @given(st.sampled_from(PLACES), resource | resource | bundle | tree | deep, types)
    def search(place: str, text: str, type_: str) -> None:
        send("POST", place, [("content-type", type_), ("prefer", "respond-async")], text.encode())

    await beside(search)


async def test_random_bundles(wire: Wire) -> None:
    send = wire.through()

    @bounded(EXAMPLES)
    @given(bundle)
    def search(text: str) -> None:
        answer = send("POST", "/fhir", [("content-type", "application/json")], text.encode())
        if answer.status == 200:
            told = answer.json().get("entry", [])
            assert all(int(each["response"]["status"]) < 500 for each in told)

    await beside(search)


async def test_random_xml(wire: Wire) -> None:
    send = wire.through()

    @bounded(EXAMPLES)
    @given(st.sampled_from(PLACES), document)
    def search(place: str, text: str) -> None:
        send("POST", place, [("content-type", XML), ("accept", XML)], text.encode())

    await beside(search)


async def test_random_patches(wire: Wire) -> None:
    send = wire.through()

    @bounded(EXAMPLES // 2)
    @given(st.lists(tree, max_size=4).map(lambda items: f"[{','.join(items)}]") | tree | deep)
    def search(text: str) -> None:
        patch = [("content-type", "application/json-patch+json")]
        send("PATCH", "/fhir/Patient/p0", patch, text.encode())

    await beside(search)


async def test_random_enrolments(wire: Wire) -> None:
    send = wire.through()
    fields = ("device_id", "key_epoch", "sealed_key", "patient")
    known = st.sampled_from(
        ['"00000000-0000-4000-8000-000000000000"', "1", '"AAAA"', "-1", "4294967296", "NaN"]
    )
    sent = st.tuples(*[st.tuples(st.just(name), known | tree | resource) for name in fields])

    @bounded(EXAMPLES // 2)
    @given(sent.map(list).map(_object) | deep)
    def search(text: str) -> None:
        send("POST", "/enrolment", [("content-type", "application/json")], text.encode())

    await beside(search)
