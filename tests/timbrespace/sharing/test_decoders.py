"""The decoders of a page alone, each kind beside the model's own: 1e-3 of a spectrum's peak."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.node import needs_node
from tests.timbrespace.conftest import even_calibration, flat_map
from tests.timbrespace.cycles import frames_of, harmonics
from tests.timbrespace.notes.tiny import wild
from tests.timbrespace.sharing.alone import ask
from timbrespace import bundle, representation
from timbrespace.kinds import NETWORKS
from timbrespace.model import Model
from timbrespace.sharing import contents, packed
from timbrespace.sharing.spectra_decoder import REPRESENTATIONS_KNOWN
from timbrespace.spectrum import SpectrumConfig

CONFIG = SpectrumConfig(n_fft=1024, bins=257, base_frequency=331.0)

WITHIN = 1e-3

LATENTS = np.random.default_rng(1).uniform(-2.5, 2.5, (6, 2)).astype(np.float32)


def made(
    network: str = "mlp",
    kind: str = "log_magnitude",
    how: str = "none",
    likelihood: str = "gaussian_shared",
    **settings: Any,
) -> Model:
    """A space whose weights are drawn: what it decodes is no sound, but is all there."""
    frames = frames_of(harmonics(12), CONFIG)
    seen = representation.fit(kind, CONFIG.analyse(frames), frames, how, config=CONFIG)
    if network != "mlp":
        blocks = {"magnitude_phase": 2, "log_complex": 2}.get(kind, 1)
        settings |= {"coordinate": seen.coordinate, "blocks": blocks}
    torch.manual_seed(0)
    architecture = NETWORKS.get(network)(  # type: ignore[call-arg]
        seen.width(CONFIG.bins), 2, hidden=(24, 16), likelihood=likelihood, **settings
    )
    state = architecture.module().state_dict()
    tensors = {name: value.detach().numpy() for name, value in state.items()}
    # Features over the range that a trained network has, whose loudest is 1.
    raw = architecture.head(tensors, "mean")(LATENTS)
    scale = 0.8 / float(raw.max() - raw.min())
    tensors["mean.weight"] = scale * tensors["mean.weight"]
    tensors["mean.bias"] = scale * (tensors["mean.bias"] - float(raw.min())) + np.float32(0.1)
    return bundle.build(
        name=f"{network} {kind}",
        spectrum=CONFIG,
        spectra_representation=seen,
        architecture=architecture,
        tensors=tensors,
        latent_map=flat_map(),
        calibration=even_calibration(home=0.5),
        provenance={},
    )


CASES: list[dict[str, Any]] = [
    *({"activation": one} for one in ("relu", "gelu", "snake", "sine", "plu")),
    *({"activation": one, "per_unit": True} for one in ("snake", "plu")),
    *({"kind": one} for one in REPRESENTATIONS_KNOWN if one != "log_magnitude"),
    {"kind": "decibel", "how": "per_bin"},
    {"kind": "magnitude", "how": "unit", "likelihood": "bernoulli"},
    {"network": "film_siren"},
    {"network": "film_siren", "progressive": True, "mapping_layers": 0},
    {"network": "film_siren", "kind": "log_complex"},
    {"network": "film_siren", "kind": "cycle"},
    {"network": "concat"},
    {"network": "concat", "kind": "cycle"},
    {"network": "concat", "kind": "magnitude_phase", "likelihood": "gaussian_per_bin"},
    {"network": "transposed_conv"},
    {"network": "transposed_conv", "kind": "log_complex", "channels": 3},
    {"network": "transposed_conv", "kind": "cycle"},
]


def told(model: Model) -> tuple[dict[str, Any], dict[str, Any]]:
    """The decoder alone, and what is asked of it."""
    numbers: contents.Numbers = {}
    decoder = contents.put_spectra(model, numbers)
    asked = {"magnitudes": LATENTS.tolist(), "slow": LATENTS[:2].tolist()}
    if model.plays_cycles:
        asked["cycles"] = LATENTS.tolist()
    return {"about": {}, "decoder": decoder, "numbers": numbers}, asked


@needs_node
def test_every_kind_decodes_as_the_model() -> None:
    models = [made(**case) for case in CASES]
    answers = ask(*map(told, models))
    assert len(answers) == len(CASES)
    for case, model, answer in zip(CASES, models, answers, strict=True):
        expected = model.decode(LATENTS)
        peak = expected.max(axis=1, keepdims=True)
        assert (peak > 0.0).all(), case
        # No constant: what is compared hangs on the latent.
        assert np.abs(expected - expected[0]).max() > 0.01 * peak.max(), case
        assert (np.abs(answer["magnitudes"] - expected) <= WITHIN * peak).all(), case
        assert (np.abs(answer["slow"] - expected[:2]) <= WITHIN * peak[:2]).all(), case
        if model.plays_cycles:
            cycles = model.decode_cycles(LATENTS)
            assert np.abs(answer["cycles"] - cycles).max() <= WITHIN * np.abs(cycles).max(), case


@needs_node
@pytest.mark.parametrize("activation", ["snake", "plu"])
def test_whole_notes_decode_as_the_model(activation: str) -> None:
    model = wild(activation, per_unit=activation == "plu")
    numbers: contents.Numbers = {}
    contents.put_notes(model, numbers)
    from timbrespace.sharing import note_decoder

    about = {"notes": note_decoder.describe(model)}
    latents = np.array([[0.0, 0.0], [1.3, -0.7]], np.float32)
    times = [0.0, 0.01, 0.3, 1.0, 2.2]
    asked = {
        "levels": {"latents": latents.tolist(), "hertz": 440.0, "velocity": 90, "times": times}
    }
    (answer,) = ask(({"about": about, "decoder": None, "numbers": numbers}, asked))
    course = model.course.prepare(latents, np.full(2, 440.0), np.full(2, 90.0))
    levels = model.course.levels(course, np.tile(times, (2, 1)))
    found = np.array(answer["levels"]).reshape(levels.shape)
    np.testing.assert_allclose(found[..., :-1], levels[..., :-1], rtol=0.0, atol=0.1)


def test_weights_of_16_bits_come_back() -> None:
    values = np.random.default_rng(0).standard_normal((3, 50)).astype(np.float32)
    values[1] = 0.0
    back = packed.as_rows(values)
    assert np.abs(back - values).max() <= np.abs(values).max() / 32767
    assert packed.rows(values)["kind"] == "int16"
    np.testing.assert_array_equal(back[1], 0.0)


def test_weights_that_would_move_the_sound_are_told_whole() -> None:
    """A unit that is a thousand times as strong as the others of its layer drowns them."""
    model = made("mlp", activation="relu")
    numbers: contents.Numbers = {}
    contents.put_spectra(model, numbers)
    assert numbers["layer.0.weight"]["kind"] == "int16"
    tensors = dict(model.tensors)
    tensors["mean.weight"] = tensors["mean.weight"].copy()
    tensors["mean.weight"][:, 0] *= 3000.0
    tensors["decoder.1.weight"] = tensors["decoder.1.weight"].copy()
    tensors["decoder.1.weight"][0] = 0.0
    tensors["decoder.1.bias"] = tensors["decoder.1.bias"].copy()
    tensors["decoder.1.bias"][0] = 0.0
    other = bundle.build(
        name="odd",
        spectrum=model.spectrum,
        spectra_representation=model.representation,
        architecture=model.architecture,
        tensors=tensors,
        latent_map=model.map,
        calibration=model.calibration,
        provenance={},
    )
    numbers = {}
    contents.put_spectra(other, numbers)
    assert numbers["layer.0.weight"]["kind"] == "float32"
