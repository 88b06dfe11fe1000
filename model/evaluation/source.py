"""Annotated WFDB records of a folder, told apart by their contents.

Format: https://physionet.org/physiotools/wag/header-5.htm; the annotator is ``atr``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import wfdb

from core.errors import Incorrect

ANNOTATOR = "atr"


@dataclass(frozen=True, slots=True)
class Source:
    """One record: its path without suffix, and the SHA-256 of all its files."""

    path: Path
    digest: str

    @property
    def name(self) -> str:
        """The record's name, which is the file's."""
        return self.path.name


def find_sources(folder: Path, names: Collection[str] = ()) -> tuple[Source, ...]:
    """The annotated records of ``folder`` in order of name; ``names`` are the wanted ones.

    Raises Incorrect if there are none, or if a wanted one is not among them.
    """
    headers = sorted(folder.glob("*.hea"))
    paths = [header.with_suffix("") for header in headers]
    found = [path for path in paths if path.with_suffix(f".{ANNOTATOR}").is_file()]
    lacking = sorted(set(names) - {path.name for path in found})
    if lacking or not found:
        raise Incorrect(
            f"no WFDB records with {ANNOTATOR} annotations in {folder}"
            + (f": {', '.join(lacking)}" if lacking else "")
        )
    return tuple(Source(p, _digest(p)) for p in found if not names or p.name in names)


def unannotated(folder: Path) -> tuple[str, ...]:
    """Names of the records in ``folder`` that have no annotations to be held against."""
    headers = sorted(folder.glob("*.hea"))
    return tuple(h.stem for h in headers if not h.with_suffix(f".{ANNOTATOR}").is_file())


def readable(source: Source) -> dict[str, int]:
    """How many annotations a record has. Raises Incorrect if it cannot be read."""
    try:
        wfdb.rdrecord(str(source.path), sampto=1)
        return {"annotations": len(wfdb.rdann(str(source.path), ANNOTATOR).sample)}
    except (OSError, ValueError, IndexError) as error:
        raise Incorrect(f"no readable WFDB record: {error}") from error


def _digest(path: Path) -> str:
    return files_digest(sorted(path.parent.glob(f"{path.name}.*")))


def files_digest(files: Sequence[Path]) -> str:
    """SHA-256 over the names and contents of files, in the order given."""
    total = sha256()
    for file in files:
        total.update(f"{file.name} {sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def sources_digest(sources: Sequence[Source]) -> str:
    """SHA-256 over the names and digests of records: what was evaluated on."""
    lines = (f"{source.name} {source.digest}\n" for source in sources)
    return sha256("".join(lines).encode()).hexdigest()


def code_digest() -> str:
    """SHA-256 over the sources of the folders that decide what is found: our own version."""
    root = Path(__file__).parents[2]
    folders = (root / name for name in ("analysis", "model"))
    return files_digest([file for folder in folders for file in sorted(folder.rglob("*.py"))])
