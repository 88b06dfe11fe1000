"""Events to a real server over HTTPS, in the form of PagerDuty's Events API v2."""

from ipaddress import ip_network
from pathlib import Path

import orjson
import pytest

from alerting.channels.channel import Refused
from alerting.channels.webhook import Webhook
from core.errors import Unavailable
from core.outbound import Outbound, outbound
from tests.alerting.channels.test_sns import MESSAGE
from tests.alerting.subscriptions.hook import DOWN, listening

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


async def test_an_event_is_told_as_an_incident(tmp_path: Path) -> None:
    async with listening(tmp_path) as hook:
        webhook = Webhook(outbound(LOOPBACK, hook.ca.read_text()), "R0UTE", [hook.origin])
        assert await webhook.send(hook.url, MESSAGE, "key1") == ""
        event = orjson.loads(hook.received[0].body)
        assert (event["event_action"], event["dedup_key"]) == ("trigger", MESSAGE.alarm)
        assert (event["routing_key"], event["payload"]["severity"]) == ("R0UTE", "critical")
        assert event["links"][0]["href"] == MESSAGE.link
        assert "patient" not in hook.received[0].body.decode().lower()


@pytest.mark.parametrize(
    ("status", "told"),
    [(400, Refused), (404, Refused), (302, Refused), (429, Unavailable), (500, Unavailable),
     (DOWN, Unavailable)],
)  # fmt: skip
async def test_what_helps_later_and_what_never(
    tmp_path: Path, status: int, told: type[Exception]
) -> None:
    async with listening(tmp_path) as hook:
        hook.status = status
        webhook = Webhook(outbound(LOOPBACK, hook.ca.read_text()), "r", [hook.origin])
        with pytest.raises(told):
            await webhook.send(hook.url, MESSAGE, "k")


async def test_addresses_that_we_do_not_go_to_are_refused() -> None:
    for url in ("http://169.254.169.254/", "https://127.0.0.1/", "ftp://a.example/", "duty"):
        with pytest.raises(Refused):
            await Webhook(Outbound(), "r", [url]).send(url, MESSAGE, "k")


async def test_the_routing_key_goes_where_the_operator_says_alone(tmp_path: Path) -> None:
    async with listening(tmp_path) as hook:
        guarded = outbound(LOOPBACK, hook.ca.read_text())
        for origins in (
            [],
            ["https://events.pagerduty.com"],
            [f"https://localhost:{hook.port - 1}"],
        ):
            with pytest.raises(Refused, match="operator allows"):
                await Webhook(guarded, "R0UTE", origins).send(hook.url, MESSAGE, "k")
        assert hook.received == []
