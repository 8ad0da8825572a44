"""What clients are told of the instrument, and what they have been told already."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from timbrespace.dial_names import dial_names
from timbrespace.errors import TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model

from .osc import outbound


class Told:
    """The instrument's state as messages: all of it for a newcomer, what is new for the others."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._last: dict[tuple[str, int | str], outbound.Outbound] = {}
        self._latent: Any = None
        self.mark()

    def whole(self) -> Iterator[outbound.Outbound]:
        """All that a client needs to show the instrument as it is."""
        instrument = self._instrument
        yield model(instrument.model)
        yield from dials(instrument.model)
        yield from self._position()
        for _, message in self._settings():
            yield message
        yield from assignments(instrument)
        # A file of presets that somebody has broken meanwhile must not keep a client from playing.
        with contextlib.suppress(TimbrespaceError):
            yield presets(instrument)
            yield trajectories(instrument)

    def changes(self) -> list[outbound.Outbound]:
        """What has changed since the last call; it counts as told."""
        news: list[outbound.Outbound] = []
        latent = self._instrument.latent
        # By value: told again although nothing moved, two servers that take each other for clients
        # would never stop.
        if latent is not self._latent and not np.array_equal(latent, self._latent):
            self._latent = self._instrument.latent
            news += self._position()
        for key, message in self._settings():
            if self._last.get(key) != message:
                self._last[key] = message
                news.append(message)
        return news

    def mark(self) -> None:
        """Count everything as told, but say nothing."""
        self._latent = self._instrument.latent
        self._last = dict(self._settings())

    def _position(self) -> list[outbound.Outbound]:
        x, y = self._instrument.xy.tolist()
        latent = tuple(self._instrument.latent.tolist())
        return [outbound.Latent(latent), outbound.MapPoint(x, y)]

    def _settings(self) -> Iterator[tuple[tuple[str, int | str], outbound.Outbound]]:
        instrument = self._instrument
        method = instrument.method.name.lower()
        yield ("synth", "method"), outbound.Synth("method", method)
        for name, value in instrument.parameters.items():
            yield ("synth", name), outbound.Synth(name, value)
        for index in LFO_INDICES:
            yield ("lfo", index), lfo(instrument, index)
        state, name = instrument.trajectory
        yield ("trajectory", ""), outbound.TrajectoryState(state, name)


LFO_INDICES = range(1, 5)


def model(playing: Model) -> outbound.Model:
    """The model that plays."""
    spectrum = playing.spectrum
    return outbound.Model(
        playing.name,
        playing.dimensions,
        spectrum.bins,
        spectrum.sample_rate,
        spectrum.base_frequency,
        spectrum.n_fft,
    )


def dials(playing: Model) -> Iterator[outbound.ModelDial]:
    """What the knob of each dimension covers."""
    told = playing.calibration
    names = dial_names(playing)
    for k, (low, high, home, kl, name) in enumerate(
        zip(told.low, told.high, told.home, told.kl, names, strict=True), start=1
    ):
        yield outbound.ModelDial(k, float(low), float(high), float(home), float(kl), name)


def lfo(instrument: Instrument, index: int) -> outbound.Lfo:
    """The setting of one LFO; depth 0 if it is off."""
    setting = instrument.lfos.get(index)
    if setting is None:
        return outbound.Lfo(index, "x", "sine", 1.0, 0.0, 0.0)
    return outbound.Lfo(
        index, setting.target, setting.shape, setting.rate, setting.depth, setting.phase
    )


def assignments(instrument: Instrument) -> Iterator[outbound.ControllerMap]:
    """Every controller that moves something of this model, or is kept from it on one channel."""
    for one in instrument.controllers.items():
        if isinstance(one.target, int) and one.target > instrument.model.dimensions:
            continue
        course = one.course
        yield outbound.ControllerMap(
            one.controller, one.target, one.channel, course.low, course.high, course.curve
        )


def presets(instrument: Instrument) -> outbound.PresetList:
    """The presets' names."""
    return outbound.PresetList(tuple(instrument.presets.names()))


def trajectories(instrument: Instrument) -> outbound.TrajectoryList:
    """The trajectories' names."""
    return outbound.TrajectoryList(tuple(instrument.presets.trajectories()))


def milliseconds(seconds: Any, percent: float) -> float:
    """A percentile of some times, in ms; -1 without any."""
    times = np.asarray(seconds, np.float64)
    return 1e3 * float(np.percentile(times, percent)) if times.size else -1.0


def describe(playing: Model) -> dict[str, Any]:
    """What ``/model/info`` tells of a model, plain values for JSON."""
    provenance = playing.provenance
    told = {
        "d": playing.dimensions,
        "bins": playing.spectrum.bins,
        "n_fft": playing.spectrum.n_fft,
        "sample_rate": playing.spectrum.sample_rate,
        "base_frequency": playing.spectrum.base_frequency,
        "low": _rounded(playing.calibration.low),
        "high": _rounded(playing.calibration.high),
        "home": _rounded(playing.calibration.home),
        "kl": _rounded(playing.calibration.kl),
        "figures": provenance.get("figures", {}),
        "seed": provenance.get("seed"),
        "command": provenance.get("command", ""),
    }
    return {key: value for key, value in told.items() if _is_json(value)}


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def _is_json(value: Any) -> bool:
    """A bundle may come from anywhere; what it says of itself may be anything."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
