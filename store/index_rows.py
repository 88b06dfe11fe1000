"""The rows that resources are found by: tokens, further times, quantities, wordings; in batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.index import Concept, Index, short

_SEPARATOR = "\x1f"  # never part of a URI, nor of a string of FHIR


@dataclass(frozen=True, slots=True)
class Indexed:
    """A current resource and what it is found by."""

    type: str
    id: str
    index: Index


# LIMIT and OFFSET keep the planner to one index look-up per key, as in store.resource_rows.
_REMOVE = [
    text(
        f"DELETE FROM {table} WHERE ctid = ANY (ARRAY (SELECT old.ctid"  # noqa: S608 (ours)
        " FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[])) AS wanted (type, id)"
        f" CROSS JOIN LATERAL (SELECT ctid FROM {table}"
        "   WHERE type = wanted.type AND id = wanted.id OFFSET 0) AS old))"
    )
    for table in ("resource_token", "resource_range", "resource_quantity")
]
_TOKENS = text(
    "INSERT INTO resource_token (type, id, param, code, systems, patient_id, at, until)"
    " SELECT type, id, param, code,"
    " CASE systems WHEN '' THEN ARRAY[''] ELSE string_to_array(systems, E'\\x1f') END,"
    " patient_id, at, until"
    " FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:params AS text[]),"
    " CAST(:codes AS text[]), CAST(:systems AS text[]), CAST(:patients AS text[]),"
    " CAST(:at AS timestamptz[]), CAST(:until AS timestamptz[]))"
    " AS new (type, id, param, code, systems, patient_id, at, until)"
)
_RANGES = text(
    "INSERT INTO resource_range (type, id, param, number, low, high)"
    " SELECT * FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:params AS text[]),"
    " CAST(:numbers AS smallint[]), CAST(:low AS timestamptz[]), CAST(:high AS timestamptz[]))"
)
_QUANTITIES = text(
    "INSERT INTO resource_quantity"
    " (type, id, param, number, system, code, unit, low, high, patient_id)"
    " SELECT * FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[]), CAST(:params AS text[]),"
    " CAST(:numbers AS smallint[]), CAST(:systems AS text[]), CAST(:codes AS text[]),"
    " CAST(:units AS text[]), CAST(:low AS numeric[]), CAST(:high AS numeric[]),"
    " CAST(:patients AS text[]))"
)
_WORDINGS = text(
    "INSERT INTO resource_wording (type, param, text, key)"
    " SELECT * FROM unnest(CAST(:types AS text[]), CAST(:params AS text[]),"
    " CAST(:texts AS text[]), CAST(:keys AS bigint[])) ON CONFLICT DO NOTHING"
)
_CONCEPTS = text(
    "INSERT INTO resource_concept (type, patient_id, key, param, codes, systems, filters)"
    " SELECT type, patient, key, param,"
    " ARRAY (SELECT jsonb_array_elements_text(CAST(codes AS jsonb))),"
    " ARRAY (SELECT jsonb_array_elements_text(CAST(systems AS jsonb))),"
    " CAST(filters AS bigint[])"
    " FROM unnest(CAST(:types AS text[]), CAST(:patients AS text[]), CAST(:keys AS bigint[]),"
    " CAST(:params AS text[]), CAST(:codes AS text[]), CAST(:systems AS text[]),"
    " CAST(:filters AS text[])) AS new (type, patient, key, param, codes, systems, filters)"
    " ON CONFLICT DO NOTHING"
)


async def remove(tx: AsyncConnection, keys: Sequence[tuple[str, str]]) -> None:
    """Forget what the resources ``keys`` (type, id) were found by."""
    columns = _columns(("types", "ids"), keys)
    for statement in _REMOVE:
        await tx.execute(statement, columns)


async def add(tx: AsyncConnection, found: Sequence[Indexed]) -> None:
    """Let these be found; nothing of them may be in the index yet."""
    for statement, names, rows in (
        (_TOKENS, _TOKEN, _token_rows(found)),
        (_RANGES, _RANGE, _range_rows(found)),
        (_QUANTITIES, _QUANTITY, _quantity_rows(found)),
        (_WORDINGS, _WORDING, _wording_rows(found)),
        (_CONCEPTS, _CONCEPT, _concept_rows(found)),
    ):
        if rows:
            await tx.execute(statement, _columns(names, rows))


def filters(index: Index) -> str:
    """The keys of a resource's filters, as PostgreSQL writes arrays."""
    keys = {key for token in index.tokens if not token.leads for key in token.keys}
    keys |= {key for wording in index.wordings for key in wording.keys}
    return f"{{{','.join(map(str, sorted(keys)))}}}"


_TOKEN = ("types", "ids", "params", "codes", "systems", "patients", "at", "until")
_RANGE = ("types", "ids", "params", "numbers", "low", "high")
_QUANTITY = (
    "types", "ids", "params", "numbers", "systems", "codes", "units", "low", "high", "patients",
)  # fmt: skip
_WORDING = ("types", "params", "texts", "keys")
_CONCEPT = ("types", "patients", "keys", "params", "codes", "systems", "filters")


def _columns(names: Iterable[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}


def _token_rows(found: Sequence[Indexed]) -> list[tuple[Any, ...]]:
    return [
        (f.type, f.id, param, code, _SEPARATOR.join(systems), i.patient_id, i.at, i.until)
        for f in found
        for i in (f.index,)
        for (param, code), systems in _by_code(i).items()
    ]


def _by_code(index: Index) -> dict[tuple[str, str], dict[str, None]]:
    """One row per parameter and code: a search by code alone then finds a resource once."""
    grouped: dict[tuple[str, str], dict[str, None]] = {}
    for token in index.tokens:
        if token.leads:
            grouped.setdefault((token.param, short(token.code)), {})[token.system] = None
    return grouped


def _range_rows(found: Sequence[Indexed]) -> list[tuple[Any, ...]]:
    return [
        (f.type, f.id, span.param, number, span.low, span.high)
        for f in found
        for number, span in enumerate(f.index.spans)
    ]


def _quantity_rows(found: Sequence[Indexed]) -> list[tuple[Any, ...]]:
    return [
        (f.type, f.id, param, n, short(a.system), short(a.code), short(a.unit), a.low, a.high,
         f.index.patient_id)
        for f in found
        for n, (param, a) in enumerate(f.index.amounts)
    ]  # fmt: skip


def _wording_rows(found: Sequence[Indexed]) -> list[tuple[Any, ...]]:
    rows = {(f.type, w.param, w.text, w.key) for f in found for w in f.index.wordings}
    return sorted(rows)


def _concept_rows(found: Sequence[Indexed]) -> list[tuple[Any, ...]]:
    """Each concept of a patient once: a batch has many values of few."""
    rows = {(f.type, f.index.patient_id, f.index.concept) for f in found}
    return sorted(
        (type_, patient, concept.key, concept.param, *_joined(concept))
        for type_, patient, concept in rows
        if patient is not None and concept is not None
    )


def _joined(concept: Concept) -> tuple[str, str, str]:
    codes, systems = zip(*concept.codings, strict=True)
    filters = f"{{{','.join(map(str, concept.filters))}}}"
    return orjson.dumps(codes).decode(), orjson.dumps(systems).decode(), filters
