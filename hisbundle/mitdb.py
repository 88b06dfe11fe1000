"""The MIT-BIH Arrhythmia Database from PhysioNet, checked against its published sums.

https://physionet.org/content/mitdb/1.0.0/ (ODC-BY 1.0; Moody and Mark 2001,
doi:10.1109/51.932724). The address is the administrator's own, so it needs none of the guards of
core.outbound; what comes from it is bounded, named by our pattern and checked by its SHA-256.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import httpx

from core.errors import Incorrect, Unavailable

PHYSIONET = "https://physionet.org/files/mitdb/1.0.0/"
SUMS = "SHA256SUMS.txt"
TIMEOUT_S = 60.0
MAX_SUMS_BYTES = 1 << 20
MAX_FILE_BYTES = 16 << 20
_WANTED = re.compile(r"([0-9a-f]{64})\s+\*?([0-9]{3}\.(?:atr|dat|hea))")
"""A line of the sums that names one of a record's three files, in the top folder."""
_KEPT = "what has come so far is kept in {}, the same command goes on there"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Progress = Callable[[str, int, int], None]


def fetch_mitdb(folder: Path, progress: Progress, base_url: str = PHYSIONET) -> int:
    """Bring all records into ``folder``; how many files had to be fetched.

    What is there with the right sum stays; what was broken off is gone on with. ``progress`` gets
    a file's name and how many of how many are ready. Raises Unavailable where the server does
    not answer or cannot just now, Incorrect where it says no or sends something else than was
    published, or where the folder cannot take it.
    """
    address = _checked(base_url)
    folder.mkdir(parents=True, exist_ok=True)
    with httpx.Client(base_url=address, timeout=TIMEOUT_S) as http:
        try:
            return _fetch_all(http, folder, progress)
        except httpx.HTTPError as error:
            why = f"{address.host} does not answer ({type(error).__name__})"
            raise Unavailable(f"{why}; {_KEPT.format(folder)}") from error
        except OSError as error:  # a disk that is full does not name its file
            why = f"{error.filename or folder}: {error.strerror}"
            raise Incorrect(f"{why}; {_KEPT.format(folder)}") from error


def _checked(base_url: str) -> httpx.URL:
    try:
        address = httpx.URL(base_url if base_url.endswith("/") else f"{base_url}/")
    except httpx.InvalidURL as error:
        raise Incorrect(f"not a URL: {base_url}") from error
    if address.scheme != "https" and address.host not in _LOOPBACK:
        raise Incorrect(f"https, please: {base_url}")
    return address


def _fetch_all(http: httpx.Client, folder: Path, progress: Progress) -> int:
    sums, fetched = _sums(http), 0
    for done, (name, digest) in enumerate(sums.items()):
        progress(name, done, len(sums))
        path = folder / name
        if not path.is_file() or _digest(path) != digest:
            _bring(http, path, digest)
            fetched += 1
    progress("", len(sums), len(sums))
    return fetched


def _sums(http: httpx.Client) -> Mapping[str, str]:
    """SHA-256 of each file that is wanted."""
    with http.stream("GET", SUMS) as answer:
        _accept(answer, SUMS)
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > MAX_SUMS_BYTES:
                raise Incorrect(f"{SUMS} is too long")
    lines = content.decode(errors="replace").splitlines()
    found = [match for line in lines if (match := _WANTED.fullmatch(line.strip()))]
    if not found:
        raise Incorrect(f"{SUMS} names no records")
    return {match[2]: match[1] for match in sorted(found, key=lambda match: match[2])}


def _accept(answer: httpx.Response, name: str) -> None:
    if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise Unavailable(f"{answer.status_code} for {name} at {answer.url}; try again later")
    if not answer.is_success:
        raise Incorrect(f"{answer.status_code} for {name} at {answer.url}")


def _bring(http: httpx.Client, path: Path, digest: str) -> None:
    """One file, from where it was broken off if the server can do that."""
    part = path.with_name(path.name + ".part")
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with http.stream("GET", path.name, headers=headers) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            pass  # all of it is here, or something else: the sum will tell
        else:
            _accept(answer, path.name)
            have = have if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0
            _write(answer, part, have)
    if _digest(part) != digest:
        part.unlink()
        raise Incorrect(f"{path.name} is not what was published: its SHA-256 is another")
    part.replace(path)


def _write(answer: httpx.Response, part: Path, have: int) -> None:
    with part.open("ab" if have else "wb") as file:
        for content in answer.iter_bytes():
            have += len(content)
            if have > MAX_FILE_BYTES:
                raise Incorrect(f"{part.stem} is too long")
            file.write(content)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        total = sha256()
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()
