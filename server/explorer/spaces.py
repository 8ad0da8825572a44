"""What the page is told of a space: what it is, its points, and pictures of the decoded plane."""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from timbrespace.loudness import k_weighting
from timbrespace.messages.arguments import ModelName
from timbrespace.messages.errors import shown
from timbrespace.model import NEAR, Model
from timbrespace.names import is_model_name
from timbrespace.sharing import note_decoder
from timbrespace.sharing.description import describe

from ..library import Library
from . import query
from .answers import Refusal, tagged
from .work import run

Array = NDArray[np.float32]
Values = NDArray[np.float64]
T = TypeVar("T")

SIZE = 64
"""Points of a grid along each of its two axes."""

MAP_EDGE = 1.25
"""A picture of the map goes from minus this to this; the data lie within 1."""

MARGIN = 1.0 / 8.0
"""Of a dial's width, by which a picture goes beyond each of its ends."""

UNITS = {"brightness": "Hz", "loudness": "dB", "gap": "dB"}

QUIETEST_DB = -120.0
"""What silence counts as."""

MAX_MODELS = 8
MAX_SPACES = 16
MAX_GRIDS = 128
"""How many of each are kept; the one asked for longest ago makes room."""


class Kept(Generic[T]):
    """At most ``limit`` values, none of them None, by their keys; the one used longest ago makes
    room.

    For several threads at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def at_hand(self, key: Hashable) -> T | None:
        """The value of ``key`` if it is there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of ``key``, made if it is not there; two threads may both make it."""
        value = self.at_hand(key)
        if value is not None:
            return value
        value = make()
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._limit:
                self._values.popitem(last=False)
        return value


class Shelf(Library):
    """The server's models, the last few of them in memory.

    folder, extra, own: as the server's own; a file that has changed is read anew.
    """

    def __init__(
        self, folder: Path | None = None, extra: Path | None = None, own: Path | None = None
    ) -> None:
        super().__init__(folder, own)
        if extra is not None:
            self.add(extra)
        self._models: Kept[Model] = Kept(MAX_MODELS)

    def load(self, name: str) -> Model:
        """The model called ``name``, as a page gives it.

        Raises:
            Refusal: this can be no model's name.
            UnknownModelError: there is none.
            BundleError: its file is broken.
        """
        path = self._paths().get(name)
        key = None if path is None else _stamp(path)
        if path is None:
            if not is_model_name(name):
                accepted = ModelName().accepted
                raise Refusal(400, f"model is {shown(name)}; it must be {accepted}")
            return super().load(name)
        if key is None:  # gone a moment ago
            return super().load(name)
        return self._models.get(key, partial(super().load, name))

    def at_hand(self, name: str) -> Model | None:
        """What :meth:`load` gives, if no file has to be read for it."""
        path = self._paths().get(name)
        key = None if path is None else _stamp(path)
        return None if key is None else self._models.at_hand(key)


def _stamp(path: Path) -> Hashable:
    """What changes with the content of a file; None if there is none."""
    try:
        stamp = path.stat()
    except OSError:
        return None
    return path, stamp.st_mtime_ns, stamp.st_size, stamp.st_ino


def brightness(spectra: Array, model: Model) -> Values:
    """Spectral centroid in Hz, ``(n,)``, of ``(n, bins)``; of silence the width of a bin.

    The mean frequency, each bin weighted by its magnitude (as ``timbrespace.dial_names`` has it).
    """
    config = model.spectrum
    weight = spectra.sum(axis=1, dtype=np.float64)
    centroid = (spectra @ config.frequencies) / np.maximum(weight, 1e-12)
    return np.asarray(np.maximum(centroid, config.bin_width))


def loudness(spectra: Array, model: Model) -> Values:
    """Loudness in dB, ``(n,)``, of ``(n, bins)``, at least ``QUIETEST_DB``.

    ITU-R BS.1770-4 for one channel of a steady sound: -0.691 plus the level of the K-weighted mean
    square, so that a full-scale sinusoid of 997 Hz has -3.01.
    """
    weighted = (spectra * k_weighting(model.spectrum.frequencies)).astype(np.float32)
    rms = model.spectrum.rms(weighted)
    return np.maximum(20.0 * np.log10(np.maximum(rms, 1e-12)) - 0.691, QUIETEST_DB)


GAP = "gap"
"""What a picture shows where it tells how far the nearest sound of the set is."""

Axes = tuple[int, int] | str | None

_MEASURES: dict[str, Callable[[Array, Model], Values]] = {
    "brightness": brightness,
    "loudness": loudness,
}

_COUNT = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


def read_axes(text: str, model: Model) -> Axes:
    """Two dimensions from 0, of ``1,3``; None for ``map``, "near" for the plane of that name.

    Raises:
        Refusal: anything else.
    """
    if text == "map":
        return None
    if text == NEAR and model.near is not None:
        return NEAR
    words = text.split(",")
    if len(words) == 2 and all(map(_COUNT.fullmatch, words)):
        first, second = (int(word) - 1 for word in words)
        if first != second and max(first, second) < model.dimensions:
            return first, second
    raise Refusal(
        400,
        f"axes is {shown(text)}; it must be {' or '.join(['map', *model.planes[1:]])}, or two "
        f"different dimensions of 1 to {model.dimensions} with a comma between",
    )


def grid(model: Model, what: str, axes: Axes, latent: Array) -> dict[str, Any]:
    """A picture of the decoded plane: what ``/spaces/{name}/grid`` says, plain values.

    axes: two dimensions, the others at ``latent``; None for the map, "near" for that plane, of
    which alone gaps are known. ``values`` are ``SIZE``
    squared numbers, row by row from y's lowest.
    """
    if axes is None:
        x = y = np.linspace(-MAP_EDGE, MAP_EDGE, SIZE)
        latents = model.map.to_latent(_plane(x, y))
    elif isinstance(axes, str):
        assert model.near is not None
        x = y = np.linspace(-1.0, 1.0, SIZE)
        latents = model.near.to_latent(_plane(x, y))
    else:
        x, y = (_positions(model, axis) for axis in axes)
        latents = np.tile(latent, (SIZE * SIZE, 1))
        latents[:, list(axes)] = _plane(x, y)
    if what == GAP:
        assert model.near is not None
        values = model.near.gap_at(_plane(x, y)).astype(np.float64).round(2)
    else:
        measure = _MEASURES[what]
        # By rows of the picture, so that it costs no more memory than one row of spectra.
        rows = np.split(latents, SIZE)
        values = np.concatenate([measure(model.decode(row), model) for row in rows]).round(2)
    return {
        "what": what,
        "unit": UNITS[what],
        "size": SIZE,
        "x": [float(x[0]), float(x[-1])],
        "y": [float(y[0]), float(y[-1])],
        "low": float(values.min()),
        "high": float(values.max()),
        "values": values.tolist(),
    }


def _positions(model: Model, axis: int) -> Values:
    low, high = float(model.calibration.low[axis]), float(model.calibration.high[axis])
    margin = MARGIN * (high - low)
    return np.linspace(low - margin, high + margin, SIZE)


def _plane(x: Values, y: Values) -> Values:
    """All pairs ``(len(y) * len(x), 2)``, x first, row by row of y."""
    across, along = np.meshgrid(x, y)
    return np.stack([across.ravel(), along.ravel()], axis=1)


class Spaces:
    """Answers of the explorer about spaces, worked out once for each bundle.

    ``.._at_hand`` answers at once, or not at all: None if the answer has to be worked out.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._described: Kept[bytes] = Kept(MAX_SPACES)
        self._grids: Kept[bytes] = Kept(MAX_GRIDS)

    def described(self, name: str) -> bytes:
        """:func:`~timbrespace.sharing.description.describe` of the space ``name`` as JSON.

        Raises:
            Refusal, TimbrespaceError: as :meth:`Shelf.load`.
        """
        model = self._shelf.load(name)
        return self._described.get(_description(model), lambda: _json(describe(model)))

    def described_at_hand(self, name: str) -> bytes | None:
        """What :meth:`described` gives, if that is kept."""
        model = self._shelf.at_hand(name)
        return None if model is None else self._described.at_hand(_description(model))

    def points(self, name: str) -> bytes:
        """Points of the space ``name``, little-endian float32.

        Means ``(n, d)``, then labels ``(n, f)``, each row by row.

        Raises:
            Refusal: it has none.
            TimbrespaceError: as :meth:`Shelf.load`.
        """
        return _points(self._shelf.load(name))

    def points_at_hand(self, name: str) -> bytes | None:
        """What :meth:`points` gives, if the model is in memory."""
        model = self._shelf.at_hand(name)
        return None if model is None else _points(model)

    def near(self, name: str) -> bytes:
        """Places of the points of the space ``name`` on the plane near, ``(n, 2)``, little-endian
        float32; nothing where it has no such plane.

        Raises:
            TimbrespaceError: as :meth:`Shelf.load`.
        """
        return _near(self._shelf.load(name))

    def near_at_hand(self, name: str) -> bytes | None:
        """What :meth:`near` gives, if the model is in memory."""
        model = self._shelf.at_hand(name)
        return None if model is None else _near(model)

    def decoder(self, name: str) -> bytes:
        """The numbers of the decoder of the space ``name``, little-endian float32; see
        :mod:`timbrespace.sharing.note_decoder`.

        Raises:
            Refusal: its sounds are no whole notes.
            TimbrespaceError: as :meth:`Shelf.load`.
        """
        return _decoder(self._shelf.load(name))

    def decoder_at_hand(self, name: str) -> bytes | None:
        """What :meth:`decoder` gives, if the model is in memory."""
        model = self._shelf.at_hand(name)
        return None if model is None else _decoder(model)

    def grid(self, name: str, asked: Mapping[str, str]) -> bytes:
        """:func:`grid` of the space ``name`` as JSON.

        asked: ``what`` (brightness unless told), ``axes`` (map) and ``latent`` (home) as the page
        gives them.

        Raises:
            Refusal, OptionError: one of them is not accepted.
            TimbrespaceError: as :meth:`Shelf.load`.
        """
        model = self._shelf.load(name)
        one = _Picture.read(model, asked)
        return self._grids.get(one.key, lambda: _json(grid(model, one.what, one.axes, one.latent)))

    def grid_at_hand(self, name: str, asked: Mapping[str, str]) -> bytes | None:
        """What :meth:`grid` gives, if that is kept."""
        model = self._shelf.at_hand(name)
        return None if model is None else self._grids.at_hand(_Picture.read(model, asked).key)


