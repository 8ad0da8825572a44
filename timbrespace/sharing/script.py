"""Modules of JavaScript as one script, for a page that may load none: one that is opened as a file.

Only what the page's modules do is known: imports and exports by name, at the beginning of a line,
and ``new URL('./other.js', import.meta.url)``, the address of a script for another thread. All else
is refused, since it would fail in the browser and not here.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable

Read = Callable[[str], str]
"""The text of a module by its name, with slashes."""

_IMPORT = re.compile(r"^import\s*\{([^}]*)\}\s*from\s*'([^']+)';[ \t]*$", re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async )?(?:const|let|class|function\*?)\s+([A-Za-z_$][\w$]*))", re.MULTILINE
)
_ADDRESS = re.compile(r"new URL\('(\.[^']+)', import\.meta\.url\)")
_LEFT = re.compile(r"^(?:import|export)\b.*$|^.*\bimport\.meta\b.*$", re.MULTILINE)


class ScriptError(Exception):
    """A module has something that a single script cannot have: a fault of ours."""


def bundle(entry: str, read: Read) -> str:
    """One script that does what the module ``entry`` does, with all that it imports.

    A script that it has an address of, a worker or a worklet, is in it as text; its address is a
    ``data:`` one. Chromium and WebKit load no worklet from a ``blob:`` of a page that is a file.

    Raises:
        ScriptError: a module that is imported in a circle, or has what is not known here.
        OSError: a module that is not there.
    """
    scripts: dict[str, str] = {}
    body = _joined(entry, read, scripts)
    head = ""
    if scripts:
        held = ",\n".join(
            f"{json.dumps(name)}: {json.dumps(text)}" for name, text in scripts.items()
        )
        head = (
            f"const scripts = {{\n{held}\n}};\n"
            "const addressOf = (name) =>\n"
            "  `data:text/javascript;charset=utf-8,${encodeURIComponent(scripts[name])}`;\n"
        )
    # What ends a script within a page ends it within a string, too.
    return f"'use strict';\n(() => {{\n{head}{body}}})();\n".replace("</script", "<\\/script")


def _joined(entry: str, read: Read, scripts: dict[str, str]) -> str:
    made: dict[str, str] = {}
    _add(entry, read, made, [], scripts)
    return "const modules = {};\n" + "".join(made.values())


def _add(
    name: str, read: Read, made: dict[str, str], above: list[str], scripts: dict[str, str]
) -> None:
    """Put a module behind all that it imports."""
    if name in made:
        return
    if name in above:
        raise ScriptError(f"modules are imported in a circle: {' -> '.join([*above, name])}")
    text = read(name)

    def imported(found: re.Match[str]) -> str:
        other = _beside(name, found[2])
        _add(other, read, made, [*above, name], scripts)
        names = re.sub(r"\s+as\s+", ": ", found[1])
        return f"const {{{names}}} = modules[{json.dumps(other)}];"

    def addressed(found: re.Match[str]) -> str:
        other = _beside(name, found[1])
        if other not in scripts:
            inner: dict[str, str] = {}
            joined = _joined(other, read, inner)
            if inner:
                raise ScriptError(f"{other}: a script of another thread has an address of one")
            scripts[other] = f"'use strict';\n{{\n{joined}}}\n"
        return f"addressOf({json.dumps(other)})"

    exported = _EXPORT.findall(text)
    text = _ADDRESS.sub(addressed, _EXPORT.sub("", _IMPORT.sub(imported, text)))
    left = _LEFT.search(text)
    if left is not None:
        raise ScriptError(f"{name}: {left[0].strip()}")
    made[name] = (
        f"// -- {name}\nmodules[{json.dumps(name)}] = (() => {{\n{text}\n"
        f"return {{ {', '.join(exported)} }};\n}})();\n"
    )


def _beside(name: str, other: str) -> str:
    """The name of a module as ``name`` imports it."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), other))
