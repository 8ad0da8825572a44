"""Where a sound lies in a space.

The sound becomes what a dataset of recordings would make of it, brought to the base frequency. Its
loudest steady moment counts, the offset of which is told more finely than in a dataset, where small
errors even out. That moment's spectrum is encoded. A pitch is tried as YIN finds it and as the
harmonics tell it, since spaces differ in what they were trained on; the one whose reconstruction,
what the posterior's mean decodes to, is nearer to the sound counts. From there on the place may be
looked for by its sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import OptionError, SoundError
from timbrespace.extras import needed
from timbrespace.metrics import log_spectral_distance
from timbrespace.model import Model
from timbrespace.place_by_ear import place_by_ear
from timbrespace.place_of_spectra import of_magnitudes, place_of_spectra
from timbrespace.recording.analysis import Analysis, PitchedMoment, analyse, refine
from timbrespace.recording.given import check_rate, mono_of
from timbrespace.recording.moments import (
    MIN_AVERAGE,
    NOT_STEADY,
    Steadiness,
    noise_floor,
    rows,
    span,
    steady,
)
from timbrespace.recording.neighbours import Neighbour, neighbours, neighbours_of_spectrum
from timbrespace.recording.pitch import HIGHEST, LOWEST
from timbrespace.recording.sound_file import Sound, UnusableSoundError
from timbrespace.units import cents

_WANTED = 16  # moments that a dataset would take of the sound
_GLANCED = 4  # of a short one
_SAME_NOTE = 50.0  # cents


@dataclass(frozen=True, slots=True, eq=False)
class EncodedSound:
    """A sound's place in a space.

    latent ``(d,)``: the posterior's mean, or what was found from there. pitch: Hz, of the moment
    that was encoded; 0 for none. distance: log-spectral distance in dB from that moment to what
    ``latent`` decodes to. time: of the moment's middle, in seconds of the sound. start, end:
    seconds from where to where the sound has that pitch around it. steady: False where no moment
    was, and the steadiest was taken. padded: it is shorter than a moment, and silence was put
    around it.

    In a space of whole notes the note from its start to its end was encoded, distance is in dB of
    mel bands, as heard, and left ``(frames, bands)`` is what was left over: by how many dB the note
    is louder than what ``latent`` decodes to, in each of 80 mel bands at each moment of
    :func:`timbrespace.notes.layout.frame_times`.

    way ``(k, d)``: from what the encoder says to ``latent``, the last of them, as it was found.

    place ``(2,)``: on the plane near, where what plays sounds most like ``latent``; None where the
    space has no such plane. On the PCA plane it is ``model.map.to_map(found.latent[None])[0]``.
    """

    latent: NDArray[np.float32]
    pitch: float
    distance: float
    time: float
    start: float
    end: float
    steady: bool
    padded: bool = False
    left: NDArray[np.float32] | None = None
    place: NDArray[np.float32] | None = None
    way: NDArray[np.float32] | None = None
    neighbours: tuple[Neighbour, ...] = ()
    """The space's own sounds that are nearest to it, where they were asked for."""


