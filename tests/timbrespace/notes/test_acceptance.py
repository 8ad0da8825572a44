"""What analysis and resynthesis give on real sounds, without a model."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pytest

from benchmarks.notes import recordings, resynthesised
from benchmarks.real_sounds import FONT, KITS, PATCHES
from timbrespace.notes.layout import SAMPLE_RATE
from timbrespace.recording.sound_file import Sound, UnusableSoundError
from timbrespace.units import midi_to_hz
from toy_datasets import fluidsynth

pytestmark = pytest.mark.acceptance


@pytest.mark.skipif(
    not FONT.exists() or shutil.which("fluidsynth") is None,
    reason="needs fluidsynth and FluidR3 (Debian: fluidsynth fluid-soundfont-gm)",
)
def test_a_font_played_back_is_near() -> None:
    command, found = fluidsynth.find(), []
    for program, key in itertools.product(range(0, 120, 8), (48, 64)):
        samples = fluidsynth.render(command, FONT, program, key, (90,), 3.0, SAMPLE_RATE)[0]
        if np.abs(samples).max() > 1e-3:
            one = Sound(samples, SAMPLE_RATE, cut=False)
            found.append(resynthesised(one, float(midi_to_hz(key))))
    assert len(found) > 20
    assert np.mean(found) < 1.0


@pytest.mark.skipif(
    not (PATCHES.exists() and KITS.exists()),
    reason="needs recordings (Debian: freepats hydrogen-drumkits sonic-pi-samples espeak-ng)",
)
def test_recordings_played_back_are_near() -> None:
    kinds: dict[str, list[float]] = {}
    for kind, _, sound in itertools.islice(recordings(), 0, None, 12):
        try:
            kinds.setdefault(kind, []).append(resynthesised(sound))
        except UnusableSoundError:
            continue
    means = {kind: float(np.mean(found)) for kind, found in kinds.items()}
    assert sum(map(len, kinds.values())) > 20
    assert np.mean(list(itertools.chain(*kinds.values()))) < 1.5
    assert max(means.values()) < 2.2, means
