"""Random patients, scopes and requests: nothing leaves that a plain oracle would not show."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.database import Database
from tests.api.audit.support import trail
from tests.api.compartments.conftest import Confined
from tests.api.compartments.world import OWNER, PEOPLE, keys

TYPES = ("Observation", "Flag", "Patient", "DiagnosticReport", "Encounter", "Device", "*")
CATEGORY_X = {("Observation", f"o{n}b") for n in (1, 2, 3)}

scope = st.tuples(
    st.sampled_from(["patient", "patient", "patient", "system"]),
    st.sampled_from(TYPES),
    st.sampled_from(["rs", "rs", "r", "s", "cruds"]),
    st.booleans(),
)
REQUESTS = [
    *(f"{type_}?_sort=_id&_total=accurate" for type_ in TYPES[:-1]),
    "Observation?patient=p1,p2&code=8867-4",
    "Observation?patient=p2",
    "Observation?category=x&_include=Observation:patient&_revinclude=DiagnosticReport:result",
    "Observation?patient.identifier=MRN-p1,MRN-p2",
    "Observation?has-member:Observation.patient=p2,p3",
    "Observation?_include=Observation:has-member&_include:iterate=Observation:has-member",
    "Patient?_has:Observation:patient:code=8867-4",
    "Patient?_revinclude=Observation:patient&_revinclude=Flag:patient",
    "Practitioner?_has:Encounter:participant:patient=p1,p2",
    "Practitioner?_revinclude=Encounter:participant&_revinclude=Observation:performer",
    "DiagnosticReport?_include=DiagnosticReport:result&_include=DiagnosticReport:subject",
    *(f"{path}_history?_count=100" for path in ("", "Observation/", "Flag/", "Observation/o2a/")),
    *(f"Patient/{person}/$everything" for person in PEOPLE),
    *(f"DiagnosticReport/r{n}/$document" for n in (1, 2, 3)),
    "Observation/$lastn?patient=p1&code=8867-4",
    "Observation/$lastn?patient=p3&category=x",
]


def spelled(context: str, type_: str, letters: str, narrow: bool) -> str:
    category = "?category=x" if narrow and type_ == "Observation" else ""
    return f"{context}/{type_}.{letters}{category}"


def visible(key: tuple[str, str], scopes: list[Any], patients: set[str]) -> bool:
    """The oracle: whether any scope shows it, by reading or by searching."""
    type_, owner = key[0], OWNER[key]
    for context, wanted, _, narrow in scopes:
        if wanted not in ("*", type_):
            continue
        if narrow and wanted == "Observation" and key not in CATEGORY_X:
            continue
        if context == "system" or owner in patients or (type_ == "Practitioner" and patients):
            return True
    return False


@pytest.mark.usefixtures("filled")
async def test_nothing_leaves_that_the_oracle_would_not_show(
    confined: Confined, database: Database
) -> None:
    loop = asyncio.get_running_loop()

    async def check_one(scopes: list[Any], patients: set[str], paths: list[str]) -> None:
        texts = " ".join(dict.fromkeys(spelled(*each) for each in scopes))
        client = await confined(*sorted(patients), scopes=texts)
        for path in paths:
            begun = len(await trail(database))
            answer = await client.http.get(f"http://ecg.test/fhir/{path}")
            assert answer.status_code in (200, 403, 404), answer.text
            shown = keys(answer.json()) - {("Composition", x["resource"]["id"])
                for x in answer.json().get("entry", []) if "resource" in x}  # fmt: skip
            assert all(visible(key, scopes, patients) for key in shown), (texts, path, shown)
            told = {e.patient for e in (await trail(database))[begun:]} - {None}
            if answer.status_code == 200:
                assert told == {OWNER[key] for key in shown} - {None}

        for key in OWNER:
            answer = await client.http.get(f"http://ecg.test/fhir/{'/'.join(key)}")
            assert answer.status_code != 200 or visible(key, scopes, patients)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(scope, min_size=1, max_size=3),
        st.sets(st.sampled_from(PEOPLE), max_size=2),
        st.lists(st.sampled_from(REQUESTS), min_size=3, max_size=6, unique=True),
    )
    def check(scopes: list[Any], patients: set[str], paths: list[str]) -> None:
        work: Any = check_one(scopes, patients, paths)
        asyncio.run_coroutine_threadsafe(work, loop).result(120)

    await asyncio.to_thread(check)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("type_", TYPES[:-1])
async def test_and_all_of_it_is_shown(confined: Confined, type_: str) -> None:
    for patients in ({"p1"}, {"p1", "p3"}):
        client = await confined(*patients, scopes="patient/*.rs")
        wanted = sorted(
            id_ for (t, id_), owner in OWNER.items() if t == type_ and owner in patients
        )
        page = (await client.get(f"{type_}?_sort=_id&_total=accurate")).json()
        assert [entry["resource"]["id"] for entry in page["entry"]] == wanted
        assert page["total"] == len(wanted)
