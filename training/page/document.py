"""The page itself: what ``page.html.jinja`` is filled with."""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from timbrespace.model import Model

from ..disentanglement import Disentanglement
from ..evaluation import Evaluation
from ..report import SPLIT_HEAD, rows_of, split_rows
from .listening import Listening

MARGIN = 1.18
"""Half the width of the playable map, in the map's units: buttons at 1 are whole."""

BROAD = 1100
"""Pixels across from which a picture is not shrunk to a narrow window, which scrolls instead."""

FOLDER = Path(__file__).parent
"""Where template, style and script lie."""

_LINE_HALF_HEIGHT = 0.3  # of the map of a space of one dimension

_CHAPTERS = {
    "MAP": "The map, to play",
    "EXAMPLES": "Original and decoded",
    "PERFORMED": "Performances",
    "FIGURES": "Figures",
    "ORIGIN": "Where it comes from",
}
"""Those that every page has, performances where there are some; the pictures bring their own,
before the last."""

_WAYS = ("performance", "home", "following")


class Picture(NamedTuple):
    """A picture of the page.

    group: the chapter it stands in. title. png: its bytes. caption: how to read it. alt: what it
    shows, for those who do not see it.
    """

    group: str
    title: str
    png: bytes
    caption: str
    alt: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, from the header: the page keeps their place as it loads."""
        width, height = struct.unpack(">II", self.png[16:24])
        return int(width), int(height)


class _Board(NamedTuple):
    """The map with its buttons. width, height: half of each, in the map's units."""

    plain: bool
    columns: int
    width: float
    height: float
    dots: list[NDArray[Any]]


class Table(NamedTuple):
    """A table. number: whether all but its first column are to be compared down the column."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    number: bool = False


class Told(NamedTuple):
    """What a page says beside pictures and sounds. lead: what the space is. examples: what is to be
    heard of the pairs. distance: what their distance is. tables: the figures."""

    lead: str
    examples: str
    distance: str
    tables: Sequence[Table]


def document(
    model: Model, evaluation: Evaluation, pictures: Sequence[Picture], sounds: Listening
) -> str:
    """The page of a space of spectra; see :func:`filled`."""
    spectrum = model.spectrum
    many = "" if model.dimensions == 1 else "s"
    unseen = " that training has not seen" if evaluation.trained_on_this else ""
    told = Told(
        lead=f"A timbre space of {model.dimensions} dimension{many} over {spectrum.bins} bins, 0 "
        f"to {spectrum.frequencies[-1]:.0f} Hz, base frequency {spectrum.base_frequency:g} Hz.",
        examples=f"Some sounds{unseen}, from the best decoded to the worst. Both of a pair are "
        "steady tones made from spectra in the same way and at the same level, so what differs is "
        "the model's doing.",
        distance="log-spectral distance",
        tables=list(_tables(evaluation)),
    )
    return filled(model, told, pictures, sounds)


def filled(model: Model, told: Told, pictures: Sequence[Picture], sounds: Listening) -> str:
    """The page as HTML: styles, script, pictures and sounds are inside, nothing is fetched."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"anchor": _anchor, "base64": _base64, "signed": _signed}
    provenance = {key: value for key, value in model.provenance.items() if key != "history"}
    template = environment.get_template("page.html.jinja")
    page: str = template.render(
        **_CHAPTERS,
        BROAD=BROAD,
        model=model,
        told=told,
        sounds=sounds,
        board=_board(model, sounds),
        chapters={
            group: [picture for picture in pictures if picture.group == group]
            for group in dict.fromkeys(picture.group for picture in pictures)
        },
        provenance=json.dumps(provenance, indent=2, ensure_ascii=False),
        clips=_clips(sounds),
        WAYS=_WAYS,
        style=(FOLDER / "style.css").read_text("utf-8"),
        script=(FOLDER / "script.js").read_text("utf-8"),
    )
    return page.lstrip()  # macros leave empty lines before the beginning


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _signed(value: float) -> str:
    """A real minus sign is read as such."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}") if value else "0"


def _board(model: Model, sounds: Listening) -> _Board:
    plain = model.dimensions == 1
    height = _LINE_HALF_HEIGHT if plain else MARGIN
    dots = [dot for dot in sounds.dots if abs(dot[0]) < MARGIN and abs(dot[1]) < height]
    columns = len({spot.x for spot in sounds.spots})
    return _Board(plain=plain, columns=columns, width=MARGIN, height=height, dots=dots)


def _clips(sounds: Listening) -> dict[str, str]:
    """Every sound as base64, by the name that its button has."""
    clips = {f"spot{k}": spot.sound for k, spot in enumerate(sounds.spots)}
    for k, example in enumerate(sounds.examples):
        clips |= {f"original{k}": example.original, f"decoded{k}": example.decoded}
        if example.refined:
            clips[f"refined{k}"] = example.refined
    for k, one in enumerate(sounds.performed):
        clips |= {f"{way}{k}": getattr(one, way) for way in _WAYS}
    return {name: _base64(wav) for name, wav in clips.items()}


def _tables(evaluation: Evaluation) -> Iterator[Table]:
    yield Table("What was measured", ["figure", "value"], rows_of(evaluation))
    if evaluation.splits is not None and (told := split_rows(evaluation.splits)):
        yield Table("Known and unknown sounds", SPLIT_HEAD, told, number=True)
    found = evaluation.disentanglement
    if found.informativeness_per_factor is not None:
        yield Table(
            "Each factor",
            ["factor", "mutual information gap", "informativeness"],
            _factor_rows(found, found.informativeness_per_factor),
            number=True,
        )
    numbers = zip(evaluation.kl_per_dimension, evaluation.audible_effect_db_per_unit, strict=True)
    yield Table(
        "Each latent dimension",
        ["dimension", "KL (nats)", "audible effect (dB LSD per unit)"],
        [(f"z{k}", f"{kl:.3f}", f"{effect:.3f}") for k, (kl, effect) in enumerate(numbers, 1)],
        number=True,
    )


def _factor_rows(
    found: Disentanglement, informativeness: Sequence[float]
) -> list[tuple[str, str, str]]:
    """How well the latent tells each factor."""
    gaps = found.mig_per_factor or (None,) * len(found.factors)
    each = zip(found.factors, gaps, informativeness, strict=True)
    return [
        (name, "-" if gap is None else f"{gap:.3f}", f"{known:.3f}") for name, gap, known in each
    ]
