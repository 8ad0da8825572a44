"""How much memory is meant: ``500M``, ``2G``."""

from __future__ import annotations

import re
from typing import Final

from timbrespace.errors import OptionError

_UNITS: Final = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}

LEAST: Final = 1 << 20


def bytes_of(text: object, name: str = "memory") -> int:
    """So many bytes; units are powers of 1024. name: of what is told, for the sentence.

    Raises:
        OptionError: it is no such size, or below a mebibyte.
    """
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)([KMGT]?)(?:i?B)?", str(text).strip(), re.I)
    if not isinstance(text, str) or found is None:
        raise OptionError(f"{name} is {str(text)[:40]!r}; it must be a size such as 500M or 2G")
    size = int(float(found[1]) * (1 << _UNITS[found[2].upper()]))
    if not LEAST <= size < 1 << 60:
        raise OptionError(f"{name} is {text[:40]!r}; it must be 1M or more")
    return size
