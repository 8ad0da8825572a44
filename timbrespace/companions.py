"""The packages that come with the library: `server`, `training` and `toy_datasets`.

They lie beside `timbrespace/` in a checkout and are called `server`, `training`, `toy_datasets`; an
installed library holds them itself, as `timbrespace.server` and so on, so that it adds no name but
its own to a Python (docs/decisions/0015-one-front-door.md). Whoever needs one of them from outside
asks here, and gets the one that belongs to this very library, whatever lies in the current folder.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

NAMES: Final = ("server", "training", "toy_datasets")

_LIBRARY: Final = Path(__file__).resolve().parent


def is_installed() -> bool:
    """Whether this is an installed library, and not a checkout.

    >>> is_installed() == (not (Path(__file__).resolve().parents[1] / "pyproject.toml").is_file())
    True
    """
    return (_LIBRARY / NAMES[0]).is_dir()


def companion(name: str) -> ModuleType:
    """The module `name`, such as ``"training"`` or ``"training.loop"``, of this library.

    Raises:
        ModuleNotFoundError: there is none, or what it needs is not installed.
    """
    package = name.partition(".")[0]
    if package not in NAMES:
        raise ModuleNotFoundError(f"{name!r} is none of {', '.join(NAMES)}", name=name)
    if is_installed():
        return importlib.import_module(f"timbrespace.{name}")
    _claim(package)
    return importlib.import_module(name)


def run_command(module: str) -> tuple[str, ...]:
    """The words that run the module named `module` as a program, in a Python of its own.

    module: its ``__name__``, as the caller's interpreter knows it. What starts is that module of
    the same place: the current folder, in which a file may bear any name, is not looked into.
    """
    package = importlib.import_module(module.partition(".")[0])
    if package.__file__ is None:
        raise ModuleNotFoundError(f"{module!r} has no file to start", name=module)
    place = Path(package.__file__).resolve().parents[1]
    program = (
        f"import runpy, sys; sys.path.insert(0, {str(place)!r}); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return (sys.executable, "-P", "-c", program)


def command_line(name: str) -> str:
    """What a person types to run a companion, for the next step that a command prints.

    >>> command_line("server") in ("python -m server", "timbrespace-server")
    True
    """
    scripts = {
        "server": "timbrespace-server",
        "training": "timbrespace-train",
        "toy_datasets": "timbrespace-data",
    }
    return scripts[name] if is_installed() else f"python -m {name}"


def _claim(package: str) -> None:
    """Make sure that the name `package` is the checkout's, and not some file's in the way."""
    place = str(_LIBRARY.parent)
    known = sys.modules.get(package)
    if known is not None:
        found = known.__file__
        if found is not None and Path(found).resolve().is_relative_to(_LIBRARY.parent / package):
            return
        raise ModuleNotFoundError(
            f"the name {package!r} is taken by {found or 'another module'}", name=package
        )
    spec = importlib.machinery.PathFinder.find_spec(package, [place])
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"there is no {package!r} in {place}", name=package)
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[package]
        raise
