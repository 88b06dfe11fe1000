"""From the handshake to the events, and what becomes of what is not taken."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import text

from alerting.subscriptions import signing
from alerting.subscriptions.deliverer import Deliverer
from alerting.subscriptions.matcher import Matcher
from store import clients
from store.subscriptions.state import Status
from tests.alerting.subscriptions.bed import BASE, ROOT, Bed
from tests.alerting.subscriptions.bed import bed as make_bed
from tests.alerting.subscriptions.feed import flag, put
from tests.alerting.subscriptions.hook import DOWN

DAY_S = 86_400.0


async def active(bed: Bed, id_: str = "s1", **more: Any) -> None:
    """A Subscription that has shaken hands."""
    await bed.subscribe(id_, **more)
    await bed.deliver()
    assert (await bed.standing(id_)).status is Status.ACTIVE


async def test_a_handshake_makes_it_active(bed: Bed) -> None:
    await bed.subscribe()
    await bed.deliver()
    (shaken,) = bed.hook.received
    assert (shaken.kind, shaken.numbers) == ("handshake", [])
    assert shaken.headers["content-type"] == "application/fhir+json"
    assert shaken.headers["authorization"] == "Bearer sample"
    assert shaken.headers["host"] == f"localhost:{bed.hook.port}"
    assert (await bed.resource())["status"] == "active"
    assert (await bed.resource())["meta"]["versionId"] == "2"


@pytest.mark.parametrize("status", [DOWN, 302, 404, 500])
async def test_a_handshake_that_is_not_taken_is_an_error(bed: Bed, status: int) -> None:
    bed.hook.status = status
    await bed.subscribe()
    await bed.deliver()
    resource = await bed.resource()
    assert resource["status"] == "error"
    assert "handshake" in resource["error"] and "secret" not in resource["error"]
    bed.hook.status = 200
    bed.clock.pass_s(DAY_S)
    await bed.deliver()
    assert (await bed.resource())["status"] == "error"


async def test_events_are_signed_numbered_and_in_order(bed: Bed) -> None:
    await active(bed, max_count=2)
    await bed.write(*(flag(f"f{n}") for n in range(5)))
    await bed.deliver()
    sent = bed.hook.received[1:]
    assert [each.numbers for each in sent] == [[1, 2], [3, 4], [5]]
    assert [each.headers["x-event-id"] for each in sent] == ["s1/1-2", "s1/3-4", "s1/5-5"]
    for each in sent:
        key = signing.secret(ROOT, "s1").encode()
        wanted = hmac.new(key, each.body, sha256).hexdigest()
        assert each.headers["x-hub-signature"] == f"sha256={wanted}"
    assert sent[0].bundle["entry"][1]["fullUrl"] == f"{BASE}/Flag/f0"
    assert (await bed.standing()).delivered == 5


async def test_what_fails_is_tried_for_a_day_and_then_in_error(bed: Bed) -> None:
    await active(bed)
    bed.hook.status = 500
    await bed.write(flag("f1"), flag("f2"))
    await bed.deliver()
    begun, tries = bed.clock.at, 0
    while (await bed.standing()).status is Status.ACTIVE:
        bed.clock.pass_s(3600)
        await bed.deliver()
        tries += 1
    assert tries == 24
    assert (bed.clock.at - begun).total_seconds() == DAY_S
    resource = await bed.resource()
    assert "HTTP 500" in resource["error"] and "event 1 " in resource["error"]
    await bed.write(flag("f3"))
    found = await bed.standing()
    assert (found.status, found.events, found.delivered) == (Status.ERROR, 3, 0)
    before = len(bed.hook.received)
    bed.hook.status = 200
    bed.clock.pass_s(DAY_S)
    await bed.deliver()
    assert len(bed.hook.received) == before


async def test_asked_for_again_it_gets_all_that_it_missed(bed: Bed) -> None:
    await active(bed)
    bed.hook.status = 410
    await bed.write(flag("f1"), flag("f2"))
    await bed.deliver()
    assert (await bed.resource())["error"].startswith("not delivered since")
    assert len(bed.hook.received) == 2  # an endpoint that is gone is not tried again
    await bed.write(flag("f3"))
    bed.hook.status = 200
    await bed.subscribe()
    await bed.deliver()
    assert (bed.hook.taken, (await bed.standing()).status) == ([1, 2, 3], Status.ACTIVE)


async def test_back_just_before_the_day_is_over_nothing_is_lost(bed: Bed) -> None:
    await active(bed)
    bed.hook.status = DOWN
    await bed.write(*(flag(f"f{n}") for n in range(3)))
    await bed.deliver()
    bed.clock.pass_s(DAY_S - 1)
    bed.hook.status = 202
    await bed.deliver()
    found = await bed.standing()
    assert (bed.hook.taken, found.attempts, found.failing_since) == ([1, 2, 3], 0, None)


async def test_what_is_refused_together_is_sent_piece_by_piece(bed: Bed) -> None:
    await active(bed, max_count=8)
    bed.hook.status = 413
    await bed.write(*(flag(f"f{n}") for n in range(8)))
    for _ in range(4):
        await bed.deliver()
        bed.clock.pass_s(300)
    assert [len(each.numbers) for each in bed.hook.received[1:]] == [8, 4, 2, 1]


async def test_heartbeats_tell_of_the_counter_also_in_error(bed: Bed) -> None:
    await active(bed, heartbeat=30)
    bed.clock.pass_s(29)
    await bed.deliver()
    assert len(bed.hook.received) == 1
    bed.clock.pass_s(1)
    await bed.deliver()
    assert bed.hook.received[-1].kind == "heartbeat"
    bed.hook.status = 410
    await bed.write(flag("f1"))
    await bed.deliver()
    bed.hook.status = 200
    bed.clock.pass_s(60)
    await bed.deliver()
    told = {p["name"]: p for p in bed.hook.received[-1].parameters}
    assert bed.hook.received[-1].kind == "heartbeat"
    assert told["status"]["valueCode"] == "error"
    assert told["events-since-subscription-start"]["valueString"] == "1"
    assert "410" in told["error"]["valueCodeableConcept"]["text"]
    assert (await bed.standing()).status is Status.ERROR


async def idle_in_transaction(bed: Bed) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in trans%'"
    async with bed.database.transaction() as tx:
        return int((await tx.execute(text(query))).scalar_one())


async def test_a_slow_subscriber_keeps_nobody_waiting(bed: Bed) -> None:
    bed.hook.slow, slow = "/slow", f"{bed.hook.origin}/slow"
    await active(bed, "slow", told={"endpoint": slow})
    await active(bed, "quick")
    bed.hook.gate.clear()
    async with running(bed.deliverer):
        for n in range(1, 6):
            await bed.write(flag(f"f{n}"))
        await until(lambda: len(bed.hook.taken) == 5)
        async with asyncio.timeout(10):  # no transaction stays open meanwhile
            while await idle_in_transaction(bed):  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)
        bed.hook.gate.set()
        await until(lambda: len(bed.hook.taken) == 10)
    assert (await bed.standing("slow")).delivered == 5


async def test_time_is_bounded_by_the_subscription(bed: Bed) -> None:
    await active(bed, timeout=1)
    bed.hook.gate.clear()
    await bed.write(flag("f1"))
    async with asyncio.timeout(8):  # less than others are given
        await bed.deliver()
    bed.hook.gate.set()
    assert (await bed.standing()).attempts == 1


async def test_two_deliverers_send_each_event_once(bed: Bed) -> None:
    await active(bed, max_count=1)
    second = make_bed(bed.database, bed.hook)
    second.clock.at = bed.clock.at
    bed.hook.delay_s = 0.02
    await bed.write(*(flag(f"f{n}") for n in range(12)))
    await asyncio.gather(*(each.deliver() for each in (bed, second, bed, second)))
    await bed.deliver()
    assert bed.hook.taken == list(range(1, 13))


async def test_an_origin_taken_off_the_list_is_not_written_to(bed: Bed) -> None:
    await active(bed)
    sent = len(bed.hook.received)
    await bed.subscribe(told={"endpoint": "https://elsewhere.test/hook"})
    await bed.deliver()
    assert "not among the origins" in (await bed.resource())["error"]
    assert len(bed.hook.received) == sent


async def test_what_may_not_be_read_any_more_keeps_its_number_only(bed: Bed) -> None:
    await active(bed, scopes=("system/Flag.rs?category=nothing",), content="full-resource")
    await bed.write(flag("f1", "p1"))
    await bed.deliver()
    (event,) = bed.hook.received[1:]
    assert event.numbers == [1]
    assert b"Flag/f1" not in event.body and b"Patient/p1" not in event.body
    assert len(event.bundle["entry"]) == 1
    assert await _trail(bed) == []


async def test_a_disabled_client_is_told_nothing_more(bed: Bed) -> None:
    async with bed.database.transaction() as tx:
        await clients.add(tx, "ehr", "EHR", ["system/*.rs"], jwks={"keys": []})
    await active(bed)
    await bed.write(flag("f1"))
    async with bed.database.transaction() as tx:
        await clients.disable(tx, "ehr")
    await bed.deliver()
    resource = await bed.resource()
    assert (resource["status"], "disabled" in resource["error"]) == ("off", True)
    assert bed.hook.taken == []


async def test_patients_who_left_the_client_are_not_told_of(bed: Bed) -> None:
    async with bed.database.transaction() as tx:
        scopes = ["patient/Flag.rs"]
        await clients.add(tx, "ehr", "EHR", scopes, jwks={"keys": []}, patients=["p1"])
    await active(bed, scopes=("patient/Flag.rs",))
    await bed.write(flag("f1", "p1"), flag("f2", "p2"))
    await bed.deliver()
    (event,) = bed.hook.received[1:]
    assert event.numbers == [1, 2]
    assert b"Flag/f1" in event.body and b"Flag/f2" not in event.body
    assert await _trail(bed) == [("p1", None), ("p1", 200)]


async def test_every_disclosure_is_in_the_trail_before_and_after(bed: Bed) -> None:
    await active(bed, content="full-resource")
    await bed.write(flag("f1", "p1"), flag("f2", "p2"))
    bed.hook.status = 500
    await bed.deliver()
    bed.hook.status = 200
    bed.clock.pass_s(10)
    await bed.deliver()
    tries = [(None), (500), (None), (200)]
    assert await _trail(bed) == [(who, status) for status in tries for who in ("p1", "p2")]
    assert bed.hook.received[-1].bundle["entry"][1]["resource"]["id"] == "f1"


async def test_nothing_leaves_while_the_trail_cannot_be_written(bed: Bed) -> None:
    await active(bed)
    await bed.write(flag("f1", "p1"))
    async with bed.database.transaction() as tx:
        await tx.execute(text("ALTER TABLE audit_entry RENAME TO audit_entry_away"))
    await bed.deliver()
    assert (bed.hook.taken, (await bed.standing()).delivered) == ([], 0)
    async with bed.database.transaction() as tx:
        await tx.execute(text("ALTER TABLE audit_entry_away RENAME TO audit_entry"))
    bed.clock.pass_s(60)
    await bed.deliver()
    assert bed.hook.taken == [1]


async def test_events_that_are_no_longer_kept_leave_a_gap(bed: Bed) -> None:
    await active(bed)
    bed.hook.status = 410
    await bed.write(flag("f1"), flag("f2"))
    await bed.deliver()
    async with bed.database.transaction() as tx:
        await tx.execute(text("DELETE FROM subscription_event WHERE number = 1"))
    bed.hook.status = 200
    await bed.subscribe()
    await bed.deliver()
    assert bed.hook.taken == [2]
    async with bed.database.transaction() as tx:
        await tx.execute(text("DELETE FROM subscription_event"))
        await tx.execute(text("UPDATE subscription SET events = 5"))
    await bed.deliver()
    assert (await bed.standing()).delivered == 5


async def test_an_answer_to_an_earlier_request_does_not_count(bed: Bed) -> None:
    """The handshake of one endpoint does not make another active."""
    await bed.subscribe()
    bed.hook.delay_s = 0.3
    shaking = asyncio.create_task(bed.deliver())
    await bed.hook.begun.wait()
    await bed.subscribe(told={"endpoint": f"{bed.hook.url}/other"})
    await shaking
    assert [each.kind for each in bed.hook.received] == ["handshake", "handshake"]
    assert (await bed.standing()).status is Status.ACTIVE


async def test_a_change_wakes_the_matcher_and_its_events_the_deliverer(bed: Bed) -> None:
    bed.matcher._poll_s = bed.deliverer._poll_s = 3600.0
    await active(bed)
    async with running(bed.matcher), running(bed.deliverer):
        for n in range(10):
            bed.hook.begun.clear()
            await put(bed.database, flag(f"f{n}"))
            async with bed.database.transaction() as tx:
                await bed.database.notify(tx, "resource")
            await asyncio.wait_for(bed.hook.begun.wait(), 60)
        await until(lambda: len(bed.hook.taken) == 10)
    assert bed.hook.taken == list(range(1, 11))


@asynccontextmanager
async def running(worker: Matcher | Deliverer) -> AsyncIterator[None]:
    """As the notifier runs it."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    yield
    stop.set()
    await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (what is waited for happens elsewhere)
            await asyncio.sleep(0.01)


async def _trail(bed: Bed) -> list[tuple[str | None, int | None]]:
    asked = "SELECT patient, status FROM audit_entry WHERE interaction = 'notification'"
    async with bed.database.transaction() as tx:
        rows = (await tx.execute(text(f"{asked} ORDER BY seq"))).all()
    return [(row.patient, row.status) for row in rows]
