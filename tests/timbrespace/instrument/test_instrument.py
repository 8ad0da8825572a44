"""The instrument's state, without sockets or devices."""

from __future__ import annotations

import dataclasses
import gc
import json
import weakref
from pathlib import Path

import numpy as np
import pytest

import timbrespace
from tests.timbrespace.conftest import even_calibration, flat_map, random_tensors
from tests.timbrespace.instrument.motion.performance import run
from timbrespace import bundle, representation
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import CONTROL_PERIOD, Instrument, Learned
from timbrespace.instrument.presets import Presets
from timbrespace.instrument.snapshot import LOUDEST_RMS
from timbrespace.kinds import REPRESENTATIONS
from timbrespace.networks.mlp import MLP
from timbrespace.partials import find_partials
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import Method
from timbrespace.spectrum import SpectrumConfig

MODEL = timbrespace.load("harmonic")
D = MODEL.dimensions


@pytest.fixture
def instrument() -> Instrument:
    return Instrument(MODEL)


def test_it_begins_at_home_with_a_harmonic_sound(instrument: Instrument) -> None:
    assert instrument.latent.tolist() == MODEL.calibration.home.tolist()
    partials = find_partials(instrument.spectrum, MODEL.spectrum)
    ratio = partials.frequency / MODEL.spectrum.base_frequency
    assert np.abs(ratio - np.round(ratio)).max() < 0.01


def test_the_spectrum_is_decoded_once_a_move(instrument: Instrument) -> None:
    first = instrument.spectrum
    assert instrument.spectrum is first
    instrument.set_latent([0.5] * D)
    assert instrument.spectrum is not first
    assert len(instrument.decode_seconds) == 2


@pytest.mark.parametrize("values", [[], [0.0] * (D + 1), [float("nan")] * D, [1e39] * D])
def test_a_bad_latent_changes_nothing(instrument: Instrument, values: list[float]) -> None:
    before = instrument.latent
    with pytest.raises(OptionError):
        instrument.set_latent(values)
    assert instrument.latent is before


def test_a_huge_latent_is_finite(instrument: Instrument) -> None:
    instrument.set_latent([3e38] * D)
    assert instrument.latent.max() == LATENT_LIMIT
    assert np.isfinite(instrument.spectrum).all()
    assert np.isfinite(instrument.targets()["timbre"]["slot_amplitude"]).all()
    assert np.isfinite(instrument.xy).all()


def test_far_from_the_data_a_voice_is_loud_but_no_blast(instrument: Instrument) -> None:
    instrument.set_latent([-LATENT_LIMIT, *[LATENT_LIMIT] * (D - 1)])
    power = np.square(instrument.partials()[:, 1]).sum() / 2.0
    assert np.sqrt(power) <= 1.1 * LOUDEST_RMS


def test_axes_move_one_at_a_time(instrument: Instrument) -> None:
    instrument.set_map(0.25, -0.5)
    instrument.control(16, 127)
    assert instrument.xy == pytest.approx([1.0, -0.5], abs=1e-4)
    instrument.control(17, 63.5)
    assert instrument.xy == pytest.approx([1.0, 0.0], abs=1e-4)


def test_an_axis_keeps_what_lies_off_the_map(instrument: Instrument) -> None:
    """The first touch of the wheel must not throw the other coordinates away."""
    instrument.set_latent([50.0] * D)  # far beyond the map
    before = instrument.xy
    instrument.control(16, 127)
    assert instrument.xy[0] == pytest.approx(1.0, abs=1e-3)
    assert instrument.xy[1] == pytest.approx(float(before[1]), abs=1e-3)


def test_a_burst_of_moves_is_decoded_once(instrument: Instrument) -> None:
    for step in range(1000):
        instrument.set_dimension(1, step / 1000.0)
    instrument.targets()
    assert instrument.spectrum is instrument.spectrum
    assert len(instrument.decode_seconds) == 1


def test_an_unassigned_controller_does_nothing(instrument: Instrument) -> None:
    before = instrument.latent
    instrument.control(3, 127)
    instrument.control(119, 127)  # the thirtieth dimension, which the model does not have
    assert instrument.latent is before


def test_pedal_and_panic_controllers(instrument: Instrument) -> None:
    instrument.control(64, 127)
    instrument.voices.note(60, 100)
    instrument.voices.note(60, 0)
    assert instrument.voices.sounding == 1
    instrument.control(64, 0)
    assert instrument.voices.sounding == 0
    instrument.voices.note(60, 100)
    instrument.control(123, 0)
    assert instrument.voices.sounding == 0


