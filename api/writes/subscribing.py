"""What a client's Subscription must be before it is stored, and the row that goes with it.

A client says requested or off; requested is the beginning of a handshake, each time. Who asks
must be able to read all that it would be told of
(https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/safety_security.html).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from starlette.requests import Request

from api.grants import denied
from api.requests import caller
from core.errors import Forbidden
from core.outbound import Outbound
from core.settings import Settings
from fhir.access.scopes import Action, Way, ways
from fhir.search.indexing import draft as indexed
from fhir.subscriptions import channels
from fhir.subscriptions.endpoints import check_endpoint, literal
from fhir.subscriptions.turns import told
from fhir.subscriptions.wanted import Wanted, wanted
from fhir.validation.issue import Rejected, error
from fhir.values import Json
from store.criteria import Clause, PatientClause, TokenClause
from store.database import Transaction, notify
from store.resources import Draft, Stored
from store.subscriptions import state
from store.subscriptions.state import Asked, Status

TYPE = "Subscription"


def settled(request: Request, settings: Settings, sent: Draft) -> tuple[Draft, Asked]:
    """What is stored of a Subscription, and what is noted of it.

    Raises Rejected for what is not supported, Forbidden for what the caller may not read.
    """
    body: Json = sent.body or {}
    status = Status(body["status"])
    who = caller(request)
    if status is Status.OFF:
        asked = Asked(sent.id, who.subject, who.scopes, status, _channel(body), None, None)
        return indexed(told(body, status, None)), asked
    found = wanted(body)
    _check_end(found)
    _check_endpoint(found, settings)
    _check_rights(request, found)
    topic = None if found.topic is None else found.topic.url
    asked = Asked(sent.id, who.subject, who.scopes, status, found.channel.value, topic, found.ends)
    return indexed(told(body, status, None)), asked


def _channel(body: Json) -> str:
    return str(body.get("channel", {}).get("type", ""))


async def note(
    tx: Transaction, gone: Sequence[str], subscribed: Mapping[str, tuple[Asked, Stored]]
) -> None:
    """Change the rows as the resources were changed, at the end of their transaction.

    One after the other by id, as the matcher locks them.
    """
    for id_ in sorted({*gone, *subscribed}):
        if id_ in gone:
            await state.remove(tx, id_)
        if id_ in subscribed:
            asked, stored = subscribed[id_]
            if stored.changed or await state.read(tx, id_) is None:
                await state.request(tx, asked, stored.last_updated, datetime.now(UTC))
                await notify(tx, "event")


def _check_end(found: Wanted) -> None:
    if found.ends is not None and found.ends <= datetime.now(UTC):
        raise Rejected([error("business-rule", "it would be over already", "Subscription.end")])


def _check_endpoint(found: Wanted, settings: Settings) -> None:
    """Raises Rejected for where nothing is sent to; names are looked up when something is."""
    if found.endpoint is None:
        return
    try:
        check_endpoint(found.endpoint, settings.subscription_origins)
        address = literal(found.endpoint)
        if address is not None:
            Outbound(settings.outbound_networks).check_url(found.endpoint, address)
    except Forbidden as wrong:
        raise Rejected([error("business-rule", str(wrong), channels.ENDPOINT)]) from None


def _check_rights(request: Request, found: Wanted) -> None:
    """Raises Forbidden unless all that would be told may be read."""
    rights = caller(request).rights
    for type_, clauses in found.types.items():
        asked = _way(clauses)
        if not any(way.holds(asked) for way in ways(rights, type_, Action.READ)):
            missing = denied(request, f"system/{type_}.{Action.READ}")
            raise Forbidden(
                f"{missing} for all that this Subscription would tell; narrow it by the category"
                " or patients that they are narrowed to, or name only types that they grant"
            )


def _way(clauses: Sequence[Clause]) -> Way:
    """Clauses as a way to resources; what is neither token nor patient does not narrow it."""
    patients: frozenset[str] | None = None
    for clause in clauses:
        if isinstance(clause, PatientClause):
            own = frozenset(clause.ids)
            patients = own if patients is None else patients & own
    return Way(tuple(c for c in clauses if isinstance(c, TokenClause)), patients)
