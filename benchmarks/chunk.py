"""Sealing and opening chunks beside the bare cipher, and deriving a session's keys."""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from benchmarks.recorder import Recorder, signal_bodies
from benchmarks.report import Row
from benchmarks.rounds import Contender, Size, compare, computing
from core.chunk import HEADER_BYTES, ChunkBody, ChunkHeader, SessionCipher, parse_header

NAME = "chunk"
_BARE_SEAL, _SEAL = "AESGCM.encrypt, key cached", "seal"
_BARE_OPEN, _OPEN = "AESGCM.decrypt, key cached", "parse, open"
_BARE_HKDF, _SESSION = "one HKDF-SHA-256", "session cipher from a device key"


async def run(size: Size) -> list[Row]:
    """Chunks and sessions per second, on one core."""
    recorder, bodies = Recorder(), signal_bodies(size.of(4000), 1_750_000_000_000_000)
    frames = recorder.seal(bodies)
    sealing = await compare(_sealing(recorder, bodies, frames), size.rounds)
    opening = await compare(_opening(recorder, frames), size.rounds)
    deriving = await compare(_deriving(recorder, size.of(2000)), size.rounds)
    return [
        sealing[_BARE_SEAL].row(NAME, _BARE_SEAL, "chunks"),
        sealing[_SEAL].row(NAME, _SEAL, "chunks", _BARE_SEAL),
        opening[_BARE_OPEN].row(NAME, _BARE_OPEN, "chunks"),
        opening[_OPEN].row(NAME, _OPEN, "chunks", _BARE_OPEN),
        deriving[_BARE_HKDF].row(NAME, _BARE_HKDF, "sessions"),
        deriving[_SESSION].row(NAME, _SESSION, "sessions", _BARE_HKDF),
    ]


def _nonces(count: int) -> list[bytes]:
    return [n.to_bytes(12, "big") for n in range(count)]


def _sealing(
    recorder: Recorder, bodies: Sequence[ChunkBody], frames: Sequence[bytes]
) -> dict[str, Contender]:
    aead, cipher, nonces = AESGCM(recorder.key), recorder.cipher, _nonces(len(bodies))
    clear, associated = bodies[0].pack(), frames[0][:HEADER_BYTES]

    def bare() -> int:
        for nonce in nonces:
            aead.encrypt(nonce, clear, associated)
        return len(nonces)

    def seal() -> int:
        for seq, body in enumerate(bodies):
            cipher.seal(ChunkHeader(recorder.id, 1, recorder.session_id, seq), body)
        return len(bodies)

    return {_BARE_SEAL: computing(bare), _SEAL: computing(seal)}


def _opening(recorder: Recorder, frames: Sequence[bytes]) -> dict[str, Contender]:
    aead, cipher = AESGCM(recorder.key), recorder.cipher
    associated = frames[0][:HEADER_BYTES]
    sealed = [(n, aead.encrypt(n, bytes(398), associated)) for n in _nonces(len(frames))]

    def bare() -> int:
        for nonce, text in sealed:
            aead.decrypt(nonce, text, associated)
        return len(sealed)

    def opened() -> int:
        for frame in frames:
            cipher.open(*parse_header(frame))
        return len(frames)

    return {_BARE_OPEN: computing(bare), _OPEN: computing(opened)}


def _deriving(recorder: Recorder, count: int) -> dict[str, Contender]:
    def repeated(work: Callable[[], object]) -> Contender:
        def all_of_them() -> int:
            for _ in range(count):
                work()
            return count

        return computing(all_of_them)

    def bare() -> bytes:
        return HKDF(hashes.SHA256(), 44, recorder.session_id, b"bench").derive(recorder.key)

    def session() -> SessionCipher:
        return recorder.cipher

    return {_BARE_HKDF: repeated(bare), _SESSION: repeated(session)}
