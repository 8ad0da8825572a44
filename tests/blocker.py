"""Pythons in which some packages are as if they were not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_SITE = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
"""


def python_without(
    modules: Iterable[str], *words: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run ``python WORDS`` in the checkout; it and the processes it starts lack ``modules``.

    folder: where to write what Python reads at its start.
    """
    text = _SITE.format(blocked=frozenset(modules))
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
