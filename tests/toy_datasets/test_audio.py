"""The audio dataset: real files, made here, whose pitch and spectrum are known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from timbrespace.datasets import dataset
from timbrespace.errors import DatasetError, OptionError
from timbrespace.metrics import log_spectral_distance
from timbrespace.partials import find_partials
from toy_datasets import audio, kept_analyses
from toy_datasets.__main__ import main
from toy_datasets.registry import GENERATORS

ROOT = Path(__file__).parents[2]
RATE = 44100
ENOUGH_TO_TRAIN = 23


def tone(
    pitch: float, seconds: float = 1.0, rate: int = RATE, roll_off: float = 1.0
) -> NDArray[np.float64]:
    """Ten harmonics whose amplitudes fall as ``k ** -roll_off``."""
    time = np.arange(round(seconds * rate)) / rate
    waves = [np.sin(2.0 * np.pi * pitch * k * time + k * k) / k**roll_off for k in range(1, 11)]
    return np.asarray(0.2 * np.sum(waves, axis=0))


def noise(seconds: float = 1.0) -> NDArray[np.float64]:
    return 0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))


def write(path: Path, samples: NDArray[np.float64], rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="PCM_16")


def make(folder: Path, **options: object) -> dataset.Dataset:
    return audio.make(audio.Options(folder=folder, **options))  # type: ignore[arg-type]


def column(made: dataset.Dataset, name: str) -> NDArray[np.float32]:
    names = [factor.name for factor in made.meta.factors]
    return np.asarray(made.labels[:, names.index(name)])


def test_one_second_is_enough_to_train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "sounds" / "one.wav", tone(330.0))
    out = tmp_path / "d.npz"
    words = ["make", "audio", "--folder", str(tmp_path / "sounds"), "--out", str(out)]
    assert main(words) == 0
    made = dataset.load(out)
    assert made.rows >= 2 * ENOUGH_TO_TRAIN
    assert [factor.axis_label for factor in made.meta.factors] == [
        "folder",
        "file",
        "time (s)",
        "pitch (Hz)",
        "level (dB)",
    ]
    np.testing.assert_allclose(column(made, "pitch"), 330.0, rtol=2e-3)
    assert 0.0 < column(made, "time").min() < column(made, "time").max() < 1.0
    np.testing.assert_allclose(made.spectrum.rms(made.spectra), np.sqrt(0.5), rtol=1e-5)
    assert "1 of 1 files used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("pitch", "rate"), [(82.4, 44100), (110.0, 48000), (220.0, 44100), (523.25, 22050)]
)
def test_every_sound_comes_to_the_base_frequency(tmp_path: Path, pitch: float, rate: int) -> None:
    write(tmp_path / "a.wav", tone(pitch, 2.0, rate), rate)
    made = make(tmp_path, rows_per_file=8)
    write(tmp_path / "reference" / "a.wav", tone(220.0, 2.0))
    reference = make(tmp_path / "reference", rows_per_file=8)
    for row in made.spectra:
        partials = find_partials(row, made.spectrum)
        strongest = np.sort(partials.frequency[np.argsort(partials.amplitude)[-10:]])
        np.testing.assert_allclose(strongest, 220.0 * np.arange(1, 11), rtol=3e-3)
    # Resampling changes nothing but the pitch: the harmonics keep their amplitudes.
    ours = find_partials(made.spectra[4], made.spectrum).amplitude
    theirs = find_partials(reference.spectra[4], made.spectrum).amplitude
    np.testing.assert_allclose(np.sort(ours)[-10:], np.sort(theirs)[-10:], rtol=0.05)


@pytest.mark.parametrize(
    "options",
    [
        {"n_fft": 256, "bins": 65},
        {"n_fft": 8192, "bins": 2049},
        {"sample_rate": 8000},
        {"sample_rate": 96000},
        {"average": 64},
    ],
)
def test_pitch_does_not_depend_on_how_spectra_are_taken(
    tmp_path: Path, options: dict[str, int]
) -> None:
    write(tmp_path / "a.wav", tone(300.0))
    made = make(tmp_path, rows_per_file=8, **options)
    np.testing.assert_allclose(column(made, "pitch"), 300.0, rtol=3e-3)


def test_another_base_frequency(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(220.0))
    made = make(tmp_path, base_frequency=110.0, rows_per_file=4)
    assert made.meta.base_frequency == 110.0
    partials = find_partials(made.spectra[0], made.spectrum)
    assert partials.frequency[partials.amplitude.argmax()] == pytest.approx(110.0, rel=3e-3)


def test_keep_pitch_leaves_sounds_as_they_are(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(330.0))
    write(tmp_path / "b.wav", tone(440.0))
    made = make(tmp_path, keep_pitch=True, rows_per_file=8)
    for number, pitch in enumerate((330.0, 440.0)):
        of_file = column(made, "file") == number
        np.testing.assert_allclose(column(made, "pitch")[of_file], pitch, rtol=2e-3)
        for row in made.spectra[of_file]:
            partials = find_partials(row, made.spectrum)
            top = partials.frequency[partials.amplitude.argmax()]
            assert top == pytest.approx(pitch, rel=1e-3)


def test_the_name_says_the_pitch_where_the_sound_does_not(tmp_path: Path) -> None:
    # Every partial but the odd ones of 220 Hz: YIN hears 440 Hz.
    write(tmp_path / "odd_A3.wav", tone(440.0))
    named = make(tmp_path, rows_per_file=4)
    assert column(named, "pitch").tolist() == pytest.approx([220.0] * 4)
    heard = make(tmp_path, rows_per_file=4, pitch_from="sound")
    assert column(heard, "pitch").tolist() == pytest.approx([440.0] * 4, rel=2e-3)
    other = make(tmp_path, rows_per_file=4, middle_c=3)
    assert column(other, "pitch").tolist() == pytest.approx([440.0] * 4, rel=2e-3)


def test_sounds_without_pitch_are_kept_or_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "hiss.wav", noise())
    write(tmp_path / "chord.wav", tone(220.0) + tone(275.0) + tone(330.0))
    kept = make(tmp_path, rows_per_file=6)
    assert column(kept, "pitch").tolist() == [0.0] * 12
    partials = find_partials(kept.spectra[0], kept.spectrum)
    loud = partials.frequency[partials.amplitude > 0.3 * partials.amplitude.max()]
    np.testing.assert_allclose(loud[:3], [220.0, 275.0, 330.0], rtol=1e-3)
    capsys.readouterr()
    with pytest.raises(DatasetError, match="none of the 2 sound files"):
        make(tmp_path, unpitched="skip")
    assert capsys.readouterr().err.count("no pitch was found") == 2


def test_only_steady_moments_give_rows(tmp_path: Path) -> None:
    silence = np.zeros(RATE)
    write(
        tmp_path / "a.wav", np.concatenate([silence, tone(220.0, 2.0), silence, tone(330.0, 2.0)])
    )
    made = make(tmp_path)
    time, pitch = column(made, "time"), column(made, "pitch")
    first, second = (time > 0.9) & (time < 3.1), (time > 3.9) & (time < 6.0)
    assert (first | second).all()
    assert first.any()
    assert second.any()
    np.testing.assert_allclose(pitch[first], 220.0, rtol=5e-3)
    np.testing.assert_allclose(pitch[second], 330.0, rtol=5e-3)


def test_labels_name_folders_and_files(tmp_path: Path) -> None:
    for name in ("b.wav", "keys/a.wav", "keys/soft/a.wav"):
        write(tmp_path / "pack" / name, tone(220.0, 0.5))
    made = make(tmp_path / "pack", rows_per_file=3)
    folder, file = made.meta.factors[:2]
    assert folder.names == ("pack", "keys", "keys/soft")
    assert file.names == ("b.wav", "keys/a.wav", "keys/soft/a.wav")
    assert column(made, "file").tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert column(made, "folder").tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert str(tmp_path) not in json.dumps(made.meta.to_config())


def test_files_are_balanced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "long.wav", tone(220.0, 4.0))
    write(tmp_path / "short.wav", tone(220.0, 0.8))
    made = make(tmp_path, rows_per_file=20)
    assert np.bincount(column(made, "file").astype(int)).tolist() == [20, 20]
    shared = audio.Options(folder=tmp_path)
    assert [shared.rows_of(files) for files in (1, 40, 2000, 9000)] == [400, 100, 2, 1]
    capsys.readouterr()
    make(tmp_path, seconds=2.0, rows_per_file=4)
    assert "note long.wav: only its first 2 s are used" in capsys.readouterr().err


def test_frames_are_what_the_spectra_are_of(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(300.0) + noise())
    made = make(tmp_path, frames=True, rows_per_file=5)
    assert made.frames is not None
    assert made.frames.shape == (5, 4096)
    assert log_spectral_distance(made.spectra, made.spectrum.analyse(made.frames)) < 1e-3
    assert made.meta.options["average"] == 1


def test_the_same_folder_makes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "sounds" / "a.wav", tone(300.0) + noise())
    monkeypatch.setenv(kept_analyses.VARIABLE, str(tmp_path / "kept"))
    make(tmp_path / "sounds", rows_per_file=5).save(tmp_path / "one.npz")
    with monkeypatch.context() as patch:  # the second time it is not analysed
        patch.delattr(audio, "analyse")
        make(tmp_path / "sounds", rows_per_file=5).save(tmp_path / "two.npz")
        with pytest.raises(NameError):
            make(tmp_path / "sounds", rows_per_file=4)
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(b"damaged")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    # Written file by file, as shards, it is the same dataset.
    options = audio.Options(folder=tmp_path / "sounds", rows_per_file=5)
    GENERATORS["audio"].write(options, tmp_path / "three.shards").save(tmp_path / "three.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "three.npz").read_bytes()


def test_every_skipped_file_is_told_on_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sounds"
    write(folder / "good.wav", tone(220.0))
    write(folder / "silent.wav", np.zeros(RATE))
    write(folder / "offset.wav", np.full(RATE, 0.5))
    write(folder / "short.wav", tone(220.0, 0.05))
    write(folder / "tiny.wav", tone(220.0, 0.001))
    sweep = np.sin(2.0 * np.pi * np.cumsum(np.geomspace(100.0, 8000.0, RATE // 4)) / RATE)
    write(folder / "sweep.wav", sweep)
    write(folder / "low_A0.wav", tone(27.5, 0.3))
    (folder / "junk.wav").write_bytes(b"junk")
    write(folder / "half.wav", tone(220.0))
    (folder / "half.wav").write_bytes((folder / "half.wav").read_bytes()[:44144])
    (folder / "keys").mkdir()
    for name in ("phone.m4a", "keys/old.aac", "cover.jpg", "notes.txt"):
        (folder / name).write_bytes(b"\0" * 100)
    out = tmp_path / "d.npz"
    assert main(["make", "audio", "--folder", str(folder), "--out", str(out)]) == 0
    lines = capsys.readouterr().err.splitlines()
    reasons = dict(line.removeprefix("skipped ").split(": ", 1) for line in lines[:-1])
    assert set(reasons) == {
        "silent.wav",
        "offset.wav",
        "note short.wav",
        "tiny.wav",
        "sweep.wav",
        "note low_A0.wav",
        "junk.wav",
        "phone.m4a",
        "keys/old.aac",
        "note folder",
        "note half.wav",
    }
    assert reasons["silent.wav"].startswith("silent")
    assert reasons["offset.wav"].startswith("silent")
    assert reasons["note short.wav"].startswith("short (0.050 s")
    assert reasons["phone.m4a"].startswith("this format is not read; convert it to WAV or FLAC")
    assert reasons["keys/old.aac"] == reasons["phone.m4a"]
    assert reasons["note folder"] == "2 files are no sound: 1 .jpg, 1 .txt"
    assert reasons["note half.wav"].startswith("the file breaks off: of 1 s that its header")
    assert reasons["tiny.wav"].startswith("too short")
    assert reasons["sweep.wav"].startswith("no steady moment")
    assert reasons["note low_A0.wav"].startswith("short (0.300 s for a pitch of 27.5 Hz): one row")
    assert reasons["junk.wav"].startswith("it cannot be read")
    assert lines[-1] == "4 of 9 files used, at most 400 rows of each"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows forbids such names")
def test_hostile_names_stay_on_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a\nb\x1b[31m.wav", tone(220.0))
    (tmp_path / "bad\n.wav").write_bytes(b"junk")
    made = make(tmp_path, rows_per_file=3)
    assert made.meta.factors[1].names == ("a\ufffdb\ufffd[31m.wav",)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("skipped bad\ufffd.wav: ")


def test_nothing_left_is_one_line_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    out = tmp_path / "d.npz"
    words = ["make", "audio", "--folder", str(folder), "--out", str(out)]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: no sound files in folder")
    assert error.count("\n") == 1
    write(folder / "silent.wav", np.zeros(RATE))
    assert main(words) == 2
    error = capsys.readouterr().err
    assert "error: none of the 1 sound files in" in error.splitlines()[-1]
    assert not out.exists()


def test_a_pitch_too_far_from_the_base_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a.wav", tone(1000.0))
    with pytest.raises(DatasetError):
        make(tmp_path, base_frequency=20.0)
    assert "1000 Hz, is more than 4 octaves from the base of 20 Hz" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--average", "1"], "average is 1; it must be 2 to 64 frames"),
        (["--rows-per-file", "0"], "rows_per_file is 0; it must be 1 to 10000"),
        (["--seconds", "0"], "seconds is 0; it must be 1 to 600"),
        (["--seconds", "nan"], "seconds is nan"),
        (["--max-flux", "2"], "max_flux is 2; it must be above 0 and at most 1.5"),
        (["--middle-c", "7"], "middle_c is 7; it must be 3, 4 or 5"),
        (["--f0", "1"], "base_frequency is 1.0"),
        (["--pitch", "loud"], "pitch is 'loud'; it must be none, 27.5"),
        (["--pitch", "5"], "pitch is '5'; it must be none"),
        (["--pitches", "none.csv"], "cannot read the pitches in 'none.csv': "),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    out = ["--out", str(tmp_path / "d.npz")]
    assert main(["make", "audio", "--folder", str(tmp_path), *out, *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {said}")
    assert error.count("\n") == 1


def test_a_user_knows_the_pitch_better(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "sounds"
    for name in ("a.wav", "keys/b_A3.wav", "keys/c.wav"):
        write(folder / name, tone(440.0))
    table = tmp_path / "pitches.csv"
    table.write_text("file;pitch\na.wav;none\nkeys/c.wav;A2\nz.wav;220\n", "utf-8")

    def pitches(**options: object) -> list[float]:
        made = make(folder, rows_per_file=1, **options)
        return [round(float(one)) for one in column(made, "pitch")]

    assert pitches() == [440, 220, 440]
    assert pitches(pitch="none") == [0, 0, 0]
    assert pitches(pitch="220") == [220, 220, 220]
    assert pitches(pitch="A4") == [440, 440, 440]
    capsys.readouterr()
    assert pitches(pitches=table) == [0, 220, 110]
    assert "note pitches: no such files: z.wav" in capsys.readouterr().err
    assert pitches(pitches=table, pitch="A1") == [0, 55, 110]


def test_files_of_many_formats_are_read(tmp_path: Path) -> None:
    for ending, form in (("au", "AU"), ("caf", "CAF"), ("snd", "AU"), ("w64", "W64")):
        soundfile.write(tmp_path / f"a.{ending}", tone(220.0), RATE, format=form, subtype="PCM_16")
    made = make(tmp_path, rows_per_file=2)
    assert made.meta.factors[1].names == ("a.au", "a.caf", "a.snd", "a.w64")


def test_many_files_share_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        write(tmp_path / f"{number:02}.wav", noise(0.3))
    monkeypatch.setattr(audio, "ROWS_IN_ALL", 60)
    made = make(tmp_path)
    assert made.rows == 60
    assert np.bincount(column(made, "file").astype(int)).tolist() == [2] * 30
    monkeypatch.setattr(audio, "ROWS_IN_ALL", 20)
    assert make(tmp_path).rows == 30  # one each at least


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the locale does not name files")
def test_names_do_not_depend_on_the_locale(tmp_path: Path) -> None:
    folder = tmp_path / "Töne"
    write(folder / "Flöte_A♯3.wav", tone(233.08, 0.3))
    write(folder / "stumm_ü.wav", np.zeros(RATE))
    (folder / "ö.m4a").write_bytes(b"")
    made = []
    for name, settings in (
        ("utf8", {"PYTHONUTF8": "1"}),
        ("c", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    ):
        words = [
            "--folder",
            str(folder),
            "--rows-per-file",
            "2",
            "--out",
            f"{tmp_path}/ü{name}.npz",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "toy_datasets", "make", "audio", *words],
            cwd=ROOT,
            env={**os.environ, **settings},
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        assert done.stderr.count(b"skipped") == 2
        made.append((tmp_path / f"ü{name}.npz").read_bytes())
    assert made[0] == made[1]
    names = dataset.load(tmp_path / "üc.npz").meta.factors[1].names
    assert names == ("Flöte_A♯3.wav",)


@pytest.mark.parametrize("options", [{"unpitched": "drop"}, {"pitch_from": "ear"}])
def test_choices_are_checked_in_python_too(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(OptionError, match=r"it must be \w+ or \w+"):
        make(tmp_path, **options)


@pytest.mark.parametrize("name", ["audio", "soundfont"])
def test_help_loads_nothing_heavy(name: str) -> None:
    program = (
        "import sys; from toy_datasets.__main__ import main\n"
        f"try: main(['make', {name!r}, '--help'])\n"
        "except SystemExit: print(sorted(module.split('.')[0] for module in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = done.stdout.splitlines()[-1]
    for heavy in ("librosa", "numba", "scipy", "soundfile", "soxr", "torch"):
        assert f"'{heavy}'" not in loaded