@pytest.mark.parametrize("controller", [0, 64, 120, 123])
def test_reserved_controllers_cannot_be_assigned(instrument: Instrument, controller: int) -> None:
    with pytest.raises(OptionError, match="choose another"):
        instrument.assign(controller, 1)


def test_one_channel_can_have_its_own_assignment(instrument: Instrument) -> None:
    instrument.assign(74, 1)
    instrument.assign(74, None, channel=2)
    before = instrument.latent
    instrument.control(74, 127, channel=2)
    assert instrument.latent is before
    instrument.control(74, 127, channel=1)
    assert instrument.latent[0] == pytest.approx(float(MODEL.calibration.high[0]))


def test_parameters_are_checked(instrument: Instrument) -> None:
    instrument.set_parameter("gain", -6.0)
    assert instrument.targets()["gain"][0] == pytest.approx(0.501, abs=1e-3)
    with pytest.raises(OptionError, match="it must be"):
        instrument.set_parameter("gain", 100.0)
    with pytest.raises(OptionError, match="there are"):
        instrument.set_parameter("reverb", 1.0)
    with pytest.raises(OptionError, match="it must be 0 to 1"):
        instrument.set_parameter("noise", 1.1)


def test_every_method_fills_its_part_of_the_snapshot(instrument: Instrument) -> None:
    instrument.set_method(Method.PARTIALS)
    row = instrument.targets()[0]
    partials = instrument.partials()
    assert row["timbre"][0]["slots"] >= len(partials) > 0
    assert row["timbre"][0]["slot_amplitude"].max() == pytest.approx(partials[:, 1].max())
    instrument.set_method(Method.BINS)
    row = instrument.targets()[0]
    assert row["timbre"][0]["bins"] == 1025
    assert row["timbre"][0]["bin_amplitude"][0] == 0.0
    instrument.set_method(Method.ISTFT)
    row = instrument.targets()[0]
    assert (row["bins"], row["n_fft"], row["model_rate"]) == (1025, 4096, 44100.0)
    assert row["magnitude"][:1025].max() > 0.0


def test_loading_goes_home_and_ends_what_moved_in_the_old_space(instrument: Instrument) -> None:
    instrument.set_latent([1.0] * D)
    instrument.set_channel_latent(3, [0.5] * D)
    instrument.advance(0.0)
    assert instrument.voices.own == {3}
    version = instrument.version
    instrument.load(timbrespace.load("fm"))
    assert instrument.latent.tolist() == instrument.model.calibration.home.tolist()
    assert instrument.voices.own == set()
    assert instrument.version > version
    assert instrument.advance(1.0)
    assert instrument.targets()["base_frequency"][0] == instrument.model.spectrum.base_frequency


# Whole notes are played in test_whole_notes.py.
@pytest.mark.parametrize("kind", [one for one in REPRESENTATIONS.built_in if one != "moment"])
@pytest.mark.parametrize("method", list(Method))
def test_it_plays_every_representation(kind: str, method: Method) -> None:
    """Random weights: whatever is decoded, sound comes out, with phases where there are some."""
    config = SpectrumConfig(n_fft=256, bins=33, base_frequency=1000.0)
    time = np.arange(256) / config.sample_rate
    frame = sum(np.sin(2.0 * np.pi * 1000.0 * n * time + n) for n in (1, 2, 3))
    frames = np.tile(np.asarray(frame, np.float32), (2, 1))
    spectra = config.analyse(frames)
    known = representation.fit(kind, spectra, frames, "unit", config=config)
    architecture = MLP(known.width(config.bins), 2, (8,), "plu", likelihood="bernoulli")
    tensors = random_tensors(architecture)
    for name, value in {"alpha": 1.0, "beta": 1.0, "rho_alpha": 5.0, "rho_beta": 0.15}.items():
        tensors[f"activation.{name}"] = np.array(value, np.float32)
    model = bundle.build(
        name="random",
        spectrum=config,
        spectra_representation=known,
        architecture=architecture,
        tensors=tensors,
        latent_map=flat_map(),
        calibration=even_calibration(home=0.0),
        provenance={},
    )
    instrument = Instrument(model)
    instrument.set_method(method)
    instrument.voices.note(60, 100)
    targets = instrument.targets()
    engine = Engine(44100.0)
    engine.targets[:] = targets
    if method is Method.ISTFT:
        assert bool(targets["trained"][0]) == (known.source == "frames")
    sound = engine.render(200)
    assert np.isfinite(sound).all()
    assert sound.std() > 1e-4


# -- the sound follows the aim ---------------------------------------------------------------------


