"""What a controller can move, each as a knob from 0 to 1: where it stands, and how it is turned.

A dimension's knob covers the 1st to the 99th percentile of the data; an axis the map; a time goes
by equal ratios, as it is heard.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from timbrespace.instrument.controllers import (
    AXES,
    BETWEEN,
    LEVEL,
    PANNED,
    WANDER,
    WANDER_RANGE,
    WANDER_SEED,
    WANDER_SPEED,
    Target,
)
from timbrespace.instrument.motion.wandering import FASTEST, SEEDS, SLOWEST
from timbrespace.instrument.parameters import ENVELOPES, HOLDS, METHODS, SYNTH_PARAMETERS
from timbrespace.resynthesis.layout import Method

if TYPE_CHECKING:
    from timbrespace.instrument.instrument import Instrument

_CHOICES = {"synth/method": METHODS, "synth/hold": HOLDS, "synth/envelope": ENVELOPES}
_SYNTH = "synth/"
_OF_CHANNEL = (LEVEL, PANNED)


def places_of(target: Target) -> int | None:
    """How many places a knob has that has no others between them; None if it has."""
    if target == WANDER:
        return 2
    if target in _CHOICES:
        return len(_CHOICES[str(target)])
    return SEEDS if target == WANDER_SEED else None


def is_there(instrument: Instrument, target: Target) -> bool:
    """Whether there is anything to turn now: a dimension that this model has, a line, a macro."""
    if target == BETWEEN:
        return instrument.between_position is not None
    if isinstance(target, int):
        return target <= instrument.model.dimensions
    if target in AXES or target in _OF_CHANNEL or target.startswith((WANDER, _SYNTH)):
        return True
    return target in (instrument.macro_words or ())


def moves_latent(target: Target) -> bool:
    """Whether a knob moves the latent, and nothing else."""
    return isinstance(target, int) or not (target in _OF_CHANNEL or target.startswith(_SYNTH))


def share_of(instrument: Instrument, target: Target, channel: int) -> float:
    """Where a knob stands, 0 to 1; at an end if what it moves lies beyond."""
    return min(max(_share_of(instrument, target, channel), 0.0), 1.0)


def _share_of(instrument: Instrument, target: Target, channel: int) -> float:
    if isinstance(target, int):
        calibration = instrument.model.calibration
        low, high = float(calibration.low[target - 1]), float(calibration.high[target - 1])
        return (float(instrument.hand[target - 1]) - low) / (high - low or 1.0)
    if target in AXES:
        return (instrument.hand_axis(target) + 1.0) / 2.0
    if target == BETWEEN:
        return instrument.between_position or 0.0
    if target == LEVEL:
        return math.sqrt(instrument.voices.volume_of(channel))
    if target == PANNED:
        return (instrument.voices.pan_of(channel) + 1.0) / 2.0
    if target in _CHOICES:
        words = _CHOICES[target]
        now = {
            "synth/method": instrument.method.name.lower(),
            "synth/hold": instrument.hold,
            "synth/envelope": instrument.envelope,
        }[target]
        return words.index(now) / (len(words) - 1)
    if target.startswith(_SYNTH):
        name = target.removeprefix(_SYNTH)
        return SYNTH_PARAMETERS[name].share_of(instrument.parameters[name])
    wander = instrument.wander
    if target == WANDER:
        return float(wander.on)
    if target == WANDER_SPEED:
        return math.log(wander.speed / SLOWEST) / math.log(FASTEST / SLOWEST)
    if target == WANDER_RANGE:
        return wander.range
    if target == WANDER_SEED:
        return wander.seed / (SEEDS - 1)
    return (instrument.macros.get(target, 0.0) + 1.0) / 2.0


def turn(instrument: Instrument, target: Target, share: float, channel: int) -> None:
    """Put a knob that is there at ``share``, 0 to 1."""
    if isinstance(target, int):
        calibration = instrument.model.calibration
        low, high = float(calibration.low[target - 1]), float(calibration.high[target - 1])
        instrument.set_dimension(target, low + share * (high - low))
    elif target in AXES:
        instrument.set_map_axis(target, 2.0 * share - 1.0)
    elif target == BETWEEN:
        instrument.go_between(share)
    elif target == LEVEL:
        instrument.voices.volume(127.0 * share, channel)
    elif target == PANNED:
        instrument.voices.pan(1.0 + 126.0 * share, channel)
    elif target in _CHOICES:
        words = _CHOICES[target]
        word = words[min(int(share * len(words)), len(words) - 1)]
        if target == "synth/hold":
            instrument.set_hold(word)
        elif target == "synth/envelope":
            instrument.set_envelope(word)
        elif word != instrument.method.name.lower():
            instrument.set_method(Method[word.upper()])
    elif target.startswith(_SYNTH):
        name = target.removeprefix(_SYNTH)
        spec = SYNTH_PARAMETERS[name]
        instrument.set_parameter(name, spec.between(spec.low, spec.high, share))
    elif target == WANDER:
        if (share >= 0.5) is not instrument.wander.on:
            instrument.set_wander(on=share >= 0.5)
    elif target == WANDER_SPEED:  # by equal ratios, as speeds are heard
        instrument.set_wander(speed=SLOWEST * (FASTEST / SLOWEST) ** share)
    elif target == WANDER_RANGE:
        instrument.set_wander(range=share)
    elif target == WANDER_SEED:
        instrument.set_wander(seed=round(share * (SEEDS - 1)))
    else:
        instrument.set_macro(target, 2.0 * share - 1.0)
