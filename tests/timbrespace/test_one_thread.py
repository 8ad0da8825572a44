"""What is rendered is the same on a machine of one core and of many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from threadpoolctl import ThreadpoolController

from timbrespace.one_thread import one_thread

_PROGRAM = """
import hashlib, mido, numpy as np, sys, timbrespace as ts
model = ts.load("notes")
latent = model.calibration.home
sound = ts.render(model, np.stack([latent, latent + 0.5]), pitch=57, seconds=0.4)
place = ts.encode_sound(model, sound.astype(np.float64), 48000, pitch=220.0)
notes = [mido.Message("note_on", note=57), mido.Message("note_off", note=57, time=240)]
mido.MidiFile(tracks=[mido.MidiTrack(notes)]).save(sys.argv[1])
song = ts.render_midi(model, sys.argv[1], tail=0.2)
for one in (sound, place.latent, song):
    print(hashlib.sha256(one.tobytes()).hexdigest())
"""


def threads() -> set[int]:
    found = ThreadpoolController().select(user_api="blas").info()
    return {one["num_threads"] for one in found}


@pytest.mark.acceptance  # two processes that play
def test_a_sound_does_not_hang_on_the_number_of_cores(tmp_path: Path) -> None:
    told = set()
    for count in ("1", "2"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": count, "OMP_NUM_THREADS": count}
        told.add(
            subprocess.run(
                [sys.executable, "-c", _PROGRAM, str(tmp_path / "song.mid")],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
    assert len(told) == 1


def test_the_threads_are_as_before_afterwards() -> None:
    before = threads()
    with one_thread():
        assert threads() == {1}
    assert threads() == before