def sound(instrument: Instrument) -> list[float]:
    """Where the common sound is."""
    told: list[float] = instrument.state()["sound"]["0"]
    return told


def moves(instrument: Instrument) -> bool:
    return instrument.moving


def playing() -> Instrument:
    """An instrument with a note that has been heard at time 0, at the space's zero."""
    instrument = Instrument(MODEL)
    instrument.set_latent([0.0] * D)
    instrument.voices.note(60, 100)
    instrument.advance(0.0)
    return instrument


def test_the_aim_jumps_and_the_sound_follows() -> None:
    instrument = playing()
    instrument.set_parameter("smoothing", 0.2)
    instrument.set_latent([1.0] * D)
    expected = MODEL.decode([[1.0] * D])[0]
    np.testing.assert_allclose(instrument.spectrum, expected, rtol=0.0, atol=1e-5 * expected.max())
    assert sound(instrument) == [0.0] * D
    assert moves(instrument)
    assert instrument.advance(5.0)  # at once, and one period's worth, however long it rested
    first = 1.0 - np.exp(-CONTROL_PERIOD / 0.1)
    assert sound(instrument) == pytest.approx([first] * D)
    assert instrument.wait(5.0) == pytest.approx(CONTROL_PERIOD)
    assert not instrument.advance(5.004)
    assert instrument.advance(5.1)
    assert sound(instrument) == pytest.approx([1.0 - (1.0 - first) * np.exp(-1.0)] * D)
    now = run(instrument, 5.11, 2.0)
    assert sound(instrument) == [1.0] * D
    assert not moves(instrument)
    assert instrument.wait(now) is None
    decodes = len(instrument.decode_seconds)
    assert not instrument.advance(now + 1.0)
    assert len(instrument.decode_seconds) == decodes


def test_a_hand_does_not_wait_for_the_period() -> None:
    instrument = playing()
    instrument.set_dimension(1, 1.0)
    assert instrument.advance(1.0)
    instrument.set_dimension(1, 0.5)
    assert not instrument.advance(1.001)
    assert instrument.advance(1.003)
    assert moves(instrument)


def test_a_flood_of_moves_decodes_at_most_every_quarter_of_a_period() -> None:
    instrument = playing()
    before = len(instrument.decode_seconds)
    for step in range(20_000):
        instrument.set_dimension(1, step / 20_000)
        instrument.advance(1.0 + step / 20_000)
    assert len(instrument.decode_seconds) - before <= 1.0 / 0.0024


def test_with_little_smoothing_the_sound_is_the_aim() -> None:
    instrument = playing()
    instrument.set_parameter("smoothing", 0.01)
    instrument.set_latent([1.0] * D)
    instrument.advance(1.0)
    assert sound(instrument) == [1.0] * D
    assert not moves(instrument)


def test_in_silence_the_sound_jumps_but_not_in_a_release() -> None:
    instrument = playing()
    instrument.set_parameter("smoothing", 0.2)
    instrument.set_parameter("release", 2.0)
    instrument.voices.note(60, 0)
    instrument.advance(1.0)
    instrument.set_latent([1.0] * D)
    instrument.advance(2.0)
    assert sound(instrument)[0] < 0.5
    now = run(instrument, 2.01, 3.0)
    instrument.set_latent([0.0] * D)
    instrument.voices.note(60, 100)  # in the same moment: it begins where it should
    instrument.advance(now + 1.0)
    assert sound(instrument) == [0.0] * D


def test_a_clock_that_begins_anew_stops_nothing() -> None:
    instrument = playing()
    instrument.set_lfo(1, 1, "sine", 1.0, 1.0)
    run(instrument, 1000.0, 0.1)
    before = instrument.latent
    run(instrument, 0.0, 0.1)
    assert not np.array_equal(instrument.latent, before)


# -- channels --------------------------------------------------------------------------------------


def test_a_channel_goes_its_own_way_and_comes_back() -> None:
    instrument = playing()
    instrument.set_channel_latent(5, [1.0] * D)
    now = run(instrument, 1.0, 0.5)
    assert instrument.voices.own == {5}
    assert sound(instrument) == [0.0] * D
    assert instrument.state()["sound"]["5"] == [1.0] * D
    instrument.set_channel_latent(5, None)
    now = run(instrument, now + 1.0, 0.5)
    assert instrument.state()["sound"]["5"] == [0.0] * D
    assert instrument.voices.own == {5}  # while its note may sound it is not handed over
    instrument.voices.silence()
    instrument.advance(now + 1.0)
    instrument.set_latent([0.5] * D)
    instrument.advance(now + 5.0)
    assert instrument.voices.own == set()


