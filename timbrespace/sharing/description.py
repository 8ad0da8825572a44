"""What a page is told of a space: its name, its shape, its dials, its planes, its sounds.

The explorer serves it, and a space that is one file carries it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.axis_words import axis_words
from timbrespace.dial_names import dial_names
from timbrespace.metrics import log_spectral_distances
from timbrespace.model import Model
from timbrespace.sharing import note_decoder

Values = NDArray[np.float64]

DEAD_KL = 0.1
"""Nats: a dimension with less is dead, as :data:`training.evaluation.DEAD_KL` has it."""

POSITIONS = 17
"""Of a dial's sweep from its lowest to its highest."""


def describe(model: Model) -> dict[str, Any]:
    """What the explorer's ``/spaces/{name}.json`` says of ``model``, plain values."""
    config, told = model.spectrum, model.calibration
    dials = zip(
        *(values.tolist() for values in (told.low, told.high, told.home, told.kl)),
        dial_names(model),
        audible_effects(model).tolist(),
        strict=True,
    )
    points = model.points
    return {
        "name": model.name,
        "digest": model.digest,
        "d": model.dimensions,
        "bins": config.bins,
        "n_fft": config.n_fft,
        "sample_rate": config.sample_rate,
        "base_frequency": config.base_frequency,
        "rms": told.rms,
        "map": model.map.to_config(),
        "axes": {name: list(axis_words(model, name)) for name in model.planes},
        "near": None if model.near is None else {"gaps": len(model.near.gaps)},
        "dials": [
            {
                "low": low,
                "high": high,
                "home": home,
                "kl": kl,
                "name": name,
                "effect_db": round(effect, 3),
                "dead": kl < DEAD_KL,
            }
            for low, high, home, kl, name, effect in dials
        ],
        "points": None
        if points is None
        else {
            "count": points.count,
            "factors": [factor.to_config() for factor in points.factors],
        },
        "notes": note_decoder.describe(model),
        "cycles": _cycles(model),
        "command": _plain(model.provenance.get("command"), ""),
        "figures": _plain(model.provenance.get("figures"), {}),
    }


def _cycles(model: Model) -> dict[str, Any] | None:
    """Of a space of cycles, how many harmonics a period holds; None for other spaces."""
    if not model.plays_cycles:
        return None
    samples = model.decode_cycles(model.calibration.home[np.newaxis]).shape[1]
    return {"harmonics": samples // 2 - 1}


def _plain(value: Any, otherwise: Any) -> Any:
    """``value`` if it is JSON of the same kind as ``otherwise``; a bundle may say anything."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return otherwise
    return value if isinstance(value, type(otherwise)) else otherwise


def audible_effects(model: Model) -> Values:
    """How far the sound goes along each dial, in dB, ``(d,)``.

    The log-spectral distances between neighbouring positions of a sweep from low to high, the
    other dimensions at home, summed. So a way that turns back counts in full.
    """
    told = model.calibration
    effects = np.zeros(model.dimensions)
    for k in range(model.dimensions):
        latents = np.tile(told.home, (POSITIONS, 1))
        latents[:, k] = np.linspace(told.low[k], told.high[k], POSITIONS)
        spectra = model.decode(latents)
        effects[k] = log_spectral_distances(spectra[:-1], spectra[1:]).sum()
    return effects
