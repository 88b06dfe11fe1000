"""The courier: takes HL7 v2 messages from the outbox to the hospital, until each is acknowledged.

MLLP (HL7 v2 Transport Specification, Release 1) in original mode: one message, one
acknowledgement. A message is sent and marked within one transaction that holds its row; when
the process dies in between it goes out again with the same control id, by which receivers know
it (MSH-10).
"""

import asyncio
import contextlib
from dataclasses import dataclass
from ssl import SSLContext

import hl7
import structlog
from hl7.mllp import InvalidBlockError, open_hl7_connection

from core.errors import Unavailable
from store import hl7v2
from store.database import Database, Transaction
from store.hl7v2 import Outgoing

REFUSALS_MAX = 8
"""After so many a message is held for an administrator, and the next of its patient may go."""
PAUSE_MIN_S, PAUSE_MAX_S = 1.0, 300.0
_ACCEPTED = frozenset({"AA", "CA"})
log = structlog.get_logger(__name__)


class Refused(Exception):
    """The receiver has the message and does not want it, or says something else."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where messages go; the times bound connecting, and waiting for an acknowledgement."""

    host: str
    port: int
    tls: SSLContext | None = None
    connect_s: float = 10.0
    answer_s: float = 30.0

    async def deliver(self, message: Outgoing) -> None:
        """Send, and wait.

        Raises Refused; OSError, EOFError or TimeoutError where nobody answers.
        """
        async with asyncio.timeout(self.connect_s):
            reader, writer = await open_hl7_connection(
                self.host, self.port, encoding="utf-8", ssl=self.tls
            )
        try:
            async with asyncio.timeout(self.answer_s):
                writer.writeblock(message.text.encode())
                await writer.drain()
                answer = (await reader.readblock()).decode("utf-8", "replace")
        except (InvalidBlockError, ValueError) as error:
            raise Refused(f"the answer is no MLLP block: {error}") from None
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()
        _check(answer, message.control_id)


class Courier:
    """Empties the outbox; any number may run, and one message is never sent by two at once."""

    def __init__(
        self, database: Database, receiver: Receiver, *, poll_s: float = 1.0,
        pause_min_s: float = PAUSE_MIN_S,
    ) -> None:  # fmt: skip
        self._database = database
        self._receiver = receiver
        self._poll_s = poll_s
        self._pause_min_s = pause_min_s

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set; whatever happens, try again."""
        while not stop.is_set():
            try:
                if await self.turn():
                    continue
            except Exception as error:
                log.error("courier.waits", error=str(error),
                          exc_info=not isinstance(error, Unavailable))  # fmt: skip
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await stop.wait()

    async def turn(self) -> bool:
        """Try one message; whether there was one."""
        async with self._database.transaction() as tx:
            message = await hl7v2.claim(tx)
            if message is not None:
                await self._try(tx, message)
        return message is not None

    async def _try(self, tx: Transaction, message: Outgoing) -> None:
        try:
            await self._receiver.deliver(message)
        except Refused as error:
            held = message.refusals + 1 >= REFUSALS_MAX
            await self._failed(tx, message, str(error), refused=True, held=held)
        except (OSError, EOFError, TimeoutError) as error:
            told = str(error) or type(error).__name__
            await self._failed(tx, message, told, refused=False, held=False)
        else:
            await hl7v2.acknowledged(tx, message.id)

    async def _failed(
        self, tx: Transaction, message: Outgoing, told: str, *, refused: bool, held: bool
    ) -> None:
        pause_s = min(self._pause_min_s * 2.0 ** min(message.attempts, 20), PAUSE_MAX_S)
        log.warning("hl7v2 message not accepted", control_id=message.control_id, error=told,
                    attempt=message.attempts + 1, held=held)  # fmt: skip
        await hl7v2.failed(tx, message.id, told, pause_s, refused=refused, held=held)


def _check(answer: str, control_id: str) -> None:
    """Raises Refused unless ``answer`` accepts the message of this control id.

    Words of the receiver's are not repeated: they may quote the message.
    """
    try:
        msa = hl7.parse(answer).segment("MSA")
        code, about = str(msa(1)), str(msa(2))
    except Exception as error:  # the library meets strangers' text with assertions too
        raise Refused(f"the answer is no acknowledgement: {type(error).__name__}") from None
    if about != control_id:
        raise Refused("the answer acknowledges another message")
    if code not in _ACCEPTED:
        raise Refused(f"refused with {code[:2]}")
