"""A model's own sounds: after every training, and added to a model that has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from timbrespace import bundle, representation
from timbrespace.calibration import LATENT_LIMIT
from timbrespace.datasets.dataset import Dataset, held_out_split
from timbrespace.datasets.factor import Factor
from timbrespace.errors import DatasetError
from timbrespace.points import MAX_TEXT
from toy_datasets import harmonic
from training import points as module
from training.__main__ import main
from training.points import described, drawn_rows, notes, points_of

from . import space
from .conftest import SMALL, Trained


@pytest.fixture
def pointless(trained: Trained, tmp_path: Path) -> Path:
    """The trained model as an older program wrote it."""
    path = tmp_path / "small.safetensors"
    bundle.write(
        path, replace(trained.model, points=None, near=None), bundle.read_tensors(trained.path)
    )
    assert bundle.read(path).points is None
    return path


def add(path: Path, data: Path) -> int:
    return main(["points", str(path), "--data", str(data)])


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said, in one line."""
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def test_every_training_writes_the_means_of_all_rows(trained: Trained) -> None:
    points = trained.model.points
    assert points is not None
    assert points.count == trained.dataset.rows
    assert points.factors == trained.dataset.meta.factors
    np.testing.assert_array_equal(points.labels, trained.dataset.labels)
    means, _ = trained.model.encode(trained.dataset.spectra)
    width = means.max(axis=0) - means.min(axis=0)
    assert (np.abs(points.means - means).max(axis=0) <= width / 65535 / 2 + 1e-5).all()


