"""A Binary from a FHIR server into a file, in parts (https://hl7.org/fhir/R4/binary.html)."""

import os
from pathlib import Path

import httpx

from core.errors import Incorrect, Unavailable
from core.formats import Format, binary_id

_TIMEOUT_S = 120.0


def fetch(base_url: str, token: str, resource_id: str, form: Format, path: Path) -> None:
    """Write the file, readable by its owner only; a fetch that fails leaves none.

    Raises Unavailable without an answer, Incorrect with what the server said against it.
    """
    unfinished = path.with_name(path.name + ".part")
    url = f"{base_url}/fhir/Binary/{binary_id(resource_id, form)}"
    headers = {"Authorization": f"Bearer {token}", "Accept": form.content_type}
    try:
        with httpx.stream("GET", url, headers=headers, timeout=_TIMEOUT_S) as answer:
            if not answer.is_success:
                raise Incorrect(f"{answer.status_code}: {answer.read().decode()[:300]}")
            mode = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(os.open(unfinished, mode, 0o600), "wb") as file:
                for part in answer.iter_bytes():
                    file.write(part)
        unfinished.replace(path)
    except httpx.HTTPError as error:
        raise Unavailable(f"FHIR server: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
