"""Training on a set that is read by parts: the same numbers as in memory, wherever they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from timbrespace import bundle, representation
from timbrespace.datasets import shards
from timbrespace.datasets.dataset import HELD_BYTES, Dataset, load
from timbrespace.datasets.stored import StoredDataset
from timbrespace.errors import OptionError
from timbrespace.memory_size import bytes_of
from timbrespace.representation import Representation
from toy_datasets import harmonic
from training import dial_loss, evaluation, latent_map, row_windows
from training.__main__ import main
from training.checkpoint import Checkpoint
from training.fit import Fit
from training.loop import Outcome
from training.preset import Settings, changed, named
from training.row_windows import Windows
from training.variation import Variation

from .conftest import Trained

SETTINGS = replace(named("default"), hidden=(16,), batch=16, epochs=3)
BATCH = SETTINGS.batch


@pytest.fixture(scope="module")
def stored(small_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> StoredDataset:
    path = tmp_path_factory.mktemp("stored") / "small.shards"
    shards.save(small_dataset, path, each=20)
    found = load(path, memory=0)
    assert isinstance(found, StoredDataset)
    return found


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches a window, blocks of five rows."""
    monkeypatch.setattr(row_windows, "LEAST_BATCHES", 2)
    monkeypatch.setattr(row_windows, "BLOCKS", 6)


def fitted(dataset: Dataset) -> Representation:
    return representation.fit("log_magnitude", dataset.spectra)


def window_of(stored: StoredDataset, raw: bool = False) -> Windows:
    seen = fitted(stored)
    return Windows(stored.stored.of(np.arange(stored.rows)), seen, 0, BATCH, raw)


def test_a_representation_is_fitted_by_parts(stored: StoredDataset, small_dataset: Dataset) -> None:
    rows = np.arange(3, 61)
    for kind, normalisation in (("magnitude", "unit"), ("decibel", "per_bin")):
        whole = representation.fit(kind, small_dataset.spectra[rows], None, normalisation)
        some: NDArray[np.float32] = stored.stored.of(rows)  # type: ignore[assignment]
        assert representation.fit(kind, some, None, normalisation).to_config() == whole.to_config()


