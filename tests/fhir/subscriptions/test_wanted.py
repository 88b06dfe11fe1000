"""What a Subscription asks for; and what it is refused for, where, and what would be accepted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fhir.subscriptions import codes
from fhir.subscriptions.channels import MAX_COUNT, MAX_TIMEOUT_S, carried
from fhir.subscriptions.notification import Payload
from fhir.subscriptions.topics import ALERTS, OUT_OF_RANGE, TOPICS
from fhir.subscriptions.wanted import ChannelType, wanted
from fhir.validation.issue import Issue, Rejected
from fhir.values import Json
from store.criteria import PatientClause, TokenClause
from tests.fhir.subscriptions.samples import ENDPOINT, extension, subscription


def _issues(sent: Json) -> tuple[Issue, ...]:
    with pytest.raises(Rejected) as refused:
        wanted(sent)
    return refused.value.issues


def _issue(sent: Json) -> Issue:
    (issue,) = _issues(sent)
    return issue


def _channel(**more: Any) -> Json:
    return subscription(channel=more)


def test_a_topic_with_all_that_there_is_to_say() -> None:
    extensions = [
        extension(codes.HEARTBEAT, valueUnsignedInt=60),
        extension(codes.TIMEOUT, valueUnsignedInt=7),
        extension(codes.MAX_COUNT, valuePositiveInt=3),
    ]
    found = wanted(
        subscription(
            ALERTS,
            "Flag?patient=p1&status=active",
            content="full-resource",
            channel={"extension": extensions, "payload": "application/fhir+json; fhirVersion=4.0"},
            id="s",
            end="2030-01-01T00:00:00Z",
        )
    )
    assert found.topic is TOPICS[ALERTS]
    assert [type(c) for c in found.types["Flag"]] == [PatientClause, TokenClause]
    assert (found.id, found.channel, found.endpoint) == ("s", ChannelType.REST_HOOK, ENDPOINT)
    assert found.headers == (("Authorization", "Bearer sample"),)
    assert (found.media_type, found.payload) == (
        "application/fhir+json; fhirVersion=4.0",
        Payload.FULL,
    )
    assert (found.heartbeat_s, found.timeout_s, found.max_count) == (60, 7, 3)
    assert found.ends == datetime(2030, 1, 1, tzinfo=UTC)


def test_what_is_not_said() -> None:
    found = wanted(subscription(channel={"type": "websocket"}))
    assert (found.channel, found.endpoint) == (ChannelType.WEBSOCKET, None)
    assert (found.heartbeat_s, found.max_count, found.ends) == (None, MAX_COUNT, None)
    assert 0 < found.timeout_s <= MAX_TIMEOUT_S


def test_bounds_of_ours() -> None:
    extensions = [
        extension(codes.TIMEOUT, valueUnsignedInt=86_400),
        extension(codes.MAX_COUNT, valuePositiveInt=1_000_000),
    ]
    found = wanted(_channel(extension=extensions))
    assert (found.timeout_s, found.max_count) == (MAX_TIMEOUT_S, MAX_COUNT)


def test_r4s_own_subscription() -> None:
    sent = subscription("Observation?code=http://loinc.org|8867-4&patient=p1", content=None)
    found = wanted(sent)
    assert (found.topic, found.payload) == (None, Payload.FULL)
    assert list(found.types) == ["Observation"]
    del sent["channel"]["payload"]
    assert wanted(sent).payload is carried(sent) is Payload.EMPTY
    assert wanted(subscription("Flag")).types == {"Flag": ()}


def test_filters_of_a_type_leave_the_other_types_out() -> None:
    assert set(wanted(subscription(codes.FEED)).types) == set(TOPICS[codes.FEED].filters)
    found = wanted(subscription(codes.FEED, "patient=p1", "Observation?code=1", "Encounter?"))
    assert {name: len(clauses) for name, clauses in found.types.items()} == {
        "Observation": 2,
        "Encounter": 1,
    }


@pytest.mark.parametrize(
    "text",
    [
        "Observation?patient=p1&trigger=feed-event",
        f"Observation?trigger={codes.FEED_EVENT['system']}|feed-event&patient=Patient/p1",
        "Observation.patient=Patient/p1",
    ],
)
def test_ways_to_write_a_filter(text: str) -> None:
    found = wanted(subscription(codes.FEED, text))
    assert found.types == {"Observation": (PatientClause(("p1",)),)}


def test_the_topic_is_refused() -> None:
    issue = _issue(subscription("https://elsewhere.test/topic"))
    assert issue.expression == "Subscription.criteria"
    assert all(url in issue.text for url in TOPICS)


@pytest.mark.parametrize(
    ("topic", "text", "accepted"),
    [
        (ALERTS, "Flag?author=Device/1", "patient"),
        (ALERTS, "Observation?code=1", "Flag"),
        (ALERTS, "colour=red", "patient"),
        (ALERTS, "Flag?status:exact=active", "not"),
        (ALERTS, "Flag?subject:Patient.name=x", "chains"),
        (ALERTS, "patient=https://elsewhere.test/Patient/1", "reference"),
        (ALERTS, "patient", "name=value"),
        (ALERTS, "patient=" + "p" * 5000, "name=value"),
        (codes.FEED, "Observation?trigger=lab", "feed-event"),
        (codes.FEED, "Observation?patient=p1&date=2026", "patient"),
        (codes.FEED, "code=1", "patient"),
    ],
)
def test_a_filter_is_refused(topic: str, text: str, accepted: str) -> None:
    issue, *_ = _issues(subscription(topic, "patient=p1", text))
    assert issue.expression == "Subscription.criteria.extension"
    assert accepted in issue.text


def test_filters_without_end_are_refused() -> None:
    assert "32" in _issue(subscription(ALERTS, *(f"patient=p{n}" for n in range(33)))).text


@pytest.mark.parametrize("type_", ["email", "sms", "message"])
def test_the_channel_type_is_refused(type_: str) -> None:
    issue = _issue(_channel(type=type_))
    assert issue.expression == "Subscription.channel.type"
    assert "rest-hook, websocket" in issue.text


def test_an_additional_channel_type_is_read_and_refused() -> None:
    coding = {"system": "http://elsewhere.test/channels", "code": "zulip"}
    more = {"extension": [extension(codes.CHANNEL_TYPE, valueCoding=coding)]}
    assert "rest-hook or websocket" in _issue(_channel(_type=more)).text


@pytest.mark.parametrize(
    "payload",
    [
        "application/fhir+xml",
        "text/plain",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json; colour=red",
    ],
)
@pytest.mark.parametrize("channel", ChannelType)
def test_the_payload_type_is_refused(channel: ChannelType, payload: str) -> None:
    issue = _issue(_channel(payload=payload, type=channel.value))
    assert issue.expression == "Subscription.channel.payload"
    assert "application/fhir+json" in issue.text


@pytest.mark.parametrize("content", ["everything", None])
def test_the_content_is_refused(content: str | None) -> None:
    assert "empty, id-only, full-resource" in _issue(subscription(content=content)).text


def test_a_hook_without_endpoint_is_refused() -> None:
    sent = subscription()
    del sent["channel"]["endpoint"]
    assert _issue(sent).code == "required"


@pytest.mark.parametrize("path", [(), ("_criteria",), ("channel",), ("channel", "_payload")])
@pytest.mark.parametrize(
    "url",
    [
        "http://hl7.org/fhir/5.0/StructureDefinition/extension-Subscription.topic",
        "http://hl7.org/fhir/5.0/subscriptions-backport/StructureDefinition/backport-x",
    ],
)
def test_cross_version_extensions_are_refused(path: tuple[str, ...], url: str) -> None:
    sent = subscription()
    node = sent
    for name in path:
        node = node.setdefault(name, {})
    node["extension"] = [*node.get("extension", []), extension(url, valueString="a=b")]
    assert "uv/subscriptions-backport" in _issue(sent).text


def test_extensions_that_would_change_what_is_sent_are_refused() -> None:
    other = extension("http://elsewhere.test/compress", valueBoolean=True)
    assert codes.HEARTBEAT in _issue(_channel(extension=[other])).text
    assert wanted(subscription(extension=[other])).topic is not None


@pytest.mark.parametrize(
    ("url", "value"),
    [
        (codes.HEARTBEAT, {"valueUnsignedInt": 1}),
        (codes.TIMEOUT, {"valueUnsignedInt": 0}),
        (codes.MAX_COUNT, {"valueString": "7"}),
    ],
)
def test_numbers_are_refused(url: str, value: Json) -> None:
    assert _issue(_channel(extension=[extension(url, **value)])).text.startswith(url)


@pytest.mark.parametrize(
    "header",
    ["Host: elsewhere.test", "no colon", "X-A: a\nB: c", "Content-Type: text/plain", "A:"],
)
def test_headers_are_refused(header: str) -> None:
    assert _issue(_channel(header=[header])).expression == "Subscription.channel.header"


def test_too_many_headers_are_refused() -> None:
    assert _issue(_channel(header=[f"X-{n}: a" for n in range(17)])).code == "too-costly"


@pytest.mark.parametrize(
    "criteria",
    [
        "Unicorn?code=1",
        "Subscription?status=active",
        "Binary",
        "AuditEvent?patient=p1",
        "Observation?colour=red",
        "Observation?_count=5",
        "Observation?subject:Patient.name=x",
        "Observation?_has:Provenance:target:agent=x",
        "code=1",
    ],
)
def test_criteria_that_are_no_search_of_one_version_are_refused(criteria: str) -> None:
    assert _issue(subscription(criteria)).expression == "Subscription.criteria"


def test_filters_beside_criteria_of_the_old_style_are_refused() -> None:
    issue = _issue(subscription("Flag?status=active", "patient=p1"))
    assert issue.expression == "Subscription.criteria.extension"


def test_an_end_that_is_none_is_refused() -> None:
    assert _issue(subscription(end="soon")).expression == "Subscription.end"


def test_all_that_is_wrong_is_told_at_once() -> None:
    sent = subscription("https://elsewhere.test/t", content="all", channel={"type": "email"})
    assert len(_issues(sent)) == 3


def test_what_is_no_topic_of_a_filter_is_told_for_each() -> None:
    assert len(_issues(subscription(OUT_OF_RANGE, "a=b", "c=d"))) == 2
