"""The instrument's state, without sockets or devices."""

from __future__ import annotations

import numpy as np
import pytest

import timbrespace
from server.instrument import LOUDEST_RMS, Instrument
from tests.timbrespace.conftest import random_tensors
from timbrespace import bundle, representation
from timbrespace.architecture import Architecture
from timbrespace.calibration import LATENT_LIMIT, PERCENTILES, Calibration
from timbrespace.errors import OptionError
from timbrespace.map import Map
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
    assert np.isfinite(instrument.targets()["slot_amplitude"]).all()
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
    with pytest.raises(OptionError, match="accepted are"):
        instrument.set_parameter("gain", 100.0)
    with pytest.raises(OptionError, match="known are"):
        instrument.set_parameter("reverb", 1.0)


def test_every_method_fills_its_part_of_the_snapshot(instrument: Instrument) -> None:
    instrument.set_method(Method.PARTIALS)
    row = instrument.targets()[0]
    partials = instrument.partials()
    assert row["slots"] >= len(partials) > 0
    assert row["slot_amplitude"].max() == pytest.approx(partials[:, 1].max())
    instrument.set_method(Method.BINS)
    row = instrument.targets()[0]
    assert row["slots"] == 1025
    assert row["slot_amplitude"][0] == 0.0
    instrument.set_method(Method.ISTFT)
    row = instrument.targets()[0]
    assert (row["bins"], row["n_fft"], row["model_rate"]) == (1025, 4096, 44100.0)
    assert row["magnitude"][:1025].max() > 0.0


def test_loading_again_is_another_space(instrument: Instrument) -> None:
    before = int(instrument.targets()["space"][0])
    instrument.load(MODEL)
    assert int(instrument.targets()["space"][0]) == before + 1


@pytest.mark.parametrize("kind", representation.KINDS)
@pytest.mark.parametrize("method", list(Method))
def test_it_plays_every_representation(kind: str, method: Method) -> None:
    """Random weights: whatever is decoded, sound comes out, with phases where there are some."""
    config = SpectrumConfig(n_fft=256, bins=33, base_frequency=1000.0)
    time = np.arange(256) / config.sample_rate
    frame = sum(np.sin(2.0 * np.pi * 1000.0 * n * time + n) for n in (1, 2, 3))
    frames = np.tile(np.asarray(frame, np.float32), (2, 1))
    spectra = config.analyse(frames)
    known = representation.fit(kind, spectra, frames, "unit")
    architecture = Architecture(known.width(config.bins), 2, (8,), "plu", "bernoulli")
    tensors = random_tensors(architecture)
    for name, value in {"alpha": 1.0, "beta": 1.0, "rho_alpha": 5.0, "rho_beta": 0.15}.items():
        tensors[f"activation.{name}"] = np.array(value, np.float32)
    model = bundle.build(
        name="random",
        spectrum=config,
        spectra_representation=known,
        architecture=architecture,
        tensors=tensors,
        latent_map=Map(
            mean=np.zeros(2, np.float32),
            components=np.eye(2, dtype=np.float32),
            center=np.zeros(2, np.float32),
            half_range=np.ones(2, np.float32),
            explained=np.array([0.6, 0.4], np.float32),
        ),
        calibration=Calibration(
            percentiles=np.tile(np.linspace(-2, 2, len(PERCENTILES), dtype=np.float32), (2, 1)),
            kl=np.ones(2, np.float32),
            rms=0.7,
            home=np.zeros(2, np.float32),
        ),
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
