"""The device's core as a library on this machine, or why it cannot be one."""

import ctypes
import fcntl
import subprocess
from functools import cache
from pathlib import Path
from shutil import which

FIRMWARE = Path(__file__).parents[2] / "firmware"
_HEADERS = ("psa/crypto.h", "stdarg.h", "stddef.h", "setjmp.h", "stdint.h", "cmocka.h")
_NEEDED = "".join(f"#include <{header}>\n" for header in _HEADERS)
SAMPLES = 187


def make(*target: str) -> "subprocess.CompletedProcess[bytes]":
    """Make a target of firmware/Makefile."""
    return _alone(which("make") or "make", "-C", str(FIRMWARE), *target)


def _alone(*command: str) -> "subprocess.CompletedProcess[bytes]":
    """Run it while nobody else builds: several processes of the tests share one folder."""
    (FIRMWARE / "build").mkdir(exist_ok=True)
    with (FIRMWARE / "build" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.run(command, capture_output=True, check=False)


@cache
def missing() -> str:
    """Why the core cannot be built here, "" if it can."""
    for tool in ("make", "gcc"):
        if which(tool) is None:
            return f"no {tool} here"
    tried = [which("gcc") or "gcc", "-fsyntax-only", "-x", "c", "-"]
    found = subprocess.run(tried, input=_NEEDED.encode(), capture_output=True, check=False)
    return "" if found.returncode == 0 else "libmbedtls-dev or libcmocka-dev is not installed"


@cache
def missing_host() -> str:
    """Why the device cannot be built as a program of this machine, "" if it can."""
    made = make("host")
    return missing() or ("" if made.returncode == 0 else made.stderr.decode()[-200:])


@cache
def missing_rv32() -> str:
    """Why nothing can be run on the device's kind of processor here, "" if it can."""
    for tool in ("make", "gcc", "riscv64-unknown-elf-gcc", "qemu-system-riscv32"):
        if which(tool) is None:
            return f"no {tool} here"
    tried = ["riscv64-unknown-elf-gcc", "--specs=picolibc.specs", "-fsyntax-only", "-x", "c", "-"]
    program = b"#include <stdio.h>\n"
    found = subprocess.run(tried, input=program, capture_output=True, check=False)
    return missing() if found.returncode == 0 else "no picolibc here"


@cache
def missing_crypto() -> str:
    """Why the crypto library cannot be built for that processor here, "" if it can."""
    fetch = (str(FIRMWARE / "rv32" / "fetch-mbedtls"), str(FIRMWARE / "build" / "mbedtls"))
    if missing_rv32():
        return missing_rv32()
    fetched = _alone(*fetch).returncode == 0
    return "" if fetched else "Mbed TLS's sources cannot be fetched"


class Header(ctypes.Structure):
    """ecg_header."""

    _fields_ = (
        ("device_id", ctypes.c_uint8 * 16),
        ("key_epoch", ctypes.c_uint32),
        ("session_id", ctypes.c_uint8 * 16),
        ("seq", ctypes.c_uint64),
    )


class Session(ctypes.Structure):
    """ecg_session."""

    _fields_ = (
        ("header", Header),
        ("chunk_key", ctypes.c_uint32),
        ("ack_key", ctypes.c_uint32),
        ("iv", ctypes.c_uint8 * 12),
    )


class Body(ctypes.Structure):
    """ecg_body."""

    _fields_ = (
        ("t0_us", ctypes.c_uint64),
        ("sample_index", ctypes.c_uint64),
        ("rate_centihz", ctypes.c_uint16),
        ("flags", ctypes.c_uint16),
        ("n_valid", ctypes.c_uint16),
        ("nv_per_lsb", ctypes.c_uint16),
        ("samples", ctypes.c_int16 * SAMPLES),
    )


class Range(ctypes.Structure):
    """ecg_range."""

    _fields_ = (("first", ctypes.c_uint64), ("last", ctypes.c_uint64))


class Ack(ctypes.Structure):
    """ecg_ack."""

    _fields_ = (
        ("watermark", ctypes.c_uint64),
        ("count", ctypes.c_uint16),
        ("ranges", Range * 32),
    )


@cache
def library() -> ctypes.CDLL:
    """The library, made if need be."""
    made = make("lib")
    if made.returncode:
        raise RuntimeError(made.stderr.decode())
    return ctypes.CDLL(str(FIRMWARE / "build" / "libecg.so"))
