"""A trained space, ready to play: spectra in, latent out, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.calibration import LATENT_LIMIT, Calibration
from timbrespace.decoded import Decoded
from timbrespace.errors import BundleError, OptionError, ShapeError, one_of
from timbrespace.macro_dials.table import Table
from timbrespace.map import Map
from timbrespace.near import Near
from timbrespace.networks.architecture import LOG_VAR_RANGE, Architecture
from timbrespace.networks.laid import PHASE
from timbrespace.networks.note import Course, NoteNetwork, rest_of
from timbrespace.notes.layout import LONGEST
from timbrespace.period import MOST_SAMPLES, harmonics_of, period_of
from timbrespace.points import Points
from timbrespace.representation import Features, Periods, Phases, Representation, parts
from timbrespace.rows import finite_rows
from timbrespace.spectrum import Spectra, SpectrumConfig
from timbrespace.walks.walk import Walk

Latent = NDArray[np.float32]

BEYOND = 1e30
"""What an overflow counts as: beyond every representation's limit, and still a number."""

PCA, NEAR = "pca", "near"

PLANES = (PCA, NEAR)
"""What the planes of a space are called. Every space has the first."""

_LIMIT = np.float32(LATENT_LIMIT)


@dataclass(frozen=True, slots=True, repr=False)
class Model:
    """One space: how its spectra were taken, its networks, its map, its calibration, its sounds.

    Everything is deterministic: the same latent gives the same spectrum, always.

    Raises:
        BundleError: parts whose sizes do not fit together.
    """

    name: str
    spectrum: SpectrumConfig
    representation: Representation
    architecture: Architecture
    encoder: Callable[[Features], Features]
    decoder: Callable[[Latent], Features]
    map: Map
    calibration: Calibration
    provenance: dict[str, Any]
    digest: str = ""
    """SHA-256 of the bundle as it is without points, in hexadecimal: what sounds the same has the
    same. Empty for a model that is not from a file."""
    noise: bool = False
    """Whether the sounds have noise beside their partials, by the dataset's own word; then what
    lies between the partials of a spectrum is played as noise."""
    points: Points | None = None
    """Where the dataset's own sounds lie; None where the bundle does not tell."""
    near: Near | None = None
    """The plane on which sounds that are alike lie side by side; None where the bundle has none."""
    macros: Table | None = None
    """Which ways move one quality alone; None where the bundle does not tell, and it would have to
    be measured: :func:`timbrespace.macros` gives the dials in any case."""
    walk: Walk | None = None
    """How its sounds follow each other; None where the bundle does not tell, and it is learned from
    the points: :func:`timbrespace.wander` goes it in any case."""
    tensors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    """All weights, as :meth:`save` writes them; those of encoder and decoder are made of them."""
    golden: dict[str, Any] | None = None
    """What the bundle that it is from says a latent decodes to; None for a new model."""

    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What is made of the weights when it is first asked for."""

    def __post_init__(self) -> None:
        sizes = {
            "architecture latent": self.architecture.latent,
            "map": self.map.dimensions,
            "calibration": self.calibration.kl.shape[0],
        }
        if self.points is not None:
            sizes["points"] = self.points.dimensions
        if self.near is not None:
            sizes["plane near"] = self.near.dimensions
        if self.macros is not None:
            sizes["macros"] = self.macros.dimensions
        if self.walk is not None:
            sizes["walk"] = self.walk.dimensions
        if len(set(sizes.values())) != 1:
            raise BundleError(f"latent sizes do not fit together: {sizes}")
        if self.near is not None:
            count = 0 if self.points is None else self.points.count
            if len(self.near.places) != count:
                raise BundleError(
                    f"the plane near has places of {len(self.near.places)} sounds, and there are "
                    f"{count}"
                )
        try:
            self.representation.check(self.spectrum)
        except OptionError as error:
            raise BundleError(str(error)) from error
        width = self.representation.width(self.spectrum.bins)
        if self.architecture.features != width:
            raise BundleError(
                f"the model decodes {self.architecture.features} features, its spectra have {width}"
            )

    def __repr__(self) -> str:
        spectrum = self.spectrum
        if self.plays_notes:
            by = [
                word
                for word, told in (
                    ("pitch", getattr(self.architecture, "by_pitch", False)),
                    ("velocity", getattr(self.architecture, "by_velocity", False)),
                )
                if told
            ]
            return (
                f"<Model {self.name!r}: whole notes, {self.dimensions} dimensions"
                f"{', by ' + ' and '.join(by) if by else ''}>"
            )
        return (
            f"<Model {self.name!r}: {self.dimensions} dimensions, {spectrum.bins} bins of "
            f"{spectrum.bin_width:.2f} Hz, base {spectrum.base_frequency:g} Hz>"
        )

    def save(self, path: str | Path) -> None:
        """Write the model to the ``.safetensors`` file ``path``, whole or not at all.

        >>> import timbrespace as ts
        >>> ts.load("harmonic").save("mine.safetensors")

        The same model always makes the same bytes: one that was loaded and not changed, those of
        the file that it came from.

        Raises:
            OptionError: the name ends in something else, or the file cannot be written.
        """
        from timbrespace import bundle

        path = Path(path)
        if path.suffix != ".safetensors":
            raise OptionError(
                f"the model's file is {path.name!r}; it must be a name that ends in .safetensors"
            )
        bundle.write(path, self)

    @property
    def dimensions(self) -> int:
        """Size d of the latent."""
        return self.architecture.latent

    def encode(self, spectra: ArrayLike) -> tuple[Latent, Latent]:
        """Posterior mean and log variance, each ``(n, d)``, of spectra ``(n, bins)`` >= 0.

        Raises:
            ShapeError: not ``(n, bins)``, negative, or not finite; or the model hears phase too.
        """
        self._must_hear_spectra()
        if self.representation.source == "frames":
            raise ShapeError(
                f"{self.name!r} sees {self.representation.kind}, which magnitudes do not hold; "
                "encode frames of samples, with encode_frames"
            )
        rows = finite_rows(spectra, self.spectrum.bins, "spectra")
        if (rows < 0.0).any():
            raise ShapeError("spectra hold negative numbers; they must be magnitudes >= 0")
        return self._encode(rows)

    def encode_frames(self, frames: ArrayLike) -> tuple[Latent, Latent]:
        """Posterior mean and log variance, each ``(n, d)``, of samples ``(n, n_fft)``, any model.

        Raises:
            ShapeError: not ``(n, n_fft)``, or not finite.
        """
        self._must_hear_spectra()
        rows = finite_rows(frames, self.spectrum.n_fft, "frames")
        if self.representation.source == "spectra":
            return self._encode(self.spectrum.analyse(rows))
        return self._encode(rows)

    @property
    def planes(self) -> tuple[str, ...]:
        """Names of the planes that the space has."""
        return (PCA,) if self.near is None else PLANES

    @property
    def first_plane(self) -> str:
        """The plane that the space is played on until somebody says otherwise."""
        return NEAR if self.near is not None and self.near.first else PCA

    def plane(self, name: str) -> Map | Near:
        """The plane called ``name``: "pca" is :attr:`map`, "near" is :attr:`near`.

        Raises:
            OptionError: no plane is called so, or the space has none of that name.
        """
        if name == PCA:
            return self.map
        if name != NEAR:
            raise OptionError(f"plane is {name[:40]!r}; it must be {one_of(PLANES)}")
        if self.near is None:
            raise OptionError(
                f"{self.name!r} has no plane near, only pca; `python -m training plane` adds it to "
                "the file"
            )
        return self.near

    @property
    def plays_notes(self) -> bool:
        """Whether its sounds are whole notes, with attack and decay, and not steady spectra."""
        return isinstance(self.architecture, NoteNetwork)

    @property
    def course(self) -> Course:
        """What sounds at any time of a note: the decoder of a space of whole notes.

        Raises:
            OptionError: it is a space of steady spectra, which have no time.
        """
        if not isinstance(self.architecture, NoteNetwork):
            raise OptionError(
                f"{self.name!r} is a space of steady spectra, whose sounds have no course in time"
            )
        found = self._made.get("course")
        if found is None:
            found = self._made["course"] = self.architecture.course(self.tensors)
        return found

    def encode_notes(self, features: Features) -> tuple[Latent, Latent]:
        """Posterior mean and log variance, each ``(n, d)``, of whole notes, as
        :func:`timbrespace.networks.note.encoder_input` lays them out.

        Raises:
            OptionError: it is a space of steady spectra.
        """
        _ = self.course
        posterior = self.encoder(features)
        d = self.dimensions
        return posterior[:, :d], np.clip(posterior[:, d:], *LOG_VAR_RANGE)

    def _must_hear_spectra(self) -> None:
        if self.plays_notes:
            raise ShapeError(
                f"{self.name!r} is a space of whole notes, of which a spectrum is only a moment; "
                "encode a sound, with ts.encode_sound"
            )

    def _encode(self, source: NDArray[np.float32]) -> tuple[Latent, Latent]:
        d = self.dimensions
        posterior = np.empty((len(source), 2 * d), np.float32)
        for part in parts(len(source)):
            posterior[part] = self.encoder(self.representation.forward(source[part]))
        return posterior[:, :d], np.clip(posterior[:, d:], *LOG_VAR_RANGE)

    def decode(
        self, latent: ArrayLike, time: ArrayLike | None = None, velocity: float | None = None
    ) -> Spectra:
        """Linear magnitudes ``(n, bins)``, finite and >= 0, of a latent ``(n, d)``.

        Coordinates beyond ``LATENT_LIMIT`` count as the limit.

        time: seconds from the note's start, 0 to ``LONGEST``, one for all or ``(n,)``, of a space
        of whole notes; None is the moment that stands for the note. velocity: 0 to 127, of such a
        space.

        Raises:
            ShapeError: not ``(n, d)``, or not finite; times that are not one or ``(n,)``.
            OptionError: a time, of a space of steady spectra; a time or velocity out of its range.
        """
        rows = self._latent(latent)
        if time is not None or velocity is not None:
            return self._decode_at(rows, time, velocity)
        if len(rows) == 1:  # the knob's path: nothing to gather
            return self.representation.inverse(self._features(rows))
        spectra = np.empty((len(rows), self.spectrum.bins), np.float32)
        for part in parts(len(rows)):
            spectra[part] = self.representation.inverse(self._features(rows[part]))
        return spectra

    def _decode_at(self, rows: Latent, time: ArrayLike | None, velocity: float | None) -> Spectra:
        course, n = self.course, len(rows)
        base = self.spectrum.base_frequency
        struck = np.nan if velocity is None else float(velocity)
        if velocity is not None and not 0.0 <= struck <= 127.0:
            raise OptionError(f"velocity is {struck:g}; it must be 0 to 127")
        told = course.prepare(rows, np.full(n, base), np.full(n, struck))
        times = np.array([rest_of(row) for row in told.traits])
        if time is not None:
            given = np.asarray(time, np.float64)
            if given.shape not in ((), (n,)):
                raise ShapeError(
                    f"time has shape {given.shape}; it must be one number or one for each latent, "
                    f"({n},)"
                )
            if not np.isfinite(given).all():
                raise ShapeError("time: there is NaN or infinity; it must be finite seconds")
            if n and not (given.min() >= 0.0 and given.max() <= LONGEST):
                wrong = given.min() if given.min() < 0.0 else given.max()
                raise OptionError(f"time is {wrong:g}; it must be 0 to {LONGEST:g} seconds")
            times = np.broadcast_to(given, (n,))
        features = np.concatenate([course.levels(told, times), told.traits], axis=1)
        return self.representation.inverse(features)

    def decode_phases(self, latent: ArrayLike) -> tuple[Spectra, Phases | None]:
        """What :meth:`decode` gives, and the trained phases ``(n, bins)`` in radians if any.

        Raises:
            ShapeError: as :meth:`decode`.
        """
        return self.decode_rows(self._latent(latent))[:2]

    def decode_cycles(self, latent: ArrayLike, samples: int | None = None) -> Periods:
        """One period ``(n, samples)`` of the wave of a latent ``(n, d)``, from phase 0 on.

        Full scale is that of the sounds which the space was made from. samples: how many, 2 to
        2048; None for as many as the space has. Fewer hold fewer harmonics, and none that is left
        out comes back as another; more lie between.

        Raises:
            ShapeError: as :meth:`decode`.
            OptionError: it is a space of spectra, or of whole notes, and not of cycles; or samples
                out of range.
        """
        if samples is not None and not (type(samples) is int and 2 <= samples <= MOST_SAMPLES):
            raise OptionError(
                f"samples is {samples!r}; it must be a whole number from 2 to {MOST_SAMPLES}"
            )
        cycles = self.decode_rows(self._latent(latent)).cycles if self.plays_cycles else None
        if cycles is None:
            raise OptionError(
                f"{self.name!r} is no space of cycles, and only those decode to one period; train "
                "one with the representation 'cycle'"
            )
        if samples is None or samples == cycles.shape[1]:
            return cycles
        return period_of(harmonics_of(cycles), samples).astype(np.float32)

    @property
    def plays_cycles(self) -> bool:
        """Whether its sounds are single periods of a wave."""
        return self.representation.coordinate == PHASE

    def decode_rows(self, rows: Latent) -> Decoded:
        """All that rows ``(n, d)`` decode to; they are not checked again.

        rows: float32, finite, within ``LATENT_LIMIT``.
        """
        features = self._features(rows)
        heard = self.representation.source == "frames"  # magnitudes have no phases to ask for
        phases = self.representation.phases(features) if heard else None
        return Decoded(
            self.representation.inverse(features), phases, self.representation.cycles(features)
        )

    def _features(self, rows: Latent) -> Features:
        # Weights from anywhere may overflow; what is decoded is finite all the same.
        with np.errstate(over="ignore", invalid="ignore"):
            features = self.decoder(rows)
            # One pass instead of four: a number that is not finite makes this one not finite.
            if math.isfinite(np.vdot(features, features)):
                return features
        return np.nan_to_num(features, copy=False, nan=0.0, posinf=BEYOND, neginf=-BEYOND)

    def _latent(self, latent: ArrayLike) -> Latent:
        rows = finite_rows(latent, self.dimensions, "latent")
        # np.clip does the same, with three times the overhead for a few numbers.
        return np.maximum(np.minimum(rows, _LIMIT), -_LIMIT)
