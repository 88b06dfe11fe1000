"""The shared test vectors as a C header: ``python vectors.py OUT``.

Every byte string stays in hexadecimal; the tests decode it.
"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "tests" / "vectors"
_IDENTITY = ("device_key", "device_id", "key_epoch", "session_id")
_BODY = ("t0_us", "sample_index", "rate_centihz", "flags", "n_valid", "nv_per_lsb", "samples")


def strings(name: str, rows: list[list[str]], width: int) -> str:
    """A table of strings as a C array."""
    body = "\n".join("    {" + ", ".join(f'"{cell}"' for cell in row) + "}," for row in rows)
    return f"static const char *const {name}[][{width}] = {{\n{body}\n}};\n"


def ranges(found: list[list[str]]) -> str:
    """Ranges as one string: first and last of each, one after the other."""
    return "".join(cell for one in found for cell in one)


def header() -> str:
    """The header's text."""
    chunk = json.loads((FOLDER / "chunk.json").read_text())
    ack = json.loads((FOLDER / "ack.json").read_text())
    parts = ["/* Made by vectors.py from tests/vectors; not to be changed by hand. */\n"]
    parts += [f'#define VECTOR_{name.upper()} "{chunk[name]}"\n' for name in _IDENTITY]
    valid = [[each["name"], each["seq"], *(each[b] for b in _BODY), each["frame"]]
             for each in chunk["valid"]]  # fmt: skip
    parts.append(strings("vector_chunks", valid, 3 + len(_BODY)))
    valid = [[each["watermark"], ranges(each["ranges"]), each["frame"]] for each in ack["valid"]]
    parts.append(strings("vector_acks", valid, 3))
    enrolment = json.loads((FOLDER / "enrolment.json").read_text())
    parts.append(f'#define VECTOR_CONFIRMATION "{enrolment["key_confirmation"]}"\n')
    rotation = json.loads((FOLDER / "rotation.json").read_text())
    parts += [
        f'#define VECTOR_{name.upper()} "{rotation[name]}"\n'
        for name in ("next_key", "rotate", "taken")
    ]
    wrong = [[each["name"], each["refused_as"], each["frame"]] for each in rotation["invalid"]]
    parts.append(strings("vector_wrong_commands", wrong, 3))
    wrong = [[each["name"], each["refused_by"], each["frame"]] for each in ack["invalid"]]
    parts.append(strings("vector_wrong_acks", wrong, 3))
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(header())
