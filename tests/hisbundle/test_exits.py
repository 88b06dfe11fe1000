"""Exit codes and what is said with them."""

import pytest

from core.errors import Conflict, Fault, HisbundleError, Incorrect, NotFound, Unavailable
from hisbundle.exits import PortTaken, exit_code, is_expected, message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Incorrect("x"), 2),
        (NotFound("x"), 2),
        (PortTaken("x"), 3),
        (Conflict("x"), 4),
        (Unavailable("x"), 5),
        (Fault("x"), 1),
        (ValueError("x"), 1),
        (OSError("x"), 1),
        (PermissionError(13, "no", "/data"), 2),
        (OSError(28, "No space left on device"), 2),
    ],
)
def test_each_error_has_its_code(error: Exception, code: int) -> None:
    assert exit_code(error) == code
    assert is_expected(error) == (code != 1)


def test_a_refused_path_is_named() -> None:
    assert message(PermissionError(13, "Permission denied", "/data")) == "/data: Permission denied"
    assert message(OSError(28, "No space left on device")) == "No space left on device"


def test_a_group_speaks_for_its_members() -> None:
    inner: list[HisbundleError] = [Unavailable("postgres is away"), Conflict("in use")]
    group = ExceptionGroup("roles", inner)
    assert exit_code(group) == 5
    assert is_expected(group)
    assert message(group) == "postgres is away\nin use"
    assert not is_expected(ExceptionGroup("roles", [*inner, ValueError()]))
