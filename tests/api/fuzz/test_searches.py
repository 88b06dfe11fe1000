"""Searches made of what is declared and of what is nasty: an answer or a refusal, soon."""

from urllib.parse import quote, quote_from_bytes

from hypothesis import given
from hypothesis import strategies as st

from fhir.profiles.catalogue import TYPES as CATALOGUE_TYPES
from fhir.search.params import Interaction
from fhir.search.registry import TYPES
from tests.api.fuzz.support import Wire, beside, bounded, words

EXAMPLES = 150
KINDS = [kind for kind in TYPES.values() if Interaction.SEARCH_TYPE in kind.interactions]
NAMES = sorted({name for kind in KINDS for name in kind.params})
TYPE_NAMES = [kind.name for kind in KINDS]
MODIFIERS = words("missing not text in identifier exact contains Patient Unicorn iterate above")
RESULT = words(
    "_sort _count _total _summary _elements _include _revinclude _include:iterate _format _pretty"
    " _cursor _id _lastUpdated _has _type _since _at _content _filter _query _list max start end"
)
PREFIXES = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "-"]
VALUES = [
    "", ",", "|", "||", "\\", "\\,", "$", "%", "_", "true", "0", "-1", "1e60", "1e-60", "1E+9999",
    "9" * 60, "9" * 400, "0001", "9999", "9999-12-31T23:59:59.999999999-14:00", "2026-02-30",
    "2026-03-01T12:00:00+14:00", "0001-01-01T00:00:00+14:00", "p0", "Patient/p0",
    "Patient/p0/_history/1", "http://ecg.test/fhir/Patient/p0", "http://[/Patient/p0",
    "urn:mrn|M0", "|M0", "urn:mrn|",
    "72|http://unitsofmeasure.org|/min", "a|b|c|d", "\x00", "\ud7ff", "\U0010ffff", "İ", "ß",
    "ﬃ" * 200,
    "a" * 5000, "',--;", "Observation:subject", "Patient:*", "*", "Observation:subject:Patient",
    "code", "-date,_id", ",".join(["a"] * 300), "AAAA", "json", "xml", "../..",
]  # fmt: skip

value = st.builds(
    lambda prefix, parts: prefix + ",".join(parts),
    st.sampled_from(PREFIXES),
    st.lists(st.sampled_from(VALUES) | st.text(max_size=12), min_size=1, max_size=2),
)
plain_name = st.sampled_from(NAMES + RESULT)
chained = st.builds(
    lambda parts: ".".join(parts),
    st.lists(
        st.builds(lambda n, t: f"{n}:{t}", plain_name, st.sampled_from(TYPE_NAMES)) | plain_name,
        min_size=2,
        max_size=5,
    ),
)
has = st.builds(
    lambda parts, last: ":".join([*parts, last]),
    st.lists(
        st.tuples(st.just("_has"), st.sampled_from(TYPE_NAMES), plain_name).map(":".join),
        min_size=1,
        max_size=5,
    ),
    plain_name,
)
name = (
    plain_name
    | st.builds(lambda n, m: f"{n}:{m}", plain_name, st.sampled_from(MODIFIERS))
    | chained
    | has
    | st.text(max_size=8)
)
pair = st.builds(lambda n, v: f"{quote(n)}={quote(v)}", name, value)
query = (
    st.lists(pair, max_size=4).map("&".join)
    | st.binary(max_size=40).map(quote_from_bytes)
    | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1"))
)
PATHS = (
    [f"/fhir/{name}" for name in (*TYPE_NAMES, "AuditEvent", *CATALOGUE_TYPES)]
    + ["/fhir/Observation"] * 8
    + ["/fhir/_history", "/fhir/Patient/_history", "/fhir/Patient/p0/_history", "/fhir/Patient/p0"]
    + ["/fhir/Patient/p0/$everything", "/fhir/Observation/$lastn", "/fhir/Patient/p0/$validate"]
    + ["/fhir/$export", "/fhir/Patient/$export", "/fhir/Binary/r0-svg", "/metrics", "/docs/fhir"]
)
prefer = st.sampled_from(["", "handling=lenient", "handling=lenient, respond-async"])


async def test_random_searches(wire: Wire) -> None:
    send = wire.through()

    @bounded(EXAMPLES)
    @given(st.sampled_from(PATHS), query, prefer)
    def search(path: str, asked: str, preference: str) -> None:
        send("GET", f"{path}?{asked}".encode("latin-1", "replace"), [("prefer", preference)])

    await beside(search)


async def test_random_forms(wire: Wire) -> None:
    send = wire.through()
    form = [("content-type", "application/x-www-form-urlencoded")]

    @bounded(EXAMPLES // 3)
    @given(st.sampled_from([*TYPE_NAMES, "AuditEvent"]), query | st.binary(max_size=60))
    def search(type_: str, sent: str | bytes) -> None:
        body = sent if isinstance(sent, bytes) else sent.encode()
        send("POST", f"/fhir/{type_}/_search", form, body)

    await beside(search)
