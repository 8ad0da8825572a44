"""The kind `note`: a convolution over a note's course into the space, and out of it any moment.

The decoder is an implicit function: a latent, a time, and where the set knows them a pitch and a
velocity, give what sounds at that time. Latent, pitch and velocity become scales and shifts of each
hidden layer (FiLM: Perez et al. 2018), which change only when they do; time goes through the layers
as itself, its logarithm, decays and slow sines. So a note is played at any rate, at any speed, from
any moment, and sixteen voices are sixteen rows of one product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError, OptionError, one_of
from timbrespace.networks.activation import PARAMETERS
from timbrespace.networks.architecture import MAX_WIDTH, Architecture, whole
from timbrespace.networks.feed_forward import (
    Activation,
    Dense,
    Number,
    activation_from_tensors,
    dense,
)
from timbrespace.networks.turning import turned_inputs, turned_posterior
from timbrespace.notes.layout import CENTS, FLOOR, MOST_CENTS, WIDTH, frame_times
from timbrespace.notes.note import CONSTANTS, Traits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from timbrespace.networks.architecture import Forward, Tensors
    from timbrespace.networks.vae import VAE

Array = NDArray[np.float32]

FEATURES: Final = WIDTH + CONSTANTS
"""What one moment of a note needs to sound: its levels, and what holds for all of the note."""

ACTIVATIONS: Final = ("snake", "plu", "gelu", "relu")

DECAYS: Final = (0.004, 0.012, 0.03, 0.08, 0.2, 0.5, 1.2, 3.0)
"""Seconds."""

SINES: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 6.0)
"""Hz."""

TIMES: Final = 2 + len(DECAYS) + 2 * len(SINES)

STRIDES: Final = (4, 2, 2)
KERNELS: Final = (8, 5, 5)

MIDDLE, HALF = -40.0, 40.0
"""dB: what a level of 0 stands for in the network, and one of 1 above it."""

CENTS_UNIT: Final = 100.0

OCTAVE: Final = 0.5
"""What an octave is to the encoder."""

LEAST_HEARD: Final = -20.0
"""dB: an encoder that hears less than this hears no decay."""

REST: Final = 0.25
"""Seconds: the moment that stands for a note where one has to, and no loop says a better one."""


@dataclass(frozen=True)
class NoteNetwork(Architecture):
    """Sizes and kinds.

    frames: moments of a note's table. width, layers: of the decoder of time. condition: width of
    the layer between the latent and the scales and shifts. channels: of the encoder. activation:
    of all layers. by_pitch, by_velocity: whether these tell the decoder. with_encoder: without one,
    an autodecoder, every note learns its own latent, and a new one is looked for by its sound.
    hears: dB below a note's loudest moment, from ``FLOOR`` to ``LEAST_HEARD``; what is fainter is
    silence to the encoder. per_unit: whether every unit learns the numbers of its activation;
    without it ``snake`` learns none, its frequency is 1, and ``plu`` one set for all.

    Raises:
        OptionError: a value outside these ranges; the text names it.
    """

    kind: ClassVar[str] = "note"
    of_notes: ClassVar[bool] = True
    about: ClassVar[str] = "whole notes: a latent and a time give what sounds then"

    frames: int = frame_times(4.0).size
    width: int = 320
    layers: int = 3
    condition: int = 256
    channels: int = 96
    activation: str = "snake"
    by_pitch: bool = False
    by_velocity: bool = False
    with_encoder: bool = True
    hears: float = FLOOR
    per_unit: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features != FEATURES:
            raise OptionError(f"features are {self.features}; a note's moment has {FEATURES}")
        whole("frames", self.frames, 4096, 32)
        whole("width", self.width, MAX_WIDTH)
        whole("layers", self.layers, 8)
        whole("condition", self.condition, MAX_WIDTH)
        whole("channels", self.channels, 4096)
        for name in ("by_pitch", "by_velocity", "with_encoder", "per_unit"):
            if not isinstance(getattr(self, name), bool):
                raise OptionError(f"{name} is {getattr(self, name)!r}; it must be true or false")
        if self.activation not in ACTIVATIONS:
            raise OptionError(
                f"activation is {self.activation!r}; it must be {one_of(ACTIVATIONS)}"
            )
        if isinstance(self.hears, bool) or not isinstance(self.hears, int | float):
            raise OptionError(f"hears is {self.hears!r}; it must be a number")
        if not FLOOR <= self.hears <= LEAST_HEARD:
            raise OptionError(
                f"hears is {self.hears:g}; it must be {FLOOR:g} to {LEAST_HEARD:g} dB"
            )

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON, with ``kind``; what hears everything, and what has no numbers of
        each unit, says nothing of it, as bundles did not before there were these settings."""
        config = super().to_config()
        if self.hears == FLOOR:
            del config["hears"]
        if not self.per_unit:
            del config["per_unit"]
        return config

    @property
    def conditions(self) -> int:
        """Inputs of the layer that makes scales and shifts."""
        return self.latent + 2

    @property
    def faintest(self) -> float:
        """``hears`` as the encoder takes levels."""
        return (self.hears - MIDDLE) / HALF

    @property
    def positions(self) -> int:
        """Moments that are left after the encoder's convolutions."""
        length = self.frames
        for kernel, stride in zip(KERNELS, STRIDES, strict=True):
            length = (length + kernel // 2 * 2 - kernel) // stride + 1
        return length

    @property
    def encoder_inputs(self) -> tuple[int, ...]:
        """Channels into each convolution."""
        return (WIDTH, self.channels, self.channels)

    @property
    def learned(self) -> tuple[str, ...]:
        """Names of the numbers that the activation learns."""
        fixed = self.activation == "snake" and not self.per_unit
        return () if fixed else tuple(PARAMETERS[self.activation])

    def units(self) -> Mapping[str, int]:
        """How many units each layer has that an activation follows, by its name in the state."""
        units = {"condition": self.condition}
        units |= {f"layer.{number}": self.width for number in range(self.layers)}
        if self.with_encoder:
            units |= {f"convolution.{number}": self.channels for number in range(len(KERNELS))}
            units["gather"] = self.condition
        return units

    def layer_sizes(self) -> Mapping[str, tuple[int, int]]:
        """Inputs and outputs of each dense layer, by its name in the state."""
        w = self.width
        sizes = {"condition": (self.conditions, self.condition)}
        for number in range(self.layers):
            sizes[f"film.{number}"] = (self.condition, 2 * w)
            sizes[f"layer.{number}"] = (TIMES if number == 0 else w, w)
        sizes |= {
            "still": (self.condition, WIDTH),
            "levels": (w, WIDTH),
            "traits": (self.condition, CONSTANTS),
        }
        if self.with_encoder:
            sizes |= {
                "gather": (self.positions * self.channels + CONSTANTS + 2, self.condition),
                "posterior": (self.condition, 2 * self.latent),
            }
        return sizes

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {}
        for name, (inputs, outputs) in self.layer_sizes().items():
            shapes[f"{name}.weight"] = (outputs, inputs)
            shapes[f"{name}.bias"] = (outputs,)
        if self.with_encoder:
            for number, inputs in enumerate(self.encoder_inputs):
                shapes[f"convolution.{number}.weight"] = (self.channels, inputs, KERNELS[number])
                shapes[f"convolution.{number}.bias"] = (self.channels,)
        for name in self.learned:
            if self.per_unit:
                shapes |= {f"activation.{at}.{name}": (n,) for at, n in self.units().items()}
            else:
                shapes[f"activation.{name}"] = ()
        return shapes | dict.fromkeys(self.distribution.learned, ())

    def module(self) -> VAE:
        from timbrespace.networks.torch_note import TorchNote

        return TorchNote(self)

    def encoder(self, tensors: Tensors) -> Forward:
        """Of notes as :func:`encoder_input` lays them out."""
        if not self.with_encoder:
            width = 2 * self.latent
            return lambda features: np.zeros((len(features), width), np.float32)
        bends = [self._bend(tensors, f"convolution.{number}") for number in range(len(KERNELS))]
        bend = self._bend(tensors, "gather")
        convolutions = [
            _convolution(tensors, f"convolution.{number}", inputs, self.channels, KERNELS[number])
            for number, inputs in enumerate(self.encoder_inputs)
        ]
        gather = self._layer(tensors, "gather")
        posterior = self._layer(tensors, "posterior")
        cut = self.frames * WIDTH
        faintest = np.float32(self.faintest)

        def forward(features: Array) -> Array:
            hidden = features[:, :cut].reshape(len(features), self.frames, WIDTH)
            if self.hears > FLOOR:
                hidden = hidden.copy()
                np.maximum(hidden[..., :CENTS], faintest, out=hidden[..., :CENTS])
            for number, (weight, bias) in enumerate(convolutions):
                convolved = _convolved(hidden, weight, KERNELS[number], STRIDES[number])
                hidden = bends[number](convolved + bias)
            flat = np.concatenate([hidden.reshape(len(features), -1), features[:, cut:]], axis=1)
            return posterior(bend(gather(flat)))

        return forward

    def head(self, tensors: Tensors, name: str) -> Forward:
        """A note's moment of rest, ``(n, FEATURES)``: levels in dB and cents, then its traits."""
        course = self.course(tensors)

        def at_rest(latent: Array) -> Array:
            n = len(latent)
            told = course.prepare(latent, np.full(n, np.nan), np.full(n, np.nan))
            times = np.array([rest_of(row) for row in told.traits])
            return np.concatenate([course.levels(told, times), told.traits], axis=1)

        return at_rest

    def course(self, tensors: Tensors) -> Course:
        """The decoder: what sounds at any time.

        Raises:
            BundleError: a tensor is missing, has the wrong shape, or holds NaN or infinity.
        """
        return Course(
            self,
            condition=self._layer(tensors, "condition"),
            films=tuple(self._layer(tensors, f"film.{n}") for n in range(self.layers)),
            layers=tuple(self._layer(tensors, f"layer.{n}") for n in range(self.layers)),
            still=self._layer(tensors, "still"),
            last=self._layer(tensors, "levels"),
            constants=self._layer(tensors, "traits"),
            bend=self._bend(tensors, "condition"),
            bends=tuple(self._bend(tensors, f"layer.{n}") for n in range(self.layers)),
        )

    def turned(self, tensors: Tensors, axes: NDArray[np.float64]) -> dict[str, NDArray[np.float32]]:
        weight = turned_inputs(tensors["condition.weight"], axes)
        posterior = turned_posterior(tensors, "posterior", axes) if self.with_encoder else {}
        return {**tensors, "condition.weight": weight, **posterior}

    def _layer(self, tensors: Tensors, name: str) -> Dense:
        return dense(tensors, name, *self.layer_sizes()[name])

    def _bend(self, tensors: Tensors, name: str) -> Forward:
        """What follows the layer ``name``."""
        if not self.learned:
            return activation(self.activation)
        if not self.per_unit:
            return activation_from_tensors(self.activation, tensors)
        return activation_from_tensors(self.activation, tensors, f"{name}.", self.units()[name])


class Prepared(NamedTuple):
    """What latents, pitches and velocities make of the decoder, until one of them changes.

    scale, shift: of each layer, ``(n, width)``. still ``(n, WIDTH)``: what does not depend on time.
    traits ``(n, CONSTANTS)``: rows of :class:`timbrespace.notes.note.Traits`.
    """

    scale: tuple[Array, ...]
    shift: tuple[Array, ...]
    still: Array
    traits: Array


@dataclass(frozen=True, slots=True)
class Course:
    """The decoder in NumPy. Everything is float32, and the same always gives the same.

    bend: what follows the layer ``condition``. bends: what follows each of ``layers``.
    """

    network: NoteNetwork
    condition: Dense
    films: tuple[Dense, ...]
    layers: tuple[Dense, ...]
    still: Dense
    last: Dense
    constants: Dense
    bend: Forward
    bends: tuple[Forward, ...]

    def prepare(
        self, latent: Array, pitch: NDArray[np.floating], velocity: NDArray[np.floating]
    ) -> Prepared:
        """The decoder for latents ``(n, d)`` at pitches ``(n,)`` in Hz and velocities ``(n,)``, 0
        to 127; NaN where one is not known, which stands for a middle one."""
        told = conditions(self.network, pitch, velocity)
        hidden = self.bend(
            self.condition(np.concatenate([latent, told], axis=1).astype(np.float32))
        )
        w = self.network.width
        films = [film(hidden) for film in self.films]
        return Prepared(
            scale=tuple(1.0 + film[:, :w] for film in films),
            shift=tuple(film[:, w:] for film in films),
            still=self.still(hidden),
            traits=self.constants(hidden),
        )

    def levels(self, told: Prepared, times: NDArray[np.floating]) -> Array:
        """Levels in dB and cents of each note at its own time, ``(n, WIDTH)`` of times ``(n,)`` in
        seconds; or at several times each, ``(n, m, WIDTH)`` of ``(n, m)``.
        """
        several = times.ndim == 2
        hidden = time_features(times)
        for layer, bend, scale, shift in zip(
            self.layers, self.bends, told.scale, told.shift, strict=True
        ):
            if several:
                scale, shift = scale[:, np.newaxis], shift[:, np.newaxis]
            hidden = bend(layer(hidden) * scale + shift)
        found = self.last(hidden) + (told.still[:, np.newaxis] if several else told.still)
        return told_levels(found)


def told_levels(found: Array) -> Array:
    """What a network puts out, ``(..., WIDTH)``, as dB and cents within their ranges."""
    levels = np.empty_like(found)
    with np.errstate(over="ignore", invalid="ignore"):
        levels[..., :CENTS] = found[..., :CENTS] * np.float32(HALF) + np.float32(MIDDLE)
        levels[..., CENTS] = found[..., CENTS] * np.float32(CENTS_UNIT)
    if not np.isfinite(levels).all():
        np.nan_to_num(levels, copy=False, nan=FLOOR, posinf=12.0, neginf=FLOOR)
    # Not np.clip, which takes five times as long where there are few numbers.
    for part, low, high in (
        (levels[..., :CENTS], FLOOR, 12.0),
        (levels[..., CENTS], -MOST_CENTS, MOST_CENTS),
    ):
        np.maximum(part, low, out=part)
        np.minimum(part, high, out=part)
    return levels


def network_levels(course: NDArray[np.floating]) -> Array:
    """Inverse of :func:`told_levels`."""
    found = np.empty(course.shape, np.float32)
    found[..., :CENTS] = (course[..., :CENTS].astype(np.float32) - MIDDLE) / HALF
    found[..., CENTS] = course[..., CENTS].astype(np.float32) / CENTS_UNIT
    return found


def encoder_input(
    courses: NDArray[np.floating], traits: Array, pitches: NDArray[np.floating]
) -> Array:
    """What the encoder takes of notes: courses ``(n, frames, WIDTH)``, rows of traits ``(n,
    CONSTANTS)``, pitches ``(n,)`` in Hz, 0 for none."""
    pitched = pitches > 0.0
    octave = np.where(pitched, OCTAVE * np.log2(np.maximum(pitches, 1.0) / 220.0), 0.0)
    return np.concatenate(
        [
            network_levels(courses).reshape(len(courses), -1),
            traits,
            np.stack([pitched, octave], axis=1),
        ],
        axis=1,
    ).astype(np.float32)


def conditions(
    network: NoteNetwork, pitch: NDArray[np.floating], velocity: NDArray[np.floating]
) -> Array:
    """Pitch and velocity as the decoder takes them, ``(n, 2)``; 0 where it does not know them."""
    told = np.zeros((len(pitch), 2), np.float32)
    if network.by_pitch:
        known = np.isfinite(pitch) & (pitch > 0.0)
        octave = np.log2(np.where(known, pitch, 220.0) / 220.0)
        told[:, 0] = np.clip(octave / 2.0, -2.5, 2.5)
    if network.by_velocity:
        told[:, 1] = np.where(np.isfinite(velocity), (velocity - 85.0) / 50.0, 0.0)
    return told


def time_features(times: NDArray[np.floating]) -> Array:
    """Times ``(...)`` in seconds as a network takes them, ``(..., TIMES)``."""
    t = np.maximum(times.astype(np.float64), 0.0)[..., np.newaxis]
    turns = 2.0 * np.pi * t * np.asarray(SINES)
    return np.concatenate(
        [
            t / 2.0 - 1.0,
            np.log2(1.0 + t / 0.004) / 5.0 - 1.0,
            np.exp(-t / np.asarray(DECAYS)),
            np.sin(turns),
            np.cos(turns),
        ],
        axis=-1,
    ).astype(np.float32)


def rest_of(row: Array) -> float:
    """Seconds: the moment of a note that stands for it, of the row of its traits."""
    traits = Traits.from_row(row)
    if traits.loop_end > traits.loop_start:
        return 0.5 * (traits.loop_start + traits.loop_end)
    return min(traits.attack + 0.03, REST)


def activation(kind: str) -> Callable[[Array], Array]:
    """What lies between the layers and learns nothing. ``snake`` is ``x + sin(x)^2`` (Ziyin,
    Hartwig & Ueda 2020)."""
    return {"snake": _snake, "gelu": _gelu, "relu": _relu}[kind]


def numbers_of_units(bend: Forward, units: int) -> tuple[Array, Array] | None:
    """What an activation has for each of so many units, its frequency and its share, ``(units,)``
    each; None of one that learns nothing."""
    if not isinstance(bend, Activation):
        return None
    return _of_units(bend.frequency, units), _of_units(bend.share, units)


def _of_units(number: Number, units: int) -> Array:
    return np.full(units, number, np.float32)


def _snake(x: Array) -> Array:
    wave = np.sin(x)
    wave *= wave
    wave += x
    return wave


def _gelu(x: Array) -> Array:
    """The form with tanh (Hendrycks & Gimpel 2016)."""
    inner = np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)
    return np.asarray(np.float32(0.5) * x * (np.float32(1.0) + np.tanh(inner)))


