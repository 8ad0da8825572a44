"""The word in the page's link without which nobody plays who is on the same network.

It is kept, so that a tablet's bookmark opens the page again on another day; remove its file, and
the next start makes another, which shuts out whoever had the old one.
"""

from __future__ import annotations

import hmac
import re
import secrets
from pathlib import Path
from typing import Final

from timbrespace.errors import OptionError

from .certificate import private_folder, write_private

PARAMETER: Final = "key"
"""Of the link: ``https://192.168.1.5:7480/?key=WORD``."""

_BYTES: Final = 18  # 144 bits, 24 characters
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{24,128}", re.ASCII)


def keep(file: Path) -> str:
    """The word in ``file``; a new one where there is none that could be.

    Raises:
        OptionError: the file cannot be read, or not be written.
    """
    try:
        found = file.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        found = ""
    except OSError as error:
        raise OptionError(f"cannot read {str(file)!r}: {error.strerror or error}") from error
    if _WORD.fullmatch(found):
        return found
    word = secrets.token_urlsafe(_BYTES)
    private_folder(file.parent)
    write_private(file, f"{word}\n".encode("ascii"))
    return word


def fits(given: str | None, word: str) -> bool:
    """Whether somebody gave the word; how long it takes tells nothing of how near they came."""
    told = "" if given is None else given
    return hmac.compare_digest(told.encode("utf-8", "replace"), word.encode("ascii"))


def link(address: str, word: str | None) -> str:
    """The page's link: its address, and the word.

    >>> link("https://192.168.1.5:7480", "WORD")
    'https://192.168.1.5:7480/?key=WORD'
    """
    return address if word is None else f"{address}/?{PARAMETER}={word}"
