"""The device's core passes its own tests, plain and under the sanitizers."""

import pytest

from tests.firmware.library import make, missing, missing_crypto, missing_rv32


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("target", ["test", "asan"])
def test_the_core(target: str) -> None:
    made = make(target)
    assert made.returncode == 0, made.stdout.decode()[-3000:] + made.stderr.decode()[-3000:]


@pytest.mark.skipif(bool(missing_rv32()), reason=missing_rv32())
def test_the_devices_kind_of_processor_says_the_same() -> None:
    made = make("rv32")
    assert made.returncode == 0, made.stdout.decode()[-3000:] + made.stderr.decode()[-3000:]
    assert b"the same 31191 bytes" in made.stdout


@pytest.mark.skipif(bool(missing_crypto()), reason=missing_crypto())
def test_with_its_cipher_too_down_to_the_last_bit() -> None:
    made = make("rv32-device")
    assert made.returncode == 0, made.stdout.decode()[-3000:] + made.stderr.decode()[-3000:]
    assert b"# of these, sealing |" in made.stdout
    assert b"the same 66717 bytes" in made.stdout


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_an_empty_python_in_the_environment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON", "")
    made = make("--dry-run", "--always-make", "build/vectors.h")
    assert b"python3 tests/vectors.py" in made.stdout
