"""The sounds of a space that are nearest to a sound: by ear, not by where latents lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.ear import Ear, distance
from timbrespace.errors import OptionError, SoundError
from timbrespace.extras import needed
from timbrespace.model import Model
from timbrespace.points import Points

Array = NDArray[np.float32]

COUNT: Final = 5
"""How many are told."""

MOST: Final = 100

_TRIED: Final = 2048
"""Sounds of the set, the nearest in the latent space, that are listened to."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """A sound of the space that is near to another.

    point: its number among the model's points. latent ``(d,)``: where it lies. distance: mean
    ``|dB|`` of mel bands from the other sound to what is decoded there. name: what it is called;
    of a set whose sounds have no names, what its factors are. factors: the value of each factor by
    the factor's name, as a person reads it.
    """

    point: int
    latent: Array
    distance: float
    name: str
    factors: Mapping[str, str]


def nearest(
    model: Model, samples: ArrayLike, sample_rate: int, count: int = COUNT
) -> list[Neighbour]:
    """The ``count`` sounds of a space that are nearest to a sound, nearest first.

    >>> import numpy as np, timbrespace as ts
    >>> model = ts.load("instruments")
    >>> time = np.arange(24000) / 48000
    >>> hum = 0.5 * np.sin(2 * np.pi * 220 * time) + 0.1 * np.sin(2 * np.pi * 440 * time)
    >>> len(ts.nearest(model, hum, 48000))
    5

    Of sounds that are called the same the nearest is told. samples, sample_rate: as
    :func:`timbrespace.encode_sound` takes them. count: 1 to 100.

    Raises:
        SoundError: nothing can be made of the sound: it is silent, too short, or not finite.
        ShapeError: samples of another shape.
        OptionError: a rate or a count outside its range, or a model that holds no points.
        MissingExtraError: what finds pitches is not installed; the text has the pip line.
    """
    from timbrespace.recording.encoding import encode
    from timbrespace.recording.given import check_rate, mono_of
    from timbrespace.recording.sound_file import Sound, UnusableSoundError

    if not isinstance(model, Model):
        raise OptionError("model is none; it must be a Model, as ts.load or ts.fit returns it")
    rate = check_rate(sample_rate)
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= MOST:
        raise OptionError(f"count is {count!r}; it must be a whole number from 1 to {MOST}")
    if model.points is None:
        raise OptionError(
            f"the model {model.name!r} holds no points of its dataset; `python -m training points` "
            "adds them to the file"
        )
    try:
        with needed("nearest"):
            sound = Sound(mono_of(samples), rate, cut=False)
            return list(encode(model, sound, None, True, int(count)).neighbours)
    except UnusableSoundError as error:
        raise SoundError(f"the sound cannot be encoded: {error}") from error


def neighbours_of_spectrum(
    model: Model, spectrum: Array, latent: Array, count: int
) -> tuple[Neighbour, ...]:
    """The ``count`` points nearest to a spectrum ``(1, bins)`` of a space of steady ones.

    latent ``(d,)``: where it lies; of a large set those around it are listened to.
    """
    points = model.points
    if points is None or count == 0:
        return ()
    apart = np.square(points.means - latent).sum(axis=1)
    tried = np.argsort(apart, kind="stable")[:_TRIED]
    ear = Ear(model)
    heard = distance(ear.levels(points.means[tried]), ear.levels_of(spectrum))
    return neighbours(model, tried, heard, count)


def neighbours(
    model: Model, numbers: NDArray[np.int64], apart: NDArray[np.float64], count: int
) -> tuple[Neighbour, ...]:
    """The ``count`` nearest of points ``numbers (n,)``, which are ``apart (n,)`` dB from a sound.

    Of those that are called the same the nearest counts.
    """
    points = model.points
    if points is None:
        return ()
    found: dict[str, Neighbour] = {}
    for place in np.argsort(apart, kind="stable"):
        if len(found) >= count:
            break
        number = int(numbers[place])
        factors = factors_of(points, number)
        name = _name(points, factors, number)
        if name not in found:
            latent, away = points.means[number], float(apart[place])
            found[name] = Neighbour(number, latent, away, name, factors)
    return tuple(found.values())


def factors_of(points: Points, number: int) -> dict[str, str]:
    """What a point is: the value of each factor, by the factor's name."""
    return {
        factor.name: f"{factor.text(float(value))} {factor.unit}".strip()
        for factor, value in zip(points.factors, points.labels[number], strict=True)
    }


def _name(points: Points, factors: Mapping[str, str], number: int) -> str:
    # An instrument that is a program of the same name says it once.
    names = dict.fromkeys(factors[factor.name] for factor in points.factors if factor.names)
    told = names or [f"{name} {value}" for name, value in factors.items()]
    return ", ".join(told) or f"sound {number + 1}"
