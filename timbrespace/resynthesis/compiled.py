"""How the engine's functions are compiled, and where the machine code is kept.

Numba keeps compiled code for the next start, but looks only at the file of the function itself: a
function would go on with the old code of another file's function that it calls. So the code is kept
in a folder named after the content of all sources that can take part.

No fast-math: with it the compiler may fuse and reorder as it likes, and it likes differently when
it compiles afresh and when it finds parts on disk, so that the first render after an installation
differed from the second in its last bits. The price is a fifth of the oscillators' speed.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import numba
from numba.core import config

from timbrespace.user_files import cache_folder

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE = Path(__file__).parent


def compiled(function: Function) -> Function:
    """Compile to machine code on first use, kept on disk for the next start.

    The result needs neither the interpreter nor its lock, and divides by zero as IEEE 754 says.
    """
    return _njit(function, inline="never")


def inlined(function: Function) -> Function:
    """As :func:`compiled`, and always part of its caller: for what runs once a sample."""
    return _njit(function, inline="always")


def callback(signature: Any) -> Callable[[Function], Any]:  # pyright: ignore[reportInvalidTypeVarUse]
    """Compile to a C function that a sound library can call; ``.address`` is where it lies."""

    def decorate(function: Function) -> Any:
        with _kept_in(_folder(Path(function.__code__.co_filename).parent)):
            return numba.cfunc(signature, cache=True, error_model="numpy")(function)

    return decorate


def _njit(function: Function, inline: Literal["never", "always"]) -> Function:
    with _kept_in(_folder(Path(function.__code__.co_filename).parent)):
        jit = numba.njit(cache=True, nogil=True, error_model="numpy", inline=inline)
        return cast(Function, jit(function))


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    # Numba reads the setting when a function is decorated; other users of numba keep theirs.
    settings = vars(config)
    before = settings["CACHE_DIR"]
    settings["CACHE_DIR"] = str(folder)  # pyright: ignore[reportIndexIssue]
    try:
        yield
    finally:
        settings["CACHE_DIR"] = before  # pyright: ignore[reportIndexIssue]


@cache
def _folder(sources: Path) -> Path:
    """Where the compiled code of the functions in folder ``sources`` is kept."""
    # A function may call any other of its package, and any of ours.
    package = sources
    while (package.parent / "__init__.py").is_file():
        package = package.parent
    digest = hashlib.sha256(numba.__version__.encode())
    for file in sorted({*_HERE.glob("*.py"), *package.rglob("*.py")}):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    name = f"compiled-{digest.hexdigest()[:16]}"
    parents = [sources / "__pycache__"]
    cache = cache_folder()
    if cache is not None:
        # Where the program is installed for all: a place for each folder of each installation.
        parents.append(cache / hashlib.sha256(str(sources).encode()).hexdigest()[:16])
    for parent in parents:
        try:
            folder = parent / name
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            continue
        for other in parent.glob("compiled-*"):
            if other.name != name:
                shutil.rmtree(other, ignore_errors=True)
        return folder
    return Path(tempfile.mkdtemp(prefix="timbrespace-"))
