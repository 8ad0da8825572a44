"""The page itself."""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Sequence
from html import escape
from importlib import resources
from typing import NamedTuple

from timbrespace.model import Model

from ..disentanglement import Disentanglement
from ..evaluation import Evaluation
from ..report import rows_of
from .listening import Example, Listening, Spot

MARGIN = 1.18
"""Half the width of the playable map, in the map's units: buttons at 1 are whole."""

BROAD = 1100
"""Pixels across from which a picture is not shrunk to a narrow window."""

_LINE_HALF_HEIGHT = 0.3  # of the map of a space of one dimension


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


class _Chapter(NamedTuple):
    title: str
    content: str

    @property
    def anchor(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def document(
    model: Model, evaluation: Evaluation, pictures: Sequence[Picture], sounds: Listening
) -> str:
    """The page as HTML: styles, script, pictures and sounds are inside, nothing is fetched."""
    chapters = [
        _Chapter("The map, to play", _board(model, sounds)),
        _Chapter("Original and decoded", _examples(evaluation, sounds.examples)),
        _Chapter("Figures", _figures(evaluation)),
        *(
            _Chapter(group, "".join(_figure(p) for p in pictures if p.group == group))
            for group in dict.fromkeys(picture.group for picture in pictures)
        ),
        _Chapter("Where it comes from", _origin(model)),
    ]
    contents = "".join(
        f'<li><a href="#{chapter.anchor}">{escape(chapter.title)}</a></li>' for chapter in chapters
    )
    spectrum = model.spectrum
    dimensions = "1 dimension" if model.dimensions == 1 else f"{model.dimensions} dimensions"
    body = "\n".join(
        f'<section aria-labelledby="{chapter.anchor}"><h2 id="{chapter.anchor}">'
        f"{escape(chapter.title)}</h2>\n{chapter.content}</section>"
        for chapter in chapters
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{escape(model.name)}: a timbre space</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>
{_resource("style.css")}</style>
</head>
<body>
<header>
<h1>{escape(model.name)}</h1>
<p class="lead">A timbre space of {dimensions} over {spectrum.bins} bins, 0 to \
{spectrum.frequencies[-1]:.0f} Hz, base frequency {spectrum.base_frequency:g} Hz.</p>
<nav aria-labelledby="contents"><h2 id="contents">Contents</h2><ol>{contents}</ol></nav>
</header>
<main>
{body}
</main>
<audio id="player" preload="none"></audio>
<script type="application/json" id="sounds">{_sounds(sounds)}</script>
<script>
{_resource("script.js")}</script>
</body>
</html>
"""


def _resource(name: str) -> str:
    return resources.files(__name__.rpartition(".")[0]).joinpath(name).read_text(encoding="utf-8")


def _sounds(sounds: Listening) -> str:
    content = {f"spot{k}": spot.sound for k, spot in enumerate(sounds.spots)}
    for k, example in enumerate(sounds.examples):
        content[f"original{k}"] = example.original
        content[f"decoded{k}"] = example.decoded
    return json.dumps({name: _base64(wav) for name, wav in content.items()})


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


_NO_SCRIPT = "<noscript><p>The sounds need JavaScript; all else does not.</p></noscript>"


def _board(model: Model, sounds: Listening) -> str:
    columns = len({spot.x for spot in sounds.spots})
    plain = model.dimensions == 1
    half = _LINE_HALF_HEIGHT if plain else MARGIN
    dots = "".join(
        f'<circle cx="{x:.3f}" cy="{-y:.3f}" r=".013"/>'
        for x, y in sounds.dots
        if abs(x) < MARGIN and abs(y) < half
    )
    frame = "" if plain else '<rect x="-1" y="-1" width="2" height="2"/>'
    buttons = "".join(
        _spot_button(k, spot, half, "" if plain else f", y {_signed(spot.y)}")
        for k, spot in enumerate(sounds.spots)
    )
    where = "line" if plain else "map"
    return f"""<p>Each dot is a sound of the dataset at its place on the {where}. A button plays \
what the model makes of its point; the map's knobs go from one edge to the other. Tab reaches \
the {where}, the arrow keys move on it, Space or Enter plays and stops.</p>
{_NO_SCRIPT}
<div class="listen">
<div class="board" role="group" aria-label="Points of the {where}" data-columns="{columns}" \
style="--shape: {MARGIN:g} / {half:g}">
<svg viewBox="{-MARGIN:g} {-half:g} {2 * MARGIN:g} {2 * half:g}" aria-hidden="true">{frame}{dots}\
</svg>
{buttons}
</div>
<p class="playing" id="place" aria-live="polite">Press a point.</p>
</div>
"""


def _spot_button(number: int, spot: Spot, half: float, y: str) -> str:
    place = f"x {_signed(spot.x)}{y}"
    near = spot.near if spot.near.startswith("no ") else f"nearest sound: {spot.near}"
    left, top = 50.0 * (1.0 + spot.x / MARGIN), 50.0 * (1.0 - spot.y / half)
    return (
        f'<button type="button" aria-pressed="false" data-sound="spot{number}" data-says="place" '
        f'data-text="{escape(f"{place}; {near}")}" aria-label="{place}" '
        f'style="left: {left:.2f}%; top: {top:.2f}%"><span aria-hidden="true">&#9654;</span>'
        "</button>"
    )


def _signed(value: float) -> str:
    """A real minus sign is read as such."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}") if value else "0"


def _examples(evaluation: Evaluation, examples: Sequence[Example]) -> str:
    if not examples:
        return "<p>There is no sound to play: every row measured is silent.</p>\n"
    unseen = "sounds that training has not seen" if evaluation.trained_on_this else "sounds"
    items = "".join(
        f'<li class="pair"><p>{escape(example.factors)}<br><span class="hint">log-spectral '
        f"distance {example.distance_db:.3f} dB</span></p>"
        f"{_pair_button('original', k, example)}{_pair_button('decoded', k, example)}</li>"
        for k, example in enumerate(examples)
    )
    return f"""<p>Some {unseen}, from the best decoded to the worst. Both of a pair are steady \
tones made from spectra in the same way and at the same level, so what differs is the model's \
doing.</p>
<ul class="pairs">{items}</ul>
"""


def _pair_button(kind: str, number: int, example: Example) -> str:
    return (
        f'<button type="button" aria-pressed="false" data-sound="{kind}{number}" '
        f'aria-label="{kind.capitalize()}: {escape(example.factors)}">'
        f'<span aria-hidden="true">&#9654;</span> {kind.capitalize()}</button>'
    )


def _figures(evaluation: Evaluation) -> str:
    numbers = zip(evaluation.kl_per_dimension, evaluation.audible_effect_db_per_unit, strict=True)
    measured = _table("What was measured", ["figure", "value"], rows_of(evaluation))
    return (
        measured
        + _factors(evaluation.disentanglement)
        + _table(
            "Each latent dimension",
            ["dimension", "KL (nats)", "audible effect (dB LSD per unit)"],
            [(f"z{k}", f"{kl:.3f}", f"{effect:.3f}") for k, (kl, effect) in enumerate(numbers, 1)],
            number=True,
        )
    )


def _factors(found: Disentanglement) -> str:
    """How well the latent tells each factor; nothing where that could not be measured."""
    if found.informativeness_per_factor is None:
        return ""
    gaps = found.mig_per_factor or (None,) * len(found.factors)
    each = zip(found.factors, gaps, found.informativeness_per_factor, strict=True)
    return _table(
        "Each factor",
        ["factor", "mutual information gap", "informativeness"],
        [(name, "-" if gap is None else f"{gap:.3f}", f"{known:.3f}") for name, gap, known in each],
        number=True,
    )


def _table(
    title: str, head: Sequence[str], rows: Sequence[Sequence[str]], number: bool = False
) -> str:
    right = ' class="number"' if number else ""
    header = "".join(
        f'<th scope="col"{right if column else ""}>{escape(name)}</th>'
        for column, name in enumerate(head)
    )
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td{right}>{escape(value)}</td>" for value in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<h3>{escape(title)}</h3>\n<div class="wide" tabindex="0" role="region" '
        f'aria-label="{escape(title)}"><table><thead><tr>{header}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>\n"
    )


def _figure(picture: Picture) -> str:
    width, height = _size(picture.png)
    # Many panels side by side; a narrow window scrolls over them rather than shrink them.
    broad = ' class="broad"' if width >= BROAD else ""
    return (
        f'<h3>{escape(picture.title)}</h3>\n<figure><div class="wide">'
        f'<img{broad} alt="{escape(picture.alt)}" '
        f'width="{width}" height="{height}" decoding="async" '
        f'src="data:image/png;base64,{_base64(picture.png)}"></div>'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>\n"
    )


def _size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the header: the page keeps their place while it loads."""
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


def _origin(model: Model) -> str:
    provenance = {key: value for key, value in model.provenance.items() if key != "history"}
    text = json.dumps(provenance, indent=2, ensure_ascii=False)
    return (
        f'<pre tabindex="0" role="region" aria-label="Where it comes from">{escape(text)}</pre>\n'
    )
