"""The device's core passes its own tests, plain and under the sanitizers."""

import subprocess
from pathlib import Path
from shutil import which

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware"
_HEADERS = ("psa/crypto.h", "stdarg.h", "stddef.h", "setjmp.h", "stdint.h", "cmocka.h")
_NEEDED = "".join(f"#include <{header}>\n" for header in _HEADERS)


def _missing() -> str:
    """Why the core cannot be built here, "" if it can."""
    for tool in ("make", "gcc"):
        if which(tool) is None:
            return f"no {tool} here"
    tried = [which("gcc") or "gcc", "-fsyntax-only", "-x", "c", "-"]
    found = subprocess.run(tried, input=_NEEDED.encode(), capture_output=True, check=False)
    return "" if found.returncode == 0 else "libmbedtls-dev or libcmocka-dev is not installed"


@pytest.mark.skipif(bool(_missing()), reason=_missing())
@pytest.mark.parametrize("target", ["test", "asan"])
def test_the_core(target: str) -> None:
    make = which("make") or "make"
    made = subprocess.run([make, "-C", FIRMWARE, target], capture_output=True, check=False)
    assert made.returncode == 0, made.stdout.decode()[-3000:] + made.stderr.decode()[-3000:]
