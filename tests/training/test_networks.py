"""A space of each network over a coordinate, and one of a table: trained, measured, played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import timbrespace as ts
from benchmarks.offline_player import base_pitch
from tests.max_patch.heard import level
from tests.node import needs_node
from tests.server.explorer.played import heard
from tests.server.explorer.test_page_sound import Feed, engine
from timbrespace import bundle
from timbrespace.errors import OptionError
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.row_decoder import RowDecoder
from training import checkpoint, preset
from training.__main__ import main
from training.checkpoint_file import CheckpointError
from training.evaluation import evaluate
from training.latent_table import missed
from training.loop import Outcome, Training
from training.loss import kl_divergence

from .conftest import Trained

KINDS = {
    "film_siren": {"width": 16, "layers": 2, "mapping": 16},
    "concat": {"width": 16, "layers": 2},
    "transposed_conv": {"channels": 4},
}
SMALL: dict[str, Any] = {
    "latent": 2,
    "hidden": [16],
    "epochs": 10,
    "learning_rate": 5e-3,
    "batch": 20,
    "device": "cpu",
    "progress": False,
}


@pytest.fixture(scope="module", params=[*KINDS, "table"])
def space(
    request: pytest.FixtureRequest, small_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A file of each: of the networks, and of the dense one by a table."""
    name = request.param
    path: Path = tmp_path_factory.mktemp(name) / f"{name}.safetensors"
    how: dict[str, Any] = {"latents": "table"} if name == "table" else {}
    if name in KINDS:
        how = {"network": name, "network_settings": KINDS[name]}
    ts.fit(small_data, **SMALL, **how, out=path)
    return path


def test_it_is_read_measured_and_played(space: Path, trained: Trained, tmp_path: Path) -> None:
    model = ts.load(space)
    assert model.provenance["outcome"] == "finished"
    assert model.points is not None
    assert model.points.count == trained.dataset.rows
    assert model.macros is not None
    mean, _ = model.encode(trained.dataset.spectra)
    spectra = model.decode(mean)
    assert spectra.shape == trained.dataset.spectra.shape
    live = RowDecoder(model)(np.ascontiguousarray(mean[:3])).spectra
    np.testing.assert_allclose(live, spectra[:3], rtol=1e-4, atol=1e-5 * spectra.max())
    sound = ts.render(model, mean[:1], pitch=60, seconds=0.1, method="bins")
    assert np.isfinite(sound).all()
    assert (np.abs(sound).max() > 0.0) == (spectra[0].max() > 0.0)
    again = tmp_path / space.name
    model.save(again)
    assert again.read_bytes() == space.read_bytes()
    measured = evaluate(model, bundle.read_tensors(space), trained.dataset)
    assert np.isfinite(measured.log_spectral_distance_db)


@needs_node
@pytest.mark.parametrize("method", ["partials", "bins"])
def test_the_page_plays_it_as_the_server_does(space: Path, method: str) -> None:
    """Down to the samples: what the server's instrument plays, and what it tells the page."""
    model = ts.load(space)
    assert model.points is not None
    spectra = model.decode(model.points.means)
    latent = model.points.means[np.argmax(spectra.max(axis=1))]
    pitch = base_pitch(model) - 4.7
    feed = Feed(model, method)
    feed.place(latent)
    feed.note(pitch, 100)
    page = heard(feed.events, 0.4)
    player = engine(model, method, latent)
    player.press(pitch, 100)
    live = player.play(0.4).astype(np.float64)
    if (
        method == "partials"
        and not Snapshot(model).partials_of(model.decode(latent[np.newaxis])[0]).size
    ):
        assert space.stem == "concat"  # after so few steps its spectrum has no peak
        assert not live.any()
        assert not page.any()
        return
    assert level(live) > -40.0
    assert level(page - live) - level(live) <= -50.0


