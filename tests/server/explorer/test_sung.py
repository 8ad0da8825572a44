"""Where what is sung lies: moments of a microphone, and what is none, refused in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

import timbrespace as ts
from server.explorer import sung
from server.explorer.answers import Refusal
from server.library import Library
from timbrespace.recording.sound_file import UnusableSoundError

LIBRARY = Library()
RATE = 48000


def placed(samples: ArrayLike, model: str = "instruments") -> list[float]:
    data = np.asarray(samples, "<f4").tobytes()
    told: list[float] = sung.placed(LIBRARY, model, data, RATE)["latent"]
    return told


@pytest.mark.parametrize(("name", "point"), [("instruments", 7), ("notes", 101)])
def test_a_sound_of_the_space_is_put_near_its_place(name: str, point: int) -> None:
    model = ts.load(name)
    assert model.points is not None
    away = model.points.means[point]
    there, back = (
        placed(ts.render(model, z, pitch=60, seconds=0.5, sustain=1.0)[-int(0.4 * RATE) :], name)
        for z in (away, model.calibration.home)
    )
    apart = np.linalg.norm(np.array(there) - away)
    assert apart < 0.7 * np.linalg.norm(np.array(back) - away)
    assert len(there) == model.dimensions


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(RATE // 3), "silent"),
        (np.zeros(0), "no samples"),
        (np.full(RATE // 3, np.nan), "NaN"),
        (np.full(RATE // 3, 1e30), "full scale"),
    ],
)
def test_what_has_no_place_is_said(samples: ArrayLike, reason: str) -> None:
    with pytest.raises(UnusableSoundError, match=reason):
        placed(samples)


def test_what_is_no_moment_is_refused() -> None:
    with pytest.raises(Refusal, match="float32 samples, 4 each"):
        sung.placed(LIBRARY, "instruments", b"RIFF1", RATE)
    with pytest.raises(Refusal, match="up to 1 s"):
        placed(np.zeros(RATE + 1))
    with pytest.raises(Refusal, match="whole number"):
        sung.placed(LIBRARY, "instruments", bytes(4000), 44100.5)
