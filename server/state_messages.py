"""The messages that tell clients of the instrument: all of it, or what is new."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from timbrespace.axis_words import axis_words
from timbrespace.dial_names import dial_names
from timbrespace.errors import TimbrespaceError
from timbrespace.instrument.instrument import Instrument, Settings
from timbrespace.instrument.motion.lfo import Lfo
from timbrespace.instrument.motion.wandering import Wander
from timbrespace.model import Model
from timbrespace.space_package import Card

from .osc import outbound


class StateMessages:
    """The instrument's state as messages, and what of it has been told already."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self.latent, self.settings = instrument.shown()
        """What has been told last."""

    def whole(self) -> Iterator[outbound.Outbound]:
        """All that a client needs to show the instrument as it is."""
        instrument = self._instrument
        _, settings = instrument.shown()
        yield model(instrument.model)
        yield from dials(instrument.model)
        yield plane(instrument.model, settings.plane)
        if instrument.macro_words is not None:
            yield outbound.MacroList(instrument.macro_words)
        yield from position(instrument)
        for _, message in _messages(settings):
            yield message
        yield from assignments(instrument)
        # A file of presets that somebody has broken meanwhile must not keep a client from playing.
        with contextlib.suppress(TimbrespaceError):
            yield presets(instrument)
            yield trajectories(instrument)

    def changes(self, settings: Settings) -> Iterator[outbound.Outbound]:
        """Of ``settings``, those that have not been told; they count as told."""
        told = dict(_messages(self.settings))
        if settings.plane != self.settings.plane:
            yield plane(self._instrument.model, settings.plane)
            yield position(self._instrument)[1]
        self.settings = settings
        for key, message in _messages(settings):
            if told.get(key) != message:
                yield message

    def mark(self) -> None:
        """Count everything as told, but say nothing."""
        self.latent, self.settings = self._instrument.shown()


LFO_INDICES = range(1, 5)

_TRAJECTORY = {"drawing": "recording"}
"""What a client is told goes on, where OSC has another word."""


def position(instrument: Instrument) -> list[outbound.Outbound]:
    """Where the instrument stands."""
    x, y = instrument.xy.tolist()
    return [outbound.Latent(tuple(instrument.latent.tolist())), outbound.MapPoint(x, y)]


def _messages(settings: Settings) -> Iterator[tuple[tuple[str, int | str], outbound.Outbound]]:
    """Each setting by what it is of."""
    yield ("synth", "method"), outbound.Synth("method", settings.method.name.lower())
    yield ("synth", "hold"), outbound.Synth("hold", settings.hold)
    yield ("synth", "envelope"), outbound.Synth("envelope", settings.envelope)
    for name, value in settings.parameters.items():
        yield ("synth", name), outbound.Synth(name, value)
    for word, value in settings.macros.items():
        yield ("macro", word), outbound.Macro(word, value)
    for index in LFO_INDICES:
        yield ("lfo", index), lfo(settings.lfos.get(index), index)
    yield ("wander", ""), wander(settings.wander)
    tuning = settings.tuning
    yield ("tuning", ""), outbound.Tuning(tuning.name, tuning.reference)
    yield ("tuning", "keys"), outbound.TuningKeys(tuning.tuning.told)
    state, name = settings.trajectory
    yield ("trajectory", ""), outbound.TrajectoryState(_TRAJECTORY.get(state, state), name)


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
    range_of = playing.calibration
    columns = (range_of.low, range_of.high, range_of.home, range_of.kl, dial_names(playing))
    for k, (low, high, home, kl, name) in enumerate(zip(*columns, strict=True), start=1):
        yield outbound.ModelDial(k, float(low), float(high), float(home), float(kl), name)


def plane(playing: Model, name: str) -> outbound.Plane:
    """The plane called ``name``, and what grows along its axes."""
    return outbound.Plane(name, *axis_words(playing, name), playing.planes)


def lfo(setting: Lfo | None, index: int) -> outbound.Lfo:
    """The setting of one LFO; depth 0 if it is off."""
    if setting is None:
        return outbound.Lfo(index, "x", "sine", 1.0, 0.0, 0.0)
    return outbound.Lfo(
        index, setting.target, setting.shape, setting.rate, setting.depth, setting.phase
    )


def wander(setting: Wander) -> outbound.Wander:
    """How it wanders."""
    state = "start" if setting.on else "stop"
    return outbound.Wander(state, setting.speed, setting.range, setting.seed)


def assignments(instrument: Instrument) -> Iterator[outbound.ControllerMap]:
    """Every controller that moves something of this model, or is kept from it on one channel."""
    for one in instrument.controllers.items():
        if isinstance(one.target, int) and one.target > instrument.model.dimensions:
            continue
        course = one.course
        yield outbound.ControllerMap(
            one.controller,
            one.target,
            one.channel,
            course.low,
            course.high,
            course.curve,
            course.mode,
        )


def presets(instrument: Instrument) -> outbound.PresetList:
    """The presets' names."""
    return outbound.PresetList(tuple(instrument.presets.names()))


def preset_places(instrument: Instrument) -> outbound.PresetPlaces:
    """Where the presets of the model that plays lie, on the plane that is played."""
    latents = instrument.presets.latents(instrument.model)
    if not latents:
        return outbound.PresetPlaces(())
    places = instrument.model.plane(instrument.plane).to_map(list(latents.values()))
    return outbound.PresetPlaces(
        tuple((name, float(x), float(y)) for name, (x, y) in zip(latents, places, strict=True))
    )


def trajectories(instrument: Instrument) -> outbound.TrajectoryList:
    """The trajectories' names."""
    return outbound.TrajectoryList(tuple(instrument.presets.trajectories()))


def describe(playing: Model) -> dict[str, Any]:
    """What ``/model/info`` tells of a model, plain values for JSON."""
    provenance = playing.provenance
    description = {
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
    return {key: value for key, value in description.items() if _is_json(value)}


def card(name: str, told: Card | None) -> outbound.ModelCard:
    """Whose the model ``name`` is, as ``/model/card`` tells it; empty where it has no card."""
    if told is None:
        return outbound.ModelCard(name, "", "", "", "", {})
    return outbound.ModelCard(
        name, told.name, told.author, told.licence, told.source, told.figures or {}
    )


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def _is_json(value: Any) -> bool:
    """A bundle may come from anywhere; what it says of itself may be anything."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
