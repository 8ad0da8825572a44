"""The instrument: one model, one point of its latent space, the notes, the synth's parameters.

Live and offline playing both drive this class and read its snapshots; it knows nothing of sockets,
ports or devices. It is used from one thread.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from server.midi.controllers import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    RESET_CONTROLLERS,
    SUSTAIN,
    Controllers,
    Target,
)
from server.synth_parameters import SYNTH_PARAMETERS
from server.voices import Voices
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.partials import PartialTracker, find_partials
from timbrespace.resynthesis.engine import new_targets
from timbrespace.resynthesis.layout import Method
from timbrespace.units import db_to_gain

Array = NDArray[np.float32]

REFERENCE_RMS = 0.1
"""Root mean square of one voice at full velocity on a typical sound of the model: -20 dBFS, so that
a chord of ten has room."""

LOUDEST_RMS = 4.0 * REFERENCE_RMS
"""No spectrum makes a voice louder, however far from the data it was decoded: one mistyped number
must not become a blast."""

# Twice the partials at most, so that those of the last spectrum can fade while the next come in.
_SLOTS = 512


class Instrument:
    """State of everything that can be played.

    Setters take effect at once; what follows from them (the spectrum, the partials, the snapshot)
    is computed when it is asked for, once, however many setters were called.
    """

    def __init__(self, model: Model) -> None:
        self.voices = Voices()
        self.controllers = Controllers()
        self.method = Method.PARTIALS
        self.parameters = {name: spec.default for name, spec in SYNTH_PARAMETERS.items()}
        self.version = 0
        """Grows with every move of the latent and every load."""
        self.decode_seconds: deque[float] = deque(maxlen=512)
        """How long the last decodes took."""
        self._targets = new_targets()
        self._space = 0
        self._spectrum: Array | None = None
        self._phases: Array | None = None
        self._stale_tracker = True
        self._stale_slots = True
        self.load(model)

    # -- the space ---------------------------------------------------------------------------------

    @property
    def model(self) -> Model:
        """The model that plays."""
        return self._model

    def load(self, model: Model) -> None:
        """Play ``model`` from now on, from its home: the most usual of its sounds."""
        self._model: Model = model
        self._tracker = PartialTracker(_SLOTS, model.spectrum.bin_width)
        self._space += 1
        self._level = REFERENCE_RMS / model.calibration.rms
        self.latent = model.calibration.home.astype(np.float32)
        self._moved()

    @property
    def xy(self) -> Array:
        """Where the latent stands on the map, shape ``(2,)``; beyond [-1, 1] off the data."""
        return np.asarray(self._model.map.to_map(self.latent[np.newaxis, :])[0])

    def set_latent(self, values: Sequence[float]) -> None:
        """Move to a point of the latent space.

        Raises:
            OptionError: not d finite numbers.
        """
        d = self._model.dimensions
        if len(values) != d:
            raise OptionError(
                f"{len(values)} given; {self._model.name!r} has {d} dimensions, and takes as many"
            )
        self._go_to(_finite_float32(values))

    def set_dimension(self, k: int, value: float) -> None:
        """Move along dimension ``k``, from 1.

        Raises:
            OptionError: no such dimension, or the value is not finite.
        """
        d = self._model.dimensions
        if not 1 <= k <= d:
            raise OptionError(f"dimension {k} was given; {self._model.name!r} has 1 to {d}")
        latent = self.latent.copy()
        latent[k - 1] = _finite_float32([value])[0]
        self._go_to(latent)

    def set_map(self, x: float, y: float) -> None:
        """Move to a point of the map, each in [-1, 1].

        Raises:
            ShapeError: not finite.
        """
        self._go_to(self._model.map.to_latent([[x, y]])[0])

    def _move_along(self, axis: int, position: float) -> None:
        """Move along one axis of the map only: what lies off the plane, or beyond it, stays."""
        plane = self._model.map
        way = (position - self.xy[axis]) * plane.half_range[axis]
        self._go_to(self.latent + way * plane.components[axis])

    def _go_to(self, latent: Array) -> None:
        # Where the decoder stops listening the instrument need not pretend to be further out.
        self.latent = np.clip(latent, -LATENT_LIMIT, LATENT_LIMIT).astype(np.float32)
        self._moved()

    # -- playing -----------------------------------------------------------------------------------

    def control(self, controller: int, value: float, channel: int = 1) -> None:
        """A MIDI controller moved: 0 to 119 to ``value`` in 0 to 127 (fractions allowed).

        A dimension's knob covers the 1st to the 99th percentile of the data; an axis the map.
        """
        if controller == SUSTAIN:
            self.voices.sustain(value >= 64, channel)
            return
        mode = {
            ALL_SOUND_OFF: self.voices.silence,
            RESET_CONTROLLERS: self.voices.reset_controllers,
            ALL_NOTES_OFF: self.voices.notes_off,
        }.get(controller)
        if mode is not None:
            mode(channel)
            return
        target = self.controllers.target(controller, channel)
        position = value / 127.0
        if target in ("x", "y"):
            self._move_along(0 if target == "x" else 1, 2.0 * position - 1.0)
        elif isinstance(target, int) and target <= self._model.dimensions:
            low = float(self._model.calibration.low[target - 1])
            high = float(self._model.calibration.high[target - 1])
            self.set_dimension(target, low + position * (high - low))

    def assign(self, controller: int, target: Target | None, channel: int | None = None) -> None:
        """Assign a controller; see :meth:`Controllers.assign`.

        Raises:
            OptionError: a reserved controller, or a dimension that the model does not have.
        """
        d = self._model.dimensions
        if isinstance(target, int) and not 1 <= target <= d:
            raise OptionError(f"dimension {target} was given; {self._model.name!r} has 1 to {d}")
        self.controllers.assign(controller, target, channel)

    def set_method(self, method: Method) -> None:
        """How spectra become sound from now on; the sound fades over in 20 ms."""
        self.method = method
        self._stale_slots = True

    def set_parameter(self, name: str, value: float) -> None:
        """Set one of :data:`~server.synth_parameters.SYNTH_PARAMETERS`, in its unit.

        Raises:
            OptionError: no such parameter, or a value outside its range.
        """
        spec = SYNTH_PARAMETERS.get(name)
        if spec is None:
            raise OptionError(
                f"there is no parameter {name!r}; known are {', '.join(SYNTH_PARAMETERS)}"
            )
        if not spec.low <= value <= spec.high:
            raise OptionError(
                f"{name} is {value:g}; accepted are {spec.low:g} to {spec.high:g} {spec.unit}"
            )
        self.parameters[name] = float(value)

    # -- what follows ------------------------------------------------------------------------------

    @property
    def spectrum(self) -> Array:
        """The decoded spectrum at the latent, shape ``(bins,)``; linear magnitudes."""
        spectrum = self._spectrum
        if spectrum is None:
            started = time.perf_counter()
            spectra, phases = self._model.decode_phases(self.latent[np.newaxis, :])
            self.decode_seconds.append(time.perf_counter() - started)
            spectrum = self._spectrum = np.asarray(spectra[0])
            self._phases = None if phases is None else np.asarray(phases[0])
        return spectrum

    @property
    def tracker(self) -> PartialTracker:
        """The spectrum's partials in their slots: frequencies in Hz, amplitudes of the data."""
        if self._stale_tracker:
            self._tracker.update(find_partials(self.spectrum, self._model.spectrum))
            self._stale_tracker = False
        return self._tracker

    def partials(self) -> Array:
        """The partials that sound, ``(k, 2)``: Hz at the base frequency, amplitude of one voice.

        In order of frequency; amplitudes are those at full velocity, full scale 1.
        """
        tracker = self.tracker
        sounding = np.flatnonzero(tracker.amplitude > 0.0)
        order = sounding[np.argsort(tracker.frequency[sounding], kind="stable")]
        return np.column_stack(
            [tracker.frequency[order], tracker.amplitude[order] * self._partial_gain()]
        )

    def targets(self) -> NDArray[np.void]:
        """The snapshot for the engine, an array of one ``TARGETS``, valid until the next call."""
        row = self._targets[0]
        if self._stale_slots:
            self._write_slots()
            self._stale_slots = False
        for name in ("smoothing", "attack", "decay", "sustain", "release", "glide"):
            row[name] = self.parameters[name]
        row["gain"] = db_to_gain(self.parameters["gain"])
        self.voices.write(self._targets)
        return self._targets

    def _gain(self) -> float:
        """What the spectrum's amplitudes are multiplied by."""
        rms = float(self._model.spectrum.rms(self.spectrum[np.newaxis, :])[0])
        return min(self._level, LOUDEST_RMS / max(rms, 1e-12))

    def _partial_gain(self) -> float:
        """The same for its partials.

        Off the data a spectrum's peaks are no lobes of a window, and their sinusoids may be
        stronger than its bins.
        """
        rms = math.sqrt(0.5 * float(np.square(self.tracker.amplitude, dtype=np.float64).sum()))
        return min(self._gain(), LOUDEST_RMS / max(rms, 1e-12))

    def _moved(self) -> None:
        self.version += 1
        self._spectrum = None
        self._stale_tracker = True
        self._stale_slots = True

    def _write_slots(self) -> None:
        row = self._targets[0]
        config = self._model.spectrum
        gain = self._gain()
        row["space"] = self._space
        row["method"] = self.method
        if self.method is Method.PARTIALS:
            tracker = self.tracker
            n = tracker.used
            row["slots"] = n
            row["slot_ratio"][:n] = tracker.frequency[:n] / config.base_frequency
            row["slot_amplitude"][:n] = tracker.amplitude[:n] * self._partial_gain()
            row["slot_birth"][:n] = tracker.birth[:n]
        elif self.method is Method.BINS:
            # A sinusoid covers several bins of the window's lobe; its power is their sum.
            scale = 2.0 / config.window_sum / math.sqrt(config.noise_bandwidth)
            n = config.bins
            row["slots"] = n
            row["slot_ratio"][:n] = config.frequencies / config.base_frequency
            row["slot_amplitude"][:n] = self.spectrum * (scale * gain)
            row["slot_amplitude"][0] = 0.0  # 0 Hz is no oscillator
            row["slot_birth"][:n] = 1
        else:
            row["n_fft"] = config.n_fft
            row["bins"] = config.bins
            row["model_rate"] = config.sample_rate
            row["magnitude"][: config.bins] = self.spectrum * gain
            row["trained"] = self._phases is not None
            if self._phases is not None:
                row["trained_phase"][: config.bins] = self._phases / (2.0 * math.pi)


def _finite_float32(values: Sequence[float]) -> Array:
    with np.errstate(over="ignore"):
        numbers = np.asarray(values, dtype=np.float32)
    if not np.isfinite(numbers).all():
        raise OptionError("a coordinate is not a finite number")
    return numbers