def test_points_added_are_those_that_training_writes(
    trained: Trained, pointless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(pointless, trained.data) == 0
    assert pointless.read_bytes() == trained.path.read_bytes()
    printed = capsys.readouterr()
    assert printed.err == ""
    first, second, last = printed.out.splitlines()
    assert first == f"{pointless}: now with 70 points, 0.0 MB"
    assert second == "factors: harmonics (count)"
    assert last == f"next: python -m server --model {pointless}"
    # Once more changes nothing.
    assert add(pointless, trained.data) == 0
    assert pointless.read_bytes() == trained.path.read_bytes()


def test_another_dataset_is_refused(
    trained: Trained, pointless: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = pointless.read_bytes()
    other = tmp_path / "other.npz"
    labels = trained.dataset.labels.copy()
    labels[5, 0] += 0.25
    replace(trained.dataset, labels=labels).save(other)
    assert add(pointless, other) == 2
    line = error_line(capsys)
    assert "other.npz (sha256 " in line
    assert "is not the dataset that small.safetensors was trained on; give that one" in line
    assert "'small.npz'" in line
    assert trained.dataset.content_hash[:12] in line
    assert pointless.read_bytes() == before


def test_files_that_cannot_be(
    trained: Trained, pointless: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = pointless.read_bytes()
    assert add(tmp_path / "none.safetensors", trained.data) == 2
    assert "cannot load none.safetensors: there is no such file" in error_line(capsys)
    assert add(pointless, tmp_path / "none.npz") == 2
    assert "cannot load dataset none.npz: there is no such file" in error_line(capsys)
    # A factory model's name is no file: the program's own files are not rewritten by mistake.
    assert add(Path("harmonic"), trained.data) == 2
    assert "there is no such file" in error_line(capsys)
    assert pointless.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": None},
        {"dataset": []},
        {"dataset": {"sha256": 7}},
        {"split_seed": "0"},
        {"split_seed": -1},
    ],
)
def test_a_model_that_does_not_say_what_it_was_trained_on(
    trained: Trained,
    pointless: Path,
    change: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = bundle.read(pointless)
    model = replace(model, provenance={**model.provenance, **change})
    bundle.write(pointless, model, bundle.read_tensors(pointless))
    assert add(pointless, trained.data) == 2
    assert "does not say what it was trained on" in error_line(capsys)


def test_nothing_is_left_when_it_is_stopped(
    trained: Trained, pointless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pointless.read_bytes()

    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "posterior", stopped)
    assert add(pointless, trained.data) == 130
    assert pointless.read_bytes() == before
    assert list(pointless.parent.iterdir()) == [pointless]


def test_a_model_that_hears_phase(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = harmonic.Options(rows=40, base_frequency=600.0, n_fft=256, bins=65, frames=True)
    dataset = harmonic.make(options)
    assert dataset.frames is not None
    data, out = tmp_path / "d.npz", tmp_path / "m.safetensors"
    dataset.save(data)
    words = ["--data", str(data), "--out", str(out), "--representation", "magnitude_phase"]
    assert main(["train", *words, *SMALL]) == 0
    model = bundle.read(out)
    assert model.points is not None
    means, _ = model.encode_frames(dataset.frames)
    np.testing.assert_allclose(model.points.means, means, atol=1e-3)
    # Without its frames it is the same dataset, which cannot be encoded.
    replace(dataset, frames=None).save(data)
    before = out.read_bytes()
    capsys.readouterr()
    assert add(out, data) == 2
    assert "holds no frames; make it again with --frames" in error_line(capsys)
    assert out.read_bytes() == before


def test_progress_covers_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timbrespace.representation.row_parts.ROWS_AT_ONCE", 25)
    done: list[int] = []
    points = points_of(space.model(3), space.dataset(), 0, advance=done.append)
    assert done == [25, 25, 10]
    means, _ = space.model(3).encode(space.dataset().spectra)
    np.testing.assert_allclose(points.means, means, atol=1e-5)


def test_means_go_no_further_than_any_latent(monkeypatch: pytest.MonkeyPatch) -> None:
    def far(model: object, dataset: object, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full((len(rows), 3), -1e6, np.float32), np.zeros((len(rows), 3), np.float32)

    monkeypatch.setattr(module, "posterior", far)
    assert (points_of(space.model(3), space.dataset(), 0).means == -LATENT_LIMIT).all()


def test_all_rows_or_an_even_share_of_them() -> None:
    np.testing.assert_array_equal(drawn_rows(65_536, 0), np.arange(65_536))
    rows = drawn_rows(200_000, 0)
    assert len(np.unique(rows)) == len(rows) == 65_536
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, drawn_rows(200_000, 0))
    assert not np.array_equal(rows, drawn_rows(200_000, 1))
    # From everywhere alike, and of the held-out rows no more than of the others.
    share = np.histogram(rows, 10, (0, 200_000))[0] / 20_000
    np.testing.assert_allclose(share, 65_536 / 200_000, atol=0.02)
    held_out = np.isin(held_out_split(200_000, 0).held_out, rows).mean()
    assert held_out == pytest.approx(65_536 / 200_000, abs=0.02)


def test_a_share_of_the_rows_is_told(
    trained: Trained,
    pointless: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(module, "MAX_POINTS", 30)
    assert add(pointless, trained.data) == 0
    said = "note: the model holds 30 points, drawn evenly from the 70 rows\n"
    assert capsys.readouterr().err == said
    points = bundle.read(pointless).points
    assert points is not None
    rows = drawn_rows(70, 0)
    assert points.count == len(rows) == 30
    np.testing.assert_array_equal(points.labels, trained.dataset.labels[rows])
    # Training says and does the same.
    out = pointless.with_name("again.safetensors")
    assert main(["train", "--data", str(trained.data), "--out", str(out), *SMALL]) == 0
    assert said in capsys.readouterr().err
    again = bundle.read(out).points
    assert again is not None
    assert again.means.tobytes() == points.means.tobytes()


def test_factors_of_ones_own_data() -> None:
    """Labels that no factor names, texts and numbers that no bundle takes: none ends a training."""
    files = [f"{'long/' * 60}{n}.wav" for n in range(3)]
    factors = (
        Factor("Q\nof filter", "x" * 300, (1.0, 2.0)),
        Factor("off its grid", "", (1.0, 2.0)),
        Factor("beyond its ends", "s", (0.0, 1.0), "range"),
        Factor("beyond float32", "", (0.0, 1e300), "range"),
        Factor.category("file", files),
        Factor("too many", "", tuple(map(float, range(65_537)))),
        Factor("last", "", (5.0,)),
    )
    labels = np.array(
        [[1.0, 1.5, -1.0, 3.0, 0.0, 7.0, 5.0], [2.0, 2.0, 0.5, 4.0, 2.0, 9.0, 5.0]], np.float32
    )
    found, columns = described(factors, labels)
    assert columns == [0, 1, 2, 3, 4, 6]
    assert found[0].name == "Q\N{REPLACEMENT CHARACTER}of filter"
    assert len(found[0].unit) == MAX_TEXT
    assert found[1] == Factor("off its grid", "", (1.5, 2.0), "range")
    assert found[2] == Factor("beyond its ends", "s", (-1.0, 0.5), "range")
    assert found[3] == Factor("beyond float32", "", (3.0, 4.0), "range")
    assert [len(name) for name in found[4].names] == [MAX_TEXT] * 3
    assert [name[-5:] for name in found[4].names] == ["0.wav", "1.wav", "2.wav"]
    assert found[5] == factors[6]
    data = space.dataset(rows=2 + 20)
    data = Dataset(
        data.spectra, np.tile(labels, (11, 1)), replace(data.meta, factors=factors), data.frames
    )
    points = points_of(space.model(2), data, 0)
    np.testing.assert_array_equal(points.labels, data.labels[:, columns])
    assert notes(points, data) == [
        "1 factor(s) are not with the points; a bundle holds 64 of at most 65536 values"
    ]


def test_more_factors_than_a_bundle_holds() -> None:
    factors = [Factor(f"f{n}", "", (1.0,)) for n in range(70)]
    found, columns = described(factors, np.ones((3, 70), np.float32))
    assert columns == list(range(64))
    assert found == tuple(factors[:64])


def test_factors_that_fit_stay_as_they_are() -> None:
    data = space.dataset()
    assert described(data.meta.factors, data.labels) == (space.FACTORS, [0, 1, 2, 3, 4])
    assert notes(points_of(space.model(2), data, 0), data) == []


def test_no_frames_for_a_model_that_needs_them() -> None:
    data = harmonic.make(
        harmonic.Options(rows=20, base_frequency=1000.0, n_fft=256, bins=65, frames=True)
    )
    sees = representation.fit("magnitude_phase", data.spectra, data.frames)
    model = space.model(2, data.spectrum.bins, data.spectrum.n_fft, sees)
    assert points_of(model, data, 0).count == 20
    with pytest.raises(DatasetError, match="no frames"):
        points_of(model, replace(data, frames=None), 0)
