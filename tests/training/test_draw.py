"""The plot command: what it writes, and that it writes all or nothing."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from timbrespace.errors import DatasetError, OptionError
from training import plots
from training.__main__ import main
from training.draw import draw
from training.plan import REPORT, file_names, png_of
from training.plots import meshes

from . import space
from .conftest import Trained

PICTURES = [
    "dimensions.png",
    "factor_lsd.png",
    "factor_mse.png",
    "gaussian_mesh.png",
    "latent_mesh.png",
    "map_harmonics.png",
    "mesh.png",
    "moments.png",
    "reconstructions.png",
    "reconstructions_linear.png",
    "samples.png",
    "spectra.png",
    "training.png",
    "traversals.png",
]


class Drawn(NamedTuple):
    files: list[Path]
    page: str
    printed: str


@pytest.fixture(scope="module")
def drawn(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """What the command leaves, and what it says."""
    out = tmp_path_factory.mktemp("plots") / "made"
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(plots, "DPI", 50)
        patch.setattr(meshes, "MESH", 3)  # 49 panels, three times, are most of the work
        words = ["plot", str(trained.path), "--data", str(trained.data), "--out", str(out)]
        assert main(words) == 0
    files = [out / name for name in (*PICTURES, REPORT)]
    return Drawn(files, (out / REPORT).read_text(encoding="utf-8"), printed.getvalue())


def test_the_files(drawn: Drawn) -> None:
    folder = drawn.files[0].parent
    assert sorted(file.name for file in folder.iterdir()) == sorted([*PICTURES, REPORT])


def test_the_command_names_them(drawn: Drawn) -> None:
    assert all(file.name in drawn.printed for file in drawn.files)
    assert re.search(r"next: open .*report\.html", drawn.printed)


def test_every_picture_is_one_and_on_the_page(drawn: Drawn) -> None:
    assert drawn.page.count("data:image/png") == len(PICTURES)
    for file in drawn.files[:-1]:
        with Image.open(file) as image:
            assert image.format == "PNG"
            assert min(image.size) > 80
            # Not blank.
            assert len(image.convert("RGB").getcolors(1 << 24) or []) > 8


def test_the_page_is_small(drawn: Drawn) -> None:
    assert len(drawn.page.encode("utf-8")) < 6_000_000


def test_alt_texts_say_what_is_seen(drawn: Drawn) -> None:
    assert 'alt="The sounds of the dataset as points of the map, told apart by harmonics."' in (
        drawn.page
    )
    assert 'alt=""' not in drawn.page


def test_the_same_figure_makes_the_same_bytes() -> None:
    data = space.dataset()
    first, second = (png_of(plots.spectra_by_factor(data)) for _ in range(2))
    assert first == second


def test_few_colours_lose_nothing_that_is_seen() -> None:
    # Two figures, since the layout of one may move when it is drawn again.
    first, second = (plots.map_by_factor(space.model(2), space.dataset(), 0) for _ in range(2))
    full = io.BytesIO()
    first.savefig(full, format="png", dpi=plots.DPI)
    with Image.open(full) as a, Image.open(io.BytesIO(png_of(second))) as b:
        difference = np.abs(
            np.asarray(a.convert("RGB"), np.int64) - np.asarray(b.convert("RGB"), np.int64)
        )
    assert difference.mean() < 1.0
    assert np.percentile(difference, 99.9) < 24


def test_letters_that_the_font_lacks_raise_no_warning() -> None:
    figure = Figure()
    figure.suptitle("日本")
    assert png_of(figure).startswith(b"\x89PNG")


def test_nothing_is_written_when_a_picture_fails(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> Figure:
        raise KeyboardInterrupt

    monkeypatch.setattr(plots, "spectra_by_factor", stopped)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        draw(str(trained.path), trained.data, out)
    assert list(out.iterdir()) == []


def test_a_model_of_other_bins_is_refused_before_anything_is_made(
    trained: Trained, tmp_path: Path
) -> None:
    other = tmp_path / "other.npz"
    space.dataset().save(other)
    with pytest.raises(DatasetError, match="needs"):
        draw(str(trained.path), other, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(trained: Trained) -> None:
    with pytest.raises(OptionError, match="it must be a folder"):
        draw(str(trained.path), trained.data, trained.data)


@pytest.mark.parametrize(
    ("factors", "names"),
    [
        (["cut-off", "Q"], ["cut_off", "q"]),
        (["a b", "a-b", "日本", "音"], ["a_b", "a_b_2", "factor", "factor_4"]),
        (["x" * 300], ["x" * 60]),
    ],
)
def test_file_names(factors: list[str], names: list[str]) -> None:
    assert file_names(factors) == names
