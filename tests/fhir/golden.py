"""Golden documents: what each resource looks like, kept as files that a reader can judge.

``HISBUNDLE_GOLDEN=write`` in the environment writes them anew; read the difference then.
"""

import os
from pathlib import Path
from typing import Any

import orjson

_FOLDER = Path(__file__).parent / "golden"


def matches_golden(name: str, resource: dict[str, Any]) -> None:
    """Assert that ``resource`` is what ``golden/<name>.json`` says."""
    path = _FOLDER / f"{name}.json"
    if os.environ.get("HISBUNDLE_GOLDEN") == "write":
        path.write_bytes(orjson.dumps(resource, option=orjson.OPT_INDENT_2) + b"\n")
    assert orjson.loads(orjson.dumps(resource)) == orjson.loads(path.read_bytes())
