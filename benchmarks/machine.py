"""The machine in one line: figures mean nothing without it."""

import os
import platform
import tempfile
import time
from pathlib import Path
from statistics import median


def machine_line() -> str:
    """Cores, processor, memory, what a write to disk costs, load, Python."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {_processor()}, {memory_gib:.0f} GiB, "
        f"write and fsync of 8 KiB {_fsync_ms():.2f} ms, load at start {os.getloadavg()[0]:.1f}; "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _fsync_ms() -> float:
    """Median of 50; it bounds every commit from below."""
    took = []
    with tempfile.TemporaryFile() as file:
        for _ in range(50):
            began = time.perf_counter()
            file.write(bytes(8192))
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return median(took) * 1000
