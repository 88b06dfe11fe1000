"""The ESP32 layer compiles against true signatures, and what of it is portable is right."""

import csv
import ctypes
import re
import subprocess
from pathlib import Path
from shutil import which

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from tests.firmware.library import FIRMWARE, make, missing

ESP32 = FIRMWARE / "esp32"
MAIN = ESP32 / "main"
needs_a_compiler = pytest.mark.skipif(bool(missing()), reason=missing())
MISTAKES = {
    "arity": ("port_nvs.c", "nvs_commit(owner->nvs)", "nvs_commit(owner->nvs, 0)"),
    "member": ("port_adc.c", ".conv_frame_size", ".conv_frame_bytes"),
    "argument": (
        "port_mqtt.c",
        "esp_mqtt_client_enqueue(owner->mqtt,",
        "esp_mqtt_client_enqueue(data,",
    ),
}


def compiled(source: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """Compile one file for the ESP32-C3 as `make esp32` does, without an object."""
    command = [which("gcc") or "gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]
    command += ["-DFAKE_TARGET_ESP32C3", "-fsyntax-only", *more, str(source)]
    command += [f"-I{folder}" for folder in (MAIN, ESP32 / "fake", FIRMWARE / "core")]
    return subprocess.run(command, capture_output=True, check=False, text=True)


@needs_a_compiler
@pytest.mark.parametrize("target", ["esp32", "esp32-test"])
def test_the_layer_compiles_for_every_chip_and_loses_nothing_untold(target: str) -> None:
    made = make(target)
    assert made.returncode == 0, made.stdout.decode()[-3000:] + made.stderr.decode()[-3000:]


@needs_a_compiler
@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_does_not_compile(kind: str, tmp_path: Path) -> None:
    name, right, wrong = MISTAKES[kind]
    source = (MAIN / name).read_text()
    assert source.count(right) == 1
    copy = tmp_path / name
    copy.write_text(source)
    assert compiled(copy).returncode == 0
    copy.write_text(source.replace(right, wrong))
    made = compiled(copy)
    assert made.returncode != 0
    assert wrong.split("(")[0].strip(".") in made.stderr


def test_every_choice_is_offered_and_faked() -> None:
    used = {
        name
        for source in MAIN.glob("*.[ch]")
        for name in re.findall(r"\bCONFIG_(ECG_\w+)", source.read_text())
    }
    offered = set(re.findall(r"^\s*config (\w+)$", (MAIN / "Kconfig.projbuild").read_text(), re.M))
    faked = set(re.findall(r"CONFIG_(ECG_\w+)", (ESP32 / "fake" / "sdkconfig.h").read_text()))
    assert used <= offered
    assert used <= faked <= offered


def test_the_partitions_do_not_overlap_and_the_outbox_is_written_as_it_is() -> None:
    lines = (ESP32 / "partitions.csv").read_text().splitlines()
    rows = csv.reader((line for line in lines if not line.startswith("#")), skipinitialspace=True)
    end = 0x11000  # the table is at 0x10000
    flags = {}
    for name, kind, _, offset, size, flag in rows:
        at = int(offset, 16)
        assert at >= end
        assert at % (0x10000 if kind == "app" else 0x1000) == 0
        end = at + int(size, 16)
        flags[name] = flag
    assert end == 4 << 20
    assert flags["outbox"] == flags["nvs"] == ""
    assert flags["nvs_keys"] == "encrypted"


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """main/csr.c as a library."""
    library = tmp_path_factory.mktemp("csr") / "libcsr.so"
    command = [which("gcc") or "gcc", "-std=c11", "-O1", "-fPIC", "-shared", str(MAIN / "csr.c")]
    command += [f"-I{FIRMWARE / 'core'}", "-o", str(library), "-lmbedcrypto"]
    subprocess.run(command, check=True)
    loaded = ctypes.CDLL(str(library))
    assert loaded.psa_crypto_init() == 0
    return loaded


@needs_a_compiler
def test_certificate_requests_are_what_the_service_reads(requests: ctypes.CDLL) -> None:
    secret = ctypes.create_string_buffer(32)
    der = ctypes.create_string_buffer(121)
    for _ in range(64):  # enough for numbers of a signature that are short and that need a zero
        assert requests.csr_new_key(secret) == 0
        assert requests.csr_key_der(secret, der) == 0
        key = load_der_private_key(der.raw, None)
        assert isinstance(key, EllipticCurvePrivateKey)
        assert isinstance(key.curve, SECP256R1)
        out = ctypes.create_string_buffer(256)
        size = ctypes.c_size_t()
        assert requests.csr_make(secret, out, ctypes.byref(size)) == 0
        asked = x509.load_der_x509_csr(out.raw[: size.value])
        assert asked.is_signature_valid
        assert asked.public_key() == key.public_key()
        assert not list(asked.subject)
