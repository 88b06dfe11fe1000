"""One websocket: bound by a token, shaken hands with, then told of events in their order.

Messages of the client: ``bind-with-token [token]``, any number of times. Ours: notification
Bundles, as text. A websocket acknowledges nothing, so what was sent counts as delivered; whoever
comes back finds by the numbers what was lost on the way, in ``$events``.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.websockets import WebSocket, WebSocketDisconnect

from api.site import FHIR_PATH, Site
from api.sockets import metrics
from api.sockets.hub import Hub
from core.errors import Forbidden, Unmet
from fhir.audit.notification import entries
from fhir.subscriptions import sending
from fhir.subscriptions.notification import Kind
from fhir.subscriptions.sending import Asking, Notice
from fhir.subscriptions.turns import turn
from fhir.validation.issue import Rejected
from store import clients
from store.auditor import Auditor
from store.database import Transaction, notify
from store.subscriptions import binding, deliveries, state
from store.subscriptions.binding import Binding
from store.subscriptions.state import State, Status

BIND = "bind-with-token "
BIND_S = 10.0
"""For the first token to come."""
SEND_S = 10.0
"""For one notification to be taken off our hands."""
LOOK = timedelta(seconds=30)
"""Between two looks at whether an idle subscriber may still be told."""
MAX_BOUND = 100
"""Subscriptions of one websocket."""
ENDED, POLICY, TOO_SLOW, AWAY = 1000, 1008, 1013, 1012
_STATUS = 101


class Closed(Exception):
    """The websocket is to be closed, with a code of RFC 6455, section 7.4.1."""

    def __init__(self, code: int, told: str) -> None:
        super().__init__(told)
        self.code = code


@dataclass(slots=True)
class Bound:
    """A Subscription on its way; ``after`` is the number of the last event that was sent.

    ``client`` and ``since`` tell it from another one that has its name later.
    """

    id: str
    client: str | None
    since: datetime
    after: int
    looked: datetime
    next_beat: datetime | None = None

    def is_due(self, now_is: State, now: datetime) -> bool:
        """Whether there may be something to send or to end."""
        has_beat = self.next_beat is not None and self.next_beat <= now
        return (
            has_beat
            or now_is.events > self.after
            or now_is.status is Status.OFF
            or (now_is.client, now_is.since) != (self.client, self.since)
            or now - self.looked >= LOOK
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """What connections work with."""

    site: Site
    hub: Hub
    auditor: Auditor
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Connection:
    """An accepted websocket."""

    def __init__(self, socket: WebSocket, desk: Desk) -> None:
        self._socket = socket
        self._desk = desk
        self._bound: dict[str, Bound] = {}
        self._client: str | None = None
        root = desk.site.settings.public_url or _root(socket)
        self._base = root.rstrip("/") + FHIR_PATH

    async def run(self) -> None:
        """Until either side has enough. Raises Closed; WebSocketDisconnect if the client goes."""
        try:
            with self._desk.hub.stranger():
                async with asyncio.timeout(BIND_S):
                    first = await self._binding()
        except TimeoutError:
            raise Closed(POLICY, "no token came") from None
        with ExitStack() as stack:
            ear = stack.enter_context(self._desk.hub.bound(first.client))
            self._client = first.client
            await self._bind(first)
            await self._both(ear)

    async def _both(self, ear: asyncio.Event) -> None:
        """Tell and listen, until one of them ends."""
        tasks = [asyncio.create_task(work) for work in (self._tell(ear), self._listen(ear))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _listen(self, ear: asyncio.Event) -> None:
        while True:
            more = await self._binding()
            if more.client != self._client:
                raise Closed(POLICY, "a token of another client")
            await self._bind(more)
            ear.set()

    async def _binding(self) -> Binding:
        told = await self._socket.receive()
        if told["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(told["code"])
        message = told.get("text") or ""
        if not message.startswith(BIND):
            raise Closed(POLICY, "bind-with-token and a token, please")
        async with self._desk.hub.transaction() as tx:
            found = await binding.use(tx, message.removeprefix(BIND).strip(), self._desk.now())
        if found is None:
            raise Closed(POLICY, "this token does not count, or does no more")
        return found

    async def _bind(self, found: Binding) -> None:
        for id_ in found.subscriptions:
            if id_ not in self._bound and len(self._bound) >= MAX_BOUND:
                raise Closed(POLICY, "too many Subscriptions on one websocket")
            await self._shake(id_)

    async def _shake(self, id_: str) -> None:
        """A handshake; what was requested is active from then on, what is in error stays so."""
        now = self._desk.now()
        async with self._desk.hub.transaction() as tx:
            asked = await self._asking(tx, id_)
            await self._check_owner(tx, asked.state)
            notice = sending.plain(asked, Kind.HANDSHAKE, self._base, now)
        await self._send(asked, notice)
        if asked.state.status is Status.REQUESTED:
            async with self._desk.hub.transaction() as tx:
                await turn(tx, id_, Status.ACTIVE, None, asked.version)
                await notify(tx, "resource")
        found = asked.state
        beat = _beat(asked, now)
        self._bound[id_] = Bound(id_, found.client, found.since, found.delivered, now, beat)

    async def _check_owner(self, tx: Transaction, found: State) -> None:
        """Raises Closed if it is another client's by now; administrators are no clients."""
        if self._client is None or self._client == found.client:
            return
        if await clients.find(tx, self._client) is not None:
            raise Closed(ENDED, f"Subscription/{found.id} is another client's")

    async def _tell(self, ear: asyncio.Event) -> None:
        """Send whatever there is, again whenever there may be more."""
        while True:
            ear.clear()
            for each in await self._waiting():
                while await self._next(each):
                    pass
            await ear.wait()

    async def _waiting(self) -> list[Bound]:
        """Those of which something may be due, or whose rights were looked at long ago."""
        async with self._desk.hub.transaction() as tx:
            found = {one.id: one for one in await state.read_many(tx, list(self._bound))}
        now = self._desk.now()
        return [
            each
            for each in self._bound.values()
            if each.id not in found or each.is_due(found[each.id], now)
        ]

    async def _next(self, bound: Bound) -> bool:
        """Send the next notification of a Subscription, if one is due; whether it was."""
        now = bound.looked = self._desk.now()
        async with self._desk.hub.transaction() as tx:
            asked = await self._asking(tx, bound.id)
            if (asked.state.client, asked.state.since) != (bound.client, bound.since):
                raise Closed(ENDED, f"Subscription/{bound.id} is another one now")
            notice = await self._due(tx, asked, bound, now)
        if notice is None:
            return False
        await self._send(asked, notice)
        bound.next_beat = _beat(asked, now)
        if notice.last:
            bound.after = notice.last
            async with self._desk.hub.transaction() as tx:
                await deliveries.taken(tx, asked.state, notice.last)
        return True

    async def _due(
        self, tx: Transaction, asked: Asking, bound: Bound, now: datetime
    ) -> Notice | None:
        is_active = asked.state.status is Status.ACTIVE
        if is_active and asked.state.events > bound.after:
            count, render = asked.wanted.max_count, self._desk.site.strips.body
            try:
                return await sending.next_events(
                    tx, asked, bound.after, count, self._base, now, render
                )
            except Unmet:
                bound.after = asked.state.events
        if bound.next_beat is not None and bound.next_beat <= now:
            return sending.plain(asked, Kind.HEARTBEAT, self._base, now)
        return None

    async def _asking(self, tx: Transaction, id_: str) -> Asking:
        """Raises Closed where nothing may be told any more."""
        try:
            asked = await sending.asking(tx, id_)
        except Forbidden as error:
            raise Closed(POLICY, str(error)) from None
        except Rejected:
            raise Closed(POLICY, f"Subscription/{id_} is not supported any more") from None
        if asked is None or asked.state.status is Status.OFF or asked.wanted.endpoint is not None:
            raise Closed(ENDED, f"Subscription/{id_} is off")
        return asked

    async def _send(self, asked: Asking, notice: Notice) -> None:
        """Raises Closed for who does not take it in time. What tells of patients is audited."""
        if notice.patients:
            place = f"{self._base.removesuffix(FHIR_PATH)}/ws"
            made = entries(asked.state, place, notice.patients, self._base, _STATUS)
            await self._desk.auditor.record(made)
        try:
            async with asyncio.timeout(SEND_S):
                await self._socket.send_text(notice.body.decode())
        except TimeoutError:
            raise Closed(TOO_SLOW, "too slow") from None
        metrics.SENT.labels(notice.kind.value).inc()


def _beat(asked: Asking, now: datetime) -> datetime | None:
    period_s = asked.wanted.heartbeat_s
    return None if period_s is None else now + timedelta(seconds=period_s)


def _root(socket: WebSocket) -> str:
    """Our URL as this client reaches it."""
    scheme = "https" if socket.url.scheme == "wss" else "http"
    return str(socket.url.replace(scheme=scheme, path="", query="", fragment=""))
