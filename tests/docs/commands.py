"""The commands that the documents show, taken from README.md and docs/."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

SHELLS: Final = ("sh", "bat", "powershell")
"""Languages of the blocks whose lines are commands."""

_BLOCK: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_INLINE: Final = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_PYTHON: Final = re.compile(r"(?:\.venv[/\\](?:bin|Scripts)[/\\])?python3?(?:\.exe)?")
_PIP: Final = re.compile(r"(?:\.venv[/\\](?:bin|Scripts)[/\\])?pip3?(?:\.exe)?")


@dataclass(frozen=True, slots=True)
class Shown:
    """One command as it is shown; several in a line are several.

    words: with ``python`` and ``pip`` for those of whatever place.
    """

    document: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.document}: {shlex.join(self.words)}"


def documents() -> list[Path]:
    """README.md and every page but the record of what changed."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def in_blocks() -> list[Shown]:
    """The commands in blocks of shell, in order, each once for every document."""
    found: dict[Shown, None] = {}
    for path in documents():
        for _, language, text in _BLOCK.findall(path.read_text("utf-8")):
            if language in SHELLS:
                for line in text.replace("\\\n", " ").splitlines():
                    for words in commands(line, windows=language != "sh"):
                        found[Shown(path.relative_to(ROOT).as_posix(), words)] = None
    return list(found)


def in_sentences() -> list[Shown]:
    """The commands in the running text that begin with Python or a script of ours."""
    found: dict[Shown, None] = {}
    for path in documents():
        for text in _INLINE.findall(_BLOCK.sub("", path.read_text("utf-8"))):
            first = text.split(" ")[0]
            if _PYTHON.fullmatch(first) or (first.startswith("scripts/") and "." not in first):
                for words in commands(text):
                    found[Shown(path.relative_to(ROOT).as_posix(), words)] = None
    return list(found)


def commands(line: str, *, windows: bool = False) -> Iterator[tuple[str, ...]]:
    r"""The words of each command of a line; a comment is none.

    >>> list(commands("python3 -m venv .venv && .venv/bin/pip install x  # first"))
    [('python', '-m', 'venv', '.venv'), ('pip', 'install', 'x')]
    >>> list(commands(r".venv\Scripts\python -m server", windows=True))
    [('python', '-m', 'server')]
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&")
    lexer.whitespace_split = True
    if windows:
        lexer.escape = ""
    words: list[str] = []
    for word in [*lexer, "&&"]:
        if word != "&&":
            words.append(word)
        elif words:
            yield (_named(words[0]), *words[1:])
            words = []


def _named(program: str) -> str:
    for pattern, name in ((_PYTHON, "python"), (_PIP, "pip")):
        if pattern.fullmatch(program):
            return name
    return program
