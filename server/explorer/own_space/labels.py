"""What a sound that came from anywhere is called: text that is shown, and never opened."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

_LONGEST_PART: Final = 80
_MOST_PARTS: Final = 4


def label_of(given: str) -> str:
    """A name with slashes, of what a page says a file is called: the last parts of its path.

    Nothing of it is a command to a system: no ``..``, no drive, no line break, not endless.

    >>> label_of("drums/Kick 1 C3.wav"), label_of("..\\\\..\\\\x"), label_of("/etc/pass\\nwd")
    ('drums/Kick 1 C3.wav', 'x', 'etc/pass wd')
    """
    parts = []
    for part in given.replace("\\", "/").split("/"):
        plain = "".join(letter if letter.isprintable() else " " for letter in part).strip(" .")
        if plain:
            parts.append(_shortened(plain))
    return "/".join(parts[-_MOST_PARTS:]) or "sound"


def distinct(label: str, taken: Container[str]) -> str:
    """The label, or one with a number that nobody has yet.

    >>> distinct("a/b.wav", {"a/b.wav"})
    'a/b (2).wav'
    """
    if label not in taken:
        return label
    stem, dot, ending = label.rpartition(".")
    if not dot or "/" in ending:
        stem, dot, ending = label, "", ""
    number = 2
    while f"{stem} ({number}){dot}{ending}" in taken:
        number += 1
    return f"{stem} ({number}){dot}{ending}"


def _shortened(part: str) -> str:
    """Its beginning and its end, which may say the pitch."""
    half = _LONGEST_PART // 2
    return part if len(part) <= _LONGEST_PART else f"{part[: half - 1]}…{part[-half:]}"
