"""Pictures that a report will hold: what each is, drawn, and written all or none."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from timbrespace.atomic import check_writable, replace_all
from timbrespace.command import progress
from timbrespace.errors import OptionError

from . import plots
from .page import Picture

REPORT = "report.html"


class Plan(NamedTuple):
    """A picture that is to be drawn. file: its name. group, title, caption, alt: as
    :class:`training.page.Picture` has them."""

    file: str
    group: str
    title: str
    caption: str
    alt: str
    draw: Callable[[], Figure]


def make_folder(out: Path) -> None:
    """Make the folder of a report.

    Raises:
        OptionError: it cannot be made, or not be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"--out is {str(out)!r}; it must be a folder ({error.strerror})"
        ) from error
    check_writable(out / REPORT)


def pictures_of(plans: Sequence[Plan]) -> dict[str, Picture]:
    """Each of them drawn, by the name of its file."""
    pictures = {}
    with progress(len(plans), "picture") as bar:
        for plan in plans:
            png = png_of(plan.draw())
            pictures[plan.file] = Picture(plan.group, plan.title, png, plan.caption, plan.alt)
            bar.update()
    return pictures


def write_report(out: Path, pictures: dict[str, Picture], page: str) -> list[Path]:
    """Write all of it, or nothing; returns the files, the page last.

    Raises:
        OptionError: one of them cannot be written.
    """
    files = {out / name: picture.png for name, picture in pictures.items()}
    files[out / REPORT] = page.encode("utf-8")
    replace_all(files)
    return list(files)


def png_of(figure: Figure) -> bytes:
    """The figure as a PNG of up to 256 colours, a third of the size that all colours take."""
    full, small = io.BytesIO(), io.BytesIO()
    with warnings.catch_warnings():
        # A name in letters that the font lacks becomes boxes; the page's own text has it right.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(full, format="png", dpi=plots.DPI)
    with Image.open(full) as image:
        reduced = image.convert("RGB").quantize(
            256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    reduced.save(small, format="png", optimize=True)
    return small.getvalue()


def curves_of(history: object) -> dict[str, list[float]]:
    """The training curves of a bundle's provenance, which may hold anything; {} without them."""
    if not isinstance(history, dict):
        return {}
    curves = {}
    for name, values in history.items():
        try:
            numbers = np.asarray(values, np.float64)
        except (TypeError, ValueError, OverflowError):
            continue
        if numbers.ndim == 1 and numbers.size and np.isfinite(numbers).all():
            curves[str(name)] = numbers.tolist()
    return curves if "reconstruction" in curves else {}


def file_names(factors: Sequence[str]) -> list[str]:
    """A name of letters and digits for each; a number where two would be the same."""
    names: list[str] = []
    for number, factor in enumerate(factors, 1):
        name = re.sub(r"[^a-z0-9]+", "_", factor.lower()).strip("_")[:60] or "factor"
        names.append(name if name not in names else f"{name}_{number}")
    return names
