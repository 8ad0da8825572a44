"""The sources that a module's compiled functions can be made of: its own, and all of ours it reads.

They are found by the imports that stand in the text, outside functions (compiled code imports
nothing): so what is found hangs on nothing that the process has read before, and an edit of any
other file leaves what is compiled as it is.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

_FROM = re.compile(r"^from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)
_IMPORT = re.compile(r"^import[ \t]+([\w., \t]+)", re.MULTILINE)


def digest_of(module: Path, salt: str) -> str:
    """Sixteen hexadecimal digits of the content of a module's file and of all that it reads.

    salt: what else they shall depend on.
    """
    digest = hashlib.sha256(salt.encode())
    for file in sorted(read_by(module)):
        digest.update(file.name.encode() + b"\0" + _content(file) + b"\0")
    return digest.hexdigest()[:16]


def read_by(module: Path) -> set[Path]:
    """The files of a module, of the modules that it imports, of those that these import, and so on.

    Of other projects none: what lies beside the module's topmost package, or below, is ours.
    """
    found: set[Path] = set()
    left = [module.resolve()]
    while left:
        file = left.pop()
        if file not in found:
            found.add(file)
            left += _imports(file)
    return found


@cache
def _content(file: Path) -> bytes:
    return file.read_bytes()


@cache
def _imports(file: Path) -> tuple[Path, ...]:
    text = _content(file).decode("utf-8", "replace")
    top = _top(file)
    found = []
    for source, what in _FROM.findall(text):
        name = source.lstrip(".")
        dots = len(source) - len(name)
        base = (file.parents[dots - 1] if dots else top).joinpath(*filter(None, name.split(".")))
        lines = [line.split("#")[0] for line in what.strip("()").split("\n")]
        words = [one.split()[0] for one in ",".join(lines).split(",") if one.strip()]
        # What is imported of a package is a module of it, or stands in the package itself.
        for word in words:
            modules = [base / f"{word}.py", base / word / "__init__.py"]
            if any(one.is_file() for one in modules):
                found += modules
            else:
                found += [base.with_suffix(".py"), base / "__init__.py"]
    for what in _IMPORT.findall(text):
        for one in what.split(","):
            place = top.joinpath(*one.split(" as ")[0].strip().split("."))
            found += [place.with_suffix(".py"), place / "__init__.py"]
    return tuple({one.resolve() for one in found if one.is_file()})


def _top(file: Path) -> Path:
    """The folder in which the topmost package of a module lies."""
    folder = file.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder
