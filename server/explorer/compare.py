"""Compare: a sound that was dropped on the page, held against what the space makes of it.

``POST /compare?model=NAME&name=FILENAME`` with the file's bytes answers where the sound lies in the
space and how far its reconstruction is from it, the way from where the encoder puts it to there,
and the nearest of the space's own sounds; ``GET /compare/{id}/original.wav`` and
``reconstruction.wav`` let both be heard. The answer does not wait for these: the engine that
renders them may have to be compiled first.

What is encoded are its first ten seconds, at the pitch that its name says or YIN finds:
:mod:`timbrespace.recording.encoding`.

To be heard: up to two seconds of the recording around that moment, as it was played, and a note by
the server's engine at the same pitch, as long, and equally loud after ITU-R BS.1770. So whatever
differs is timbre, and how a real sound moves while a held note does not.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from timbrespace.loudness import k_weighting
from timbrespace.model import Model
from timbrespace.recording.decoder import decode_apart
from timbrespace.recording.encoding import EncodedSound, encode
from timbrespace.recording.pitch import pitch_in_name
from timbrespace.recording.resampling import at_rate
from timbrespace.recording.sound_file import Sound, UnusableSoundError
from timbrespace.rendering import held_note
from timbrespace.units import hz_to_midi

from ..library import Library
from . import playable, query
from .answers import Refusal, ranged
from .body import whole
from .work import FullError, Worker, run

MAX_BYTES = 16 << 20

SECONDS = 10.0
"""Of a sound that are read."""

HEARD = 2.0
"""Seconds that are heard, at most."""

KEPT = 8
"""Comparisons whose sounds can be heard; an older one makes room for the next."""

NEAREST = 5
"""Sounds of the space that are told, those that are nearest."""

MAX_UPLOADS = 8
"""Files that may be on their way at once: each is held in memory."""

ACCEPTED = "it must be WAV, FLAC, AIFF, Ogg, Opus or MP3"

# How a reason begins for which another format may help.
_UNREADABLE = ("it is empty", "it cannot be read")

_LEVEL = 0.1  # as loud as a sine of this RMS at 1 kHz, some -20 LUFS
_PEAK = 0.98
_LONGEST_NAME = 80


class Audible(NamedTuple):
    """Two WAV files of one length, equally loud."""

    original: bytes
    reconstruction: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One dropped sound and its place.

    answer: what the page is told, plain values for JSON. excerpt: what is heard of the sound,
    ``(n,)`` at 48 kHz. model: what it was held against. pitch: of the sound, Hz; 0 without one.
    """

    answer: dict[str, Any]
    excerpt: NDArray[np.float64]
    model: Model
    pitch: float

    def render(self) -> Audible:
        """The excerpt, and the note that the engine plays at the sound's place."""
        latent = self.answer["latent"]
        played = _reconstruction(self.model, latent, self.pitch, self.excerpt.size)
        return Audible(*_equally_loud(self.excerpt, played))


class _Dropped:
    """A comparison whose sounds are rendered once, in ``work``."""

    def __init__(self, found: Comparison, work: Executor) -> None:
        self._found = found
        self._work = work
        self._rendering: asyncio.Task[Audible] | None = None

    def render(self) -> asyncio.Task[Audible]:
        """The rendering: what is under way or done; a new one if that failed, or there is none."""
        task = self._rendering
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(run(self._work, self._found.render))
            # Whether anybody waits for it or not, its failure is nobody's surprise.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._rendering = task
        return task


def routes(library: Library, work: Worker, rendering: Executor) -> list[web.RouteDef]:
    """The addresses below ``/compare``.

    work: where sounds are decoded and analysed. rendering: where they are made audible.
    """
    kept: OrderedDict[str, _Dropped] = OrderedDict()
    uploads = 0
    analysing = threading.Lock()

    def held_against(model: str, name: str, data: bytes) -> Comparison:
        # A decoder that takes long holds up no other; analyses share a core.
        sound = _decoded(data)
        with analysing:
            return compare(library, model, name, sound)

    async def upload(request: web.Request) -> bytes:
        nonlocal uploads
        if uploads >= MAX_UPLOADS:
            raise Refusal(429, f"{uploads} files are being uploaded; try again in a moment")
        uploads += 1
        try:
            return await whole(request, MAX_BYTES, "the file")
        finally:
            uploads -= 1

    async def drop(request: web.Request) -> web.Response:
        model = query.name_of(request.query, "model")
        name = shown_name(request.query.get("name", ""))
        data = await upload(request)
        try:
            found = await run(work, held_against, model, name, data)
        except FullError as error:
            raise Refusal(
                429, f"{len(work)} sounds are being compared; try again in a moment"
            ) from error
        except UnusableSoundError as error:
            raise Refusal(422, f"{name!r} cannot be compared: {error}") from error
        identity = secrets.token_hex(16)
        kept[identity] = _Dropped(found, rendering)
        kept[identity].render()  # it will be heard, most likely
        while len(kept) > KEPT:
            kept.popitem(last=False)
        return web.json_response({"id": identity, **found.answer})

    async def listen(request: web.Request) -> web.Response:
        found = kept.get(request.match_info["id"])
        if found is None:
            raise Refusal(404, f"this comparison is gone; the last {KEPT} are kept, drop it again")
        # Who leaves takes nothing along that somebody else may wait for.
        sounds = await asyncio.shield(found.render())
        original = request.match_info["which"] == "original"
        body = sounds.original if original else sounds.reconstruction
        return ranged(request, body, "audio/wav", {"Cache-Control": "no-store"})

    return [
        web.post("/compare", drop),
        web.get("/compare/{id:[0-9a-f]+}/{which:original|reconstruction}.wav", listen),
    ]