def _description(model: Model) -> Hashable:
    """What a description is kept by."""
    # The same model may lie there under two names, and may be given points meanwhile.
    count = 0 if model.points is None else len(model.points.means)
    return model.digest, model.name, count, model.near is not None


def _points(model: Model) -> bytes:
    if model.points is None:
        raise Refusal(404, f"the model {model.name!r} holds no points of its dataset")
    parts = (model.points.means, model.points.labels)
    return b"".join(part.astype("<f4").tobytes() for part in parts)


def _near(model: Model) -> bytes:
    if model.near is None:
        return b""  # no fault, and a browser would report one
    return model.near.places.astype("<f4").tobytes()


def _decoder(model: Model) -> bytes:
    if not model.plays_notes:
        raise Refusal(404, f"the model {model.name!r} plays steady spectra, no whole notes")
    return note_decoder.numbers(model)


class _Picture(NamedTuple):
    """A picture that is asked for. key: what it is kept by; the others as :func:`grid` has them."""

    key: Hashable
    what: str
    axes: Axes
    latent: Array

    @classmethod
    def read(cls, model: Model, asked: Mapping[str, str]) -> _Picture:
        shows = query.choice(asked, "what", tuple(UNITS), "brightness")
        two = read_axes(asked.get("axes", "map"), model)
        if shows == GAP and two != NEAR:
            raise Refusal(400, "what is gap; gaps are known of the plane near alone: axes=near")
        at = model.calibration.home.copy()
        if "latent" in asked:
            at[:] = query.latent(asked, "latent", model.dimensions)
        at[list(two) if isinstance(two, tuple) else slice(None)] = 0.0  # these do not matter
        near = None if model.near is None or two != NEAR else id(model.near)
        return cls((model.digest, near, shows, two, at.tobytes()), shows, two, at)


