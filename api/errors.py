"""Exceptions to statuses and OperationOutcomes, in one place (``core.errors`` has the tree)."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import answers
from api.tokens import InvalidToken
from core import errors
from fhir.outcome import operation_outcome, outcome

RETRY_AFTER_S = "5"
CHALLENGE = 'Bearer realm="hisbundle"'
"""RFC 6750, section 3: the error is told where a token was given, and only then."""

_STATUSES: tuple[tuple[type[Exception], int, Mapping[str, str]], ...] = (
    (errors.Incorrect, 400, {}),
    (errors.Invalid, 422, {}),
    (InvalidToken, 401, {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'}),
    (errors.Unauthenticated, 401, {"WWW-Authenticate": CHALLENGE}),
    (errors.Forbidden, 403, {"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope"'}),
    (errors.NotFound, 404, {}),
    (errors.Gone, 410, {}),
    (errors.Conflict, 409, {}),
    (errors.Unmet, 412, {}),
    (errors.TooCostly, 413, {}),
    (errors.TooBusy, 429, {"Retry-After": RETRY_AFTER_S}),
    (errors.Unavailable, 503, {"Retry-After": RETRY_AFTER_S}),
)
# https://hl7.org/fhir/R4/valueset-issue-type.html
_ISSUES = {404: "not-found", 405: "not-supported", 406: "not-supported", 413: "too-long"}


def answer(error: Exception) -> Response:
    """The response that an exception becomes."""
    if isinstance(error, HTTPException):
        issue = _ISSUES.get(error.status_code, "not-supported")
        told = operation_outcome(issue, _sentence(error))
        return answers.fhir(told, error.status_code, error.headers)
    for category, status, headers in _STATUSES:
        if isinstance(error, category):
            return answers.fhir(outcome(_told(error)), status, headers)
    return answers.fhir(outcome(error), 500)


def _told(error: Exception) -> Exception:
    """What is away, and why, is for the log."""
    if isinstance(error, errors.Unavailable):
        return errors.Unavailable("the service cannot answer just now; please try again")
    return error


def _sentence(error: HTTPException) -> str:
    if error.status_code == 404:
        return "there is nothing at this address"
    return error.detail or HTTPStatus(error.status_code).phrase