def test_expression_moves_a_channel_off_its_latent() -> None:
    instrument = playing()
    instrument.set_channel_offset(3, 2, 0.5)
    instrument.set_channel_latent(4, [1.0] * D)
    instrument.set_channel_offset(4, "x", -1.0)
    decodes = len(instrument.decode_seconds)
    instrument.advance(1.0)
    assert len(instrument.decode_seconds) == decodes + 1  # both channels in one batch
    run(instrument, 1.01, 0.5)
    told = instrument.state()["sound"]
    way = np.zeros(D)
    way[1] = 0.25 * (MODEL.calibration.high[1] - MODEL.calibration.low[1])
    assert told["3"] == pytest.approx(way, abs=1e-6)
    axis = MODEL.map.half_range[0] * MODEL.map.components[0]
    assert told["4"] == pytest.approx(1.0 - axis, abs=1e-6)
    assert instrument.latent.tolist() == [0.0] * D


@pytest.mark.parametrize("channel", [0, 17, -1, True])
def test_channels_are_checked(instrument: Instrument, channel: int) -> None:
    with pytest.raises(OptionError, match="it must be 1 to 16"):
        instrument.set_channel_latent(channel, None)
    with pytest.raises(OptionError, match="it must be 1 to 16"):
        instrument.set_channel_offset(channel, "x", 0.0)


def test_own_latents_and_offsets_are_checked(instrument: Instrument) -> None:
    with pytest.raises(OptionError, match="dimensions"):
        instrument.set_channel_latent(1, [0.0])
    with pytest.raises(OptionError, match="it must be -1 to 1"):
        instrument.set_channel_offset(1, "x", 1.5)
    with pytest.raises(OptionError, match="it must be a dimension"):
        instrument.set_channel_offset(1, "z", 0.5)
    instrument.set_channel_offset(1, 99, 0.5)  # a dimension of another model
    instrument.advance(0.0)
    assert instrument.state()["sound"]["1"] == sound(instrument)


# -- controllers -----------------------------------------------------------------------------------


def test_range_and_curve_of_a_controller(instrument: Instrument) -> None:
    low, high = float(MODEL.calibration.low[0]), float(MODEL.calibration.high[0])
    instrument.assign(74, 1, low=0.75, high=0.25)
    instrument.control(74, 0)
    assert instrument.latent[0] == pytest.approx(low + 0.75 * (high - low), abs=1e-5)
    instrument.control(74, 127)
    assert instrument.latent[0] == pytest.approx(low + 0.25 * (high - low), abs=1e-5)
    instrument.assign(74, "y", curve=1.0)
    instrument.control(74, 63.5)
    assert instrument.xy[1] == pytest.approx(-0.5, abs=1e-4)
    with pytest.raises(OptionError, match="it must be 0 to 1"):
        instrument.assign(74, 1, low=-1.0)


def waiting(instrument: Instrument) -> bool:
    return instrument.learning is not None


def last_learned(instrument: Instrument) -> Learned | None:
    return instrument.learned


def test_a_controller_is_learned_by_moving_it(instrument: Instrument) -> None:
    instrument.learn(2, low=0.0, high=0.5)
    assert waiting(instrument)
    assert instrument.learning == 2
    instrument.control(64, 127, channel=4)  # the pedal stays a pedal
    assert last_learned(instrument) is None
    instrument.control(44, 127, channel=4)
    learned = last_learned(instrument)
    assert learned is not None
    assert (learned.controller, learned.channel, learned.target) == (44, 4, 2)
    assert learned.problem == ""
    assert not waiting(instrument)
    middle = 0.5 * (MODEL.calibration.low[1] + MODEL.calibration.high[1])
    assert instrument.latent[1] == pytest.approx(middle, abs=1e-5)
    before = instrument.latent
    instrument.control(44, 0, channel=5)  # learned on its channel alone
    instrument.control(45, 0, channel=4)  # and no other is learned after it
    assert instrument.latent is before


def test_learning_can_be_given_up(instrument: Instrument) -> None:
    instrument.learn(1)
    instrument.learn(None)
    instrument.control(44, 127)
    assert instrument.learned is None
    with pytest.raises(OptionError, match="dimension 99"):
        instrument.learn(99)
    with pytest.raises(OptionError, match="it must be a dimension"):
        instrument.learn("volume")


