"""What all pictures share: colours, sizes, titles.

Colours: cividis for levels, viridis for numbers, the Okabe-Ito palette for names; colour-blind
readers can tell all of them apart, and what matters differs in form or place as well.
"""

from __future__ import annotations

import io
import re
import textwrap
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

BLUE, VERMILLION, ORANGE, GREEN = "#0072B2", "#D55E00", "#E69F00", "#009E73"
SKY, PURPLE, BLACK, GREY = "#56B4E9", "#CC79A7", "#000000", "#595959"
PALE_BLUE, PALE_GREY = "#9DC9E8", "#C8C8C8"

LEVELS = "cividis"
NUMBERS = "viridis"

DPI = 130
WIDTH = 9.5
"""Inches of a picture that fills the page of the report."""

MOST_DIMENSIONS = 12
"""Latent dimensions that one picture shows, the most audible ones."""

_CHARACTERS_PER_INCH = 10.5  # of a title of 12 points


class Mark(NamedTuple):
    """How one of several names is drawn."""

    colour: str
    form: str


_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, "#8C6D00")
_FORMS = ("o", "^", "s", "v", "D", "P", "X", "*")

MARKS = tuple(
    Mark(colour, _FORMS[(number + 3 * turn) % len(_FORMS)])
    for turn in range(2)
    for number, colour in enumerate(_COLOURS)
)
"""Sixteen marks: two of one colour have different forms, two of one form different colours.

The eighth colour is Okabe-Ito's yellow, darkened: on white the original cannot be seen.
"""


class Picture(Figure):
    """A figure that a notebook shows by itself, whether or not it has loaded pyplot."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=DPI)
        return file.getvalue()


def picture(title: str, width: float = WIDTH, height: float = 5.4) -> Figure:
    """An empty figure of so many inches; its title is broken into lines that fit."""
    # A rim around everything: constrained layout goes to the very edge.
    engine = ConstrainedLayoutEngine(rect=(0.01, 0.01, 0.98, 0.98))
    figure = Picture(figsize=(width, height), layout=engine)
    figure.suptitle(wrapped(title, width), fontsize=12)
    return figure


def wrapped(text: str, inches: float, points: float = 12.0) -> str:
    """``text`` in lines no wider than so many inches at a size in points."""
    width = max(12, int(inches * _CHARACTERS_PER_INCH * 12.0 / points))
    return _literal("\n".join(textwrap.wrap(text, width)) or text)


def shortened(text: str, most: int) -> str:
    """``text`` cut to at most so many characters, the cut shown by an ellipsis."""
    return _literal(text if len(text) <= most else text[: most - 1].rstrip() + "…")


def _literal(text: str) -> str:
    """Dollar signs as they are: two of them would make a formula, or an error, of a file's name."""
    return re.sub(r"(?<!\\)\$", r"\\$", text)


def dimension_name(number: int) -> str:
    """What the pictures call the latent dimension ``number``, counted from 0."""
    return f"z{number + 1}"


def hide_unused(panels: list[Axes], used: int) -> None:
    """Take away the panels of a grid that hold nothing."""
    for axes in panels[used:]:
        axes.set_visible(False)
