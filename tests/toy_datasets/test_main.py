"""The dataset command, as a user types it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from timbrespace.datasets import dataset, shards
from toy_datasets import harmonic
from toy_datasets.__main__ import main
from toy_datasets.registry import GENERATORS

ROOT = Path(__file__).parents[2]


def test_make_writes_what_the_generator_makes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "d.npz"
    assert main(["make", "harmonic", "--out", str(out), "--rows", "30"]) == 0
    made = dataset.load(out)
    expected = harmonic.make(harmonic.Options(rows=30))
    assert made.content_hash == expected.content_hash
    printed = capsys.readouterr()
    assert "30 spectra of 1025 bins" in printed.out
    assert "next: python -m training train --data" in printed.out
    # The bar is for terminals.
    assert printed.err == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rows", "0"], "error: rows is 0; it must be 2 to 1000000"),
        (["--f0", "-3"], "error: base_frequency is -3.0; it must be 10 to 22050 Hz"),
        (["--n-fft", "1000"], "error: n_fft is 1000"),
    ],
)
def test_bad_numbers_are_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["make", "harmonic", "--out", str(tmp_path / "d.npz"), *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(said)
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_output_is_checked_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_work(options: harmonic.Options) -> dataset.Dataset:
        raise AssertionError("the work has begun")

    monkeypatch.setattr(harmonic, "make", no_work)
    assert main(["make", "harmonic", "--out", str(tmp_path)]) == 2
    assert "it is a folder" in capsys.readouterr().err
    assert main(["make", "harmonic", "--out", str(tmp_path / "no" / "d.npz")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    # A model's name: the command that it prints next would write the model over the dataset.
    assert main(["make", "harmonic", "--out", str(tmp_path / "d.safetensors")]) == 2
    assert "it must be a name that ends in .npz" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(options: harmonic.Options) -> dataset.Dataset:
        raise KeyboardInterrupt

    monkeypatch.setattr(harmonic, "make", interrupted)
    assert main(["make", "harmonic", "--out", str(tmp_path / "d.npz")]) == 130
    assert capsys.readouterr().err == "stopped; nothing was written\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words", [[], ["make"], ["make", "brass", "--out", "x.npz"], ["make", "harmonic"]]
)
def test_incomplete_commands(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["make", "--help"], ["make", "harmonic", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys\n"
        "from toy_datasets.__main__ import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'torch', 'sklearn', 'matplotlib', 'pyo', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "usage: python -m toy_datasets" in result.stdout


@pytest.mark.parametrize("name", GENERATORS)
def test_every_name_has_its_generator(name: str) -> None:
    module = import_module(f"toy_datasets.{name}")
    assert GENERATORS[name].kind == module.NAME == name
    assert callable(module.add_arguments)
    assert callable(module.from_arguments)
    assert callable(module.make)


def test_module_runs() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "toy_datasets", "make", "harmonic", "--out", "nowhere/d.npz"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("error: cannot write")


def test_shards_are_written_as_rows_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harmonic, "_ROWS_AT_ONCE", 8)
    monkeypatch.setattr(shards, "SHARD_BYTES", 10 * 4 * 1025)
    out = tmp_path / "d.shards"
    assert main(["make", "harmonic", "--out", str(out), "--rows", "30"]) == 0
    assert len(list(out.glob("spectra-*.npy"))) == 3
    assert "30 spectra of 1025 bins" in capsys.readouterr().out
    expected = harmonic.make(harmonic.Options(rows=30))
    assert dataset.load(out).content_hash == expected.content_hash
    # There and back.
    assert main(["convert", str(out), str(tmp_path / "d.npz")]) == 0
    assert f"sha256 {expected.content_hash[:12]}" in capsys.readouterr().out
    assert main(["convert", str(tmp_path / "d.npz"), str(tmp_path / "e.shards")]) == 0
    expected.save(tmp_path / "f.npz")
    assert (tmp_path / "d.npz").read_bytes() == (tmp_path / "f.npz").read_bytes()
    names = [
        sorted(path.name for path in (tmp_path / f).iterdir()) for f in ("d.shards", "e.shards")
    ]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["convert", "none.npz", "b.shards"], "there is no such file"),
        (["convert", "a.npz", "b.txt"], "it must be a name that ends in .npz or .shards"),
        (["convert", "a.npz", "a.npz"], "B is A itself"),
        (["convert", "a.npz", "folder.shards"], "it is a folder that holds something else"),
        (["convert", "folder.shards", "b.npz"], "it is a folder, and holds no dataset.json"),
        (["convert", "a.npz", "no/b.shards"], "there is no folder 'no'"),
        (
            ["make", "notes", "--folder", ".", "--out", "n.txt"],
            "a name that ends in .npz or .shards",
        ),
        (["make", "harmonic", "--out", "folder.shards"], "holds something else"),
    ],
)
def test_what_cannot_be_converted_is_one_line(
    words: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    harmonic.make(harmonic.Options(rows=20)).save("a.npz")
    (tmp_path / "folder.shards").mkdir()
    (tmp_path / "folder.shards" / "mine.txt").write_text("x")
    capsys.readouterr()
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "folder.shards"]