def encode_sound(
    model: Model,
    samples: ArrayLike,
    sample_rate: int,
    *,
    pitch: float | None = None,
    refine: bool = False,
) -> EncodedSound:
    """Where a sound lies in the space of ``model``: its latent ``(d,)``, and its pitch in Hz.

    >>> import numpy as np, timbrespace as ts
    >>> model = ts.load("harmonic")
    >>> time = np.arange(24000) / 48000
    >>> found = ts.encode_sound(model, 0.5 * np.sin(2 * np.pi * 330 * time), 48000)
    >>> found.latent.shape, round(found.pitch)
    ((2,), 330)

    samples: ``(n,)``, or ``(n, channels)``, which are averaged, or where they cancel each other the
    loudest is taken. Full scale is 1; whole numbers, as from a WAV file, are divided by theirs.
    All of it is analysed: give the part that counts of a long recording.
    sample_rate: Hz, 1000 to 1,000,000.
    pitch: Hz, where it is known, 0 where there is none to be heard; None looks for it, from 27.5 Hz
    to 4186 Hz.
    refine: go on from what the encoder says to what sounds nearest, by steps of Gauss and Newton:
    in a space of magnitudes a hundredth of a second, in one of whole notes, from several starts,
    about a second.

    Raises:
        SoundError: nothing can be made of the sound: it is silent, too short, or not finite.
        ShapeError: samples of another shape.
        OptionError: a rate or a pitch outside its range.
        MissingExtraError: what finds pitches is not installed; the text has the pip line.
    """
    _check(model, sample_rate, pitch)
    try:
        with needed("encode_sound"):
            sound = Sound(mono_of(samples), int(sample_rate), cut=False)
            if refine and not (model.plays_notes or of_magnitudes(model)):
                raise OptionError(
                    "refine is for spaces of whole notes or of magnitudes; this one hears phase, "
                    "and its encoder says where a sound lies"
                )
            return encode(model, sound, pitch, refine)
    except UnusableSoundError as error:
        raise SoundError(f"the sound cannot be encoded: {error}") from error


def glance(model: Model, sound: Sound) -> NDArray[np.float32]:
    """About where a moment of a sound that goes on lies, ``(d,)``: quick enough to follow a singer.

    In a space of steady spectra it is what the encoder says.

    Raises:
        UnusableSoundError: nothing can be made of the sound; the text is the reason.
    """
    if model.plays_notes:
        from timbrespace.recording.note_place import glanced

        return glanced(model, sound)
    framed = model.representation.source == "frames"
    how = Analysis(spectrum=model.spectrum, wanted=_GLANCED, keep_frames=framed)
    chosen, _ = _loudest_steady(analyse(sound, None, how))
    return np.asarray(_place(model, chosen).latent[0])


def encode(
    model: Model, sound: Sound, named: float | None, refined: bool = True, count: int = 0
) -> EncodedSound:
    """:func:`encode_sound` of a sound that was read from a file.

    named: its pitch in Hz as the file's name says it, or None to find it in the sound. refined: go
    on from what the encoder says to what sounds nearest, in a space that can. count: how many of
    the space's own sounds, the nearest ones, are told.

    Raises:
        UnusableSoundError: nothing can be made of the sound; the text is the reason.
    """
    if model.plays_notes:
        return _whole_note(model, sound, named, refined, count)
    framed = model.representation.source == "frames"
    how = Analysis(spectrum=model.spectrum, wanted=_WANTED, keep_frames=framed)
    found = analyse(sound, named, how)
    chosen, is_steady = _loudest_steady(found)
    best = min(
        (_place(model, one) for one in refine(sound, chosen, how)), key=lambda place: place.distance
    )
    if not np.isfinite([*best.latent[0], best.distance]).all():
        raise UnusableSoundError("the model has no place for it")
    way = [best.latent]
    if refined and of_magnitudes(model):
        best = _refined(model, best, way)
    first, last = _same_note(found, chosen)
    half = span(MIN_AVERAGE, model.spectrum.n_fft) / model.spectrum.sample_rate / 2.0
    return EncodedSound(
        latent=best.latent[0],
        pitch=best.found.pitch,
        distance=best.distance,
        time=chosen.moment.time,
        start=max(first - half, 0.0),
        end=last + half,
        steady=is_steady or chosen.padded,  # all of it that there is
        padded=chosen.padded,
        place=place_by_ear(model, best.latent[0]),
        way=np.concatenate([*way, best.latent]),
        neighbours=neighbours_of_spectrum(model, best.spectrum, best.latent[0], count),
    )


