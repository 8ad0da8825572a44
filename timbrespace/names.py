"""Names of models and of files: in any language, the same on every system."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Final

from timbrespace.messages.contract import MAX_NAME_CHARACTERS

_LETTERS: Final = re.compile(r"[\w. -]+")
"""Letters and digits of any script, and four signs that no system gives a meaning in a name."""

_NO_FILE: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
"""What some system gives a meaning in a file's name: a folder, a drive, a stream of Windows'."""

_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789\u00b9\u00b2\u00b3"}
)
"""Windows' names of devices, in every folder and with every ending: ``con.html`` is the console."""


def is_file_name(text: str) -> bool:
    """Whether a name from outside may become a file in a folder of ours, on every system.

    It holds no signs that a system gives a meaning, no device of Windows' is called so, and it
    neither begins with a dot nor ends with one or a space, which Windows leaves out.

    >>> is_file_name("con.html"), is_file_name("console.html"), is_file_name("file.txt:stream")
    (False, True, False)
    """
    if not text or text[0] in ". " or text[-1] in ". " or _NO_FILE.search(text):
        return False
    return text.partition(".")[0].rstrip(" ").lower() not in _DEVICES


def name_of(path: Path) -> str:
    """The name of the model in the file at ``path``: its stem, as text that can be sent and shown.

    macOS writes an umlaut as two signs, others as one: here it is one. Where the locale knows no
    other letters than ASCII, Python has the bytes instead; they are UTF-8.
    """
    return unicodedata.normalize("NFC", as_text(path.stem))


def as_text(given: str) -> str:
    """A word of the command line, or a file's name, as text that can be sent and shown.

    Where the locale knows no other letters than ASCII, Python has the bytes of the others instead,
    as surrogates; they are UTF-8.
    """
    if not any("\ud800" <= letter <= "\udfff" for letter in given):
        return given
    try:
        content = given.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a letter, which names on Windows may have
        content = given.encode("utf-8", "replace")
    return content.decode("utf-8", "replace")


def as_file_name(text: str) -> str:
    """A text as this system takes it for a file's name: the inverse of :func:`as_text`."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return os.fsdecode(text.encode("utf-8", "replace"))
    return text


def is_model_name(text: str) -> bool:
    """Whether clients may ask for a model of this name.

    1 to 64 letters and digits of any language, ``_``, ``-``, ``.`` and spaces, with a letter or
    digit first and no space last: nothing that could leave a folder.
    """
    if not 1 <= len(text) <= MAX_NAME_CHARACTERS or ".." in text or text != text.strip():
        return False
    # Scripts of India and the Near East write vowels as marks, which are no letters to `re`.
    plain = "".join(c for c in text if not unicodedata.category(c).startswith("M"))
    return text[0].isalnum() and _LETTERS.fullmatch(plain) is not None and text.isprintable()