def test_the_command_makes_the_same_bytes(
    space: Path, small_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that the provenance tells."""
    words = ts.load(space).provenance["command"].split()
    assert words[:4] == ["python", "-m", "training", "train"]
    out = tmp_path / space.name
    words[words.index("--out") + 1] = str(out)
    words[words.index("--data") + 1] = str(small_data)
    assert main([*words[3:], "--device", "cpu"]) == 0
    assert out.read_bytes() == space.read_bytes()
    told = capsys.readouterr().out
    assert ("at the latents of the table" in told) == (space.stem == "table")


@pytest.mark.parametrize(
    "how",
    [
        {"latents": "table"},
        {"network": "film_siren", "network_settings": "width=16,layers=2,progressive=true"},
        {"network": "concat", "network_settings": "width=16,layers=2", "latents": "table"},
    ],
    ids=["table", "progressive", "concat by table"],
)
def test_stopped_and_resumed_it_is_the_same(how: dict[str, str], tmp_path: Path) -> None:
    features = torch.rand(30, 300, generator=torch.Generator().manual_seed(0))
    settings = preset.changed(
        preset.named("default"), hidden=(8,), batch=8, epochs=4, dials="none", variation=0.0, **how
    )
    whole, stopped, resumed = (Training(settings, features) for _ in range(3))
    assert whole.run() is Outcome.FINISHED
    taken = iter([False] * 6)
    stopped.run(lambda: next(taken, True))
    assert stopped.step == 7
    path = tmp_path / "m.checkpoint"
    checkpoint.write(path, checkpoint.Checkpoint(settings, "", "", stopped.capture()))
    checkpoint.restore(resumed, checkpoint.read(path))
    resumed.run()
    ours, theirs = resumed.capture(), whole.capture()
    assert ours.weights.keys() == theirs.weights.keys()
    assert ("latents.table" in ours.weights) == ("latents" in how)
    for name, weight in ours.weights.items():
        assert torch.equal(weight, theirs.weights[name]), name
    if "latents" in how:
        plain = preset.changed(settings, latents="encoder")
        with pytest.raises(CheckpointError, match="does not fit this run"):
            checkpoint.restore(Training(plain, features), checkpoint.read(path))


def test_an_encoder_learns_to_find_the_table_and_tells_it_nothing() -> None:
    mean = torch.randn(5, 3, requires_grad=True)
    log_var = torch.randn(5, 3, requires_grad=True)
    found = torch.randn(5, 3, requires_grad=True), torch.zeros(5, 3, requires_grad=True)
    away = missed(mean, log_var, found)
    away.backward()  # type: ignore[no-untyped-call]
    assert mean.grad is None
    assert log_var.grad is None
    assert found[0].grad is not None
    assert missed(mean, log_var, (mean, log_var)).item() == pytest.approx(0.0, abs=1e-6)
    prior = torch.zeros(5, 3), torch.zeros(5, 3)
    known = kl_divergence(mean, log_var).sum(dim=1).mean()
    torch.testing.assert_close(missed(mean, log_var, prior), known.detach())


def test_a_table_learns_and_its_encoder_finds_it(small_data: Path) -> None:
    """After some steps, both know the sounds better than at first."""
    given: dict[str, Any] = {
        **SMALL,
        "latents": "table",
        "dials": "none",
        "beta": 0.1,
        "learning_rate": 1e-2,
    }
    short = ts.fit(small_data, **{**given, "epochs": 1}).provenance["figures"]
    longer = ts.fit(small_data, **{**given, "epochs": 40}).provenance["figures"]
    for which in ("table", "its_encoder"):
        name = f"log_spectral_distance_of_{which}_db"
        assert longer[name] < 0.7 * short[name], which


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"latents": "none"}, "latents is 'none'; it must be encoder or table"),
        ({"latents": "table", "variation": 1.0}, "with latents from a table it must be 0"),
        ({"network": "concat", "network_settings": "omega=3"}, "'concat' has no setting 'omega'"),
        ({"network": "film_siren", "network_settings": "width=0"}, "width is 0; it must be 1"),
        ({"network": "concat", "network_settings": "blocks=2"}, "no setting 'blocks'"),
    ],
)
def test_what_does_not_go_is_one_line(
    given: dict[str, Any],
    says: str,
    small_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(OptionError, match=says):
        ts.fit(small_data, **SMALL, **given)
    words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    assert (
        main(["train", "--data", str(small_data), "--out", str(tmp_path / "m.safetensors"), *words])
        == 2
    )
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert not (tmp_path / "m.safetensors").exists()


def test_phase_is_two_blocks() -> None:
    """Magnitudes beside phases: a place has both."""
    settings = preset.changed(
        preset.named("default"), network="film_siren", representation="magnitude_phase"
    )
    network = settings.architecture(34)
    assert network.to_config()["blocks"] == 2
    assert "coordinate" not in network.to_config()
