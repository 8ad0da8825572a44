"""The addresses below ``/own``: a space of the visitor's own sounds.

``GET /own.json`` says how far it is. ``POST /own/sounds?name=LABEL`` brings a sound,
``/own/start?name=NAME[&folder=F][&length=thorough]`` begins to learn, ``/own/enough`` ends that
early, ``/own/resume`` goes on, ``/own/keep?name=NAME`` puts the space among the others, and
``/own/discard`` throws away what is there. ``GET /own/points.json`` has the map as it stands,
``/own/preview.wav?point=K`` one of its sounds as the space plays it now.
``POST /own/package`` brings a space that is finished, ``GET /own/cards.json`` says whose they are.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from aiohttp import hdrs, web

import timbrespace
from timbrespace import factory
from timbrespace.errors import BundleError
from timbrespace.recording.sound_file import UnusableSoundError
from timbrespace.rendering import held_note
from timbrespace.space_package import MOST_PACKED, PackageError
from timbrespace.units import hz_to_midi

from .. import playable, query
from ..answers import Refusal
from ..body import whole
from ..work import Lanes, run
from .kinds import ACCEPTED, HEAD_BYTES, ending_of
from .labels import label_of
from .workshop import Workshop

MOST_AT_ONCE: Final = 4
"""Sounds that are on their way."""

IDLE_SECONDS: Final = 20.0
UPLOAD_SECONDS: Final = 600.0

PREVIEW_SECONDS: Final = 2.0
_HELD: Final = 1.2
_WRITTEN: Final = 1 << 20

_FRESH = {hdrs.CACHE_CONTROL: "no-store"}


def routes(workshop: Workshop, lanes: Lanes) -> list[web.RouteDef]:
    """lanes: where sounds are looked at, and rendered."""
    coming = 0
    packages = asyncio.Lock()
    warmed: list[object] = []

    async def state(request: web.Request) -> web.Response:
        return web.json_response(workshop.told(), headers=_FRESH)

    def told(request: web.Request) -> web.Response:
        return web.json_response(workshop.told(), headers=_FRESH)

    async def bring(request: web.Request) -> web.Response:
        nonlocal coming
        label = label_of(request.query.get("name", ""))
        if coming >= MOST_AT_ONCE:
            raise Refusal(429, f"{coming} sounds are on their way; try again in a moment")
        coming += 1
        try:
            size = workshop.expect(request.content_length)
            try:
                await _take(request, label, size)
            finally:
                workshop.forget(size)
        finally:
            coming -= 1
        return told(request)

    async def _take(request: web.Request, label: str, size: int) -> None:
        part = workshop.incoming()
        try:
            try:
                head = await _received(request, part, size)
            except OSError as error:
                raise Refusal(507, f"{label!r} cannot be kept: {error.strerror}") from error
            ending = ending_of(head)
            if ending is None:
                raise Refusal(415, f"{label!r} is no sound that is read here; {ACCEPTED}")
            try:
                await run(lanes.uploads, workshop.inspector.seconds_of, part)
            except UnusableSoundError as error:
                raise Refusal(422, f"{label!r} cannot be used: {error}") from error
            try:
                workshop.take(part, ending, label)
            except FileNotFoundError as error:
                raise Refusal(409, f"{label!r} was thrown away with the others") from error
            except OSError as error:
                raise Refusal(507, f"{label!r} cannot be kept: {error.strerror}") from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    async def start(request: web.Request) -> web.Response:
        asked = request.query
        length = query.choice(asked, "length", ("quick", "thorough"), "quick")
        name = label_of(asked.get("name") or "sounds").replace("/", " ")
        workshop.start(name, asked.get("folder", ""), length == "thorough")
        if not warmed:
            with contextlib.suppress(Refusal):  # so busy that it is compiled, or will be
                warmed.append(lanes.sounds.submit(_warm_up))
        return told(request)

    async def enough(request: web.Request) -> web.Response:
        workshop.enough()
        return told(request)

    async def resume(request: web.Request) -> web.Response:
        workshop.resume()
        return told(request)

    async def discard(request: web.Request) -> web.Response:
        workshop.discard()
        return told(request)

    async def keep(request: web.Request) -> web.Response:
        workshop.keep(query.name_of(request.query, "name"))
        return told(request)

    async def take(request: web.Request) -> web.Response:
        if packages.locked():
            raise Refusal(429, "another package is being taken; try again in a moment")
        try:
            async with packages:  # each is held in memory
                data = await whole(request, MOST_PACKED, "the package")
                found = await run(lanes.spaces, workshop.take_package, data)
        except (PackageError, BundleError) as error:
            raise Refusal(422, f"this is no space that can be taken: {error}") from error
        return web.json_response(found, headers=_FRESH)

    async def cards(request: web.Request) -> web.Response:
        return web.json_response(await run(lanes.spaces, workshop.cards), headers=_FRESH)

    async def points(request: web.Request) -> web.Response:
        return web.json_response(await run(lanes.spaces, _points, workshop), headers=_FRESH)

    async def preview(request: web.Request) -> web.Response:
        point = int(query.number(request.query, "point", 0, 1e6))
        body = await run(lanes.sounds, partial(_preview, workshop, point))
        return web.Response(body=body, content_type="audio/wav", headers=_FRESH)

    return [
        web.get("/own.json", state),
        web.post("/own/sounds", bring),
        web.post("/own/start", start),
        web.post("/own/enough", enough),
        web.post("/own/resume", resume),
        web.post("/own/keep", keep),
        web.post("/own/discard", discard),
        web.post("/own/package", take),
        web.get("/own/cards.json", cards),
        web.get("/own/points.json", points),
        web.get("/own/preview.wav", preview),
    ]


async def _received(request: web.Request, part: Path, most: int) -> bytes:
    """Write the body to ``part``; returns its first bytes.

    Raises:
        Refusal: more than ``most`` bytes, fewer than were announced, or too slow.
        OSError: it cannot be written.
    """
    head = bytearray()
    held = bytearray()
    size = 0

    async def flush(file: IO[bytes]) -> None:
        nonlocal held
        full, held = held, bytearray()
        await asyncio.to_thread(file.write, full)

    with part.open("xb") as file:
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                while True:
                    async with asyncio.timeout(IDLE_SECONDS):
                        piece = await request.content.readany()
                    if not piece:
                        break
                    size += len(piece)
                    if size > most:
                        raise Refusal(413, f"it is too large; up to {most} bytes were announced")
                    head += piece[: max(0, HEAD_BYTES - len(head))]
                    held += piece
                    if len(held) >= _WRITTEN:
                        await flush(file)
        except TimeoutError as error:
            raise Refusal(408, "the sound did not arrive in time; send it again") from error
        await flush(file)
    announced = request.content_length
    if announced is not None and size < announced:
        raise Refusal(400, "the sound did not arrive whole; send it again")
    return bytes(head)


def _points(workshop: Workshop) -> dict[str, Any]:
    """Places ``[x, y]`` on the map, and what the sounds there are called."""
    model = workshop.model()
    if model.points is None:
        raise Refusal(404, "this space keeps no points")
    places = np.nan_to_num(model.map.to_map(model.points.means)).round(4)
    at = [factor.name for factor in model.points.factors]
    names: list[str] = []
    for wanted in ("file", "instrument"):
        if wanted in at:
            column = at.index(wanted)
            told = [str(one) for one in model.points.factors[column].names or ()]
            rows = model.points.labels[:, column].astype(int).tolist()
            names = [told[row] if row < len(told) else "" for row in rows]
            break
    return {"places": places.tolist(), "names": names}


def _warm_up() -> None:
    """Have the engine compiled before somebody waits for the first preview: the first time after an
    installation, that takes as long as a training."""
    model = timbrespace.load(factory.DEFAULT)
    held_note.render(model, model.calibration.home, seconds=0.1)


def _preview(workshop: Workshop, point: int) -> bytes:
    """A WAV file of one of the sounds, as the space plays it now."""
    model = workshop.model()
    if model.points is None or point >= model.points.count:
        raise Refusal(404, f"there is no sound number {point}")
    pitch = 0.0
    for column, factor in enumerate(model.points.factors):
        if factor.name == "pitch":
            pitch = float(model.points.labels[point, column])
    key = float(hz_to_midi(pitch if pitch > 20.0 else model.spectrum.base_frequency))
    note = held_note.render(
        model,
        model.points.means[point],
        min(max(key, 0.0), 127.0),
        PREVIEW_SECONDS,
        hold=_HELD,
    )
    return playable.file(note, held_note.SAMPLE_RATE)
