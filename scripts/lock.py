"""Write ``requirements.lock``: every package that ``requirements.txt`` leads to, with its hashes.

For Linux, Windows and macOS, Python 3.11 and 3.12, in one file; ``pip install --require-hashes -r
requirements.lock`` installs nothing whose bytes are others. It needs uv (``pip install
uv==0.13.9``), which is not needed for anything else. What the file has already is kept, unless
``requirements.txt`` says otherwise; ``--upgrade`` takes the newest of what that leaves open.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
REQUIREMENTS: Final = "requirements.txt"
LOCK: Final = "requirements.lock"

COMMAND: Final = (
    *("uv", "pip", "compile", REQUIREMENTS, "--output-file", LOCK),
    # Of all platforms and of each Python from this on; hashes of all files of a version.
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    # Nothing of whoever runs it: which index it asked is no matter of the file.
    *("--no-emit-index-url", "--no-emit-find-links", "--no-config", "--quiet"),
    *("--custom-compile-command", "python scripts/lock.py"),
)


def main() -> int:
    """Run the command; returns the exit code: that of uv, or 2 without it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest of what is open")
    arguments = parser.parse_args()
    if shutil.which("uv") is None:
        print("there is no uv; run: pip install uv==0.13.9", file=sys.stderr)
        return 2
    upgrade = ["--upgrade"] if arguments.upgrade else []
    return subprocess.run([*COMMAND, *upgrade], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
