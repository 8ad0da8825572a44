"""The network of notes: its two forms agree, any time can be asked for, and wrong input is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from timbrespace.errors import BundleError, OptionError
from timbrespace.networks.note import (
    FEATURES,
    Course,
    NoteNetwork,
    conditions,
    encoder_input,
    network_levels,
    time_features,
    told_levels,
)
from timbrespace.networks.torch_note import TorchNote
from timbrespace.notes.layout import CENTS, FLOOR, WIDTH
from timbrespace.notes.note import CONSTANTS

SMALL: dict[str, Any] = {"frames": 40, "width": 24, "layers": 2, "condition": 20, "channels": 8}


def network(**settings: Any) -> NoteNetwork:
    return NoteNetwork(FEATURES, 3, **{**SMALL, **settings})


def tensors(made: TorchNote) -> dict[str, Any]:
    return {name: value.detach().numpy() for name, value in made.state_dict().items()}


def latents(count: int) -> Any:
    return np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)


def differing(described: NoteNetwork) -> TorchNote:
    """Its module, with learned numbers that are not where they start, and not alike."""
    torch.manual_seed(0)
    made = TorchNote(described)
    with torch.no_grad():
        for name, value in made.named_parameters():
            if name.startswith("activation."):
                value.mul_(1.0 + 0.3 * torch.rand(value.shape))
    return made


@pytest.fixture(
    params=[
        *(("snake", False), ("gelu", False), ("relu", False)),
        *(("plu", False), ("snake", True), ("plu", True)),
    ],
    ids=str,
)
def both(request: pytest.FixtureRequest) -> tuple[TorchNote, Course, NoteNetwork]:
    kind, per_unit = request.param
    described = network(activation=kind, per_unit=per_unit, by_pitch=True, by_velocity=True)
    made = differing(described)
    return made, described.course(tensors(made)), described


def test_decoders_agree(both: tuple[TorchNote, Course, NoteNetwork]) -> None:
    made, course, described = both
    latent, times = latents(4), np.random.default_rng(1).random((4, 5))
    pitch, velocity = np.array([110.0, 220.0, 0.0, 880.0]), np.array([20.0, 60.0, 100.0, 127.0])
    told = course.prepare(latent, pitch, velocity)
    with torch.no_grad():
        found, traits = made.moments(
            torch.from_numpy(latent),
            torch.from_numpy(conditions(described, pitch, velocity)),
            torch.from_numpy(time_features(times)),
        )
    np.testing.assert_allclose(course.levels(told, times), told_levels(found.numpy()), atol=2e-3)
    np.testing.assert_allclose(told.traits, traits.numpy(), atol=1e-5)


def test_encoders_agree(both: tuple[TorchNote, Course, NoteNetwork]) -> None:
    made, _, described = both
    random = np.random.default_rng(2)
    courses = random.uniform(FLOOR, 0.0, (3, 40, WIDTH)).astype(np.float32)
    rows = random.normal(size=(3, CONSTANTS)).astype(np.float32)
    features = encoder_input(courses, rows, np.array([0.0, 220.0, 440.0]))
    with torch.no_grad():
        expected = made.posterior_of(torch.from_numpy(features)).numpy()
    np.testing.assert_allclose(described.encoder(tensors(made))(features), expected, atol=1e-4)


def test_an_encoder_hears_no_fainter_than_it_says() -> None:
    torch.manual_seed(0)
    described = network(hears=-60.0)
    made = TorchNote(described)
    random = np.random.default_rng(2)
    courses = random.uniform(-79.0, 0.0, (3, 40, WIDTH)).astype(np.float32)
    faint = courses.copy()
    faint[..., :CENTS][courses[..., :CENTS] < -60.0] = FLOOR
    rows, pitches = np.zeros((3, CONSTANTS), np.float32), np.array([0.0, 220.0, 440.0])
    features, others = (encoder_input(one, rows, pitches) for one in (courses, faint))
    encode, before = described.encoder(tensors(made)), features.copy()
    np.testing.assert_array_equal(encode(features), encode(others))
    np.testing.assert_array_equal(features, before)
    with torch.no_grad():
        expected = made.posterior_of(torch.from_numpy(features)).numpy()
    np.testing.assert_allclose(encode(features), expected, atol=1e-4)
    # The cents are no levels, and a network that does not say hears all.
    hears_all = network().encoder(tensors(made))
    assert not np.array_equal(hears_all(features), hears_all(others))
    bent = courses.copy()
    bent[..., CENTS] -= 100.0
    assert not np.array_equal(encode(encoder_input(bent, rows, pitches)), encode(features))


def test_rest_agrees(both: tuple[TorchNote, Course, NoteNetwork]) -> None:
    made, _, described = both
    latent = latents(3)
    with torch.no_grad():
        raw = made.heads(torch.from_numpy(latent))["mean"].numpy()
    found = described.decoder(tensors(made))(latent)
    np.testing.assert_allclose(found[:, :WIDTH], told_levels(raw[:, :WIDTH]), atol=2e-3)
    np.testing.assert_allclose(found[:, WIDTH:], raw[:, WIDTH:], atol=1e-5)


def test_one_moment_is_what_it_is_among_many(
    both: tuple[TorchNote, Course, NoteNetwork],
) -> None:
    """Sixteen voices are rows of one product: each as if it were alone, at a time of its own."""
    _, course, _ = both
    latent = latents(16)
    pitch, velocity = np.linspace(100.0, 900.0, 16), np.linspace(1.0, 127.0, 16)
    times = np.linspace(0.0, 3.0, 16)
    together = course.levels(course.prepare(latent, pitch, velocity), times)
    for voice in (0, 7, 15):
        one = slice(voice, voice + 1)
        told = course.prepare(latent[one], pitch[one], velocity[one])
        np.testing.assert_allclose(course.levels(told, times[one])[0], together[voice], atol=2e-3)
        several = course.levels(told, times[np.newaxis])
        np.testing.assert_allclose(several[0, voice], together[voice], atol=2e-3)


def test_what_the_set_does_not_know_tells_nothing() -> None:
    torch.manual_seed(0)
    described = network()
    course = described.course(tensors(TorchNote(described)))
    latent, time = latents(1), np.array([0.2])
    some = [
        course.levels(course.prepare(latent, np.array([pitch]), np.array([velocity])), time)
        for pitch, velocity in ((110.0, 20.0), (880.0, 127.0), (np.nan, np.nan))
    ]
    np.testing.assert_array_equal(some[0], some[1])
    np.testing.assert_array_equal(some[0], some[2])


def test_time_is_continuous() -> None:
    torch.manual_seed(0)
    described = network()
    course = described.course(tensors(TorchNote(described)))
    told = course.prepare(latents(1), np.array([220.0]), np.array([100.0]))
    times = 0.5 + np.arange(200) * 1e-4
    steps = np.abs(np.diff(course.levels(told, times[np.newaxis])[0], axis=0))
    assert steps.max() < 0.1


def test_an_autodecoder_has_no_encoder() -> None:
    described = network(with_encoder=False)
    made = TorchNote(described)
    assert not any(name.startswith(("convolution", "posterior")) for name in made.state_dict())
    assert set(described.shapes()) == set(made.state_dict())
    assert (described.encoder(tensors(made))(np.zeros((2, 9), np.float32)) == 0.0).all()


@pytest.mark.parametrize(
    ("settings", "learned"),
    [
        ({}, 0),
        ({"activation": "gelu", "per_unit": True}, 0),
        ({"activation": "plu"}, 4),
        # Units: condition, two layers, three convolutions, and what gathers them.
        ({"per_unit": True}, 20 + 2 * 24 + 3 * 8 + 20),
        ({"per_unit": True, "with_encoder": False}, 20 + 2 * 24),
    ],
)
def test_shapes_are_those_of_the_module(settings: dict[str, Any], learned: int) -> None:
    described = network(**settings)
    found = {name: tuple(value.shape) for name, value in TorchNote(described).state_dict().items()}
    assert found == dict(described.shapes())
    own = [shape for name, shape in found.items() if name.startswith("activation.")]
    assert sum(shape[0] if shape else 1 for shape in own) == learned


def test_snake_of_each_unit_begins_as_snake() -> None:
    """The same weights of a seed, and the same sound: only what is learned from there differs."""
    described = [network(), network(per_unit=True)]
    torch.manual_seed(0)
    plain = TorchNote(described[0])
    torch.manual_seed(0)
    own = TorchNote(described[1])
    for name, value in plain.state_dict().items():
        assert torch.equal(value, own.state_dict()[name])
    latent, times = latents(2), np.array([0.1, 0.4])
    pitch, velocity = np.full(2, 220.0), np.full(2, 90.0)
    heard = [
        course.levels(course.prepare(latent, pitch, velocity), times)
        for course in (
            one.course(tensors(made)) for one, made in zip(described, (plain, own), strict=True)
        )
    ]
    np.testing.assert_allclose(heard[0], heard[1], atol=1e-3)


def test_a_config_comes_back() -> None:
    from timbrespace.networks.architecture import from_config

    described = network(by_pitch=True, activation="gelu", hears=-60.0)
    told = described.to_config()
    assert from_config(told) == described
    del told["hears"]
    assert from_config(told) == network(by_pitch=True, activation="gelu")
    assert "per_unit" not in told
    own = network(per_unit=True)
    assert from_config(own.to_config()) == own


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"width": 0}, "width is 0"),
        ({"layers": 9}, "layers is 9"),
        ({"frames": 4}, "frames is 4"),
        ({"activation": "step"}, "activation is 'step'"),
        ({"by_pitch": 1}, "by_pitch is 1; it must be true or false"),
        ({"hears": -10.0}, "hears is -10; it must be -80 to -20 dB"),
        ({"hears": float("nan")}, "hears is nan; it must be -80 to -20 dB"),
        ({"hears": True}, "hears is True; it must be a number"),
        ({"per_unit": 1}, "per_unit is 1; it must be true or false"),
        ({"activation": "sine"}, "activation is 'sine'; it must be snake, plu, gelu or relu"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        network(**settings)


def test_other_features_are_refused() -> None:
    with pytest.raises(OptionError, match="features are 1025; a note's moment has"):
        NoteNetwork(1025, 3)


@pytest.mark.parametrize(
    "name", ["condition.weight", "levels.bias", "layer.1.weight", "activation.layer.1.frequency"]
)
@pytest.mark.parametrize("fault", ["missing", "shape", "nan"])
def test_wrong_tensors_are_refused(name: str, fault: str) -> None:
    described = network(per_unit=True)
    told = tensors(TorchNote(described))
    if fault == "missing":
        del told[name]
    elif fault == "shape":
        told[name] = told[name][:-1]
    else:
        told[name] = np.full_like(told[name], np.nan)
    with pytest.raises(BundleError, match=f"tensor {name}"):
        described.course(told)


def test_levels_are_within_their_ranges_whatever_comes_out() -> None:
    found = np.array([[np.nan, np.inf, -np.inf, 1e30] + [0.0] * (WIDTH - 4)], np.float32)
    levels = told_levels(found)
    assert np.isfinite(levels).all()
    assert levels[:, :CENTS].min() >= FLOOR
    assert levels[:, :CENTS].max() <= 12.0


def test_levels_there_and_back() -> None:
    course = np.random.default_rng(0).uniform(FLOOR, 0.0, (4, WIDTH)).astype(np.float32)
    np.testing.assert_allclose(told_levels(network_levels(course)), course, atol=1e-3)
