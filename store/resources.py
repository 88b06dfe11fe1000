"""FHIR resources: put, read, vread and history of immutable versions.

``put_many`` holds the FHIR clock's row lock until its transaction ends; whoever decides by what
is stored takes it first (``lock``). Stamps of ``meta.lastUpdated`` are therefore unique per
transaction and become visible in their own order: a client that asks for what is newer than the
newest it has seen never misses a version
(https://hl7.org/fhir/us/core/general-guidance.html, searching by _lastUpdated).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from core import json_text
from core.errors import Gone, NotFound
from core.moments import instant
from store import resource_rows
from store.index import Index
from store.resource_rows import Current

Json = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource to be written.

    ``body`` is the whole resource but for ``meta.versionId`` and ``meta.lastUpdated``; None
    deletes it. ``index`` is what ``fhir.search.registry`` extracts from it. ``render`` names what
    is filled in on reading (an ECG strip's samples); a change of it is a new version.

    ``evidence`` is what the service itself has found, and ``clinical`` names the elements of it
    that a client has set.
    """

    type: str
    id: str
    body: Json | None
    index: Index = field(default_factory=Index)
    render: Json | None = None
    evidence: bool = False
    clinical: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """Type and id."""
        return self.type, self.id

    @property
    def digest(self) -> bytes:
        """SHA-256 over all that makes a version."""
        return sha256(json_text.dumps([self.body, self.render], sort_keys=True)).digest()


