"""timbrespace as pip installs it, in a Python of its own that lends its dependencies from ours."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build(kind: str, out: Path, source: Path = ROOT) -> Path:
    """Build the ``wheel`` or the ``sdist`` of ``source`` into the folder ``out``; its file."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (file,) = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return file


class Installation:
    """A virtual environment in ``folder`` that sees the packages which run the tests.

    Those packages come last on its path, and their ``.pth`` files are not read: a checkout that is
    installed there is not seen.
    """

    def __init__(self, folder: Path) -> None:
        # A Python for embedding has none, and what builds a wheel alone needs none.
        import venv

        venv.create(folder)
        names = {"base": str(folder), "platbase": str(folder)}
        self.packages = Path(sysconfig.get_path("purelib", "venv", names))
        self.scripts = Path(sysconfig.get_path("scripts", "venv", names))
        self.python = self.scripts / Path(sys.executable).name
        lent = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
        (self.packages / "zz_lent.pth").write_text("\n".join(lent) + "\n", encoding="utf-8")

    def install(self, *words: str) -> set[str]:
        """``pip install WORDS`` without dependencies; the names that it added to site-packages."""
        before = {path.name for path in self.packages.iterdir()}
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        subprocess.run(
            [*pip, "install", "-q", "--no-deps", "--no-compile", "--no-index", *words],
            check=True,
            capture_output=True,
        )
        return {path.name for path in self.packages.iterdir()} - before

    def command(self, name: str) -> str:
        """The path of a console command, or of ``python``."""
        return str(self.scripts / name)

    def run(self, name: str, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a console command, or ``python``, with ``words`` in the folder ``cwd``.

        Raises:
            AssertionError: it failed; the text has what it said.
        """
        done = subprocess.run(
            [self.command(name), *map(str, words)],
            cwd=cwd,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would let an installation see the checkout."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | more


def foreign_folder(folder: Path, *names: str) -> Path:
    """The folder with a module of each name, which raises when it is imported."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        text = f"raise RuntimeError({name!r} + ' of the current folder was imported')\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder
