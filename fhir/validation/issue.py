"""What is found about a resource (https://hl7.org/fhir/R4/operationoutcome.html)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import Invalid

_SHOWN = 5


class Severity(StrEnum):
    """How much it matters; only an error refuses the resource."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding.

    ``code`` is of https://hl7.org/fhir/R4/valueset-issue-type.html, ``expression`` the FHIRPath
    of the element in question.
    """

    severity: Severity
    code: str
    text: str
    expression: str


class Rejected(Invalid):
    """A resource with errors; ``issues`` are all that was found about it."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        told = [f"{i.expression}: {i.text}" for i in issues if i.severity is Severity.ERROR]
        super().__init__("; ".join(told[:_SHOWN]) + ("; ..." if len(told) > _SHOWN else ""))


def error(code: str, text: str, expression: str) -> Issue:
    """A finding that refuses the resource."""
    return Issue(Severity.ERROR, code, text, expression)


def warning(code: str, text: str, expression: str) -> Issue:
    """A finding that a sender should look at."""
    return Issue(Severity.WARNING, code, text, expression)
