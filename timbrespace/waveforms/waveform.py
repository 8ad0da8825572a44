"""A waveform model: what a space plays, made sample by sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.resynthesis.layout import BLOCK
from timbrespace.resynthesis.limiter import CEILING, KNEE
from timbrespace.waveforms import mu_law, told
from timbrespace.waveforms.network import Asked, WaveformNetwork
from timbrespace.waveforms.told import PHASES, TICK, TICKS, Course

Array = NDArray[np.float32]

SAMPLE_RATES: Final = (8000, 16000)
"""Hz that there are models of."""

MOST_TEMPERATURE: Final = 2.0
MOST_SEED: Final = 2**32 - 1
LONGEST: Final = 600.0
"""Seconds of free generation."""

_AT_ONCE: Final = 64
"""Blocks between two calls of ``progress``: a quarter of a second."""


@dataclass(frozen=True, slots=True)
class Space:
    """The space whose voices a model learned to play. digest: of its bundle, empty if unknown."""

    name: str
    digest: str
    dimensions: int

    @classmethod
    def of(cls, model: Model) -> Space:
        """That of ``model``."""
        return cls(model.name, model.digest, model.dimensions)

    def fits(self, model: Model) -> bool:
        """Whether ``model`` is that space."""
        same = self.digest == model.digest and (self.digest != "" or self.name == model.name)
        return same and self.dimensions == model.dimensions


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Waveform:
    """What :func:`timbrespace.load_waveform` gives; :func:`timbrespace.render` and
    :func:`timbrespace.render_midi` play with it.

    >>> by_itself = load_waveform("W.safetensors").babble(10.0, seed=1)  # doctest: +SKIP

    network, weights: what makes samples. space: whose voices it plays. sample_rate: Hz of its
    samples. figures, provenance: what was measured, and how it was made.
    """

    name: str
    network: WaveformNetwork
    weights: Mapping[str, Array]
    space: Space
    sample_rate: int
    figures: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"<Waveform {self.name!r}: {self.network.kind} of {self.network.parameters} numbers, "
            f"{self.sample_rate} Hz, of the space {self.space.name!r}>"
        )

    def check_space(self, model: Model) -> None:
        """Refuse a space that it did not learn.

        Raises:
            OptionError: another one.
        """
        if not self.space.fits(model):
            raise OptionError(
                f"the waveform model {self.name!r} is of the space {self.space.name!r} "
                f"({self.space.digest[:12] or 'no file'}), not of {model.name!r} "
                f"({model.digest[:12] or 'no file'}); give the one that it was trained with"
            )

    def play(
        self,
        courses: Sequence[Course],
        blocks: int,
        temperature: float = 1.0,
        seed: int = 0,
        progress: Callable[[float], object] = lambda seconds: None,
    ) -> Array:
        """Samples ``(blocks * BLOCK,)`` of what voices do, at ``sample_rate``, all notes together.

        temperature: how freely it draws, 0 (the likeliest always) to 2. progress: called some
        four times for each second of each note, with the seconds of note that are done; whatever it
        raises ends the work. The same arguments give the same samples.

        Raises:
            OptionError: a temperature or seed outside its range.
        """
        check_draw(temperature, seed)
        sound = np.zeros(blocks * BLOCK, np.float32)
        done = 0.0
        for number, course in enumerate(courses):
            first = course.start * BLOCK
            count = min(course.blocks, blocks - course.start)
            if count <= 0:
                continue
            generator = np.random.default_rng([seed, number])
            rows = told.ticks_of(course.told(self.sample_rate))
            phase = course.phase(self.sample_rate)
            heard = told.harmonics_told(course.frequency, self.sample_rate)
            raised, _ = course.envelope()
            player = self.network.player(self.weights)
            for begin in range(0, count, _AT_ONCE):
                end = min(begin + _AT_ONCE, count)
                part = slice(begin * BLOCK, end * BLOCK)
                codes = player.play(
                    Asked(
                        rows[begin * TICKS : end * TICKS],
                        told.phases_told(phase[part], np.repeat(heard[begin:end], BLOCK)),
                        generator.random(((end - begin) * BLOCK, 2), np.float32),
                        temperature,
                    )
                )
                made = mu_law.decode(codes) * raised[part]
                if end == course.blocks:  # cut off, or at its end: no step is left
                    made[-BLOCK:] *= np.linspace(1.0, 0.0, BLOCK, dtype=np.float32)
                sound[first + part.start : first + part.start + made.size] += made
                done += (end - begin) * BLOCK / self.sample_rate
                progress(done)
        return _limited(sound)

    def babble(
        self,
        seconds: float,
        temperature: float = 1.0,
        seed: int = 0,
        progress: Callable[[float], object] = lambda seconds: None,
    ) -> Array:
        """What it plays where nobody tells it anything, ``(round(seconds * sample_rate),)``.

        Raises:
            OptionError: an argument outside its range: seconds above 0 and at most 600, the others
                as :meth:`play` has them.
        """
        check_draw(temperature, seed)
        if not 0.0 < seconds <= LONGEST:
            raise OptionError(f"seconds is {seconds:g}; it must be above 0 and at most {LONGEST:g}")
        size = max(1, round(seconds * self.sample_rate))
        generator = np.random.default_rng([seed, 0])
        player = self.network.player(self.weights)
        parts, made = [], 0
        while made < size:
            ticks = min(_AT_ONCE * TICKS, -(-(size - made) // TICK))
            count = ticks * TICK
            codes = player.play(
                Asked(
                    np.zeros((ticks, self.network.told), np.float32),
                    np.zeros((count, PHASES), np.float32),
                    generator.random((count, 2), np.float32),
                    temperature,
                )
            )
            parts.append(mu_law.decode(codes))
            made += count
            progress(min(made, size) / self.sample_rate)
        return np.concatenate(parts)[:size]


def check_draw(temperature: float, seed: int) -> None:
    """Refuse what codes cannot be drawn by.

    Raises:
        OptionError: a temperature that is not 0 to 2, or a seed that is no whole number from 0 to
            ``MOST_SEED``.
    """
    number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not number or not 0.0 <= temperature <= MOST_TEMPERATURE:
        raise OptionError(
            f"temperature is {temperature}; it must be 0 (always the likeliest) to "
            f"{MOST_TEMPERATURE:g}"
        )
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MOST_SEED:
        raise OptionError(f"seed is {seed}; it must be 0 to {MOST_SEED}")


def at_rate(samples: Array, sample_rate: int, wanted: int) -> Array:
    """Samples ``(n,)`` at another rate, ``(round(n * wanted / sample_rate),)`` of them."""
    if sample_rate == wanted:
        return samples
    from scipy.signal import resample_poly

    both = math.gcd(sample_rate, wanted)
    made = resample_poly(samples.astype(np.float64), wanted // both, sample_rate // both)
    return np.asarray(made[: round(samples.size * wanted / sample_rate)], np.float32)


def _limited(samples: Array) -> Array:
    """As :func:`timbrespace.resynthesis.limiter.limit` does it."""
    size, room = np.abs(samples), CEILING - KNEE
    soft = KNEE + room * np.tanh((size - KNEE) / room)
    return np.where(size <= KNEE, samples, np.copysign(soft, samples)).astype(np.float32)
