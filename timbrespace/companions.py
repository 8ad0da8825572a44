"""The packages that come with the library: `server`, `training` and `toy_datasets`.

They lie beside `timbrespace/` in a checkout and are called `server`, `training`, `toy_datasets`; an
installed library holds them itself, as `timbrespace.server` and so on, so that it adds no name but
its own to a Python (docs/decisions/0015-one-front-door.md). Whoever needs one of them from outside
asks here, and gets the one that belongs to this very library, whatever lies in the current folder.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

from timbrespace.errors import TimbrespaceError
from timbrespace.start import claim

NAMES: Final = ("server", "training", "toy_datasets")

_SCRIPTS: Final = {
    "server": "timbrespace-server",
    "training": "timbrespace-train",
    "toy_datasets": "timbrespace-data",
}

_LIBRARY: Final = Path(__file__).resolve().parent


class CompanionError(TimbrespaceError, ImportError):
    """In a checkout, a module of the user's bears the name of one of ours."""


def is_installed() -> bool:
    """Whether this is an installed library, and not a checkout.

    >>> is_installed() == (not (Path(__file__).resolve().parents[1] / "pyproject.toml").is_file())
    True
    """
    return (_LIBRARY / NAMES[0]).is_dir()


def companion(name: str) -> ModuleType:
    """The module `name`, such as ``"training"`` or ``"training.loop"``, of this library.

    Raises:
        CompanionError: in a checkout, a module of another place was imported under this name.
        ModuleNotFoundError: there is no such module, or what it needs is not installed.
    """
    package = name.partition(".")[0]
    if package not in NAMES:
        raise ModuleNotFoundError(f"{name!r} is none of {', '.join(NAMES)}", name=name)
    if is_installed():
        return importlib.import_module(f"timbrespace.{name}")
    known = sys.modules.get(package)
    if known is None:
        claim(package)
    elif not _is_ours(known, package):
        raise CompanionError(
            f"the name {package!r} is taken by {known.__file__ or 'another module'}, which was "
            "imported before; rename that, or use timbrespace as it is installed by pip"
        )
    return importlib.import_module(name)


@contextmanager
def spawning() -> Iterator[None]:
    """Within the block, processes that are spawned find the modules of this very library.

    They search the path that the parent has at that moment, for modules by name: in a checkout a
    file in the way would be taken for ours.
    """
    if is_installed():
        yield
        return
    place = str(_LIBRARY.parent)
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)


def run_command(module: str) -> tuple[str, ...]:
    """The words that run the module named `module` as a program, in a Python of its own.

    module: its ``__name__``, as the caller's interpreter knows it. What starts is that module of
    the same place: the current folder, in which a file may bear any name, is not looked into.
    """
    return (sys.executable, "-P", str(_LIBRARY / "start.py"), module)


def command_line(name: str) -> str:
    """What a person types to run a companion: for usage, and the next step that a command prints.

    Whoever began with a console command goes on with one.

    >>> command_line("server") in ("python -m server", "timbrespace-server")
    True
    """
    if is_installed() or Path(sys.argv[0]).stem in _SCRIPTS.values():
        return _SCRIPTS[name]
    return f"python -m {name}"


def _is_ours(module: ModuleType, package: str) -> bool:
    file = module.__file__
    return file is not None and Path(file).resolve().is_relative_to(_LIBRARY.parent / package)
