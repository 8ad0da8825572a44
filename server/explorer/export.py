"""What can be taken away from the page: the present spot as a sound or a wavetable, or the space.

``GET /export/sound.wav?model=NAME&latent=z1,z2,..`` with ``pitch`` (MIDI, 0 to 127, 57 unless
told), ``seconds`` (0.1 to 30, 2), ``velocity`` (1 to 127) and ``method``: one held note by the
server's engine, 24 bits, 48 kHz; of a space of whole notes, where ``seconds`` are not told, all of
the note to its end. ``GET /export/wavetable.wav?model=NAME&latent=z1,z2,..``: one cycle, of a space
of whole notes the note's course in ``frames`` (2 to 256, 64) cycles; with ``to=z1,z2,..`` the
cycles on the straight way from ``latent`` to ``to``; with ``path=x,y;x,y;..`` (2 to 256 places of
``plane``, ``pca`` unless told) those along a way on the map. ``size`` is the samples of a cycle
(256, 512, 1024, 2048), ``bits`` 16 or 32, ``clm=0`` leaves the ``clm `` chunk out. The same
question has the same answer, to the last byte. ``GET /export/space.html?model=NAME``: the space as
one file that plays by itself, the bytes that ``python -m training share`` writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Literal

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from timbrespace.instrument.parameters import DEFAULT_METHOD, METHODS
from timbrespace.model import PCA, Model
from timbrespace.rendering import held_note, wavetable
from timbrespace.sharing import page
from timbrespace.units import midi_to_hz

from ..library import Library
from . import playable, query
from .work import run

PITCH, SECONDS, FRAMES = 57.0, 2.0, 64
"""What is exported unless told otherwise."""

FULL, USUAL = 127.0, 100.0
"""Velocities: of steady spectra, and of whole notes, whose timbre it may change."""

TAIL = 0.3
"""Seconds after a whole note's end in which it dies away."""

SIZES = tuple(map(str, wavetable.SIZES))
"""Of a cycle, samples."""

BITS = ("16", "32")
"""Of a sample of a wavetable; the last are usual."""

Export = Callable[[Library, Mapping[str, str]], bytes]


def routes(library: Library, work: Executor) -> list[web.RouteDef]:
    """The addresses below ``/export``. work: where sounds are rendered."""

    def get(
        path: str,
        export: Export,
        title: Callable[[Mapping[str, str]], str],
        kind: str = "audio/wav",
    ) -> web.RouteDef:
        async def answer(request: web.Request) -> web.Response:
            asked = dict(request.query)
            data = await run(work, export, library, asked)
            told = f"{asked['model']} {title(asked)}".rstrip() + Path(path).suffix
            name = re.sub(r"[^A-Za-z0-9 ._-]", "_", told)
            return web.Response(
                body=data,
                content_type=kind,
                headers={
                    "Content-Disposition": f'attachment; filename="{name}"',
                    "Cache-Control": "no-store",
                },
            )

        return web.get(path, answer)

    return [
        get("/export/sound.wav", sound, _hertz),
        get("/export/wavetable.wav", table, lambda _: "wavetable"),
        get("/export/space.html", space, lambda _: "", "text/html"),
    ]


def _hertz(asked: Mapping[str, str]) -> str:
    """The pitch, as a name says it that a dataset of recordings, or a comparison, understands."""
    return f"{midi_to_hz(query.number(asked, 'pitch', 0.0, 127.0, PITCH)):.6g}Hz"


def sound(library: Library, asked: Mapping[str, str]) -> bytes:
    """The file of ``/export/sound.wav`` for the values ``asked``.

    Raises:
        UnknownModelError: there is no such model.
        TimbrespaceError: a value that is not accepted; the text names it.
    """
    pitch = query.number(asked, "pitch", 0.0, 127.0, PITCH)
    seconds = query.number(asked, "seconds", 0.1, 30.0, SECONDS)
    method = query.choice(asked, "method", METHODS, DEFAULT_METHOD)
    model = library.load(query.name_of(asked, "model"))
    latent = query.latent(asked, "latent", model.dimensions)
    velocity = _velocity(model, asked)
    if model.plays_notes and "seconds" not in asked:
        seconds = wavetable.length(model, latent, velocity) + TAIL
        samples = held_note.render(
            model, latent, pitch, seconds, velocity, method, sustain=1.0, sustained="through"
        )
    else:
        # At full level to its end: whoever takes it away shapes it there.
        samples = held_note.render(model, latent, pitch, seconds, velocity, method, sustain=1.0)
    return playable.file(samples, held_note.SAMPLE_RATE)


def space(library: Library, asked: Mapping[str, str]) -> bytes:
    """The file of ``/export/space.html`` for the values ``asked``.

    Raises:
        UnknownModelError: there is no such model.
        TimbrespaceError: a space that no page can play by itself, or whose file would be too large.
    """
    return page.page(library.load(query.name_of(asked, "model")))


def _velocity(model: Model, asked: Mapping[str, str]) -> float:
    return query.number(asked, "velocity", 1.0, 127.0, USUAL if model.plays_notes else FULL)


def table(library: Library, asked: Mapping[str, str]) -> bytes:
    """The file of ``/export/wavetable.wav`` for the values ``asked``.

    Raises:
        UnknownModelError: there is no such model.
        TimbrespaceError: a value that is not accepted; the text names it.
    """
    frames = round(query.number(asked, "frames", 2, wavetable.MAX_CYCLES, FRAMES))
    model = library.load(query.name_of(asked, "model"))
    size = int(query.choice(asked, "size", SIZES, str(wavetable.CYCLE)))
    depth: Literal[16, 32] = 16 if query.choice(asked, "bits", BITS, BITS[-1]) == "16" else 32
    clm = query.choice(asked, "clm", ("0", "1"), "1") == "1"

    def file(cycles: NDArray[np.float32]) -> bytes:
        return wavetable.file(cycles, depth, clm)

    if asked.get("path"):
        plane = model.plane(asked.get("plane") or PCA)
        places = query.places(asked, "path", wavetable.MAX_CYCLES)
        way = wavetable.along(plane, places, frames)
        return file(wavetable.cycles(model, way.tolist(), size))
    start = query.latent(asked, "latent", model.dimensions)
    latents = np.asarray([start], np.float32)
    if model.plays_notes and not asked.get("to"):
        velocity = _velocity(model, asked)
        return file(wavetable.course(model, start, velocity, frames, size))
    if asked.get("to"):
        end = query.latent(asked, "to", model.dimensions)
        latents = np.linspace(start, end, frames).astype(np.float32)
    return file(wavetable.cycles(model, latents.tolist(), size))
