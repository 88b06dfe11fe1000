"""What a worker keeps between turns changes nothing but the time it takes."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from analysis.session.pipeline import SessionPipeline
from analysis.session.resume import dump
from analysis.work.remembered import Remembered
from analysis.work.turn import AT_ONCE, Done, Work, analyse
from core.chunk import ChunkHeader, SessionCipher
from core.ecg import SessionKey
from simulator.rhythm import Rhythm
from store.chunks import StoredChunk
from tests.analysis.chunks import MODEL, POLICY, Chunk, LengthClassifier, chunks_of, rhythm_mv

CHUNKS = chunks_of(rhythm_mv(Rhythm.BIGEMINY, 60))
SESSION = SessionKey(1, UUID(int=7), 1, bytes(16))
CIPHER = SessionCipher(bytes(32), SESSION.device_id, SESSION.key_epoch, SESSION.session_id)
RECEIVED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def stored(chunks: list[Chunk]) -> list[StoredChunk]:
    headers = [
        ChunkHeader(SESSION.device_id, SESSION.key_epoch, SESSION.session_id, seq)
        for seq, _ in chunks
    ]
    sealed = [CIPHER.seal(h, body) for h, (_, body) in zip(headers, chunks, strict=True)]
    return [
        StoredChunk(h.seq, bytes(frame), RECEIVED_AT)
        for h, frame in zip(headers, sealed, strict=True)
    ]


def turn(chunks: list[Chunk], state: bytes | None, remembered: Remembered | None) -> Done:
    work = Work(SESSION, CIPHER, state, stored(chunks), last=True, ends=False)
    (done,) = analyse([work], LengthClassifier(), remembered=remembered)
    assert isinstance(done, Done)
    return done


@pytest.mark.parametrize("size", [1, 3, AT_ONCE + 1])
def test_gone_on_with_or_loaded_all_is_the_same(size: int) -> None:
    remembered, state = Remembered(), None
    for first in range(0, len(CHUNKS), size):
        part = CHUNKS[first : first + size]
        loaded, kept = turn(part, state, None), turn(part, state, remembered)
        assert kept.state == loaded.state
        assert kept.outcome == loaded.outcome
        remembered.keep(SESSION.row, kept.state, kept.pipeline)
        state = kept.state


def some() -> SessionPipeline:
    return SessionPipeline(MODEL, POLICY)


def test_only_what_is_stored_is_gone_on_with_and_only_once() -> None:
    remembered, pipeline = Remembered(), some()
    state = dump(pipeline)
    remembered.keep(1, state, pipeline)
    assert remembered.take(2, state) is None
    assert remembered.take(1, state) is pipeline
    assert remembered.take(1, state) is None


@pytest.mark.parametrize("other", [None, b"what another worker stored"])
def test_what_somebody_else_stored_goes_before(other: bytes | None) -> None:
    remembered, pipeline = Remembered(), some()
    remembered.keep(1, dump(pipeline), pipeline)
    assert remembered.take(1, other) is None
    assert remembered.take(1, dump(pipeline)) is None


def test_the_longest_kept_go_first() -> None:
    remembered, pipeline = Remembered(most=2), some()
    for row in (1, 2, 1, 3):
        remembered.keep(row, b"state", pipeline)
    assert [remembered.take(row, b"state") is pipeline for row in (1, 2, 3)] == [True, False, True]
