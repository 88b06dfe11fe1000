"""What ``hisbundle evaluate`` says before it begins; the evaluation itself has its own tests."""

import subprocess
import sys
from pathlib import Path

from tests.hisbundle.processes import command


async def test_a_folder_without_records_is_named(tmp_path: Path) -> None:
    status, _, err = await command("evaluate", str(tmp_path))
    assert status == 2
    assert f"no WFDB records in {tmp_path}" in err
    assert "Traceback" not in err


def test_without_the_development_packages_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "1.hea").touch()
    without = "import sys; sys.modules['sleepecg'] = None; from hisbundle.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", without, "evaluate", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "needs the development packages (make test)" in done.stderr