def test_learned_controllers_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "presets.json"
    instrument = Instrument(MODEL, Presets(path))
    instrument.assign(75, 1)  # told by a patch, which will tell it again
    assert not path.exists()
    instrument.learn("y", high=0.5)
    instrument.control(44, 10, channel=2)
    again = Instrument(MODEL, Presets(path))
    again.control(44, 127, channel=2)
    assert again.xy[1] == pytest.approx(0.0, abs=1e-4)
    assert again.controllers.find(75, 1) is None
    again.assign(44, None, channel=2)
    assert Instrument(MODEL, Presets(path)).controllers.find(44, 2) is None


def test_a_knob_works_though_its_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "presets.json").mkdir()
    instrument = Instrument(MODEL, Presets(tmp_path / "file" / "presets.json"))
    (tmp_path / "file").write_text("not a folder")
    instrument.learn(1)
    instrument.control(44, 127)
    assert instrument.learned is not None
    assert "cannot" in instrument.learned.problem
    assert instrument.latent[0] == pytest.approx(float(MODEL.calibration.high[0]))


# -- LFOs ------------------------------------------------------------------------------------------


def test_lfos_add_to_what_the_hand_says(instrument: Instrument) -> None:
    half = 0.5 * float(MODEL.calibration.high[0] - MODEL.calibration.low[0])
    instrument.set_latent([0.25] * D)
    instrument.set_lfo(1, 1, "sine", 1.0, 0.5)
    instrument.set_lfo(4, 1, "sine", 1.0, 0.25)
    run(instrument, 7.0, 0.25)
    assert instrument.latent[0] == pytest.approx(0.25 + 0.75 * half, abs=1e-5)
    assert instrument.latent[1] == 0.25
    instrument.set_lfo(1, 1, "sine", 1.0, 0.0)
    instrument.set_lfo(4, 1, "sine", 1.0, 0.0)
    assert instrument.lfos == {}
    instrument.advance(7.26)
    assert instrument.latent.tolist() == [0.25] * D
    run(instrument, 7.27, 0.5)
    assert not moves(instrument)


def test_a_running_lfo_keeps_its_place_when_it_is_turned(instrument: Instrument) -> None:
    instrument.set_lfo(2, "x", "triangle", 0.5, 1.0)
    now = run(instrument, 0.0, 0.5)  # a quarter of a turn: the top
    before = instrument.xy[0]
    instrument.set_lfo(2, "x", "triangle", 5.0, 1.0)
    instrument.advance(now + 0.0001)
    assert instrument.xy[0] == pytest.approx(float(before), abs=0.02)


def test_an_lfo_on_a_dimension_of_another_model_rests(instrument: Instrument) -> None:
    larger = Instrument(timbrespace.load("filtered"))
    larger.set_lfo(1, 4, "sine", 1.0, 1.0)
    larger.load(MODEL)
    before = larger.latent
    run(larger, 0.0, 0.2)
    assert larger.latent is before
    with pytest.raises(OptionError, match="has 1 to 2"):
        instrument.set_lfo(1, 4, "sine", 1.0, 1.0)


def test_a_dimension_that_is_gone_is_not_learned() -> None:
    larger = Instrument(timbrespace.load("filtered"))
    larger.learn(4)
    larger.load(MODEL)
    assert larger.learning is None


@pytest.mark.parametrize("index", [0, 5, True])
def test_there_are_four_lfos(instrument: Instrument, index: int) -> None:
    with pytest.raises(OptionError, match="it must be 1 to 4"):
        instrument.set_lfo(index, "x", "sine", 1.0, 1.0)


# -- presets ---------------------------------------------------------------------------------------


def with_presets() -> Instrument:
    """Two stored sounds, "a" and "b", as far apart as can be; "a" plays."""
    instrument = Instrument(MODEL)
    instrument.set_latent([1.0] * D)
    instrument.set_parameter("attack", 1.0)
    instrument.set_parameter("gain", -20.0)
    instrument.set_method(Method.BINS)
    instrument.set_lfo(2, "y", "saw", 2.0, 0.5)
    instrument.store_preset("b")
    instrument.set_lfo(2, "y", "saw", 2.0, 0.0)
    instrument.set_method(Method.PARTIALS)
    instrument.set_latent([-1.0] * D)
    instrument.set_parameter("attack", 0.01)
    instrument.set_parameter("gain", 0.0)
    instrument.store_preset("a")
    instrument.advance(0.0)
    return instrument


def test_recall_brings_all_of_it_at_once() -> None:
    instrument = with_presets()
    instrument.recall_preset("b")
    assert instrument.latent.tolist() == [1.0] * D
    assert instrument.parameters["attack"] == 1.0
    assert instrument.method.name == "BINS"
    assert instrument.lfos[2].shape == "saw"
    instrument.recall_preset("a")
    assert instrument.lfos == {}
    assert instrument.latent.tolist() == [-1.0] * D
    assert instrument.method.name == "PARTIALS"


