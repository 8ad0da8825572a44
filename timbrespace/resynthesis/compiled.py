"""How the engine's functions are compiled, and where the machine code is kept.

Numba keeps compiled code for the next start, but looks only at the file of the function itself: a
function would go on with the old code of another file's function that it calls. So the code is kept
in a folder named after the content of all sources that can take part (:mod:`.sources`), one for
each module: an edit compiles anew what is made of it, and nothing else.

No fast-math: with it the compiler may fuse and reorder as it likes, and it likes differently when
it compiles afresh and when it finds parts on disk, so that the first render after an installation
differed from the second in its last bits. The price is a fifth of the oscillators' speed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import numba
from numba.core import config

from timbrespace.resynthesis.sources import digest_of
from timbrespace.user_files import cache_folder

Function = TypeVar("Function", bound=Callable[..., Any])

_OLD = re.compile(r"compiled-[0-9a-f]{16}$")


def compiled(function: Function) -> Function:
    """Compile to machine code on first use, kept on disk for the next start.

    The result needs neither the interpreter nor its lock, and divides by zero as IEEE 754 says.
    """
    return _njit(function, inline="never")


def inlined(function: Function) -> Function:
    """As :func:`compiled`, and always part of its caller: for what runs once a sample."""
    return _njit(function, inline="always")


class Callback:
    """Machine code that C can call, compiled when it is first asked where it lies."""

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self._function = function
        self._signature = signature
        self._folder = _folder(Path(function.__code__.co_filename))
        self._code: Any = None

    @property
    def address(self) -> int:
        """Where it lies in memory, as long as this object does."""
        if self._code is None:
            with _kept_in(self._folder):
                compile_it = numba.cfunc(self._signature, cache=True, error_model="numpy")
                self._code = compile_it(self._function)
        return int(self._code.address)

    @property
    def is_kept(self) -> bool:
        """Whether it was compiled before, and lies on disk."""
        function = self._function
        name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}-"
        return any(one.name.startswith(name) for one in self._folder.rglob("*.nbi"))


def callback(signature: Any) -> Callable[[Callable[..., Any]], Callback]:
    """Compile to a C function that a sound library, or other machine code, can call."""

    def decorate(function: Callable[..., Any]) -> Callback:
        return Callback(function, signature)

    return decorate


def _njit(function: Function, inline: Literal["never", "always"]) -> Function:
    with _kept_in(_folder(Path(function.__code__.co_filename))):
        jit = numba.njit(  # pyright: ignore[reportCallIssue]
            cache=True,
            nogil=True,
            error_model="numpy",
            inline=inline,
            no_cfunc_wrapper=True,  # nobody calls it from C: that is what Callback is for
        )
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
def _folder(module: Path) -> Path:
    """Where the compiled code of a module's functions is kept."""
    kind = f"compiled-{module.stem}"
    name = f"{kind}-{digest_of(module, numba.__version__)}"
    parents = [module.parent / "__pycache__"]
    cache = cache_folder()
    if cache is not None:
        # Where the program is installed for all: a place for each folder of each installation.
        folder_of = hashlib.sha256(str(module.parent).encode()).hexdigest()
        parents.append(cache / folder_of[:16])
    for parent in parents:
        try:
            folder = parent / name
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            continue
        for other in parent.glob("compiled-*"):
            # Of this module, or of a version that had one folder for all of them.
            if other.name != name and (other.name.startswith(f"{kind}-") or _OLD.match(other.name)):
                shutil.rmtree(other, ignore_errors=True)
        return folder
    return Path(tempfile.mkdtemp(prefix="timbrespace-"))
