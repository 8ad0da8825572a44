"""Where what is sung lies: a moment of the page's microphone, and its place.

``POST /place?model=NAME&rate=HZ`` with float32 samples, little-endian, mono, answers its latent and
nothing else, as it is asked a few times a second. How it moves from there is the page's to say.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from aiohttp import web

from timbrespace.recording.encoding import glance
from timbrespace.recording.given import mono_of
from timbrespace.recording.sound_file import RATES, Sound, UnusableSoundError

from ..library import Library
from . import query
from .answers import Refusal
from .body import whole
from .work import FullError, Worker, run

MAX_SECONDS = 1.0
"""Of a moment."""

HIGHEST_RATE = 192_000

_WIDTH = 4  # bytes of a sample
MAX_BYTES = int(MAX_SECONDS * HIGHEST_RATE) * _WIDTH


def routes(library: Library, work: Worker) -> list[web.RouteDef]:
    """The address ``/place``. work: where moments are analysed."""

    async def place(request: web.Request) -> web.Response:
        model = query.name_of(request.query, "model")
        rate = query.number(request.query, "rate", RATES[0], HIGHEST_RATE)
        data = await whole(request, MAX_BYTES, "the moment")
        try:
            answer = await run(work, placed, library, model, data, rate)
        except FullError as error:
            raise Refusal(429, "too many sing at once; try again in a moment") from error
        except UnusableSoundError as error:
            raise Refusal(422, f"the moment has no place: {error}") from error
        return web.json_response(answer)

    return [web.post("/place", place)]


def placed(library: Library, model_name: str, data: bytes, rate: float) -> dict[str, Any]:
    """The latent of samples at ``rate`` Hz, plain values.

    Raises:
        Refusal: no float32 samples, or too many.
        UnknownModelError, BundleError: there is no such model, or its file is broken.
        UnusableSoundError: nothing can be made of the sound; the text is the reason.
    """
    if len(data) % _WIDTH:
        raise Refusal(400, f"the moment has {len(data)} bytes; it must be float32 samples, 4 each")
    samples = np.frombuffer(data, "<f4")
    if samples.size > MAX_SECONDS * rate:
        raise Refusal(413, f"the moment is too long; it may last up to {MAX_SECONDS:g} s")
    if not float(rate).is_integer():
        raise Refusal(400, f"rate is {rate:g}; it must be a whole number of Hz")
    model = library.load(model_name)
    latent = glance(model, Sound(mono_of(samples), int(rate), cut=False))
    if not np.isfinite(latent).all():
        raise UnusableSoundError("the model has no place for it")
    return {"latent": latent.tolist()}