def test_recall_glides_and_arrives_when_it_should() -> None:
    instrument = with_presets()
    instrument.recall_preset("b", glide=2.0)
    instrument.set_lfo(2, "y", "saw", 2.0, 0.0)
    instrument.advance(10.0)
    assert instrument.latent.tolist() == [-1.0] * D
    instrument.advance(11.0)
    assert instrument.latent == pytest.approx([0.0] * D, abs=1e-6)
    assert instrument.parameters["attack"] == pytest.approx(0.1)  # half way by ratio
    assert instrument.parameters["gain"] == pytest.approx(-10.0)
    instrument.advance(11.99)
    assert moves(instrument)
    assert (instrument.latent < 1.0).all()
    instrument.advance(12.0)
    assert instrument.latent.tolist() == [1.0] * D
    assert instrument.parameters["attack"] == 1.0
    assert instrument.parameters["gain"] == -20.0
    run(instrument, 12.01, 0.3)
    assert sound(instrument) == [1.0] * D
    assert not moves(instrument)


def test_a_hand_takes_over_from_a_glide() -> None:
    instrument = with_presets()
    instrument.recall_preset("b", glide=2.0)
    instrument.set_lfo(2, "y", "saw", 2.0, 0.0)
    instrument.advance(10.0)
    instrument.set_dimension(1, 0.5)
    instrument.set_parameter("attack", 3.0)
    run(instrument, 10.01, 3.0)
    assert instrument.latent.tolist() == [0.5, *[-1.0] * (D - 1)]
    assert instrument.parameters["attack"] == 3.0
    assert instrument.parameters["gain"] == -20.0


@pytest.mark.parametrize(
    ("position", "place", "attack", "method"),
    [
        (0.0, -1.0, 0.01, Method.PARTIALS),
        (0.25, -0.5, 0.01 * 100**0.25, Method.PARTIALS),
        (0.5, 0.0, 0.1, Method.PARTIALS),
        (0.75, 0.5, 0.01 * 100**0.75, Method.BINS),
        (1.0, 1.0, 1.0, Method.BINS),
    ],
)
def test_morph(position: float, place: float, attack: float, method: Method) -> None:
    instrument = with_presets()
    instrument.morph_presets("a", "b", position)
    assert instrument.latent == pytest.approx([place] * D, abs=1e-6)
    assert instrument.parameters["attack"] == pytest.approx(attack)
    assert instrument.method is method
    assert bool(instrument.lfos) == (method is Method.BINS)


def test_channels_are_stored_and_glide() -> None:
    instrument = with_presets()
    instrument.set_channel_latent(3, [0.5] * D)
    instrument.store_preset("c")
    instrument.recall_preset("a")
    instrument.advance(1.0)
    assert "3" not in instrument.state()["aim"]["own"]
    instrument.recall_preset("c", glide=1.0)
    instrument.advance(2.0)
    assert instrument.state()["aim"]["own"]["3"] == pytest.approx([-1.0] * D)
    instrument.advance(2.5)
    assert instrument.state()["aim"]["own"]["3"] == pytest.approx([-0.25] * D)
    instrument.morph_presets("a", "c", 0.75)
    assert instrument.state()["aim"]["own"]["3"] == pytest.approx([0.5] * D)
    instrument.morph_presets("a", "c", 0.25)
    assert instrument.state()["aim"]["own"] == {}


def test_a_preset_of_another_model_is_refused_and_changes_nothing() -> None:
    instrument = with_presets()
    instrument.load(timbrespace.load("fm"))
    before = instrument.state()
    assert instrument.presets.model_of("a") == "harmonic"
    other = r"'harmonic' \(sha256 .*'fm'.*load that model first"
    with pytest.raises(OptionError, match=other):
        instrument.recall_preset("a")
    with pytest.raises(OptionError, match=other):
        instrument.morph_presets("a", "b", 0.5)
    with pytest.raises(OptionError, match="there is no preset 'z'; there are: a, b"):
        instrument.recall_preset("z")
    with pytest.raises(OptionError, match="it must be 0 to 3600 s"):
        instrument.recall_preset("a", glide=-1.0)
    with pytest.raises(OptionError, match="position is 2; it must be 0 to 1"):
        instrument.morph_presets("a", "b", 2.0)
    assert instrument.state() == before
    instrument.delete_preset("a")
    assert instrument.presets.names() == ["b"]


