"""The device's core passes its own tests, plain and under the sanitizers."""

import pytest

from tests.firmware.library import make, missing


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("target", ["test", "asan"])
def test_the_core(target: str) -> None:
    made = make(target)
    assert made.returncode == 0, made.stdout.decode()[-3000:] + made.stderr.decode()[-3000:]