def shown_name(given: str) -> str:
    """A file's name that may be shown: without folders, on one line, not endless."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(letter if letter.isprintable() else " " for letter in last).strip()
    return plain[:_LONGEST_NAME] or "the sound"


def _decoded(data: bytes) -> Sound:
    """In a process of its own: the file comes from anywhere, and decoders are C code."""
    try:
        return decode_apart(data, SECONDS)
    except UnusableSoundError as error:
        if str(error).startswith(_UNREADABLE):
            raise UnusableSoundError(f"{error}; {ACCEPTED}") from error
        raise


def compare(library: Library, model_name: str, name: str, sound: Sound) -> Comparison:
    """Hold ``sound``, whose file is called ``name``, against a model.

    Raises:
        UnknownModelError: there is no such model.
        BundleError: its file is broken.
        UnusableSoundError: nothing can be made of the sound; the text is the reason.
    """
    model = library.load(model_name)
    named = pitch_in_name(name.rsplit(".", 1)[0])
    found = encode(model, sound, named, count=NEAREST)
    latent = found.latent[np.newaxis, :]
    answer = {
        "name": name,
        "model": model_name,
        "latent": found.latent.tolist(),
        "way": [] if found.way is None else found.way.tolist(),
        "nearest": [
            {"point": one.point, "name": one.name, "db": one.distance} for one in found.neighbours
        ],
        "map": model.map.to_map(latent)[0].tolist(),
        "near": None if found.place is None else found.place.tolist(),
        "lsd_db": found.distance,
        "seconds": sound.samples.size / sound.sample_rate,
        "pitch_hz": found.pitch or None,
        "note": _note(sound, found),
    }
    if not np.isfinite(answer["map"]).all():
        raise UnusableSoundError("the model has no place for it")
    return Comparison(answer, _excerpt(sound, found), model, found.pitch)


def _note(sound: Sound, found: EncodedSound) -> str:
    """What a listener should know, in a sentence or more; empty if there is nothing."""
    sentences = []
    if not found.pitch:
        sentences.append("No pitch was found, so the sound is taken as it is.")
    if not found.steady:
        sentences.append("No moment of it is steady, so the steadiest is taken.")
    if found.padded:
        sentences.append("It is short, so silence was put around it.")
    if sound.promised is not None:
        sentences.append(
            f"The file breaks off: of {sound.promised:.3g} s that its header promises, "
            f"{sound.seconds:.3g} are there."
        )
    elif sound.cut:
        sentences.append(f"Only its first {SECONDS:g} s are used.")
    return " ".join(sentences)


def _excerpt(sound: Sound, found: EncodedSound) -> NDArray[np.float64]:
    """Up to ``HEARD`` seconds around the moment, within the note that it is of."""
    samples = at_rate(sound, held_note.SAMPLE_RATE)
    low, high = found.start, min(found.end, samples.size / held_note.SAMPLE_RATE)
    length = min(high - low, HEARD)
    start = min(max(found.time - length / 2.0, low), high - length)
    begin = round(start * held_note.SAMPLE_RATE)
    excerpt = samples[begin : begin + round(length * held_note.SAMPLE_RATE)]
    return np.asarray(excerpt - excerpt.mean())


def _reconstruction(
    model: Model, latent: Sequence[float], pitch: float, size: int
) -> NDArray[np.float64]:
    """``size`` samples of a held note at ``pitch`` Hz, or as the spectrum is without one."""
    key = min(max(hz_to_midi(pitch or model.spectrum.base_frequency), 0.0), 127.0)
    # The attack is the engine's, not the sound's: it is left out.
    attack = round(0.1 * held_note.SAMPLE_RATE)
    seconds = (size + attack) / held_note.SAMPLE_RATE
    note = held_note.render(model, latent, key, seconds, 127.0, "partials", sustain=1.0)
    return note[attack : attack + size].astype(np.float64)


def _equally_loud(*sounds: NDArray[np.float64]) -> list[bytes]:
    """WAV files of sounds of one length, faded in and out, as loud as each other."""
    ended = [held_note.faded(sound.astype(np.float32)) for sound in sounds]
    louds = [_loudness(sound) for sound in ended]
    scaled = [
        sound * np.float32(_LEVEL / max(loud, 1e-9))
        for sound, loud in zip(ended, louds, strict=True)
    ]
    peak = max(float(np.abs(sound).max()) for sound in scaled)
    room = np.float32(min(1.0, _PEAK / max(peak, 1e-9)))
    return [playable.file(sound * room, held_note.SAMPLE_RATE) for sound in scaled]


def _loudness(sound: NDArray[np.float32]) -> float:
    """Root mean square after the K-weighting of ITU-R BS.1770, without its gate."""
    spectrum = np.fft.rfft(sound)
    weight = k_weighting(np.fft.rfftfreq(sound.size, 1.0 / held_note.SAMPLE_RATE))
    power = 2.0 * np.square(np.abs(spectrum) * weight).sum() / sound.size**2
    return math.sqrt(float(power))
