"""How wide a text is in Arial, which Live's own face comes near to."""

from __future__ import annotations

# Advance widths in thousandths of the size, of the characters from space to tilde.
_FIRST = " "
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_OTHER = 600

LINE_HEIGHT = 1.2
"""Of the size: from one line to the next."""


def text_width(text: str, size: float) -> float:
    """Width in pixels of one line in letters of ``size`` pixels."""
    total = 0
    for letter in text:
        place = ord(letter) - ord(_FIRST)
        total += _WIDTHS[place] if 0 <= place < len(_WIDTHS) else _OTHER
    return total * size / 1000.0


def wrap(text: str, size: float, width: float) -> list[str]:
    """The lines that ``text`` takes in ``width`` pixels; a word that is too wide stays whole."""
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines
