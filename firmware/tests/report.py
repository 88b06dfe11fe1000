"""Sizes of each unit of the core: ``python report.py SIZE-PROGRAM FOLDER-OF-OBJECTS``."""

import subprocess
import sys
from pathlib import Path


def stack(usage: Path) -> int:
    """The deepest frame of a unit in bytes, as the compiler tells it."""
    return max(int(line.split("\t")[1]) for line in usage.read_text().splitlines())


def main(program: str, folder: Path) -> None:
    """Print the table."""
    print("| unit | text | data | bss | deepest frame |")
    print("| --- | ---: | ---: | ---: | ---: |")
    total = [0, 0, 0]
    for unit in sorted(folder.glob("*.o")):
        told = subprocess.run([program, unit], capture_output=True, check=True)
        text, data, bss = map(int, told.stdout.decode().splitlines()[1].split()[:3])
        print(f"| {unit.stem} | {text} | {data} | {bss} | {stack(unit.with_suffix('.su'))} |")
        total = [have + more for have, more in zip(total, (text, data, bss), strict=True)]
    print(f"| all | {total[0]} | {total[1]} | {total[2]} | |")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
