"""Digests as JSON text, float for float; records of numbers as arrays, for there are many."""

from dataclasses import astuple, fields
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from core.ecg import Hrv, RhythmKind
from core.holter.digest import Digest, Extreme, Minute, Sums
from core.holter.episodes import KindSums, Telling

_KINDS = (Digest, Sums, Minute, Extreme, Telling, Hrv)
_SHAPE = [[field.name for field in fields(t)] for t in _KINDS]
_REVISION = 1
"""To be raised where figures are made in another way though the fields have stayed."""
FORMAT = f"{_REVISION}-{sha256(orjson.dumps(_SHAPE)).hexdigest()[:16]}"
"""What a stored digest was written by: another release sums up anew."""


def encode(parts: list[tuple[str | None, Digest]]) -> str:
    """Digests by wearer as text."""
    told = [[patient_id, _told(part)] for patient_id, part in parts]
    return orjson.dumps(told).decode()


def decode(body: str) -> list[tuple[str | None, Digest]]:
    """The same from text of this FORMAT."""
    return [(patient_id, _digest(told)) for patient_id, told in orjson.loads(body)]


def _told(part: Digest) -> dict[str, Any]:
    plain = {field.name: getattr(part, field.name) for field in fields(part)}
    packed = {name: list(map(astuple, plain[name])) for name in ("minutes", "windows")}
    return plain | packed | {"sums": astuple(part.sums)}


def _digest(told: dict[str, Any]) -> Digest:
    made = {
        "started_at": datetime.fromisoformat(told["started_at"]),
        "ended_at": datetime.fromisoformat(told["ended_at"]),
        "sums": Sums(*told["sums"]),
        "minutes": tuple(map(_minute, told["minutes"])),
        "tellings": tuple(map(_telling, told["tellings"])),
        "kinds": tuple(map(_kind, told["kinds"])),
        "windows": tuple(Hrv(*values) for values in told["windows"]),
    }
    made |= {name: _extreme(told[name]) for name in ("lowest_rate", "highest_rate")}
    made |= {"longest_rr_ms": _extreme(told["longest_rr_ms"])}
    bins = ("rr", "rates", "qrs_ms", "qt_ms", "qtc_ms", "refused_s")
    made |= {name: tuple(map(tuple, told[name])) for name in bins}
    return Digest(**told | made)


def _minute(told: list[Any]) -> Minute:
    return Minute(*[*told[:-1], tuple(told[-1])])


def _extreme(told: dict[str, Any] | None) -> Extreme | None:
    return None if told is None else Extreme(**told | {"at": datetime.fromisoformat(told["at"])})


def _telling(told: dict[str, Any]) -> Telling:
    onset = datetime.fromisoformat(told["onset"])
    return Telling(**told | {"kind": RhythmKind(told["kind"]), "onset": onset})


def _kind(told: dict[str, Any]) -> KindSums:
    fastest = told["fastest"]
    return KindSums(
        **told
        | {
            "kind": RhythmKind(told["kind"]),
            "longest": tuple(map(_telling, told["longest"])),
            "fastest": None if fastest is None else _telling(fastest),
        }
    )