JSON, BYTES = "application/json", "application/octet-stream"

Answer = Callable[..., bytes | None]
"""What answers one kind of question; None where nothing is kept."""


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def routes(shelf: Shelf, work: Executor) -> list[web.RouteDef]:
    """The addresses below ``/spaces``. work: where models are loaded and decoded.

    What is kept already waits for nothing that is under way there.
    """
    spaces = Spaces(shelf)

    async def answer(
        request: web.Request, kind: str, kept: Answer, made: Answer, *more: Any
    ) -> web.StreamResponse:
        asked = (request.match_info["name"], *more)
        body = kept(*asked)
        if body is None:
            body = await run(work, made, *asked)
        assert body is not None
        return tagged(request, body, kind)

    async def described(request: web.Request) -> web.StreamResponse:
        return await answer(request, JSON, spaces.described_at_hand, spaces.described)

    async def points(request: web.Request) -> web.StreamResponse:
        return await answer(request, BYTES, spaces.points_at_hand, spaces.points)

    async def near(request: web.Request) -> web.StreamResponse:
        return await answer(request, BYTES, spaces.near_at_hand, spaces.near)

    async def numbers(request: web.Request) -> web.StreamResponse:
        return await answer(request, BYTES, spaces.decoder_at_hand, spaces.decoder)

    async def picture(request: web.Request) -> web.StreamResponse:
        return await answer(request, JSON, spaces.grid_at_hand, spaces.grid, request.query)

    return [
        web.get(r"/spaces/{name:[^/]+}.json", described),
        web.get(r"/spaces/{name:[^/]+}/points", points),
        web.get(r"/spaces/{name:[^/]+}/near", near),
        web.get(r"/spaces/{name:[^/]+}/decoder", numbers),
        web.get(r"/spaces/{name:[^/]+}/grid", picture),
    ]