Revise = Callable[[Draft, Current | None], Draft | None]
"""Given a draft and the current version, what to write; None is nothing. It may be asked twice."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a draft came to rest; ``changed`` is False where it was there already."""

    type: str
    id: str
    version: int
    last_updated: datetime
    changed: bool


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a resource as JSON bytes, ``meta`` inside; empty where it is a deletion.

    ``patient_id`` is whose data they are; None where it is nobody's.
    """

    type: str
    id: str
    version: int
    last_updated: datetime
    deleted: bool
    body: bytes
    render: Json | None
    patient_id: str | None


async def lock(tx: AsyncConnection) -> None:
    """Hold back all other writers of resources until this transaction ends.

    What is read from here on stays as it is until then. Locks are taken in one order: devices,
    findings, reports, and the FHIR clock last.
    """
    await resource_rows.lock(tx)


async def current(tx: AsyncConnection, type_: str, id_: str) -> Current | None:
    """The current version and whose it is; None if there never was one."""
    return (await resource_rows.current(tx, [(type_, id_)])).get((type_, id_))


async def present(tx: AsyncConnection, keys: Sequence[Key]) -> set[Key]:
    """Those of ``keys`` under which there is a resource that has not been deleted."""
    found = await resource_rows.current(tx, keys)
    return {key for key, version in found.items() if not version.deleted}


async def owners(tx: AsyncConnection, keys: Sequence[Key]) -> dict[Key, str | None]:
    """Whose data are those of ``keys`` under which there is a resource that is not deleted."""
    found = await resource_rows.current(tx, keys)
    return {key: version.patient_id for key, version in found.items() if not version.deleted}


async def put_many(
    tx: AsyncConnection, drafts: Sequence[Draft], revise: Revise | None = None
) -> list[Stored]:
    """Write what differs from the current versions; the answers are in the drafts' order.

    Of several drafts of one resource the last counts. Writing the same again changes nothing.
    ``revise`` sees each draft beside the version that it would follow. Other writers wait until
    this transaction ends, so keep what follows it short.
    """
    latest = {draft.key: draft for draft in drafts}
    if not latest:
        return []
    digests = {key: draft.digest for key, draft in latest.items()}
    known = await resource_rows.current(tx, list(latest))
    changed: list[resource_rows.Version] = []
    if _changes(latest, digests, known, revise):
        stamp = await resource_rows.tick(tx)
        # Somebody else may have written while we waited for the clock.
        known = await resource_rows.current(tx, list(latest))
        changes = _changes(latest, digests, known, revise)
        changed = [_version(d, digest, known.get(d.key), stamp) for d, digest in changes]
        await resource_rows.write(tx, changed)
    written = {(version.type, version.id): version for version in changed}
    return [_stored(draft.key, written.get(draft.key), known.get(draft.key)) for draft in drafts]


def _changes(
    drafts: Mapping[Key, Draft],
    digests: Mapping[Key, bytes],
    known: Mapping[Key, Current],
    revise: Revise | None,
) -> list[tuple[Draft, bytes]]:
    """What is to be written, and its digest."""
    found = []
    for key, draft in drafts.items():
        before = known.get(key)
        if before is not None and before.digest == digests[key]:
            continue
        revised = draft if revise is None else revise(draft, before)
        if revised is None or (before is None and revised.body is None):
            continue
        digest = digests[key] if revised is draft else revised.digest
        if before is None or before.digest != digest:
            found.append((revised, digest))
    return found


def _version(
    draft: Draft, digest: bytes, before: Current | None, stamp: datetime
) -> resource_rows.Version:
    version = 1 if before is None else before.version + 1
    return resource_rows.Version(
        type=draft.type,
        id=draft.id,
        version=version,
        last_updated=stamp,
        deleted=draft.body is None,
        digest=digest,
        body=b"" if draft.body is None else with_meta(draft.body, version, stamp),
        render=draft.render,
        evidence=draft.evidence,
        clinical=draft.clinical,
        index=draft.index,
    )


def _stored(key: Key, written: resource_rows.Version | None, before: Current | None) -> Stored:
    if written is not None:
        return Stored(*key, written.version, written.last_updated, changed=True)
    if before is None:  # nothing was to be written of what never was
        return Stored(*key, 0, datetime.now(UTC), changed=False)
    return Stored(*key, before.version, before.last_updated, changed=False)


def with_meta(body: Json, version: int, last_updated: datetime) -> bytes:
    """The JSON of a version, ``meta`` in its usual place after ``id``."""
    meta = {"versionId": str(version), "lastUpdated": instant(last_updated)}
    head = {"resourceType": body["resourceType"], "id": body["id"]}
    return json_text.dumps(head | {"meta": meta | body.get("meta", {})} | _without_meta(body))


def _without_meta(body: Json) -> Json:
    return {name: value for name, value in body.items() if name != "meta"}


_STAMP = text("SELECT stamp FROM fhir_clock")
_READ = text(
    "SELECT type, id, version, last_updated, deleted, body, render, patient_id FROM resource"
    " WHERE type = :type AND id = :id"
)
_HISTORY = text(
    "SELECT type, id, version, last_updated, deleted, body, render, patient_id FROM resource"
    " WHERE type = :type AND id = :id AND version <= :version"
    " UNION ALL SELECT type, id, version, last_updated, deleted, body, render, patient_id"
    " FROM resource_version WHERE type = :type AND id = :id AND version <= :version"
    " ORDER BY version DESC LIMIT :count"
)
# LIMIT keeps the planner to one index look-up per key (see store.resource_rows).
_READ_MANY = text(
    "SELECT r.type, r.id, r.version, r.last_updated, r.deleted, r.body, r.render, r.patient_id"
    " FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[])) AS wanted (type, id)"
    " CROSS JOIN LATERAL (SELECT * FROM resource"
    "   WHERE type = wanted.type AND id = wanted.id AND NOT deleted LIMIT 1) AS r"
)
LAST_VERSION = 2**63 - 1


def document(row: Row[Any]) -> Document:
    """A row with the columns of a version."""
    return Document(
        row.type,
        row.id,
        row.version,
        row.last_updated,
        row.deleted,
        bytes(row.body),
        row.render,
        row.patient_id,
    )


async def latest_stamp(tx: AsyncConnection) -> datetime | None:
    """The newest ``meta.lastUpdated`` that is visible; None before the first resource.

    Nothing that becomes visible later has this stamp or an earlier one.
    """
    return (await tx.execute(_STAMP)).scalar_one_or_none()


async def read(tx: AsyncConnection, type_: str, id_: str) -> Document:
    """The current version. Raises NotFound, or Gone if it has been deleted."""
    row = (await tx.execute(_READ, {"type": type_, "id": id_})).one_or_none()
    if row is None:
        raise NotFound(f"there is no {type_}/{id_}")
    return _alive(document(row))


async def read_many(tx: AsyncConnection, keys: Sequence[Key]) -> list[Document]:
    """The current versions of those of ``keys`` that exist and are not deleted, in any order."""
    wanted = {"types": [kind for kind, _ in keys], "ids": [name for _, name in keys]}
    return [document(row) for row in await tx.execute(_READ_MANY, wanted)]


async def vread(tx: AsyncConnection, type_: str, id_: str, version: int) -> Document:
    """One version. Raises NotFound, or Gone if that version is the deletion."""
    found = await history(tx, type_, id_, 1, version)
    if not found or found[0].version != version:
        raise NotFound(f"there is no version {version} of {type_}/{id_}")
    return _alive(found[0])


async def history(
    tx: AsyncConnection, type_: str, id_: str, count: int, newest: int = LAST_VERSION
) -> list[Document]:
    """Up to ``count`` versions from ``newest`` down, deletions among them; empty if none."""
    wanted = {"type": type_, "id": id_, "version": newest, "count": count}
    return [document(row) for row in await tx.execute(_HISTORY, wanted)]


def _alive(found: Document) -> Document:
    if found.deleted:
        raise Gone(
            f"{found.type}/{found.id} was deleted in version {found.version}", found.patient_id
        )
    return found
