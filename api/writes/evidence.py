"""What the service has found, or decides, and clients change in part only."""

from dataclasses import replace

from api.writes import references
from api.writes.judged import indexed
from api.writes.writer import Writer, is_enrolled
from core import json_text
from core.errors import Invalid
from fhir.clinical import annotated
from fhir.codes import DEVICE_SID
from fhir.values import Json, unversioned
from store import resources
from store.database import Transaction
from store.resource_rows import Current
from store.resources import Draft, Key


async def annotate(
    writer: Writer, sent: Json, before: Current
) -> tuple[Draft, list[tuple[str, Key]]]:
    """Evidence with the clinician's part of ``sent``, and the references that it newly has.

    Raises Invalid for a change of anything else.
    """
    stored: Json = unversioned(json_text.loads(before.body))
    document = await resources.read(writer.tx, stored["resourceType"], stored["id"])
    # A strip is read with its samples, and so it comes back.
    view = unversioned(json_text.loads(await writer.here.strips.body(writer.tx, document)))
    sent = references.made_relative(sent, writer.base)
    body, names = annotated(stored, view, sent, before.clinical)
    draft = replace(indexed(body), render=before.render, evidence=True, clinical=names)
    return draft, references.added(body, stored)


async def check_enrolled(tx: Transaction, sent: Json, stored: Json) -> None:
    """Raises Invalid where a client says of an enrolled device whose it is, or hides its name."""
    if stored["resourceType"] != "Device" or not await is_enrolled(tx, stored["id"]):
        return
    if sent.get("patient") != stored.get("patient"):
        raise Invalid("Device.patient: who wears an enrolled device is said by enrolling it")
    if not _names(stored) <= _names(sent):
        raise Invalid(f"Device.identifier: {DEVICE_SID} is how an enrolled device is found")


def _names(body: Json) -> set[str]:
    names = body.get("identifier", [])
    return {str(name.get("value")) for name in names if name.get("system") == DEVICE_SID}
