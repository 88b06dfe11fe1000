"""Telling devices what is stored (firmware/PROTOCOL.md, section 3)."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import structlog

from core.ack import MAX_RANGES, Acknowledgement, seal_ack
from ingest import metrics
from ingest.frames import AckSink
from store.custody import Custody

TIMEOUT_S = 10.0
"""For the acknowledgements of one batch; a device that missed one sends its chunks again."""

log = structlog.get_logger(__name__)


def acknowledgements(held: Custody, ack_key: bytes) -> Iterator[bytes]:
    """One sealed frame, or more where the ranges do not fit one; each is true by itself."""
    for first in range(0, max(1, len(held.ranges)), MAX_RANGES):
        ack = Acknowledgement(
            device_id=held.device_id,
            key_epoch=held.key_epoch,
            session_id=held.session_id,
            watermark=held.watermark,
            ranges=held.ranges[first : first + MAX_RANGES],
        )
        yield seal_ack(ack, ack_key)


class Acknowledger:
    """Sends a batch's acknowledgements while the next batch commits; never more than one ahead."""

    def __init__(self) -> None:
        self._sending: asyncio.Task[None] | None = None

    async def send(
        self,
        sink: AckSink | None,
        held: Sequence[Custody],
        ack_keys: Mapping[tuple[UUID, bytes], bytes],
    ) -> None:
        """Begin to send, once the batch before is through. Only what is committed may come here."""
        if self._sending is not None:
            await self._sending
            self._sending = None
        if sink is not None and held:
            self._sending = asyncio.create_task(self._send(sink, held, ack_keys))

    async def close(self) -> None:
        """Give up what is being sent."""
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending

    @staticmethod
    async def _send(
        sink: AckSink, held: Sequence[Custody], ack_keys: Mapping[tuple[UUID, bytes], bytes]
    ) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                for custody in held:
                    key = ack_keys[custody.device_id, custody.session_id]
                    for sealed in acknowledgements(custody, key):
                        await sink(custody.device_id, sealed)
        except Exception as error:  # chunks are safe; acknowledgements are made good by resending
            metrics.ACK_FAILURES.inc()
            log.warning("ingest.ack_failed", error=repr(error))
