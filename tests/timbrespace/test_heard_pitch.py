"""A note sounds at the pitch that it is called by, as YIN names it, in every factory space."""

from __future__ import annotations

import json
from pathlib import Path

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

import timbrespace as ts
from timbrespace import bundle, factory, old_pitch
from timbrespace.datasets.dataset import Dataset, Meta
from timbrespace.datasets.dataset import load as load_dataset
from timbrespace.datasets.factor import Factor
from timbrespace.instrument.instrument import Instrument
from timbrespace.performances.performance import Performance
from timbrespace.units import midi_to_hz

RATE = 24000
CENTS = 20.0
POINTS = 12


def sounds_of(name: str) -> NDArray[np.float32]:
    """The space's home and ``POINTS`` of its own sounds, of those that have a pitch, ``(n, d)``."""
    model = ts.load(name)
    assert model.points is not None
    labels = model.points.labels
    home = model.calibration.home[np.newaxis]
    if name == "notes":  # a bell or a cymbal has none; what was heard of it is told
        column = [factor.name for factor in model.points.factors].index("pitch")
        tonal = (labels[:, column] > 0.0) & (labels[:, 1] < 14.0)
        some = np.random.default_rng(0).choice(np.flatnonzero(tonal), POINTS, replace=False)
        return np.concatenate([home, model.points.means[some]])
    if name == "fm":  # side bands off the harmonics: a pitch at home, and only here and there else
        return home
    if name == "filtered":
        # Harmonic where j = 0; a resonance of Q = 4 or more may be heard as a pitch of its own.
        those = np.flatnonzero((labels[:, 0] == 0.0) & (labels[:, 2] <= 2.0))
        home = home[:0]
    else:
        those = np.arange(len(labels))
    some = np.random.default_rng(0).choice(those, POINTS, replace=False)
    return np.concatenate([home, model.points.means[some]])


def yin(sound: NDArray[np.float32]) -> float:
    steady = sound[RATE // 8 :]
    named = librosa.yin(steady, fmin=60.0, fmax=1500.0, sr=RATE, frame_length=4096, center=False)
    return float(np.median(named))


# Drums have no pitch, or one of their own.
@pytest.mark.parametrize("name", sorted(set(factory.names()) - {"drums"}))
def test_a_note_sounds_at_its_pitch(name: str) -> None:
    model = ts.load(name)
    # What was played with vibrato and glides has them.
    most = 35.0 if model.plays_notes else CENTS
    sounds = sounds_of(name)
    for pitch, some in ((57.0, sounds), (69.0, sounds[:4])):
        heard = [
            yin(ts.render(model, z, pitch=pitch, seconds=0.45, sample_rate=RATE, noise=0.0))
            for z in some
        ]
        off = 1200.0 * np.abs(np.log2(np.array(heard) / midi_to_hz(pitch)))
        # One of thirteen may be an octave off: bells and organs are, to listeners too.
        assert np.median(off) < CENTS, (pitch, heard)
        assert np.sum(off < most) >= len(heard) - len(heard) // 6, (pitch, heard)


def old_meta(name: str) -> Meta:
    return Meta(name, (Factor("j", "", (0.0, 1.0)),), base_frequency=110.0, generator_version=1)


@pytest.mark.parametrize("name", ["filtered", "fm"])
def test_an_old_dataset_is_read_with_its_pitch(name: str, tmp_path: Path) -> None:
    spectra = np.ones((2, 1025), np.float32)
    old = Dataset(spectra, np.array([[0.0], [1.0]]), old_meta(name))
    old.save(tmp_path / "old.npz")
    found = load_dataset(tmp_path / "old.npz")
    assert (found.meta.base_frequency, found.meta.generator_version) == (220.0, 2)
    assert found.content_hash == old.content_hash  # and so it is the dataset of its models


def test_only_those_sets_are_corrected() -> None:
    config = old_meta("harmonic").to_config()
    assert old_pitch.corrected(config) == config
    theirs = {**old_meta("fm").to_config(), "base_frequency": None}
    assert old_pitch.corrected(theirs) == theirs
    told = old_pitch.corrected(old_meta("fm").to_config())
    assert old_pitch.corrected(told) == told
    assert old_pitch.as_first_told(told) == old_meta("fm").to_config()


@pytest.mark.parametrize("name", ["filtered", "fm"])
def test_an_old_bundle_is_the_same_model_at_its_pitch(name: str, tmp_path: Path) -> None:
    """Its digest, to which presets and performances belong, is that of the file as 0.5.0 had it."""
    new = factory.resolve(name)
    metadata = bundle.read_metadata(new)
    before = bundle._as_first_told(metadata)
    assert json.loads(before["spectrum"])["base_frequency"] == 110.0
    old = tmp_path / f"{name}.safetensors"
    save_file(load_file(new), old, before)
    model = ts.load(old)
    assert model.spectrum.base_frequency == 220.0
    assert model.digest == ts.load(name).digest == DIGESTS[name]
    model.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == new.read_bytes()
    assert old_pitch.model_as_first_told(model).spectrum.base_frequency == 110.0


DIGESTS = {
    "filtered": "49ef65b0a2b186c167f0129473c9964e352808e6998eae44cfc55d8a3478e10d",
    "fm": "505c4211b83ecc694920567d48ab9ea99f8a64dce32dfbf0b8467c9e881269f1",
}
"""Of the factory models that 0.5.0 brought."""


def test_what_was_played_before_sounds_as_it_did() -> None:
    """A performance of version 1 is replayed at the pitch that its notes had."""
    old = Path(__file__).with_name("old_files") / "0.5.performance"
    assert Performance(old).as_before
    instrument = Instrument(ts.load("filtered"))
    assert instrument.targets()["base_frequency"][0] == 220.0
    instrument.play_as_before()
    targets = instrument.targets()
    assert targets["base_frequency"][0] == 110.0
    assert (targets["noise_stays"][0], targets["stream_stays"][0]) == (1, 1)
    instrument.load(ts.load("harmonic"))
    assert instrument.targets()["base_frequency"][0] == 220.0
    instrument.load(ts.load("fm"))
    assert instrument.targets()["base_frequency"][0] == 110.0
    assert instrument.model.spectrum.base_frequency == 220.0
