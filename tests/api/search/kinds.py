"""Kinds of search parameters, and random values of each."""

from hypothesis import strategies as st

from fhir.codes import BASE as OURS
from tests.api.support import BASE

Pairs = st.SearchStrategy[tuple[str, str]]
PREFIXES = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]


def _listed(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map(",".join)


def _pairs(values: st.SearchStrategy[str] | list[str], *names: str) -> list[Pairs]:
    drawn = st.sampled_from(values) if isinstance(values, list) else values
    return [st.tuples(st.just(name), _listed(drawn)) for name in names]


def _prefixed(texts: list[str]) -> st.SearchStrategy[str]:
    return st.builds(str.__add__, st.sampled_from(PREFIXES), st.sampled_from(texts))


tokens = ["1", "2", "9", "urn:a|1", "urn:a|2", "urn:b|1", "urn:a|", "|1", "8867-4", "urn:c|"]
dates = _prefixed(
    ["2026-03-01T12:07Z", "2026-03-01T12:07:00Z", "2026-03-01T12:14:00.000Z", "2026-03-01",
     "2026-03", "2026", "2025", "2026-02", "2025-12-31", "2026-02-03"]
)  # fmt: skip
born = _prefixed(["1970", "1970-05", "1970-05-17", "1980-01-15", "1990", "1990-07-01"])
amounts = st.builds(
    "{}{}{}".format,
    st.sampled_from(PREFIXES),
    st.sampled_from(["72", "72.0", "72.4", "71", "100", "0.5", "-3", "0"]),
    st.sampled_from(["", "|http://unitsofmeasure.org|/min", "||ms", "||beats/minute", "||mV",
                     "|urn:x|/min"]),
)  # fmt: skip
begins = ["gro", "Größe", "GROSSE", "50%", "_", "écl", "x", "sache", "mull", "Mü", "o'n", "öz t"]
missing = ["true", "false"]
people = ["p0", "p1", "p2", "Patient/p3", f"{BASE}/Patient/p4", "p9"]
value_sets = [f"{OURS}/ValueSet/observations", f"{OURS}/ValueSet/alert-kind"]
genders = ["male", "female", "other"]

OBSERVATION: list[Pairs] = [
    *_pairs(tokens, "code", "code:not", "combo-code", "combo-code:not"),
    *_pairs(["rhythm", "RESTING", "pulse", "rate", "hea", "ythm"], "code:text"),
    *_pairs(value_sets, "code:in"),
    *_pairs(["x", "urn:cat|y", "z"], "category", "category:not"),
    *_pairs(["final", "amended", "nothing"], "status", "status:not"),
    *_pairs(people, "patient", "subject", "subject:Patient"),
    *_pairs(["Device/d1", "Patient/p1", "p2"], "subject"),
    *_pairs(["d0", "d1"], "subject:Device"),
    *_pairs(["urn:mrn|M1", "urn:mrn|M5", "urn:mrn|M2"], "subject:identifier"),
    *_pairs(["d1", "Device/d2", f"{BASE}/Device/d3"], "device"),
    *_pairs(dates, "date", "value-date"),
    *_pairs(amounts, "value-quantity"),
    *_pairs(begins, "value-string", "value-string:contains"),
    *_pairs(["Größe", "große Sache", "Eclair", "50%_of"], "value-string:exact"),
    *_pairs(["o01", "o12", "o33", "nobody"], "_id"),
    *_pairs(["ge2020", "lt2020"], "_lastUpdated"),
    *_pairs(["I1", "urn:test|I2", "urn:x|I2"], "identifier"),
    *_pairs(["urn:mrn|M1", "M2"], "subject:Patient.identifier", "patient.identifier"),
    *_pairs(begins, "patient.family", "patient.family:contains", "subject:Patient.family"),
    *_pairs(genders, "patient.gender", "patient.gender:not"),
    *_pairs(["doctor0", "Doctor1"], "patient.general-practitioner.family"),
    *_pairs(["urn:serial|S1", "S2"], "device.identifier"),
    *_pairs(born, "patient.birthdate"),
    *_pairs(["urn:a|1", "2"], "patient._has:Observation:patient:code"),
    *[
        st.tuples(st.just(f"{name}:missing"), st.sampled_from(missing))
        for name in ("code", "category", "status", "device", "subject", "date", "value-date",
                     "value-quantity", "value-string")
    ],
]  # fmt: skip
PATIENT: list[Pairs] = [
    *_pairs(begins, "family", "family:contains", "given"),
    *_pairs(["Müller", "Muller", "mull"], "family:exact"),
    *_pairs(genders, "gender", "gender:not"),
    *_pairs(born, "birthdate"),
    *_pairs(dates, "death-date"),
    *_pairs(["true"], "deceased"),
    *_pairs(["gp0", "Practitioner/gp1"], "general-practitioner"),
    *_pairs(["doctor1"], "general-practitioner.family"),
    *_pairs(tokens, "_has:Observation:patient:code", "_has:Observation:subject:combo-code"),
    *_pairs(["final"], "_has:Observation:patient:status"),
    *_pairs(amounts, "_has:Observation:patient:value-quantity"),
    *_pairs(["S1", "S2"], "_has:Observation:patient:device.identifier"),
    *_pairs(["1", "2"], "_has:Device:patient:_has:Observation:device:code"),
    *_pairs(["p1", "p3"], "_id"),
    *[
        st.tuples(st.just(f"{name}:missing"), st.sampled_from(missing))
        for name in ("family", "birthdate", "death-date", "general-practitioner")
    ],
]
DEVICE: list[Pairs] = [
    *_pairs(tokens, "_has:Observation:device:code", "_has:Observation:subject:code"),
    *_pairs(["active"], "status", "status:not"),
    *_pairs(["M1", "M2"], "patient.identifier"),
]
DOCUMENT: list[Pairs] = [
    *_pairs(["urn:file:0", "urn:file:1", "urn:file"], "location"),
    *_pairs(people, "patient"),
    *_pairs(genders, "patient.gender"),
]
KINDS = {
    "Observation": OBSERVATION,
    "Patient": PATIENT,
    "Device": DEVICE,
    "DocumentReference": DOCUMENT,
}
SORTS = {
    "Observation": ["_id", "date", "_lastUpdated", "code", "value-quantity", "value-string",
                    "value-date", "patient", "subject"],
    "Patient": ["_id", "family", "given", "gender", "birthdate", "death-date",
                "general-practitioner"],
    "Device": ["_id", "status"],
    "DocumentReference": ["_id", "location", "patient"],
}  # fmt: skip


def searches(type_: str) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Up to four parameters of a type."""
    return st.lists(st.one_of(KINDS[type_]), max_size=4)


def sorts(type_: str) -> st.SearchStrategy[list[str]]:
    """One to three keys, each in either direction."""
    keys = st.lists(st.sampled_from(SORTS[type_]), min_size=1, max_size=3, unique=True)
    return keys.flatmap(
        lambda names: st.tuples(*[st.sampled_from([name, f"-{name}"]) for name in names])
    ).map(list)
