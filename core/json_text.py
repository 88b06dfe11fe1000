"""JSON whose numbers keep the digits that they were written with.

A FHIR decimal says how precise it is: 60.10 is not 60.1
(https://hl7.org/fhir/R4/datatypes.html#decimal). What a client sent is therefore read with
``loads`` wherever it is written out again; ``orjson`` will do where it is only looked at.
"""

import json
from codecs import BOM_UTF8
from decimal import Decimal
from typing import Any

import orjson

from core.errors import Incorrect

MAX_DEPTH = 64


def loads(text: bytes | str) -> Any:
    """Plain data, with ``Decimal`` for numbers that are no integers.

    Raises Incorrect for what is no JSON, has a name twice, or is nested more than MAX_DEPTH deep.
    """
    if isinstance(text, bytes):
        text = text.removeprefix(BOM_UTF8)  # RFC 8259, section 8.1: some clients write it
    try:
        # The strict parser first: it knows no NaN, and stops at 1024 levels.
        orjson.loads(text)
        plain = json.loads(
            text, parse_float=Decimal, parse_int=_integer, object_pairs_hook=_distinct
        )
    except (ValueError, RecursionError) as error:
        raise Incorrect(f"not JSON: {error}") from None
    except ArithmeticError:
        raise Incorrect("not JSON: a number beyond all bounds") from None
    _measure(plain, MAX_DEPTH)
    return plain


def dumps(plain: Any, *, pretty: bool = False, sort_keys: bool = False) -> bytes:
    """``plain`` as UTF-8; the reverse of ``loads``."""
    option = (orjson.OPT_INDENT_2 if pretty else 0) | (orjson.OPT_SORT_KEYS if sort_keys else 0)
    return orjson.dumps(plain, default=_number, option=option)


def _integer(digits: str) -> int | Decimal:
    number = int(digits) if len(digits) < 18 else None
    return Decimal(digits) if number is None or digits == "-0" else number


def _measure(plain: Any, room: int) -> None:
    if isinstance(plain, dict | list):
        if room == 0:
            raise Incorrect(f"nested more than {MAX_DEPTH} deep")
        for inner in plain.values() if isinstance(plain, dict) else plain:
            _measure(inner, room - 1)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is given twice in one object")
    return made


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} has no JSON")
