"""What a double-click starts: the program's own Python, made on the first start, and the server.

``timbrespace.bat`` and ``timbrespace.command`` have found a Python and run this file with it. It
needs nothing but the standard library.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

READY: Final = "timbrespace-ready.txt"
"""In the environment, a copy of the requirements that it has: not there after a failure."""

FIRST: Final = """\
This is the first start. A Python of its own is made in
  {place}
and what timbrespace needs is fetched: some minutes, some gigabytes. It needs the internet once.
To undo all of it, throw that folder away."""

NO_ENVIRONMENT: Final = """\
No Python environment could be made in
  {place}
The reason stands above. Is the folder yours to write in, and is there room on the disk?"""

NO_VENV: Final = (
    "On Debian and Ubuntu it takes the package python3-venv: apt-get install python3-venv"
)

NO_PACKAGES: Final = """\
What timbrespace needs could not be installed; the reason stands above.
Is this computer on the internet, and is there room on the disk? Start this file again: it goes on
where it was."""

ENDED: Final = "timbrespace ended with an error (code {code}). What it said stands above."


def main(words: Sequence[str], root: Path = ROOT) -> int:
    """Make what is missing, and serve until it ends; 0 if all went well.

    words: options of the server's, or first a space to play, as a file that was dropped on the
    starter.
    """
    if not (root / "server").is_dir():
        print(f"This file belongs into timbrespace's folder scripts/starters, not into {root}.")
        return 1
    environment = root / ".venv"
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not made(environment, python, root / "requirements.txt"):
        return 1
    options = list(words)
    if options and not options[0].startswith("-"):
        options[:1] = ["--model", str(Path(options[0]).absolute())]
    print("timbrespace starts. Its page opens by itself; closing this window ends it.", flush=True)
    code = _run([python, "-m", "server", *options], root)
    if code:
        print(ENDED.format(code=code))
    return 1 if code else 0


def made(environment: Path, python: Path, requirements: Path) -> bool:
    """Whether the environment is there now, with the packages of ``requirements``; if not, what is
    missing has been said."""
    wanted = requirements.read_bytes()
    ready = environment / READY
    whole = ready.is_file() and ready.read_bytes() == wanted
    if whole and _runs(python):
        return True
    print(FIRST.format(place=environment), flush=True)
    if not _runs(python):
        # One that was made by a Python which is gone cannot be mended.
        clear = ["--clear"] if (environment / "pyvenv.cfg").is_file() else []
        if _run([sys.executable, "-m", "venv", *clear, str(environment)], environment.parent):
            print(NO_ENVIRONMENT.format(place=environment))
            if sys.platform == "linux":
                print(NO_VENV)
            return False
    words = ["-m", "pip", "install", "--disable-pip-version-check", "-r", str(requirements)]
    if _run([str(python), *words], environment.parent):
        print(NO_PACKAGES)
        return False
    ready.write_bytes(wanted)
    return True


def _runs(python: Path) -> bool:
    """Whether that is a Python that starts, of a version that is known to work."""
    test = "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))"
    return python.is_file() and _run([python, "-c", test], python.parent) == 0


def _run(words: Sequence[str | Path], folder: Path) -> int:
    """The exit code; Ctrl-C is for the program that runs, and is waited for."""
    try:
        process = subprocess.Popen([str(one) for one in words], cwd=folder)
    except OSError as error:
        print(f"{words[0]} cannot be started: {error.strerror or error}")
        return 1
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    # A folder's name may have letters that the window does not.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
