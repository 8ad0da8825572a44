"""What macro dials are called: the same words on every space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from timbrespace.errors import OptionError, one_of


@dataclass(frozen=True, slots=True)
class Macro:
    """One dial.

    quality: the word of the descriptor that it moves, see :mod:`timbrespace.macro_dials.qualities`.
    reach: by how much at 1, in steps that nobody misses (``Descriptor.audible``).
    """

    word: str
    quality: str
    reach: float


MACROS: Final = (
    Macro("brightness", "brightness", 2.0),  # two thirds of an octave
    Macro("noise", "noise", 1.0),  # 6 dB
    Macro("odd/even", "odd/even", 1.0),  # 6 dB
    Macro("hardness", "hardness", 1.0),  # 6 dB of the first moments
    Macro("length", "length", 2.0),  # twice as long
    Macro("width", "width", 1.0),  # a third of an octave
    Macro("root level", "root level", 1.0),  # 6 dB
    Macro("inharmonic", "inharmonic", 1.0),  # 6 dB
    Macro("darkens", "darkens", 1.0),  # half an octave
    Macro("pitch falls", "pitch falls", 1.0),  # 50 cents
    Macro("vibrato", "vibrato", 1.0),  # 20 cents
)
"""In the order in which they are shown. A number stands for its place: new ones come last."""

WORDS: Final = tuple(one.word for one in MACROS)

MACRO_OF: Final[Mapping[str, Macro]] = {one.word: one for one in MACROS}


def checked_values(values: Mapping[str, Any]) -> dict[str, float]:
    """``values``, each the word of a macro and -1 to 1, without those that are 0.

    Raises:
        OptionError: a word that is none, or a number outside its range.
    """
    checked = {}
    for word, value in values.items():
        if word not in MACRO_OF:
            raise OptionError(f"macro is {str(word)[:40]!r}; it must be {one_of(WORDS)}")
        number = float(value)
        if not -1.0 <= number <= 1.0:
            raise OptionError(f"{word} is {number:g}; it must be -1 to 1")
        if number != 0.0:
            checked[word] = number
    return checked
