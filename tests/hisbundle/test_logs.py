"""Log lines: on standard error, in two forms, and never with local variables."""

import json
import subprocess
import sys

SCRIPT = """
import logging, structlog
from hisbundle.logs import configure_logs
configure_logs({level!r}, as_json={as_json})
log = structlog.get_logger("ours")
def fail(device_key):
    raise ValueError("away")
log.debug("quiet")
log.info("told", device="d-1")
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("heed %s", "this")
try:
    fail("key-" + "material")
except ValueError:
    log.exception("failed")
"""


def _lines(level: str, *, as_json: bool) -> list[str]:
    script = SCRIPT.format(level=level, as_json=as_json)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b""
    text = done.stderr.decode()
    assert "key-material" not in text
    return text.splitlines()


def test_text_lines() -> None:
    text = "\n".join(_lines("INFO", as_json=False))
    assert "told" in text
    assert "device=d-1" in text
    assert "heed this" in text
    assert "ValueError: away" in text
    assert "quiet" not in text
    assert "chatter" not in text


def test_json_lines() -> None:
    told, heeded, failed = (json.loads(line) for line in _lines("INFO", as_json=True))
    assert (told["event"], told["device"], told["level"]) == ("told", "d-1", "info")
    assert told["timestamp"].endswith("Z")
    assert heeded["event"] == "heed this"
    assert "ValueError: away" in failed["exception"]


def test_the_level_is_heeded() -> None:
    assert not any("told" in line for line in _lines("WARNING", as_json=False))