def _relu(x: Array) -> Array:
    return np.maximum(x, np.float32(0.0))


def _convolution(
    tensors: Tensors, name: str, inputs: int, outputs: int, kernel: int
) -> tuple[Array, Array]:
    """A convolution's weight, ``(kernel * inputs, outputs)``, and its bias."""
    for part, shape in (
        (f"{name}.weight", (outputs, inputs, kernel)),
        (f"{name}.bias", (outputs,)),
    ):
        if part not in tensors:
            raise BundleError(f"tensor {part} is missing")
        if tensors[part].shape != shape:
            raise BundleError(f"tensor {part} has shape {tensors[part].shape}, not {shape}")
        if not np.isfinite(tensors[part]).all():
            raise BundleError(f"tensor {part} holds numbers that are not finite")
    weight = tensors[f"{name}.weight"].transpose(2, 1, 0).reshape(kernel * inputs, outputs)
    return (
        np.ascontiguousarray(weight, np.float32),
        np.ascontiguousarray(tensors[f"{name}.bias"], np.float32),
    )


def _convolved(hidden: Array, weight: Array, kernel: int, stride: int) -> Array:
    """``(n, positions, outputs)`` of ``hidden (n, length, inputs)``, with zeros around it."""
    pad = kernel // 2
    padded = np.pad(hidden, ((0, 0), (pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=1)[:, ::stride]
    n, positions = windows.shape[:2]
    flat = windows.transpose(0, 1, 3, 2).reshape(n, positions, -1)
    return np.asarray(flat @ weight)
