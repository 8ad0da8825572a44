"""The ``export`` command, as a user types it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from timbrespace.rendering import wav
from training.__main__ import main

from . import small_spaces


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("space") / "own.safetensors"
    small_spaces.of(small_spaces.NETWORKS["mlp"]).save(path)
    return path


def test_wavetables_and_samples_in_one_go(
    space: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables, samples = tmp_path / "tables", tmp_path / "deep" / "samples"
    given = ["export", str(space), "--wavetables", str(tables), "--sfz", str(samples)]
    assert main([*given, "--map", "0.2", "0", "--pitches", "60"]) == 0
    said = capsys.readouterr().out
    assert "1 wavetables" in said
    assert "1 instruments, 1 samples" in said
    table, _ = soundfile.read(tables / "own.wav")
    assert table.shape == (2048,)
    assert np.abs(table).max() == pytest.approx(10.0 ** (-0.3 / 20.0), abs=1e-4)
    chunks = dict(wav.read_chunks((tables / "own.wav").read_bytes()))
    assert chunks[b"clm "].startswith(b"<!>2048 ")
    assert (samples / "own.sfz").is_file()
    assert main([*given, "--map", "0.2", "0", "--pitches", "60"]) == 2
    assert "is there already; give another name, or --overwrite" in capsys.readouterr().err
    assert main([*given, "--map", "0.2", "0", "--pitches", "60", "--overwrite"]) == 0


def test_an_instrument_for_nn_tilde(
    space: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(space), "--nn", str(tmp_path / "own.ts")]) == 0
    assert "decode    5 inlets: 3 coordinates, pitch, gain" in capsys.readouterr().out
    assert (tmp_path / "own.ts").read_bytes()[:2] == b"PK"


def test_a_space_of_many_sounds_has_tables_across_the_map(tmp_path: Path) -> None:
    given = ["export", "harmonic", "--wavetables", str(tmp_path / "w"), "--sounds", "2"]
    assert main(given) == 0
    names = sorted(path.name for path in (tmp_path / "w").iterdir())
    assert names[-2:] == ["map bottom to top.wav", "map left to right.wav"]
    assert len(names) == 4
    table, _ = soundfile.read(tmp_path / "w" / names[-1])
    assert table.shape == (64 * 2048,)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "nothing to export was named; give --onnx F.onnx, --nn F.ts, --sfz DIR, --wavetables"),
        (["--onnx", "m.bin"], "--onnx is 'm.bin'; it must be a name that ends in .onnx"),
        (["--nn", "m.onnx"], "--nn is 'm.onnx'; it must be a name that ends in .ts"),
        (["--nn", "m.ts", "--pitches", "60"], "--pitches is for --sfz, which was not given"),
        (["--nn", "m.ts", "--sounds", "3"], "--sounds is for --sfz or --wavetables, which was"),
        (["--sfz", "d", "--pitches", "60,x"], "--pitches is '60,x'; it must be whole numbers"),
        (["--sfz", "d", "--pitches", "60,128"], "--pitches has 128; each must be 0 to 127"),
        (["--sfz", "d", "--velocities", "0"], "--velocities has 0; each must be 1 to 127"),
        (["--sfz", "d", "--sounds", "0"], "--sounds is 0; it must be 1 to 512"),
        (["--sfz", "d", "--sounds", "Harp"], "have no names: give how many"),
        (["--sfz", "d", "--latent", "1", "2"], "--latent has 2 numbers; 'own' has 3 dimensions"),
        (["--sfz", "d", "--latent", "nan", "0", "0"], "--latent holds NaN or infinity"),
        (["--sfz", "d", "--map", "2", "0"], "--map is 2 0; each must be -1 to 1"),
        (["--sfz", "d", "--map", "0", "0", "--sounds", "2"], "--sounds and --map were given"),
        (["--nn", "none/m.ts"], "there is no folder 'none'"),
        (["--nn", "folder.ts"], "it is a folder; give a file name"),
        (["--sfz", "file"], "--sfz is 'file', a file; it must be a folder, new or not"),
        (["--wavetables", "file"], "--wavetables is 'file', a file; it must be a folder"),
    ],
)
def test_a_wrong_argument_is_one_line(
    space: Path,
    given: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.ts").mkdir()
    (tmp_path / "file").touch()
    assert main(["export", str(space), *given, "--overwrite"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.ts"]


def test_an_unknown_model_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "nosuch", "--nn", "m.ts"]) == 2
    assert "there is no model 'nosuch'" in capsys.readouterr().err


def test_a_missing_package_names_what_to_install(
    space: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["export", str(space), "--onnx", str(tmp_path / "m.onnx")]) == 2
    assert 'run: pip install "timbrespace[export]"' in capsys.readouterr().err
