"""Errors as OperationOutcomes."""

import pytest

from core import errors
from fhir.outcome import outcome
from tests.conformance.checker import conformant

CODES = {
    errors.Incorrect: "invalid",
    errors.Unauthenticated: "login",
    errors.Forbidden: "forbidden",
    errors.NotFound: "not-found",
    errors.Gone: "deleted",
    errors.Conflict: "conflict",
    errors.TooBusy: "throttled",
    errors.Unavailable: "transient",
}


@pytest.mark.parametrize(("category", "code"), CODES.items())
def test_each_category_has_its_code(category: type[Exception], code: str) -> None:
    made = outcome(category("why"))
    conformant(made)
    assert made["issue"] == [{"severity": "error", "code": code, "diagnostics": "why"}]


@pytest.mark.parametrize("error", [errors.Fault("secret"), RuntimeError("secret")])
def test_our_own_mistakes_are_not_told(error: Exception) -> None:
    made = outcome(error)
    conformant(made)
    assert made["issue"][0]["code"] == "exception"
    assert "secret" not in str(made)
