"""Results that are kept on disk, so that a run that was broken off goes on where it stopped."""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]


class Cache:
    """One JSON file for each result, named after a digest of all that it depends on.

    Several processes may share a folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, depends_on: tuple[str, ...], make: Callable[[], JsonObject]) -> JsonObject:
        """What was made before from the same, or else what ``make`` gives, kept for later."""
        kept = self.find(depends_on)
        return self.put(depends_on, make()) if kept is None else kept

    def find(self, depends_on: tuple[str, ...]) -> JsonObject | None:
        """What was made before from the same; a file that cannot be read counts as absent."""
        try:
            kept: JsonObject = json.loads(self._file(depends_on).read_bytes())
            return kept
        except (OSError, ValueError):
            return None

    def put(self, depends_on: tuple[str, ...], made: JsonObject) -> JsonObject:
        """Keep what was made. Results pass through JSON: a kept one equals a fresh one."""
        file, text = self._file(depends_on), json.dumps(made)
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}.part")
        unfinished.write_text(text)
        unfinished.replace(file)
        kept: JsonObject = json.loads(text)
        return kept

    def _file(self, depends_on: tuple[str, ...]) -> Path:
        return self._folder / f"{sha256(json.dumps(depends_on).encode()).hexdigest()}.json"
