"""What arrives at a rest-hook, by the rules of the guide: whatever its kind and content."""

import asyncio

import pytest

from store.subscriptions import state
from store.subscriptions.state import Status
from tests.alerting.subscriptions.bed import Bed
from tests.alerting.subscriptions.feed import flag
from tests.conformance.checker import conformant
from tests.fhir.subscriptions.backport import notification

DAY_S = 86_400.0


@pytest.mark.parametrize("media_type", ["application/fhir+json", "application/json"])
async def test_media_type_and_headers_are_those_that_were_asked_for(
    bed: Bed, media_type: str
) -> None:
    headers = ["Authorization: Bearer sample", "X-Ward: 3 west"]
    await bed.subscribe(told={"payload": media_type, "header": headers})
    await bed.deliver()
    await bed.write(flag("f1"))
    await bed.deliver()
    assert [each.kind for each in bed.hook.received] == ["handshake", "event-notification"]
    for each in bed.hook.received:
        assert each.headers["content-type"] == media_type
        assert each.headers["authorization"] == "Bearer sample"
        assert each.headers["x-ward"] == "3 west"


@pytest.mark.parametrize("content", ["empty", "id-only", "full-resource"])
async def test_all_that_is_sent_follows_the_profiles(bed: Bed, content: str) -> None:
    await bed.subscribe(content=content, heartbeat=30, max_count=2)
    await bed.deliver()
    await bed.write(*(flag(f"f{n}") for n in range(3)))
    await bed.deliver()
    bed.clock.pass_s(30)
    await bed.deliver()
    kinds = ["handshake", "event-notification", "event-notification", "heartbeat"]
    assert [each.kind for each in bed.hook.received] == kinds
    for each in bed.hook.received:
        notification(each.bundle)
        conformant(each.bundle)
        own = each.bundle["entry"][0]["request"]
        assert own["method"] == "GET" and own["url"].endswith("/Subscription/s1/$status")
        assert len(each.numbers) <= 2
        more = 0 if content == "empty" else len(each.numbers)
        assert len(each.bundle["entry"]) == 1 + more


async def test_no_heartbeat_is_sent_where_none_was_asked_for(bed: Bed) -> None:
    await bed.subscribe()
    await bed.deliver()
    bed.clock.pass_s(DAY_S)
    await bed.deliver()
    assert [each.kind for each in bed.hook.received] == ["handshake"]
    assert (await bed.standing()).status is Status.ACTIVE


async def test_a_clock_that_is_put_back_keeps_nobody_waiting(bed: Bed) -> None:
    await bed.subscribe(heartbeat=30)
    await bed.deliver()
    bed.clock.pass_s(-DAY_S)
    await bed.write(flag("f1"))
    await bed.deliver()
    assert bed.hook.taken == [1]
    bed.clock.pass_s(-DAY_S)
    await bed.deliver()
    bed.clock.pass_s(60)
    await bed.deliver()
    assert bed.hook.received[-1].kind == "heartbeat"


async def test_what_an_earlier_subscription_took_is_not_taken_of_the_next(bed: Bed) -> None:
    """Deleted and asked for again under the same id while a notification is on its way."""
    await bed.subscribe()
    await bed.deliver()
    await bed.write(*(flag(f"f{n}") for n in range(3)))
    bed.hook.gate.clear()
    bed.hook.begun.clear()
    late = asyncio.create_task(bed.deliver())
    await bed.hook.begun.wait()
    async with bed.database.transaction() as tx:
        await state.remove(tx, "s1")
    await bed.subscribe()
    await bed.write(*(flag(f"g{n}") for n in range(2)))
    bed.hook.gate.set()
    await late
    await bed.deliver()
    assert [each.numbers for each in bed.hook.received] == [[], [1, 2, 3], [], [1, 2]]