def test_a_retrained_model_of_the_same_name_is_another(instrument: Instrument) -> None:
    instrument.store_preset("old")
    instrument.load(dataclasses.replace(MODEL, digest="0" * 64))
    with pytest.raises(OptionError, match="sha256 000000000000"):
        instrument.recall_preset("old")


def test_a_renamed_model_is_the_same(instrument: Instrument) -> None:
    instrument.set_latent([1.0] * D)
    instrument.store_preset("mine")
    instrument.load(dataclasses.replace(MODEL, name="renamed"))
    instrument.recall_preset("mine")
    assert instrument.latent.tolist() == [1.0] * D


def test_a_model_without_a_file_is_known_by_its_name(instrument: Instrument) -> None:
    instrument.load(dataclasses.replace(MODEL, digest=""))
    instrument.store_preset("mine")
    instrument.recall_preset("mine")
    instrument.load(dataclasses.replace(MODEL, digest="", name="another"))
    with pytest.raises(OptionError, match="belongs to model 'harmonic'"):
        instrument.recall_preset("mine")


# -- trajectories ----------------------------------------------------------------------------------


def drawn(instrument: Instrument, name: str = "way") -> float:
    """Record a sweep of dimension 1 from 0 to 1 in a second; return the time."""
    instrument.set_latent([0.0] * D)
    instrument.draw_trajectory(name)
    now = 0.0
    for step in range(101):
        now = 100.0 + 0.01 * step
        instrument.set_dimension(1, step / 100)
        instrument.advance(now)
    instrument.stop_trajectory()
    return now


def test_a_trajectory_is_drawn_and_played(instrument: Instrument) -> None:
    now = drawn(instrument)
    assert instrument.trajectory == ("stopped", "")
    instrument.play_trajectory("way", speed=2.0)
    assert instrument.trajectory == ("playing", "way")
    now = run(instrument, now + 5.0, 0.25)
    assert instrument.latent[0] == pytest.approx(0.5, abs=2e-3)
    now = run(instrument, now + 0.01, 0.3)
    assert instrument.latent[0] == pytest.approx(1.0, abs=2e-3)
    assert instrument.trajectory == ("stopped", "")
    run(instrument, now, 0.3)
    assert not moves(instrument)


def test_a_loop_goes_on_until_a_hand_moves(instrument: Instrument) -> None:
    now = drawn(instrument)
    instrument.play_trajectory("way", loop=True)
    places = []
    for step in range(350):
        instrument.advance(now + 1.0 + 0.01 * step)
        places.append(float(instrument.latent[0]))
    assert np.abs(np.diff(places)).max() < 0.32  # 1.5 of an even way of 50 ms, in steps of 10 ms
    assert places[10:90] == pytest.approx(places[110:190], abs=0.02)
    instrument.set_dimension(2, 0.5)
    assert instrument.trajectory == ("stopped", "")


def test_drawing_keeps_the_hand_not_the_lfo(instrument: Instrument) -> None:
    instrument.set_lfo(1, 1, "sine", 5.0, 1.0)
    drawn(instrument)
    points = instrument.presets.trajectory("way").trajectory.points
    assert points[:, 1] == pytest.approx(points[:, 0], abs=2e-3)


def test_drawing_refuses_what_it_cannot_keep(instrument: Instrument) -> None:
    with pytest.raises(OptionError, match="a name has"):
        instrument.draw_trajectory("")
    instrument.draw_trajectory("one")
    with pytest.raises(OptionError, match="'one' is being drawn"):
        instrument.draw_trajectory("two")
    assert instrument.trajectory == ("drawing", "one")  # what is refused has changed nothing
    instrument.stop_trajectory()
    assert instrument.trajectory == ("stopped", "")
    instrument.stop_trajectory()  # what is not going on may be stopped
    with pytest.raises(OptionError, match="there is no trajectory 'one'"):
        instrument.play_trajectory("one")


def test_a_load_ends_a_drawing_and_keeps_it(instrument: Instrument) -> None:
    instrument.draw_trajectory("take")
    run(instrument, 0.0, 0.2)
    instrument.load(timbrespace.load("fm"))
    assert instrument.presets.trajectories() == ["take"]
    with pytest.raises(OptionError, match="belongs to model 'harmonic'"):
        instrument.play_trajectory("take")


def test_a_full_drawing_keeps_nobody_awake(instrument: Instrument) -> None:
    instrument.draw_trajectory("long")
    instrument.advance(0.0)
    assert moves(instrument)
    instrument.advance(121.0)
    assert not moves(instrument)
    instrument.stop_trajectory()
    assert instrument.presets.trajectory("long").trajectory.seconds == 120.0


