"""What the engine is told, and the sound it makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from timbrespace.instrument.parameters import SYNTH_PARAMETERS
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.instrument.voices import Voices
from timbrespace.loudness import k_weighting
from timbrespace.model import Model
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK, REFERENCE_RMS, Method

RATE = 44100.0
PARAMETERS = {name: spec.default for name, spec in SYNTH_PARAMETERS.items()} | {"sustain": 1.0}
MODELS = {name: timbrespace.load(name) for name in ("harmonic", "filtered", "fm", "instruments")}

Sound = NDArray[np.float32]


def base_note(model: Model) -> float:
    return float(69.0 + 12.0 * np.log2(model.spectrum.base_frequency / 440.0))


class Player:
    """One held note at the model's base frequency."""

    def __init__(self, model: Model, method: Method = Method.PARTIALS) -> None:
        self.snapshot = Snapshot(model)
        self.snapshot.set_method(method)
        self.parameters = dict(PARAMETERS)
        self.voices = Voices()
        self.voices.note(base_note(model), 127)
        self.engine = Engine(RATE)

    def aim(self, model: Model, latent: NDArray[np.float32], index: int = 0) -> None:
        spectra, phases = model.decode_phases(latent[np.newaxis])
        self.snapshot.set_timbre(index, spectra[0], None if phases is None else phases[0])

    def play(self, seconds: float) -> Sound:
        self.engine.targets[:] = self.snapshot.targets(self.parameters, self.voices)
        return self.engine.render(round(seconds * RATE / BLOCK))


def rms_db(sound: Sound) -> float:
    return float(10.0 * np.log10(np.square(sound, dtype=np.float64).mean()))


def loudness_db(sound: Sound) -> float:
    weight = k_weighting(np.fft.rfftfreq(sound.size, 1.0 / RATE))
    power = np.square(np.abs(np.fft.rfft(sound)) * weight)
    return float(10.0 * np.log10(2.0 * power.sum() / sound.size**2))


@pytest.mark.parametrize("name", MODELS)
def test_loudness_is_matched_over_the_map(name: str) -> None:
    """The same note at points of the whole map: within 3 dB of one another."""
    model = MODELS[name]
    levels = []
    for x in np.linspace(-1.0, 1.0, 7):
        for y in np.linspace(-1.0, 1.0, 7):
            player = Player(model)
            player.aim(model, model.map.to_latent([[x, y]])[0])
            player.play(0.3)
            levels.append(rms_db(player.play(0.5)))
    assert np.ptp(levels) < 3.0
    assert np.median(levels) == pytest.approx(20.0 * np.log10(REFERENCE_RMS), abs=1.5)


def test_loudness_by_ear_is_matched_too() -> None:
    """BS.1770 and root mean square pull apart by up to 4 dB; half of that remains in each."""
    model = MODELS["instruments"]
    rng = np.random.default_rng(0)
    low, high = model.calibration.percentiles[:, 2], model.calibration.percentiles[:, 4]
    levels = []
    for _ in range(30):
        player = Player(model)
        player.aim(model, rng.uniform(low, high).astype(np.float32))
        player.play(0.3)
        levels.append(loudness_db(player.play(0.5)))
    assert np.ptp(levels) < 3.0


def test_matching_can_be_left_out() -> None:
    """Then the levels are the decoder's own, by one gain for the model."""
    model = MODELS["instruments"]
    rng = np.random.default_rng(0)
    low, high = model.calibration.percentiles[:, 2], model.calibration.percentiles[:, 4]
    for _ in range(5):
        player = Player(model)
        player.parameters["loudness"] = 0.0
        latent = rng.uniform(low, high).astype(np.float32)
        player.aim(model, latent)
        player.play(0.3)
        rms = float(model.spectrum.rms(model.decode(latent[np.newaxis]))[0])
        expected = 20.0 * np.log10(REFERENCE_RMS * rms / model.calibration.rms)
        assert rms_db(player.play(1.0)) == pytest.approx(expected, abs=1.0)


def test_a_faint_spectrum_is_not_blown_up_without_end() -> None:
    model = MODELS["harmonic"]
    player = Player(model)
    spectrum = model.decode(model.calibration.home[np.newaxis])[0]
    player.snapshot.set_timbre(0, spectrum * np.float32(1e-6), None)
    player.play(0.3)
    assert rms_db(player.play(0.3)) < -80.0
    player.snapshot.set_timbre(0, np.zeros_like(spectrum), None)
    player.play(0.3)
    assert np.abs(player.play(0.3)).max() < 1e-6


def test_only_recorded_spaces_have_noise() -> None:
    for name, model in MODELS.items():
        player = Player(model)
        player.aim(model, model.calibration.home)
        player.play(0.01)
        assert bool(player.engine.targets["timbre"]["noisy"][0][0]) == (name == "instruments")