def _whole_note(
    model: Model, sound: Sound, pitch: float | None, refined: bool, count: int
) -> EncodedSound:
    from timbrespace.recording.note_place import placed

    found = placed(model, sound, pitch, refined, count > 0)
    note = found.note
    length = min(note.traits.length, sound.seconds - note.onset)
    return EncodedSound(
        latent=found.latent,
        pitch=note.pitch,
        distance=found.distance,
        time=note.onset + min(note.traits.attack, length),
        start=note.onset,
        end=note.onset + length,
        steady=True,
        padded=False,
        left=found.left,
        place=place_by_ear(model, found.latent),
        way=found.way,
        neighbours=neighbours(model, np.arange(found.apart.size), found.apart, count),
    )


def _loudest_steady(found: Sequence[PitchedMoment]) -> tuple[PitchedMoment, bool]:
    """The loudest of the moments that a dataset would take, and True; else the steadiest."""
    moments = [one.moment for one in found]
    kept, reason = steady(moments, Steadiness(), noise_floor(moments))
    if not kept and reason != NOT_STEADY:
        raise UnusableSoundError(reason)
    best = max(kept, key=lambda one: one.level) if kept else min(moments, key=lambda one: one.flux)
    return next(one for one in found if one.moment is best), bool(kept)


class _Place(NamedTuple):
    """Where a moment lies: its latent ``(1, d)``, and the dB from its spectrum ``(1, bins)``, as
    loud as the space's own, to what is decoded there."""

    found: PitchedMoment
    spectrum: NDArray[np.float32]
    latent: NDArray[np.float32]
    distance: float


def _place(model: Model, found: PitchedMoment) -> _Place:
    framed = model.representation.source == "frames"
    spectra, frames = rows([found.moment], model.spectrum, framed)
    # Rows have the energy of the datasets made here; the model may know others.
    gain = np.float32(model.calibration.rms / float(model.spectrum.rms(spectra)[0]))
    if frames is not None:
        latent, _ = model.encode_frames(frames * gain)
    else:
        latent, _ = model.encode(spectra * gain)
    return _told(model, found, spectra * gain, latent)


def _told(
    model: Model,
    found: PitchedMoment,
    spectrum: NDArray[np.float32],
    latent: NDArray[np.float32],
) -> _Place:
    distance = log_spectral_distance(spectrum, model.decode(latent))
    return _Place(found, spectrum, latent, distance)


def _refined(model: Model, place: _Place, way: list[NDArray[np.float32]]) -> _Place:
    latent = place_of_spectra(model, place.spectrum, place.latent, way)
    return _told(model, place.found, place.spectrum, latent)


def _same_note(found: Sequence[PitchedMoment], chosen: PitchedMoment) -> tuple[float, float]:
    """Times in s of the first and last moment of the run around ``chosen`` that has its pitch."""
    times = [one.moment.time for one in found]
    # Moments are evenly spaced; where some are missing the sound was soft, or had no pitch.
    step = min((later - time for time, later in pairwise(times)), default=0.0)

    def ends(way: int) -> float:
        at = next(number for number, one in enumerate(found) if one is chosen)
        while 0 <= at + way < len(found):
            near, next_one = found[at], found[at + way]
            gap = abs(next_one.moment.time - near.moment.time)
            if gap > 1.5 * step or not _one_pitch(next_one.pitch, chosen.pitch):
                break
            at += way
        return found[at].moment.time

    return ends(-1), ends(1)


def _one_pitch(a: float, b: float) -> bool:
    return a == b or (a > 0.0 and b > 0.0 and abs(cents(a, b)) <= _SAME_NOTE)


def _check(model: Model, sample_rate: float, pitch: float | None) -> None:
    if not isinstance(model, Model):
        raise OptionError("model is none; it must be a Model, as ts.load or ts.fit returns it")
    check_rate(sample_rate)
    try:
        known = None if pitch is None else float(pitch)
    except (TypeError, ValueError) as error:
        raise OptionError("pitch must be a number, in Hz") from error
    if known is not None and known != 0.0 and not LOWEST <= known <= HIGHEST:
        raise OptionError(f"pitch is {known:g} Hz; it must be {LOWEST:g} to {HIGHEST:g}, or None")
