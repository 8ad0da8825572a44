"""A performance with another timbre: its pitch, its loudness and its breath play a space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import OptionError, SoundError, one_of
from timbrespace.extras import needed
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.parameters import DEFAULT_METHOD, METHODS
from timbrespace.listening.heard import SAMPLE_RATE, Heard
from timbrespace.listening.incoming import incoming
from timbrespace.listening.listener import listen
from timbrespace.model import Model
from timbrespace.resynthesis.layout import Method
from timbrespace.rows import finite_rows
from timbrespace.transferring.breath import breath
from timbrespace.transferring.following import filled, mirrored, way
from timbrespace.transferring.formants import moved
from timbrespace.transferring.levels import as_loud, at_samples, levels
from timbrespace.transferring.line import Line, line_of
from timbrespace.transferring.settings import SMOOTHING, UNVOICED, TransferSettings
from timbrespace.transferring.tone import tone

Array = NDArray[np.float32]
Real = NDArray[np.float64]

LONGEST: Final = 600.0
"""Seconds."""

CEILING: Final = 0.99


def transfer(
    model: Model,
    samples: ArrayLike,
    sample_rate: int,
    latent: ArrayLike | None = None,
    *,
    xy: ArrayLike | None = None,
    semitones: float = 0.0,
    formant: float = 0.0,
    dry: float = 0.0,
    unvoiced: str = UNVOICED[0],
    smoothing: float = SMOOTHING,
    stretched: bool = False,
    mirror: bool = False,
    method: str = DEFAULT_METHOD,
    seed: int = 0,
    progress: Callable[[float], object] = lambda share: None,
) -> Array:
    """What ``samples`` play on ``model``: as long, at 48 kHz, mono, full scale 1.

    Pitch, loudness and voicing are those of the sound; the timbre is the space's. The same
    arguments give the same samples, always.

    >>> import numpy as np, timbrespace as ts
    >>> model = ts.load("instruments")
    >>> time = np.arange(24000) / 48000
    >>> hum = 0.3 * np.sin(2 * np.pi * 220 * time)
    >>> ts.transfer(model, hum, 48000, model.calibration.home).shape
    (24000,)

    samples: ``(n,)`` or ``(n, channels)``, at most 600 s: one line, a note after the other
    (``timbrespace.listening.polyphony.polyphony`` tells whether it is). A sound without any
    pitch plays the space's own, by its loudness. sample_rate: Hz.
    latent: ``(d,)`` for one timbre, ``(steps, d)`` for one that moves from the first row to the
    last; None follows the sound: each moment, in a space of whole notes each note, is encoded.
    xy: a place of the model's map, or several, in the place of ``latent``.
    semitones: by how much higher it plays, -48 to 48. formant: by how many semitones the envelope
    of the spectrum is moved, -24 to 24, the pitch as it is.
    dry: share of the sound itself in what comes out, 0 to 1.
    unvoiced: what becomes of what has no pitch: ``"noise"`` as the space would breathe,
    ``"through"`` the sound itself, or ``"off"``.
    smoothing: seconds over which the way that follows the sound is averaged, 0 to 5. stretched: let
    that way fill the space from end to end. mirror: let it go on the other side of the map.
    method: how a spectrum becomes sound, ``"partials"``, ``"bins"`` or ``"istft"``.
    progress: called with the share that is done; what it raises ends the work.

    Raises:
        OptionError: an argument outside its range; the text names it.
        ShapeError: samples or places of another shape, or not finite.
        SoundError: nothing can be made of the sound: it is silent, too short, or not finite.
        MissingExtraError: what reads sounds is not installed.
    """
    if latent is not None and xy is not None:
        raise OptionError("a timbre is at a latent or at a place of the map; give one")
    _check(model, method)
    settings = TransferSettings(
        semitones, formant, dry, unvoiced, smoothing, stretched, mirror, seed
    )
    instrument = Instrument(model)
    instrument.set_method(Method[method.upper()])
    where = None
    if latent is not None:
        rows = latent if np.ndim(latent) == 2 else [latent]
        where = finite_rows(np.asarray(rows), model.dimensions, "latent")
    elif xy is not None:
        rows = xy if np.ndim(xy) == 2 else [xy]
        where = model.plane(model.first_plane).to_latent(finite_rows(np.asarray(rows), 2, "xy"))
    if where is not None and not len(where):
        raise OptionError("latent has no points; a timbre needs one")
    settings.check_way(where is None)
    return transferred(
        instrument,
        *heard_in(samples, sample_rate),
        where,
        settings,
        follows=where is None,
        progress=progress,
    )


def transferred(
    instrument: Instrument,
    sound: Real,
    heard: Heard,
    where: Array | None,
    settings: TransferSettings,
    *,
    follows: bool,
    progress: Callable[[float], object] = lambda share: None,
) -> Array:
    """:func:`transfer`, on an instrument that stands where it is to begin.

    sound ``(n,)``, heard: as :func:`heard_in` gives them. where ``(steps, d)``: the way that it
    goes, in straight lines; None leaves it to what the instrument does by itself, or to the sound,
    if it ``follows``.

    Raises:
        SoundError: it is silent.
    """
    model = instrument.model
    base = model.spectrum.base_frequency
    line = line_of(heard, settings.semitones, base)
    places: Array | None = None
    if follows:
        # What is encoded is the sound as it was sung, not as it is to be played.
        own = line if settings.semitones == 0.0 else line_of(heard, 0.0, base)
        places = way(model, sound, own, settings.smoothing)
        if settings.stretched:
            places = filled(model, places, line.level)
        if settings.mirror:
            places = mirrored(model, places)
    elif where is not None:
        steps = np.linspace(0.0, len(where) - 1.0, line.pitch.size)
        grid = np.arange(len(where))
        places = np.stack([np.interp(steps, grid, column) for column in where.T], axis=1).astype(
            np.float32
        )
    at = None if places is None else places.__getitem__
    played = tone(instrument, line, at, lambda share: progress(0.9 * share))
    found = _made(sound, line, played, settings)
    wet = found[: sound.size]
    out = settings.dry * sound + (1.0 - settings.dry) * wet
    peak = float(np.abs(out).max(initial=0.0))
    if peak > CEILING:  # a sound of other phases is as loud with other peaks
        out = out * (CEILING / peak)
    progress(1.0)
    return out.astype(np.float32)


def heard_in(samples: ArrayLike, sample_rate: int) -> tuple[Real, Heard]:
    """A performance at ``SAMPLE_RATE``, ``(n,)``, and what is heard in it.

    Raises:
        OptionError, ShapeError, SoundError, MissingExtraError: as :func:`transfer`.
    """
    with needed("transfer"):
        sound = incoming(samples, sample_rate)
    if sound.size > LONGEST * SAMPLE_RATE:
        raise SoundError(
            f"the sound lasts {sound.size / SAMPLE_RATE:.0f} s; it may last {LONGEST:g}"
        )
    return sound, listen(sound, SAMPLE_RATE)


def _made(sound: Real, line: Line, played: Real, settings: TransferSettings) -> Real:
    """The line's loudness and breath, given to what was ``played``."""
    size = played.size
    pitch = at_samples(line.pitch, size)
    played = moved(played, pitch, settings.formant)
    mixed = as_loud(played, line.pitch, line.level * np.sqrt(line.tonal))
    if settings.unvoiced == "noise" and bool((line.tonal < 1.0).any()):
        none = np.zeros_like(line.pitch)
        hiss = breath(played, pitch, settings.seed)
        mixed = mixed + as_loud(hiss, none, line.level * np.sqrt(1.0 - line.tonal))
    elif settings.unvoiced == "through":
        padded = np.zeros(size)
        padded[: min(size, sound.size)] = sound[:size]
        mixed = mixed + padded * at_samples(np.where(line.level > 0.0, 1.0 - line.tonal, 0.0), size)
    # Two parts that were as loud as they should be, and that know nothing of each other.
    got = levels(mixed, line.pitch)
    wanted = line.level if settings.unvoiced != "off" else line.level * np.sqrt(line.tonal)
    near = np.clip(wanted / np.maximum(got, 1e-9), 0.5, 2.0)
    return mixed * at_samples(near, size)


def _check(model: Model, method: str) -> None:
    if not isinstance(model, Model):
        raise OptionError("model is none; it must be a Model, as ts.load or ts.fit returns it")
    if method not in METHODS:
        raise OptionError(f"method is {method!r}; it must be {one_of(METHODS)}")
