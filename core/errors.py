"""Every error that crosses a boundary, by category.

HisbundleError
├── Incorrect        the input can never be right as it stands (400)
├── Invalid          it can be read, but breaks the rules of what it is to be (422)
├── Unauthenticated  nobody we know (401)
├── Forbidden        known, but not allowed (403)
├── NotFound         no such thing (404)
├── Gone             it was there and has been deleted (410)
├── Conflict         it contradicts what is stored (409)
├── Unmet            a condition that the caller has set does not hold (412)
├── TooCostly        more than we answer at once; ask for less (413)
├── TooBusy          come back later: a bound of ours is reached (429)
├── Unavailable      come back later: something we need is away (503)
└── Fault            our own mistake (500)

Edges translate a category once: ``api.errors`` to a status and an OperationOutcome,
``ingest.accept`` to a quarantine reason, workers to retry or stop.
"""


class HisbundleError(Exception):
    """Base of all errors that this product raises on purpose."""


class Incorrect(HisbundleError):
    """The input can never be right as it stands."""


class Invalid(HisbundleError):
    """The input can be read, but breaks the rules of what it is to be."""


class Unauthenticated(HisbundleError):
    """The caller has not proved who they are."""


class Forbidden(HisbundleError):
    """The caller is known and may not do this."""


class NotFound(HisbundleError):
    """There is no such thing."""


class Gone(HisbundleError):
    """The thing was here and has been deleted; ``patient_id`` is whose it was, if anybody's."""

    def __init__(self, told: str, patient_id: str | None = None) -> None:
        super().__init__(told)
        self.patient_id = patient_id


class Conflict(HisbundleError):
    """The input contradicts what is already stored."""


class Unmet(HisbundleError):
    """A condition that the caller has set does not hold."""


class TooCostly(HisbundleError):
    """More than we answer at once; the caller may ask for less."""


class TooBusy(HisbundleError):
    """A bound of ours is reached; the caller may try again later."""


class Unavailable(HisbundleError):
    """Something that we depend on is away; trying again later may help."""


class Fault(HisbundleError):
    """Our own mistake."""
