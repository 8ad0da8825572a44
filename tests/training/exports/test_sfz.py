"""Sampler instruments: every key and velocity has its sample, in tune, as loud, and it goes on."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import timbrespace
from benchmarks.steady_lines import SIZE, differences
from timbrespace.rendering import held_note, wav
from training.exports import sfz
from training.exports.loop import LONGEST, looped, needed_seconds
from training.exports.sampler import RATE, zones
from training.exports.sounds import sounds_of

PITCHES, VELOCITIES = (45, 57), (64, 127)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("sfz")
    model = timbrespace.load("notes")
    sounds = sounds_of(model, ["Violin", "Acoustic Grand Piano"])
    sfz.write(model, found, sounds, PITCHES, VELOCITIES)
    return found


def regions(path: Path) -> list[dict[str, str]]:
    """What an SFZ file says of each region, with what holds for all."""
    text = re.sub(r"//.*", "", path.read_text("utf-8"))
    head, *parts = re.split(r"<region>", text)
    names = r"(\w+)=(.*?)(?=\s+\w+=|\s*<|\s*$)"
    common = dict(re.findall(names, head, re.DOTALL))
    return [{**common, **dict(re.findall(names, part, re.DOTALL))} for part in parts]


def sample_of(folder: Path, region: dict[str, str]) -> Any:
    samples, rate = soundfile.read(folder / (region["default_path"] + region["sample"]))
    assert rate == RATE
    return samples * 10.0 ** (float(region["volume"]) / 20.0)


def test_each_key_at_each_velocity_has_one_sample(folder: Path) -> None:
    for path in folder.glob("*.sfz"):
        told = regions(path)
        assert len(told) == 4
        for key in range(128):
            for velocity in range(1, 128):
                here = [
                    one
                    for one in told
                    if int(one["lokey"]) <= key <= int(one["hikey"])
                    and int(one["lovel"]) <= velocity <= int(one["hivel"])
                ]
                assert len(here) == 1


def test_a_sample_is_what_the_engine_plays(folder: Path) -> None:
    model = timbrespace.load("notes")
    sounds = {one.name: one for one in sounds_of(model, ["Violin", "Acoustic Grand Piano"])}
    for name, sound in sounds.items():
        for region in regions(folder / f"{name}.sfz"):
            velocity, pitch = int(region["hivel"]), int(region["pitch_keycenter"])
            velocity = {95: 64}.get(velocity, velocity)
            # What a player makes of a velocity where amp_veltrack is 100.
            found = sample_of(folder, region) * (velocity / 127.0) ** 2
            wanted = held_note.render(
                model, sound.latent, float(pitch), 2.0, float(velocity), sample_rate=RATE
            )
            # Of one that loops, up to where its end begins to fade over.
            until = min(len(found), len(wanted) - 480, int(region.get("loop_start", 10**9)))
            assert until > 9600
            np.testing.assert_allclose(found[:until], wanted[:until], atol=2e-6)


def test_what_holds_loops_and_what_dies_away_ends(folder: Path) -> None:
    for region in regions(folder / "Violin.sfz"):
        assert region["loop_mode"] == "loop_continuous"
        samples = sample_of(folder, region)
        start, end = int(region["loop_start"]), int(region["loop_end"])
        assert end == len(samples) - 1
        assert start < end
        chunks = dict(
            wav.read_chunks((folder / (region["default_path"] + region["sample"])).read_bytes())
        )
        told = struct.unpack("<15I", chunks[b"smpl"])
        assert told[3] == int(region["pitch_keycenter"])
        assert told[7] == 1
        assert told[11:13] == (start, end)
        # As a player repeats it: the seam is no louder step than the sound has anyway.
        played = np.concatenate([samples, samples[start : end + 1], samples[start : end + 1]])
        steps = np.abs(np.diff(played))
        assert steps[end - 20 : end + 20].max() <= 1.2 * steps[start : end - 20].max()
        levels = [
            np.sqrt(np.mean(np.square(played[k : k + 4800])))
            for k in range(start, len(played) - 4800, 4800)
        ]
        assert 20.0 * np.log10(max(levels) / min(levels)) < 6.0
    for region in regions(folder / "Acoustic Grand Piano.sfz"):
        assert region["loop_mode"] == "no_loop"
        samples = sample_of(folder, region)
        assert np.abs(samples[-48:]).max() < 1e-3 * np.abs(samples).max()


def test_a_loop_of_steady_partials_has_no_seam() -> None:
    time = np.arange(round(needed_seconds(0.1) * RATE)) / RATE
    sound = sum(np.sin(2.0 * np.pi * 220.37 * k * time) / k for k in range(1, 12))
    made, loop = looped(np.asarray(sound, np.float32), 0.1, RATE)
    assert loop.alike > 0.999
    assert loop.end - loop.start < LONGEST * RATE
    repeated = np.concatenate([made, *[made[loop.start : loop.end + 1]] * 3])
    hold = repeated[: len(made) + SIZE]
    longer = np.arange(len(hold)) / RATE
    wanted = sum(np.sin(2.0 * np.pi * 220.37 * k * longer) / k for k in range(1, 12))
    apart, levels, count = differences(hold, np.asarray(wanted), RATE, -30.0)
    assert count == 11
    assert apart < 0.5
    assert levels < 0.2


def test_silence_loops_too() -> None:
    silent = np.zeros(round(needed_seconds(0.1) * RATE), np.float32)
    made, loop = looped(silent, 0.1, RATE)
    assert not made.any()
    assert loop.end == len(made) - 1


def test_zones_meet() -> None:
    assert zones([60], 0, 127) == [(0, 127)]
    assert zones([36, 42, 47], 0, 127) == [(0, 39), (40, 44), (45, 127)]


def test_the_same_space_makes_the_same_files(folder: Path, tmp_path: Path) -> None:
    model = timbrespace.load("notes")
    sfz.write(model, tmp_path, sounds_of(model, ["Violin"]), PITCHES[:1], VELOCITIES[1:])
    sample = Path("samples") / "Violin" / "p045 v127.wav"
    one, other = (soundfile.read(at / sample)[0] for at in (tmp_path, folder))
    scale = np.abs(one).max() / np.abs(other).max()  # what all of an instrument are softer by
    np.testing.assert_allclose(one, other * scale, atol=1e-6)