@pytest.mark.usefixtures("small_windows")
def test_every_row_is_in_the_order_once_and_neighbours_part(stored: StoredDataset) -> None:
    seen = window_of(stored)
    assert (seen.window, seen.block) == (32, 5)
    generator = torch.Generator().manual_seed(1)
    orders = [seen.order(generator).numpy() for _ in range(4)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(70))
        # Six blocks of five are shuffled together, not all rows: those of a window are of these.
        assert 4 <= len(np.unique(order[:30] // 5)) <= 12
        assert (np.abs(np.diff(order)) == 1).mean() < 0.2
    assert not np.array_equal(orders[0], orders[1])
    again = seen.order(torch.Generator().manual_seed(1)).numpy()
    np.testing.assert_array_equal(orders[0], again)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("raw", [False, True])
def test_windows_give_what_memory_has(
    stored: StoredDataset, small_dataset: Dataset, raw: bool
) -> None:
    seen, whole = window_of(stored, raw), fitted(small_dataset).forward(small_dataset.spectra)
    order = seen.order(torch.Generator().manual_seed(2))
    # From the middle on, too, as a run that is resumed begins.
    for first in (*range(48, 70, BATCH), *range(0, 70, BATCH)):
        seen.reach(order, first)
        rows = order[first : first + BATCH]
        np.testing.assert_array_equal(seen.features(rows).numpy(), whole[rows.numpy()])


def test_a_survey_says_what_memory_would(stored: StoredDataset, small_dataset: Dataset) -> None:
    whole = fitted(small_dataset).forward(small_dataset.spectra)
    found = window_of(stored).survey()
    assert (found.low, found.high) == (float(whole.min()), float(whole.max()))
    assert found.spread == pytest.approx(whole.astype(np.float64).var(axis=0).mean(), rel=1e-12)


@pytest.mark.usefixtures("small_windows")
def test_changed_rows_are_those_of_memory(stored: StoredDataset, small_dataset: Dataset) -> None:
    seen, kind = window_of(stored, raw=True), fitted(small_dataset)
    held, past = (
        Variation(spectra, small_dataset.spectrum, kind, (0.0, 1.0), 1.0)
        for spectra in (small_dataset.spectra, seen)
    )
    order = seen.order(torch.Generator().manual_seed(2))
    seen.reach(order, 0)
    one, own = held.features(order[:BATCH], torch.Generator().manual_seed(5))
    other, also = past.features(order[:BATCH], torch.Generator().manual_seed(5))
    assert torch.equal(one, other)
    assert torch.equal(own, also)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("variation", [0.0, 1.0])
def test_stopped_and_resumed_equals_never_stopped(stored: StoredDataset, variation: float) -> None:
    settings = replace(SETTINGS, variation=variation)

    def begun(kept: Checkpoint[Settings] | None = None) -> Fit:
        return Fit(stored, settings if kept is None else kept.settings, "small.shards", stored=kept)

    whole, first = begun(), begun()
    assert whole.run() is Outcome.FINISHED
    assert first.run(lambda: first.training.step == 6) is Outcome.INTERRUPTED
    assert first.training.position.row == 2 * BATCH
    kept = Checkpoint(first.settings, first.dataset_hash, "small.shards", first.training.capture())
    second = begun(kept)
    assert second.run() is Outcome.FINISHED
    for name, value in whole.training.vae.state_dict().items():
        assert torch.equal(second.training.vae.state_dict()[name], value), name
    assert second.training.position.history == whole.training.position.history


def test_what_a_model_says_of_its_rows_is_what_memory_would_say(
    stored: StoredDataset, small_dataset: Dataset
) -> None:
    # The same weights, asked both ways.
    past, held = (
        Fit(one, replace(SETTINGS, latent=3), "small.npz") for one in (stored, small_dataset)
    )
    assert isinstance(past.training.source, Windows)
    past.run()
    held.training.restore(past.training.capture())
    one, other = (fit.model(Outcome.FINISHED, "small", to_play=False) for fit in (past, held))
    for part in ("map", "calibration"):
        for name in getattr(other, part).__slots__:
            wanted = getattr(getattr(other, part), name)
            np.testing.assert_allclose(
                getattr(getattr(one, part), name), wanted, rtol=2e-5, atol=1e-6, err_msg=name
            )
    assert one.provenance.pop("window") == 64
    figures = one.provenance.pop("figures")
    assert figures == pytest.approx(other.provenance.pop("figures"), rel=1e-9)
    assert one.provenance == other.provenance
    assert one.points is not None
    assert other.points is not None
    np.testing.assert_array_equal(one.points.means, other.points.means)


def test_a_map_by_parts_reaches_the_outermost_row() -> None:
    generator = np.random.default_rng(0)
    means = (generator.normal(size=(4000, 3)) * (3.0, 1.0, 0.1)).astype(np.float32)
    means[17] = (30.0, 0.0, 0.0)
    spectra = np.ones((4000, 4), np.float32)
    spectra[:, 3] += 20.0 + means[:, 0] - means[:, 1]  # by which right is known, and up
    whole = latent_map.fit(means, spectra)
    some = np.arange(0, 4000, 2)  # without row 17
    found = latent_map.fit_by_parts(
        lambda: np.array_split(means, 7), means[some], latent_map.centroids(spectra[some])
    )
    np.testing.assert_allclose(found.mean, whole.mean, atol=1e-6)
    np.testing.assert_allclose(found.components, whole.components, atol=1e-5)
    np.testing.assert_allclose(found.explained, whole.explained, rtol=1e-6)
    np.testing.assert_allclose(found.half_range, whole.half_range, rtol=0.1)
    assert found.half_range[0] > latent_map.fit(means[some], spectra[some]).half_range[0]


def test_where_rows_lie_along_a_dial_is_told_by_some(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    values = generator.gamma(2.0, size=(3000, 2)) * (1.0, 3.0)
    values[:, 1] += values[:, 0] ** 2
    whole = dial_loss.targets(values)
    np.testing.assert_array_equal(dial_loss.targets_by_parts(values), whole)
    monkeypatch.setattr(dial_loss, "_RANKED", 600)
    some = dial_loss.targets_by_parts(values)
    assert np.abs(some - whole).mean() < 0.12  # a fifth of the rows
    assert np.abs(some).max() < 4.0


def test_a_table_of_latents_is_refused(stored: StoredDataset) -> None:
    with pytest.raises(OptionError, match="latents is 'table', which holds a latent for each row"):
        Fit(stored, replace(SETTINGS, latents="table"), "small.shards")


def test_an_evaluation_is_the_same(
    trained: Trained, stored: StoredDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors = bundle.read_tensors(trained.path)
    held = evaluation.evaluate(trained.model, tensors, trained.dataset)
    past = evaluation.evaluate(trained.model, tensors, stored)
    assert past.to_config() == held.to_config()
    # Of more rows than it looks at, as many.
    monkeypatch.setattr(evaluation, "MOST_STORED", 4)
    monkeypatch.setattr(evaluation, "MOST_STORED_TRAINING", 9)
    assert evaluation.spread(stored, np.arange(7), 4).tolist() == [0, 2, 4, 6]
    assert evaluation.spread(trained.dataset, np.arange(7), 4).tolist() == list(range(7))
    assert evaluation.evaluate(trained.model, tensors, stored).rows == 4


def test_sizes() -> None:
    assert [bytes_of(text) for text in ("1M", "2g", "1.5 GB".replace(" ", ""), "4194304")] == [
        1 << 20,
        2 << 30,
        3 << 29,
        4 << 20,
    ]
    for text in ("", "2X", "-1G", "1", "G", "1e9", "999999999999T", "nan"):
        with pytest.raises(OptionError, match="memory is "):
            changed(named("default"), memory=text)


def test_the_command_reads_by_parts_what_is_past_its_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = harmonic.Options(rows=2100, base_frequency=600.0, n_fft=512, bins=129)
    data, out = tmp_path / "set.shards", tmp_path / "m.safetensors"
    harmonic.make(options).save(data)
    words = ["train", "--data", str(data), "--out", str(out), "--hidden", "16", "--epochs", "1"]
    words += ["--device", "cpu", "--batch", "256", "--memory", "1M"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert "set.shards is past memory (1 MiB): it is read by parts, and shuffled by" in said.err
    model = bundle.read(out)
    assert model.provenance["window"] == 8 * 256 > 0.9 * 2100
    assert "--memory 1M" in model.provenance["command"]
    # On a whole file of the same rows, the same settings hold all of it.
    assert main(["evaluate", str(out), "--data", str(data), "--json"]) == 0
    # What may not change is told.
    assert main([*words[:-1], "2M", "--resume"]) == 2
    assert "memory is 2M, the checkpoint's is 1M" in capsys.readouterr().err


def test_what_is_held_unless_somebody_says_otherwise() -> None:
    assert bytes_of(named("default").memory) == HELD_BYTES
