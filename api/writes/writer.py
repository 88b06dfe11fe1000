"""One transaction of writes: everybody else held back, what was promised checked at its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request

from api.disclosure import disclose
from api.hl7v2 import letterhead
from api.requests import caller
from api.site import Site, site
from api.writes import limiting, references, subscribing
from core.errors import Conflict
from fhir.access.grant import Grant
from fhir.access.scopes import Action, allows, ways
from fhir.publishing.outbox import put_out
from store import devices, resources, wearing
from store.database import Transaction
from store.index import Index
from store.resource_rows import Current
from store.resources import Document, Draft, Key, Stored
from store.subscriptions.state import Asked

SCOPE_KEY = "writer"


@dataclass(slots=True)
class Writer:
    """Writes of one database transaction, which holds the FHIR clock from its beginning.

    ``promised`` are references to resources that must be there at the end, for which a
    transaction Bundle may write what it refers to in any order; ``deleted`` what nobody may then
    refer to; ``confirmed`` the service's own results that a clinician has changed; ``subscribed``
    Subscriptions that were asked for, by id; ``goals`` the newest versions of Goals.
    """

    here: Site
    base: str
    tx: Transaction
    promised: list[tuple[str, Key]] = field(default_factory=list)
    deleted: list[Key] = field(default_factory=list)
    confirmed: list[Stored] = field(default_factory=list)
    subscribed: dict[str, tuple[Asked, Stored]] = field(default_factory=dict)
    goals: dict[str, Document] = field(default_factory=dict)

    async def put(self, request: Request, own: Grant, draft: Draft) -> Document:
        """Write a version; it counts as disclosed to whoever wrote it.

        Raises Forbidden unless it is among what the caller may write, ``own``. A Subscription is
        noted in a row of its own, too (``api.writes.subscribing``).
        """
        own.check_owner(draft)
        asked = None
        if draft.type == subscribing.TYPE:
            draft, asked = subscribing.settled(request, self.here.settings, draft)
        stored = await resources.put_many(self.tx, [draft])
        if asked is not None:
            self.subscribed[draft.id] = asked, stored[0]
        if draft.evidence:
            self.confirmed += stored
        document = await resources.read(self.tx, draft.type, draft.id)
        if draft.type == limiting.TYPE and stored[0].changed:
            self.goals[draft.id] = document
        disclose(request, [document])
        return document

    async def delete(self, request: Request, key: Key, before: Current) -> Document:
        """Delete what is there; the deletion goes on telling whose it was."""
        await resources.put_many(self.tx, [Draft(*key, None, Index(before.patient_id))])
        self.deleted.append(key)
        (document,) = await resources.history(self.tx, *key, 1)
        if document.type == limiting.TYPE:
            self.goals[document.id] = document
        disclose(request, [document])
        return document

    async def finish(self, request: Request) -> None:
        """Raises Invalid for a reference into nothing, Conflict for a deletion under others.

        Conflict, too, where two Goals would set limits of one patient's alarms.
        """
        await references.check_targets(self.tx, self.promised, _in_sight(request))
        for key in self.deleted:
            await _check_unused(self.tx, key)
            by = await references.referring(self.tx, key, self.base)
            if by is not None:
                known = allows(caller(request).rights, by[0], Action.READ)
                raise references.refusal(key, by if known else None)
        gone = [name for type_, name in self.deleted if type_ == subscribing.TYPE]
        await subscribing.note(self.tx, gone, self.subscribed)
        await limiting.note(request, self.tx, self.goals)
        if self.confirmed and self.here.settings.hl7v2_host is not None:
            await put_out(self.tx, self.confirmed, letterhead(self.here.settings))
        await self.here.database.notify(self.tx, "resource")


@asynccontextmanager
async def writing(request: Request) -> AsyncIterator[Writer]:
    """The transaction to write in: a Bundle's, or one for this request alone."""
    open_already: Writer | None = request.scope.get(SCOPE_KEY)
    if open_already is not None:
        yield open_already
        return
    here = site(request)
    async with here.writes.transaction() as tx:
        await resources.lock(tx)
        writer = Writer(here, here.base(request), tx)
        yield writer
        await writer.finish(request)


def _in_sight(request: Request) -> references.InSight:
    """Whom the caller may refer to: who is confined to certain patients, to what they may read.

    A refusal of the rest would tell what there is; taking it would tie patients together.
    """
    rights = caller(request).rights

    def is_seen(key: Key, patient: str | None) -> bool:
        if not rights.patients or patient is None:
            return True
        return Grant(key[0], ways(rights, key[0], Action.READ)).is_whole_for(patient)

    return is_seen


async def _check_unused(tx: Transaction, key: Key) -> None:
    """Raises Conflict for who wears a device, and for a device that is enrolled."""
    if key[0] == "Patient" and await wearing.is_wearer(tx, key[1]):
        raise Conflict(f"Patient/{key[1]} cannot be deleted: a device is or was worn by them")
    if key[0] == "Device" and await is_enrolled(tx, key[1]):
        raise Conflict(f"Device/{key[1]} cannot be deleted: it is enrolled; revoke it instead")


async def is_enrolled(tx: Transaction, name: str) -> bool:
    """Whether a Device's id is that of an enrolled device."""
    try:
        device_id = UUID(name)
    except ValueError:
        return False
    return await devices.find(tx, device_id) is not None
