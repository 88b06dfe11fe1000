"""Who asks must be able to read all that they would be told of."""

from fhir.subscriptions.codes import FEED
from fhir.subscriptions.topics import ALERTS, OUT_OF_RANGE, REPORTS
from tests.api.conftest import Scoped
from tests.fhir.subscriptions.samples import subscription

FHIR = {"Content-Type": "application/fhir+json"}
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_VITAL = f"{_CATEGORY}|vital-signs"
_NARROWED = f"system/Observation.r?category={_VITAL}"
_CASES: tuple[tuple[str, str, tuple[str, ...], int], ...] = (
    ("system/Flag.r", ALERTS, (), 201),
    ("system/Flag.s", ALERTS, (), 403),
    ("system/Flag.r", REPORTS, (), 403),
    ("system/*.rs", FEED, (), 201),
    ("system/Observation.r", FEED, (), 403),
    ("system/Observation.r", FEED, ("Observation?code=1",), 201),
    (_NARROWED, OUT_OF_RANGE, (), 403),
    (_NARROWED, OUT_OF_RANGE, (f"category={_VITAL}",), 201),
    (_NARROWED, OUT_OF_RANGE, ("category=vital-signs",), 403),
    (_NARROWED, f"Observation?category={_VITAL}", (), 201),
    (_NARROWED, "Observation?code=1", (), 403),
    ("patient/Flag.r", ALERTS, ("patient=p1",), 403),
)


async def test_reading_is_what_it_takes(with_scopes: Scoped) -> None:
    for scope, criteria, filters, status in _CASES:
        client = with_scopes("system/Subscription.cruds", scope)
        sent = subscription(criteria, *filters)
        await client.send("POST", "Subscription", status, json=sent, headers=FHIR)


async def test_who_breaks_the_glass_does_not_subscribe(with_scopes: Scoped) -> None:
    client = with_scopes("system/Subscription.cruds", "hisbundle/break-glass", _NARROWED)
    headers = FHIR | {"X-Break-Glass": "an emergency in the ward"}
    await client.send("POST", "Subscription", 403, json=subscription(OUT_OF_RANGE), headers=headers)