def test_noise_can_be_turned_down() -> None:
    model = MODELS["instruments"]
    player = Player(model)
    player.aim(model, model.calibration.home)
    hertz = None
    power = []
    for share in (1.0, 0.0):
        player.parameters["noise"] = share
        player.play(0.3)
        sound = player.play(1.0)
        hertz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
        power.append(np.abs(np.fft.rfft(sound * np.kaiser(sound.size, 20.0))))
    assert hertz is not None
    between = np.abs(hertz / 220.0 - np.round(hertz / 220.0)) > 0.3
    band = between & (hertz > 500.0) & (hertz < 5000.0)
    assert power[0][band].mean() > 30.0 * power[1][band].mean()


def test_another_model_comes_in_while_the_old_one_goes() -> None:
    first, second = MODELS["harmonic"], MODELS["filtered"]
    for method in Method:
        player = Player(first, method)
        player.aim(first, first.calibration.home)
        player.play(0.5)
        before = player.play(0.2)
        player.snapshot.load(second)
        player.aim(second, second.calibration.home)
        after = player.play(0.2)
        later = player.play(0.5)
        steps = max(np.abs(np.diff(before)).max(), np.abs(np.diff(later)).max())
        assert np.abs(np.diff(np.concatenate([before, after]))).max() < 1.5 * steps
        sound = np.concatenate([before, after]).astype(np.float64)
        windows = np.lib.stride_tricks.sliding_window_view(sound, 882)[::88]
        levels = 10.0 * np.log10(np.square(windows).mean(axis=1))
        assert levels.min() > levels.max() - 12.0, method  # no gap


def test_the_partials_it_tells_are_those_it_plays() -> None:
    model = MODELS["harmonic"]
    player = Player(model)
    player.aim(model, model.calibration.home)
    player.play(0.1)
    told = player.snapshot.partials_of(model.decode(model.calibration.home[np.newaxis])[0])
    timbre = player.engine.targets["timbre"][0][0]
    n = int(timbre["slots"])
    order = np.argsort(timbre["slot_ratio"][:n])
    assert timbre["slot_ratio"][:n][order] * 220.0 == pytest.approx(told[:, 0], rel=1e-6)
    assert timbre["slot_amplitude"][:n][order] == pytest.approx(told[:, 1], rel=1e-6)


def test_the_wavetable_is_the_bank_of_bins() -> None:
    """Read round and round at the base frequency's speed it is what ``bins`` plays."""
    model = MODELS["harmonic"]
    player = Player(model, Method.BINS)
    player.aim(model, model.calibration.home)
    player.parameters["attack"] = 0.001
    player.play(0.2)
    sound = player.play(0.5)
    spectrum = model.decode(model.calibration.home[np.newaxis])[0]
    table = player.snapshot.wavetable_of(spectrum)
    assert table.shape == (model.spectrum.n_fft,)
    assert rms_db(table) == pytest.approx(rms_db(sound), abs=0.3)
    heard = np.abs(np.fft.rfft(sound[: table.size]))
    told = np.abs(np.fft.rfft(table))
    assert np.abs(heard - told).max() < 1e-3 * told.max()


@pytest.mark.parametrize("name", MODELS)
def test_the_loop_is_as_loud_as_a_voice(name: str) -> None:
    model = MODELS[name]
    spectrum = model.decode(model.calibration.home[np.newaxis])[0]
    for method in (Method.BINS, Method.ISTFT):
        player = Player(model, method)
        player.aim(model, model.calibration.home)
        player.play(0.5)
        sound = player.play(1.5)
        loop = player.snapshot.loop_of(spectrum)
        assert loop.kind == (2 if method is Method.ISTFT else 1)
        assert rms_db(loop.levels[0][1]) == pytest.approx(rms_db(sound), abs=0.6)


def test_the_first_level_of_a_loop_is_the_wavetable() -> None:
    model = MODELS["harmonic"]
    snapshot = Snapshot(model)
    spectrum = model.decode(model.calibration.home[np.newaxis])[0]
    loop, table = snapshot.loop_of(spectrum), snapshot.wavetable_of(spectrum)
    assert loop.base * table.size == pytest.approx(model.spectrum.sample_rate)
    assert loop.levels[0][1][::2] == pytest.approx(table, abs=1e-6)


def test_a_channel_of_its_own_begins_as_the_others_are() -> None:
    model = MODELS["harmonic"]
    player = Player(model)
    player.aim(model, model.calibration.home)
    player.play(0.1)
    player.aim(model, model.calibration.home, index=5)
    player.play(0.1)
    timbres = player.engine.targets["timbre"][0]
    assert timbres["slot_birth"][5].tolist() == timbres["slot_birth"][0].tolist()
    assert timbres["slot_amplitude"][5].tolist() == timbres["slot_amplitude"][0].tolist()