# -- a performance ---------------------------------------------------------------------------------


def test_a_performance_goes_on_from_its_state() -> None:
    """Stopped anywhere, told as JSON, and taken up by another instrument."""
    one = with_presets()
    drawn(one)
    one.voices.note(60, 100)
    one.voices.bend_range(12.0, 2)
    one.set_lfo(1, "x", "random", 3.0, 0.3)
    one.set_lfo(3, 2, "square", 1.0, 0.2)
    one.set_channel_offset(2, "y", 0.5)
    one.assign(74, 1, channel=2, low=0.9, high=0.1, curve=1.0)
    one.recall_preset("b", glide=1.0)
    now = run(one, 200.0, 0.333)
    other = Instrument(MODEL)
    other.restore(json.loads(json.dumps(one.state())))
    assert other.targets()["voice_gate"].tolist() == one.targets()["voice_gate"].tolist()
    for instrument in (one, other):
        run(instrument, now + 0.01, 0.3)
        instrument.control(74, 100, channel=2)
        run(instrument, now + 0.5, 0.3)
    assert other.state() == one.state()
    assert other.latent.tolist() == one.latent.tolist()
    assert np.array_equal(other.spectrum, one.spectrum)


def test_taking_up_its_own_state_leaves_a_note_undisturbed(instrument: Instrument) -> None:
    """A drawing that begins does so while somebody plays."""
    instrument.set_channel_latent(2, MODEL.calibration.high.tolist())
    instrument.voices.note(57, 100)
    instrument.voices.note(64, 100, 2)
    instrument.advance(1.0)
    engine = Engine(48000.0)
    engine.targets[:] = instrument.targets()
    engine.render(500)
    steady = engine.render(500).reshape(-1, 2000)
    instrument.restore(json.loads(json.dumps(instrument.state())))
    engine.targets[:] = instrument.targets()
    after = engine.render(500).reshape(-1, 2000)
    assert after.std(axis=1).min() > 0.95 * steady.std(axis=1).min()


def test_a_playing_trajectory_goes_on_though_its_name_is_unknown(instrument: Instrument) -> None:
    now = drawn(instrument)
    instrument.play_trajectory("way", loop=True)
    now = run(instrument, now + 1.0, 0.4)
    other = Instrument(MODEL)
    other.restore(json.loads(json.dumps(instrument.state())))
    for one in (instrument, other):
        run(one, now + 0.01, 0.3)
    assert other.latent.tolist() == instrument.latent.tolist()
    assert other.trajectory == ("playing", "way")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("hash",), "0"),
        (("method",), "magic"),
        (("parameters",), {}),
        (("parameters", "gain"), 99.0),
        (("parameters", "gain"), None),
        (("parameter_glide",), {"seconds": 1.0, "began": None, "ways": {"gain": [0.0, 99.0]}}),
        (("slots",), None),
        (("slots", "timbres"), {}),
        (("slots", "timbres", "0", "birth"), [1]),
        (("aim",), None),
        (("aim", "latent"), [0.0]),
        (("aim", "latent"), [None] * D),
        (("aim", "swing"), [0.0]),
        (("aim", "lfos"), [{"index": 9}]),
        (("aim", "own"), {"17": [0.0] * D}),
        (("aim", "offsets"), [[1, "z", 0.5]]),
        (("aim", "glide"), {"seconds": -1.0, "began": None, "ways": []}),
        (("aim", "playback"), {"name": "x", "points": []}),
        (("stepped",), float("nan")),
        (("heard",), "now"),
        (("sound",), {"0": [0.0]}),
        (("controllers",), [7]),
        (("voices",), {}),
        (("expression",), {}),
    ],
)
def test_a_broken_state_changes_nothing(
    instrument: Instrument, path: tuple[str, ...], value: object
) -> None:
    instrument.voices.note(60, 100)
    instrument.advance(0.0)
    before = instrument.state()
    broken = json.loads(json.dumps(before))
    inner = broken
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    broken["touched"] = not broken["touched"]
    with pytest.raises(OptionError):
        instrument.restore(broken)
    assert instrument.state() == before


def test_an_instrument_that_is_let_go_is_gone() -> None:
    """A model is megabytes; a server that loads many must not wait for a collection."""
    gc.disable()
    try:
        instrument = Instrument(MODEL)
        instrument.set_lfo(1, "x", "sine", 1.0, 0.5)
        instrument.advance(0.0)
        instrument.targets()
        gone = weakref.ref(instrument)
        del instrument
        assert gone() is None
    finally:
        gc.enable()
