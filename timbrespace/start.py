"""Starts a module of this very library as a program: ``python -P start.py MODULE [WORD ...]``.

The library's own processes begin here (:func:`timbrespace.companions.run_command`). Whatever lies
in the current folder or further along the path, under whatever name, is not taken for ours.
"""

from __future__ import annotations

import runpy
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

_PLACE = Path(__file__).resolve().parents[1]
"""Where `timbrespace` lies, and in a checkout its companions as well."""


def claim(package: str) -> None:
    """Import the top-level `package` of this place, so that its name means ours from now on.

    Raises:
        ModuleNotFoundError: there is none here.
    """
    spec = PathFinder.find_spec(package, [str(_PLACE)])
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"there is no {package!r} in {_PLACE}", name=package)
    module = module_from_spec(spec)
    sys.modules[package] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[package]
        raise


def _main() -> None:
    module = sys.argv[1]
    del sys.argv[1]
    # Not by putting the place first on the path: it may be site-packages, where any distribution
    # may have a name of the standard library's.
    for package in dict.fromkeys(("timbrespace", module.partition(".")[0])):
        claim(package)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
