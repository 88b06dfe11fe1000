"""Subscriptions that are refused over the API: the seven of Inferno's test kit, and more."""

from datetime import UTC, datetime, timedelta

import pytest

from core.settings import Settings
from fhir.subscriptions import codes
from fhir.subscriptions.topics import ALERTS, REPORTS
from fhir.values import Json
from tests.api.support import Client
from tests.fhir.subscriptions.samples import extension, subscription

FHIR = {"Content-Type": "application/fhir+json"}
_R5 = "http://hl7.org/fhir/5.0/subscriptions-backport/StructureDefinition/backport-filter-criteria"


@pytest.fixture
def settings() -> Settings:
    origins = ["https://ehr.test", "https://127.0.0.1", "https://169.254.169.254"]
    return Settings.model_validate({"subscription_origins": origins})


async def _refused(client: Client, sent: Json, place: str) -> None:
    answer = await client.send("POST", "Subscription", 422, json=sent, headers=FHIR)
    (issue,) = answer.json()["issue"]
    assert issue["expression"] == [place]
    assert issue["diagnostics"]


async def test_the_seven_of_the_test_kit(subscriber: Client) -> None:
    """By their ids, without ``subscriptions_r4_server_reject_subscription_``."""
    theirs = {"_criteria": {"extension": [extension(_R5, valueString="Flag.patient=p")]}}
    combination = {"type": "websocket", "payload": "text/plain"}
    for id_, sent, place in (
        (
            "channel_endpoint",
            subscription(channel={"endpoint": "https://elsewhere.test/"}),
            "channel.endpoint",
        ),
        ("channel_payload_combo", subscription(channel=combination), "channel.payload"),
        ("channel_type", subscription(channel={"type": "email"}), "channel.type"),
        ("cross_version_extension", subscription() | theirs, ""),
        ("filter", subscription(ALERTS, "Flag?colour=red"), "criteria.extension"),
        (
            "payload_type",
            subscription(channel={"payload": "application/fhir+xml"}),
            "channel.payload",
        ),
        ("topic", subscription("https://elsewhere.test/topic"), "criteria"),
    ):
        await _refused(subscriber, sent, f"Subscription.{place}".rstrip("."))
        assert await subscriber.ids("Subscription") == [], id_


async def test_where_nothing_is_ever_sent(subscriber: Client) -> None:
    """Also where the operator has listed the origin: the networks must be opened as well."""
    for endpoint in ("https://127.0.0.1/", "https://169.254.169.254/", "http://ehr.test/"):
        sent = subscription(channel={"endpoint": endpoint})
        await _refused(subscriber, sent, "Subscription.channel.endpoint")


async def test_an_end_that_has_passed(subscriber: Client) -> None:
    passed = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    await _refused(subscriber, subscription(end=passed), "Subscription.end")


async def test_another_version_of_fhir(subscriber: Client) -> None:
    sent = subscription(channel={"payload": "application/fhir+json; fhirVersion=5.0"})
    await _refused(subscriber, sent, "Subscription.channel.payload")


async def test_a_content_level_and_an_additional_channel(subscriber: Client) -> None:
    await _refused(
        subscriber, subscription(content="all"), "Subscription.channel.payload.extension"
    )
    coding = {"system": "http://elsewhere.test", "code": "zulip"}
    more = {"_type": {"extension": [extension(codes.CHANNEL_TYPE, valueCoding=coding)]}}
    await _refused(subscriber, subscription(channel=more), "Subscription.channel.type")


async def test_a_change_is_refused_for_the_same(subscriber: Client) -> None:
    path, made = "Subscription/s", subscription(id="s")
    await subscriber.send("PUT", path, 201, json=made, headers=FHIR)
    for wrong in ({"criteria": "https://elsewhere.test/t"}, {"status": "active"}):
        await subscriber.send("PUT", path, 422, json=made | wrong, headers=FHIR)
    patch = [{"op": "replace", "path": "/criteria", "value": f"{REPORTS}/x"}]
    headers = {"Content-Type": "application/json-patch+json"}
    await subscriber.send("PATCH", path, 422, json=patch, headers=headers)
    assert (await subscriber.get(path)).json()["criteria"] == ALERTS


async def test_criteria_are_required(subscriber: Client) -> None:
    sent = subscription()
    del sent["criteria"]
    answer = await subscriber.send("POST", "Subscription", 422, json=sent, headers=FHIR)
    assert "criteria" in answer.text
