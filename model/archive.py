"""The model package as bytes: ``model.tar.gz`` with the layout of TensorFlow Serving.

https://github.com/aws/sagemaker-tensorflow-serving-container: ``<name>/<version>/`` holds
``saved_model.pb`` and ``variables/``; ours has the artefact's card in ``assets.extra/``, the
folder that the SavedModel format leaves to others. Nothing here needs TensorFlow.
"""

import gzip
import json
import tarfile
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from core.errors import Incorrect

VERSION = 1
"""TensorFlow Serving takes the highest version it finds; a package holds one."""
CARD = "assets.extra/card.json"
MOST_BYTES = 512 << 20
"""A package is read into memory; today's has half a megabyte."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is to be deployed: its bytes, their SHA-256, and what its card says."""

    content: bytes
    digest: str
    model_id: str
    preprocessing_version: str


def pack(name: str, files: dict[str, bytes]) -> bytes:
    """``files``, by path inside the SavedModel, as ``<name>/<version>/…`` in a tar.gz file.

    The same files give the same bytes: names sorted, no times, no owners.
    """
    raw = BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(files):
            member = tarfile.TarInfo(f"{name}/{VERSION}/{path}")
            member.size, member.mode = len(files[path]), 0o644
            archive.addfile(member, BytesIO(files[path]))
    return gzip.compress(raw.getvalue(), mtime=0)


def read_package(path: Path) -> Package:
    """The package at ``path``.

    Raises Incorrect if it cannot be read, is larger than MOST_BYTES, or is not one of ours.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Incorrect(f"{path} is larger than any model package of ours")
        content = path.read_bytes()
        card = _card(content)
        return Package(
            content,
            sha256(content).hexdigest(),
            str(card["model_id"]),
            str(card["preprocessing_version"]),
        )
    except (OSError, tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise Incorrect(f"{path} is no model package: {error!r}") from error


def _card(content: bytes) -> dict[str, object]:
    with tarfile.open(fileobj=BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(f"/{CARD}") else None
            if file is not None:
                card: dict[str, object] = json.loads(file.read(1 << 24))
                return card
    raise KeyError(CARD)
