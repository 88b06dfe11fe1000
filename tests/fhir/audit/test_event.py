"""Entries as AuditEvents: whatever was asked, the event is valid FHIR and BALP's roles hold."""

from base64 import b64decode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit import EMPTY, Entry, Recorded, canonical, chained
from fhir.audit.event import audit_event
from fhir.audit.interaction import interaction
from fhir.audit.query import _CODES as CODES
from tests.conformance.checker import conformant

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ids = st.none() | st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True)
words = st.none() | st.text(
    st.characters(min_codepoint=33, exclude_categories=["C", "Z"]), min_size=1, max_size=20
)
entries = st.builds(
    Entry,
    interaction=st.sampled_from(CODES),
    method=st.sampled_from(["GET", "POST"]),
    request=st.binary(min_size=1, max_size=60),
    status=st.sampled_from([None, 200, 403, 500, 503]),
    outcome=st.sampled_from([0, 4, 8, 12]),
    client=words,
    token=st.none() | st.uuids().map(lambda uuid: uuid.hex),
    patient=ids,
    type=st.sampled_from([None, "Observation", "Patient"]),
    resource_id=ids,
    version=st.none() | st.just("3"),
    request_id=words,
    address=st.none() | st.just("10.0.0.1"),
    server=st.none() | st.just("http://ecg.test"),
    reason=words,
    repeats=st.integers(1, 1000),
)


@given(entries)
def test_every_entry_is_a_valid_event_that_keeps_the_request(entry: Entry) -> None:
    event = audit_event(Recorded(7, AT, entry))
    conformant(event)
    assert event["id"] == "7"
    (query,) = [entity["query"] for entity in event["entity"] if "query" in entity]
    assert b64decode(query) == entry.request
    assert ("outcome" in event) == (entry.status is not None)
    assert sum(agent["requestor"] for agent in event["agent"]) == 1
    claimed = event["meta"].get("profile", [])
    if claimed:
        assert event["outcome"] == "0"
        assert ("Patient" in claimed[0].rpartition(".")[2]) == (entry.patient is not None)
        objects = [e for e in event["entity"] if e.get("type", {}).get("code") == "2"]
        assert len(objects) == 1  # the one slice that BALP's profiles have of this type


_ROLES = {
    "Read": ("110152", "110153"),
    "Query": ("110153", "110152"),
    "Create": ("110153", "110152"),
    "Update": ("110153", "110152"),
    "Delete": ("110150", "custodian"),
}


@pytest.mark.parametrize(
    ("code", "profile", "action"),
    [
        ("read", "Read", "R"),
        ("vread", "Read", "R"),
        ("search-type", "Query", "E"),
        ("create", "Create", "C"),
        ("update", "Update", "U"),
        ("patch", "Update", "U"),
        ("delete", "Delete", "D"),
    ],
)
def test_roles_and_actions_are_those_of_the_profile(code: str, profile: str, action: str) -> None:
    entry = Entry(code, "GET", b"x", 200, 0, type="Observation", resource_id="o")
    event = audit_event(Recorded(1, AT, entry))
    assert event["meta"]["profile"][0].endswith(f"IHE.BasicAudit.{profile}")
    roles = tuple(agent["type"]["coding"][0]["code"] for agent in event["agent"][:2])
    assert (roles, event["action"]) == (_ROLES[profile], action)


@given(st.lists(entries, min_size=1, max_size=4), st.lists(entries, min_size=1, max_size=4))
def test_other_entries_have_another_digest(one: list[Entry], other: list[Entry]) -> None:
    one_lines, other_lines = (list(map(canonical, entries)) for entries in (one, other))
    same = chained(EMPTY, AT, one_lines).digest == chained(EMPTY, AT, other_lines).digest
    assert same == (one == other)
    assert all(canonical(entry).count(b"\n") == 1 for entry in one)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/fhir/Patient/p", ("read", "Patient", "p", None)),
        ("HEAD", "/fhir/Patient/p", ("read", "Patient", "p", None)),
        ("GET", "/fhir/Patient/p/_history/2", ("vread", "Patient", "p", "2")),
        ("GET", "/fhir/Patient/p/_history", ("history-instance", "Patient", "p", None)),
        ("GET", "/fhir/Patient/_history", ("history-type", "Patient", None, None)),
        ("GET", "/fhir/_history", ("history-system", None, None, None)),
        ("GET", "/fhir/Patient", ("search-type", "Patient", None, None)),
        ("POST", "/fhir/Patient/_search", ("search-type", "Patient", None, None)),
        ("POST", "/fhir/_search", ("search-system", None, None, None)),
        ("GET", "/fhir", ("search-system", None, None, None)),
        ("POST", "/fhir", ("batch", None, None, None)),
        ("POST", "/fhir/Patient", ("create", "Patient", None, None)),
        ("PUT", "/fhir/Patient/p", ("update", "Patient", "p", None)),
        ("PUT", "/fhir/Patient", ("update", "Patient", None, None)),
        ("PATCH", "/fhir/Patient/p", ("patch", "Patient", "p", None)),
        ("DELETE", "/fhir/Patient/p", ("delete", "Patient", "p", None)),
        ("GET", "/fhir/Patient/p/$everything", ("operation", "Patient", "p", None)),
        ("GET", "/fhir/$export", ("operation", None, None, None)),
        ("POST", "/fhir/Patient/p", ("other", "Patient", "p", None)),
        ("POST", "/auth/token", ("token", None, None, None)),
        ("POST", "/enrolment", ("enrol", None, None, None)),
        ("GET", "/elsewhere", ("other", None, None, None)),
        ("GET", "/", ("other", None, None, None)),
    ],
)
def test_what_a_request_does(
    method: str, path: str, expected: tuple[str, str | None, str | None, str | None]
) -> None:
    found = interaction(method, path)
    assert (found.code, found.type, found.id, found.version) == expected
    assert found.code in CODES
