"""Error -> OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html)."""

from collections.abc import Iterable

from core import errors
from fhir.validation.issue import Issue, Rejected
from fhir.values import Json, compact

_ISSUE_CODES: tuple[tuple[type[Exception], str], ...] = (
    (errors.Incorrect, "invalid"),
    (errors.Invalid, "invariant"),
    (errors.Unauthenticated, "login"),
    (errors.Forbidden, "forbidden"),
    (errors.NotFound, "not-found"),
    (errors.Gone, "deleted"),
    (errors.Conflict, "conflict"),
    (errors.TooCostly, "too-costly"),
    (errors.TooBusy, "throttled"),
    (errors.Unavailable, "transient"),
)


def outcome(error: Exception) -> Json:
    """The OperationOutcome of an error.

    A mistake of our own is named as such and no more: what it says is for the log.
    """
    if isinstance(error, Rejected):
        return findings(error.issues)
    for category, code in _ISSUE_CODES:
        if isinstance(error, category):
            return operation_outcome(code, str(error))
    return operation_outcome("exception", "internal error", severity="fatal")


def findings(issues: Iterable[Issue]) -> Json:
    """An OperationOutcome of all that was found about a resource, or that nothing was."""
    told = [_issue(i.severity, i.code, i.text, i.expression) for i in issues]
    return {
        "resourceType": "OperationOutcome",
        "issue": told or [_issue("information", "informational", "No issues", None)],
    }


def operation_outcome(
    code: str, text: str, *, severity: str = "error", expression: str | None = None
) -> Json:
    """An OperationOutcome of one issue.

    ``code`` is of https://hl7.org/fhir/R4/valueset-issue-type.html, ``expression`` the element
    in question.
    """
    return {"resourceType": "OperationOutcome", "issue": [_issue(severity, code, text, expression)]}


def _issue(severity: str, code: str, text: str, expression: str | None) -> Json:
    return compact(
        {
            "severity": severity,
            "code": code,
            "diagnostics": text,
            "expression": [expression] if expression else None,
        }
    )
