"""Whose data an export is about: patients who are named, or who are members of a group."""

import re
from datetime import UTC, datetime

import orjson
from starlette.requests import Request

from api.bulk.sights import Sight
from api.grants import grant
from api.requests import caller
from api.site import site
from core.errors import Gone, Incorrect, NotFound, TooCostly
from fhir.access.scopes import Action
from fhir.bulk.parameters import PATIENTS_MAX
from fhir.groups import patients
from store import resources, snapshots
from store.snapshots import Snapshot

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


async def known(request: Request, names: tuple[str, ...]) -> None:
    """Raises Incorrect for a patient who is not there, as far as the caller may know."""
    sight = Sight.of(caller(request).rights, "Patient", reads=True)
    if sight is None or not sight.is_whole:
        return
    async with site(request).database.transaction() as tx:
        stamp = await resources.latest_stamp(tx) or datetime.now(UTC)
        wanted = Snapshot("Patient", stamp, patients=names)
        found = {key.id for key in await snapshots.alive(tx, wanted, "", len(names))}
    missing = [name for name in names if name not in found]
    if missing:
        raise Incorrect(f"there is no Patient/{missing[0]}")


async def members(request: Request, name: str) -> tuple[str, ...]:
    """The patients of a group as it is now. Raises NotFound, Gone, Forbidden, TooCostly."""
    sight = grant(request, "Group", Action.READ)
    if not _ID.fullmatch(name):
        raise NotFound("there is no resource with such an id")
    async with site(request).database.transaction() as tx:
        try:
            document = sight.checked(await resources.read(tx, "Group", name))
        except Gone as error:
            raise sight.veiled(error, name) from None
    found = patients(orjson.loads(document.body), datetime.now(UTC))
    if len(found) > PATIENTS_MAX:
        raise TooCostly(f"more than {PATIENTS_MAX} members; ask for Patient/$export")
    return found
