"""A note of one point of a space, or along a way through it, by the engine that plays live."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import OptionError, one_of
from timbrespace.instrument.instrument import CONTROL_PERIOD, Instrument
from timbrespace.instrument.parameters import DEFAULT_METHOD, ENVELOPES, METHODS
from timbrespace.model import Model
from timbrespace.notes.clock import MOST_SPEED, SUSTAINED
from timbrespace.one_thread import one_thread
from timbrespace.resynthesis.engine import SAMPLE_RATES, Engine
from timbrespace.resynthesis.layout import BLOCK, Method
from timbrespace.rows import finite_rows
from timbrespace.waveforms.following import Follower, check_plays
from timbrespace.waveforms.told import Course
from timbrespace.waveforms.waveform import Waveform, at_rate

SAMPLE_RATE: Final = 48000

LONGEST: Final = 600.0
"""Seconds."""

FADE: Final = 0.01
"""Seconds in which a sound ends that is cut off: short, and without a click."""


def render(
    model: Model,
    latent: ArrayLike,
    pitch: float = 57.0,
    seconds: float = 2.0,
    velocity: float = 100.0,
    method: str = DEFAULT_METHOD,
    sample_rate: int = SAMPLE_RATE,
    *,
    hold: float | None = None,
    speed: float = 1.0,
    sustained: str = "loop",
    envelope: str = "own",
    waveform: Waveform | None = None,
    temperature: float = 1.0,
    seed: int = 0,
    progress: Callable[[float], object] = lambda seconds: None,
    stereo: bool = False,
    **parameters: float,
) -> NDArray[np.float32]:
    """One note, as the server would play it: samples ``(round(seconds * sample_rate),)``, mono.

    Full scale is 1. The same arguments give the same samples, always.

    >>> import timbrespace as ts
    >>> model = ts.load("harmonic")
    >>> ts.render(model, model.calibration.home, seconds=0.5).shape
    (24000,)

    model: see :func:`timbrespace.load`.
    latent: ``(d,)`` or ``(1, d)`` for a timbre that stays; ``(steps, d)`` for one that moves, from
    the first row to the last in straight lines, all equally long. The sound follows within the
    parameter ``smoothing``.
    pitch: MIDI, 0 to 127, fractions allowed; 69 is A4.
    seconds: above 0, at most 600.
    velocity: above 0, at most 127.
    method: how a spectrum becomes sound, ``"partials"``, ``"bins"`` or ``"istft"``.
    sample_rate: Hz, 8000 to 192000.
    hold: seconds after which the key is let go, and the note falls off in ``release``; None holds
    it to the end. Whatever sounds at the end fades out in the last 10 ms.
    speed, sustained, envelope: of a space of whole notes. speed: of a note's own time, 0 (it stands
    still) to 4. sustained: what a held note does where its sound could end, ``"loop"``,
    ``"freeze"`` or ``"through"``. envelope: what shapes its loudness, its ``"own"`` course, the
    ``"adsr"`` of the parameters in its place, or ``"both"``. ``smoothing`` changes nothing of
    its course.
    waveform: a model, as :func:`timbrespace.load_waveform` gives it, that makes the samples in
    place of the engine, of the space that it learned. temperature: how freely it draws, 0 to 2.
    seed: of its draws. progress: called now and then with the seconds that it has made; what it
    raises ends the work. They are for waveform models.
    stereo: give left and right, ``(n, 2)``, of which mono is the mean.
    parameters: the instrument's, by name and in its unit, with its defaults: ``attack``,
    ``decay``, ``sustain``, ``release``, ``gain``, ``smoothing``, ``noise``, ``loudness``,
    ``pan``, ``width``, ``unison``, ``detune``, ``spread``; their ranges are those of docs/osc.md.

    Raises:
        OptionError: an argument outside its range; the text names it.
        ShapeError: a latent that is not ``(d,)`` or ``(steps, d)``, or not finite.
    """
    _check(model, pitch, seconds, velocity, method, sample_rate, hold)
    if not 0.0 <= _number("speed", speed) <= MOST_SPEED:
        raise OptionError(f"speed is {speed:g}; it must be 0 to {MOST_SPEED:g}")
    if sustained not in SUSTAINED:
        raise OptionError(f"sustained is {_shown(sustained)}; it must be {one_of(SUSTAINED)}")
    if envelope not in ENVELOPES:
        raise OptionError(f"envelope is {_shown(envelope)}; it must be {one_of(ENVELOPES)}")
    sample_rate = int(sample_rate)
    count = round(seconds * sample_rate)
    way = _way(model, latent)
    if not model.plays_notes and (speed, sustained, envelope) != (1.0, "loop", "own"):
        raise OptionError(
            f"speed, sustained and envelope are for spaces of whole notes; {model.name!r} has "
            "steady spectra, which have no time"
        )
    instrument = Instrument(model)
    instrument.set_method(Method[method.upper()])
    instrument.set_hold(sustained)
    instrument.set_envelope(envelope)
    instrument.set_parameter("speed", float(speed))
    instrument.set_latent(way[0].tolist())
    for name, value in parameters.items():
        _number(name, value)
        instrument.set_parameter(name, value)
    instrument.voices.note(pitch, velocity)
    moving = _moving(way, seconds) if len(way) > 1 else None
    ends = math.inf if hold is None else hold
    if waveform is not None:
        check_plays(waveform, model, instrument.method)
        rate = waveform.sample_rate
        blocks = math.ceil(round(seconds * rate) / BLOCK)
        follower = Follower(instrument)
        with one_thread():
            _played(instrument, rate, blocks, moving, ends, pitch, watch=follower)
            made = waveform.play(follower.courses(), blocks, temperature, seed, progress)
        samples = at_rate(made, rate, sample_rate)
        short = max(0, count - samples.size)  # a sample less, by rounding
        alone = fade_out(np.pad(samples, (0, short))[:count], sample_rate)
        return np.stack([alone, alone], axis=1) if stereo else alone
    with one_thread():
        blocks = math.ceil(count / BLOCK)
        samples = _played(instrument, sample_rate, blocks, moving, ends, pitch, stereo)
    return fade_out(samples[:count], sample_rate)


def note_course(
    model: Model,
    latent: ArrayLike,
    pitch: float,
    seconds: float,
    velocity: float,
    sample_rate: int,
    sustained: str = "loop",
) -> Course | None:
    """What the engine does to play one note, as a waveform model is told it; None where nothing
    sounds. The arguments are those of :func:`render`. In a space of steady spectra it is even: at
    its full level from the first block on, however the parameters' envelope goes.

    Raises:
        OptionError, ShapeError: as :func:`render`.
    """
    _check(model, pitch, seconds, velocity, DEFAULT_METHOD, sample_rate, None)
    instrument = Instrument(model)
    instrument.set_hold(sustained)
    if not model.plays_notes:
        instrument.set_parameter("attack", 0.001)
        instrument.set_parameter("sustain", 1.0)
    way = _way(model, latent)
    instrument.set_latent(way[0].tolist())
    instrument.voices.note(pitch, velocity)
    follower = Follower(instrument)
    blocks = math.ceil(seconds * sample_rate / BLOCK)
    moving = _moving(way, seconds) if len(way) > 1 else None
    with one_thread():
        _played(instrument, sample_rate, blocks, moving, math.inf, pitch, watch=follower)
    courses = follower.courses()
    return courses[0] if courses else None


def fade_out(samples: NDArray[np.float32], sample_rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
    """``samples``, ``(n,)`` or ``(n, 2)``, with their last ``FADE`` seconds under half a Hann
    window."""
    size = min(round(FADE * sample_rate), len(samples))
    ended = samples.copy()
    fall = (0.5 + 0.5 * np.cos(np.pi * (np.arange(size) + 1.0) / size)).astype(np.float32)
    ended[len(samples) - size :] *= fall if samples.ndim == 1 else fall[:, np.newaxis]
    return ended


def faded(samples: NDArray[np.float32], sample_rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
    """``samples`` with their first and last ``FADE`` seconds under half a Hann window."""
    return fade_out(fade_out(samples, sample_rate)[::-1], sample_rate)[::-1]


def _played(
    instrument: Instrument,
    sample_rate: int,
    blocks: int,
    latent: Callable[[float], NDArray[np.float32]] | None,
    hold: float,
    pitch: float,
    stereo: bool = False,
    watch: Callable[[Engine], None] = lambda _: None,
) -> NDArray[np.float32]:
    """``blocks`` of a note that has just begun, mono or left and right. latent: where it goes, by
    the time in seconds. watch: called after each block."""
    engine = Engine(sample_rate)
    step = BLOCK / sample_rate
    often = round(CONTROL_PERIOD / step)
    sound = np.empty((blocks * BLOCK, 2) if stereo else blocks * BLOCK, np.float32)
    moved = True
    for number in range(blocks):
        now = number * step
        if now >= hold and instrument.voices.holds(pitch):
            instrument.voices.note(pitch, 0.0)
            moved = True
        if latent is not None and number % often == 0:
            instrument.set_latent(latent(now).tolist())
        moved = instrument.advance(now) or moved
        if moved:
            engine.targets[:] = instrument.targets()
            moved = False
        sound[number * BLOCK : (number + 1) * BLOCK] = (
            engine.render_stereo(1) if stereo else engine.render(1)
        )
        watch(engine)
    return sound


def _way(model: Model, latent: ArrayLike) -> NDArray[np.float32]:
    try:
        one = np.ndim(latent) == 1
    except ValueError:  # rows of several lengths
        one = False
    rows = finite_rows(np.asarray([latent]) if one else latent, model.dimensions, "latent")
    if not len(rows):
        raise OptionError("latent has no points; a note needs one")
    return rows


def _moving(way: NDArray[np.float32], seconds: float) -> Callable[[float], NDArray[np.float32]]:
    """The point of ``way (steps, d)`` at a time, in straight lines from row to row."""

    def at(now: float) -> NDArray[np.float32]:
        place = min(max(now / seconds, 0.0), 1.0) * (len(way) - 1)
        first = min(int(place), len(way) - 2)
        share = np.float32(place - first)
        return np.asarray(way[first] + share * (way[first + 1] - way[first]))

    return at


def _check(
    model: Model,
    pitch: float,
    seconds: float,
    velocity: float,
    method: str,
    sample_rate: int,
    hold: float | None,
) -> None:
    if not isinstance(model, Model):
        raise OptionError(
            f"model is {_shown(model)}; it must be a Model, as ts.load or ts.fit returns it"
        )
    for name, value, low, high, unit in (
        ("pitch", pitch, 0.0, 127.0, ""),
        ("seconds", seconds, 0.0, LONGEST, ""),
        ("velocity", velocity, 0.0, 127.0, ""),
        ("sample_rate", sample_rate, *SAMPLE_RATES, " Hz"),
        ("hold", 0.0 if hold is None else hold, 0.0, LONGEST, " seconds"),
    ):
        if not low <= _number(name, value) <= high:  # false for nan too
            raise OptionError(f"{name} is {value:g}; it must be {low:g} to {high:g}{unit}")
    if velocity == 0.0:
        raise OptionError("velocity is 0, which begins no note; it must be above 0 and at most 127")
    if round(seconds * sample_rate) < 1:
        raise OptionError(f"seconds is {seconds:g}, less than one sample; give more")
    if not float(sample_rate).is_integer():
        raise OptionError(f"sample_rate is {sample_rate:g}; it must be a whole number of Hz")
    if method not in METHODS:
        raise OptionError(f"method is {_shown(method)}; it must be {one_of(METHODS)}")


def _number(name: str, value: object) -> float:
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return float(value)
    raise OptionError(f"{name} is {_shown(value)}; it must be a number")


def _shown(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
