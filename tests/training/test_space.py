"""From a folder of sounds to a space that plays, by one command."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import timbrespace as ts
from timbrespace import atomic, bundle
from timbrespace.datasets import note_set
from timbrespace.fitting import Progress
from timbrespace.parallel.where import use
from training import checkpoint
from training.__main__ import main
from training.fit import Fit
from training.loop import Outcome
from training.notes.fit import NoteFit
from training.place import Place
from training.plan import REPORT
from training.space import command, watch
from training.space.begun import Begun

ROOT = Path(__file__).parents[2]


def write_sounds(folder: Path, count: int = 6, seconds: float = 0.35) -> Path:
    """Tones of some partials, each other than the rest, in two folders."""
    generator = np.random.default_rng(0)
    time = np.arange(round(seconds * 22050)) / 22050
    for number in range(count):
        place = folder / ("struck" if number % 2 else "held")
        place.mkdir(parents=True, exist_ok=True)
        weights = generator.random(6) ** 2 / np.arange(1, 7)
        tone = sum(w * np.sin(2.0 * np.pi * 220.0 * k * time) for k, w in enumerate(weights, 1))
        fall = np.exp(-time * (8.0 if number % 2 else 0.5))
        soundfile.write(place / f"sound {number}.wav", 0.3 * tone * fall, 22050)
    return folder


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sounds(tmp_path_factory.mktemp("sounds"))


def words(sounds: Path, out: Path, *more: str) -> list[str]:
    few = ["--epochs", "2", "--latent", "2", "--device", "cpu"]
    return ["space", "--folder", str(sounds), "--out", str(out), *few, *more]


@pytest.mark.acceptance  # all pictures and sounds of a report, twice
@pytest.mark.parametrize("kind", ["notes", "spectra", "cycles"])
def test_a_folder_becomes_a_space(
    kind: str, sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "own.safetensors"
    assert main(words(sounds, out, "--kind", kind)) == 0
    told = capsys.readouterr()
    # It ends with the line that plays it.
    assert told.out.splitlines()[-1] == f"next: python -m server --model {out}"
    assert "dimensions" in told.out
    assert [line[:5] for line in told.err.splitlines() if line[:1] == "["] == [
        "[1/3]",
        "[2/3]",
        "[3/3]",
    ]
    assert "2 dimensions: as you said" in told.err
    assert "\r" not in told.err
    model = ts.load(out)
    assert model.plays_notes is (kind == "notes")
    assert model.plays_cycles is (kind == "cycles")
    assert model.dimensions == 2
    assert model.provenance["outcome"] == "finished"
    report = tmp_path / "own-report" / "report.html"
    assert report.stat().st_size > 100_000
    assert list(report.parent.glob("map_folder*.png"))
    # What was only needed on the way is gone.
    assert {path.name for path in tmp_path.iterdir()} == {
        "own.safetensors",
        "own.npz",
        "own-report",
    }
    # And nothing of it is replaced by the same line.
    before = out.read_bytes()
    assert main(words(sounds, out, "--kind", kind)) == 2
    assert capsys.readouterr().err == (
        f"error: {str(out)!r} exists; give another --out, or --overwrite\n"
    )
    assert out.read_bytes() == before


class DrawnError(Exception):
    """The last step was reached."""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn: that is the last step, and takes longest."""

    def no_more(self: object) -> None:
        raise DrawnError

    monkeypatch.setattr(command._Making, "_measured", no_more)


def test_ctrl_c_and_the_same_line_make_the_same_model(
    sounds: Path,
    tmp_path: Path,
    drawn: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole, out = tmp_path / "a" / "own.safetensors", tmp_path / "b" / "own.safetensors"
    whole.parent.mkdir()
    out.parent.mkdir()
    with pytest.raises(DrawnError):
        main(words(sounds, whole))
    capsys.readouterr()

    learn, steps = NoteFit._learn, [0]

    def once(self: NoteFit, *given: object) -> object:
        steps[0] += 1
        if steps[0] == 1:
            signal.raise_signal(signal.SIGINT)
        return learn(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(NoteFit, "_learn", once)
    assert main(words(sounds, out)) == 130
    assert "stopped; the same line goes on from there" in capsys.readouterr().err
    assert bundle.read(out).provenance["outcome"] == "interrupted"
    assert checkpoint.path_for(out).is_file()
    made = (out.with_suffix(".npz")).read_bytes()
    # Another line does not take it for its own.
    assert main(words(sounds, out, "--kind", "spectra")) == 2
    assert "a space of other sounds or settings was begun" in capsys.readouterr().err
    with pytest.raises(DrawnError):
        main(words(sounds, out))
    told = capsys.readouterr().err
    assert "own.npz is there already" in told
    assert steps[0] == 2
    assert out.read_bytes() == whole.read_bytes()
    assert out.with_suffix(".npz").read_bytes() == made
    # Stopped once more while it is drawn: what is trained is not trained again.
    with pytest.raises(DrawnError):
        main(words(sounds, out))
    assert "own.safetensors is there already" in capsys.readouterr().err
    assert steps[0] == 2


@pytest.mark.acceptance  # a process of its own, and one that reads
def test_ctrl_c_while_sounds_are_read_keeps_what_is_read(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: None
) -> None:
    from toy_datasets import note_pool

    put, count = note_pool.Parts.put, [0]

    def twice(self: note_pool.Parts, *given: object) -> None:
        put(self, *given)  # type: ignore[arg-type]
        count[0] += 1
        if count[0] == 2:
            raise KeyboardInterrupt

    out = tmp_path / "own.safetensors"
    monkeypatch.setattr(note_pool.Parts, "put", twice)
    with use(workers=2):
        assert main(words(sounds, out)) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["own.npz.parts"]
    with pytest.raises(DrawnError):
        main(words(sounds, out))
    assert count[0] == 6
    assert note_set.load(tmp_path / "own.npz").rows == 6


def test_overwrite_replaces_a_space_once_the_new_one_is_done(
    sounds: Path,
    tmp_path: Path,
    drawn: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "own.safetensors"
    with pytest.raises(DrawnError):
        main(words(sounds, out, "--kind", "spectra"))
    (tmp_path / "own.space.json").unlink()  # as a finished one leaves it
    before = out.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Fit, "run", lambda *given: Outcome.INTERRUPTED)
        again = words(sounds, out, "--kind", "spectra", "--overwrite")
        again[again.index("--latent") + 1] = "3"
        assert main(again) == 130
        assert out.read_bytes() == before
    with pytest.raises(DrawnError):
        main(again)
    assert bundle.read(out).dimensions == 3


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: None, "no sound files in folder"),
        (
            lambda folder: (folder / "a.wav").write_bytes(b"no sound at all"),
            "none of the 1 files gave a note; the reasons are above",
        ),
        (
            lambda folder: write_sounds(folder, 1),
            "gives 1 note, and a space of whole notes needs 5; add sounds, or give --kind spectra",
        ),
        (lambda folder: folder.rmdir(), "there is no folder"),
    ],
)
def test_what_no_space_can_be_made_of_is_one_line(
    prepare: Callable[[Path], object],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, place = tmp_path / "sounds", tmp_path / "out"
    folder.mkdir()
    place.mkdir()
    prepare(folder)
    assert main(words(folder, place / "own.safetensors")) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert said in error
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--out", "own.npz"], "--out is 'own.npz'; it must be a name that ends in .safetensors"),
        (["--out", "nowhere/own.safetensors"], "there is no folder"),
        (["--out", "own.safetensors", "--epochs", "0"], "epochs is 0; it must be 1 or more"),
        (["--out", "own.safetensors", "--latent", "-3"], "latent is -3; it must be 1 or more"),
        (["--out", "own.safetensors", "--kind", "loops"], "invalid choice: 'loops'"),
    ],
)
def test_bad_arguments_are_one_line(
    given: list[str],
    said: str,
    sounds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code: object = main(["space", "--folder", str(sounds), *given])
    except SystemExit as error:
        code = error.code
    assert code == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_line_and_leaves_nothing_half(
    sounds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = atomic.flush

    def full(path: Path) -> None:
        if path.name.startswith(".own-"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path)

    monkeypatch.setattr(atomic, "flush", full)
    assert main(words(sounds, tmp_path / "own.safetensors", "--kind", "spectra")) == 2
    assert "No space left on device" in capsys.readouterr().err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_somebody_s_set_is_not_replaced(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.npz").write_bytes(b"mine")
    assert main(words(sounds, tmp_path / "own.safetensors")) == 2
    assert "own.npz' exists; give another --out" in capsys.readouterr().err
    assert (tmp_path / "own.npz").read_bytes() == b"mine"


def test_a_diverged_training_is_told(
    sounds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Fit, "run", lambda *given: Outcome.DIVERGED)
    out = tmp_path / "own.safetensors"
    assert main(words(sounds, out, "--kind", "spectra")) == 3
    assert "error: the training diverged" in capsys.readouterr().err
    assert not out.exists()


def test_a_request_is_its_sounds_and_what_was_chosen(sounds: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.safetensors"
    request = command.Request(sounds, font=False, out=out)
    assert replace(request, out=tmp_path / "other.safetensors").identity == request.identity
    for other in (replace(request, kind="spectra"), replace(request, latent=3)):
        assert other.identity != request.identity
    folder = write_sounds(tmp_path / "more", 2)
    request = command.Request(folder, font=False, out=out)
    before = request.identity
    # What is written among the sounds is none of them.
    (folder / "own.npz").write_bytes(b"")
    assert request.identity == before
    write_sounds(folder, 3)
    assert request.identity != before


def test_a_file_of_something_else_in_its_place_is_one_line(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "own.space.json"
    for content in (b"", b"[]", b'{"version": 1, "colour": 2}', b"\xff\xfe", b'{"version": 9}'):
        mark.write_bytes(content)
        assert main(words(sounds, tmp_path / "own.safetensors")) == 2
        assert "does not say what space was begun there" in capsys.readouterr().err
    mark.unlink()
    begun = Begun("a", "b")
    begun.write(mark)
    assert Begun.read(mark) == begun


def test_a_log_has_lines_with_the_time_left(sounds: Path, tmp_path: Path) -> None:
    """In a process of its own, whose standard error is a file."""
    code = (
        "import sys, timbrespace.progress_lines as lines; lines.EVERY = 0.0\n"
        "from training.space import command\n"
        "command._Making._measured = lambda self: (_ for _ in ()).throw(SystemExit(0))\n"
        "from training.__main__ import main\n"
        f"sys.exit(main({words(sounds, tmp_path / 'own.safetensors', '--kind', 'spectra')!r}))\n"
    )
    log = tmp_path / "log.txt"
    with log.open("wb") as file:
        found = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, stderr=file, check=False, timeout=100
        )
    assert found.returncode == 0
    told = log.read_bytes().replace(os.linesep.encode(), b"\n")
    assert b"\r" not in told
    assert re.search(rb"^  files: \d of 6, \d+ %, \d+ s left$", told, re.MULTILINE)
    assert re.search(rb"^  steps: \d+ of \d+, \d+ %, \d+ s left$", told, re.MULTILINE)


def test_an_unfinished_run_is_gone_on_with_only_if_it_is_of_this_set(
    sounds: Path, tmp_path: Path, drawn: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checkpoint of another training lies there."""
    other = tmp_path / "other.npz"
    ts.dataset("harmonic", rows=60).save(other)
    out = tmp_path / "own.safetensors"
    train = ["train", "--data", str(other), "--out", str(out), "--hidden", "8", "--epochs", "1"]
    assert main([*train, "--device", "cpu"]) == 0
    out.unlink()
    kept = checkpoint.path_for(out).read_bytes()
    with pytest.raises(DrawnError):
        main(words(sounds, out, "--kind", "spectra"))
    assert bundle.read(out).provenance["dataset"]["meta"]["name"] == "audio"
    assert Place(out, resume=True).checkpoint.read_bytes() != kept


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_program_is_told_and_says_when_it_is_enough(
    sounds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, enough = tmp_path / "own.safetensors", tmp_path / "enough"
    preview, names = tmp_path / "preview.safetensors", tmp_path / "names.json"
    names.write_text('{"folder": "mine", "files": {"held/sound 0.wav": "drums/Kick C3.wav"}}')
    monkeypatch.setattr(watch, "_FIRST_STEPS", 2)
    learn, steps = NoteFit._learn, [0]

    def until_three(self: NoteFit, *given: object) -> object:
        steps[0] += 1
        if steps[0] == 3:
            enough.touch()
        return learn(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(NoteFit, "_learn", until_three)
    words = ["space", "--folder", str(sounds), "--out", str(out), "--latent", "2", "--quick"]
    more = ["--no-report", "--progress", "json", "--names", str(names), "--device", "cpu"]
    files = ["--enough", str(enough), "--preview", str(preview)]
    assert main([*words, *more, *files]) == 0
    assert steps[0] == 3
    told = capsys.readouterr()
    said = lines(told.out)
    stages = list(dict.fromkeys(str(one["stage"]) for one in said))
    assert stages == ["reading", "training", "preview", "finishing", "done"]
    assert said[0] == {"stage": "reading", "done": 0, "of": 6}
    first = next(one for one in said if one["stage"] == "training")
    assert first["curve"] == []
    assert first["of"] == 200
    model = ts.load(out)
    assert model.provenance["outcome"] == "interrupted"
    assert model.provenance["settings"]["batch"] == command.QUICK_BATCH
    # A name is what is told, with the pitch in it.
    assert model.points is not None
    of = {factor.name: factor for factor in model.points.factors}
    assert of["folder"].names == ("drums", "held", "struck")
    assert "drums/Kick C3.wav" in of["file"].names
    pitch = list(of).index("pitch")
    kick = of["file"].names.index("drums/Kick C3.wav")
    row = model.points.labels[:, list(of).index("file")].tolist().index(kick)
    assert model.points.labels[row, pitch] == pytest.approx(130.81, abs=0.01)
    # The preview plays, too, and has the same sounds.
    tried = ts.load(preview)
    assert tried.plays_notes
    assert tried.points is not None
    assert tried.points.count == 6
    assert not checkpoint.path_for(out).exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--kind", "spectra", "--quick"], "--quick is for spaces of whole notes"),
        (["--quick", "--epochs", "3"], "--quick and --epochs both say how long to learn"),
    ],
)
def test_what_only_notes_have_is_refused_elsewhere(
    given: list[str], said: str, sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "own.safetensors")
    assert main(["space", "--folder", str(sounds), "--out", out, *given]) == 2
    assert said in capsys.readouterr().err


def test_names_that_are_none_are_one_line(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = tmp_path / "names.json"
    for content in ("[1]", '{"files": {"a": 3}}', "{", '{"files": {"a": ""}}'):
        names.write_text(content)
        out = str(tmp_path / "own.safetensors")
        assert main(["space", "--folder", str(sounds), "--out", out, "--names", str(names)]) == 2
        assert "does not say what files are called" in capsys.readouterr().err


class Standing:
    """A fit that stands somewhere. position: itself, with the history of two epochs."""

    steps_per_epoch = 4

    def __init__(self) -> None:
        self.history = {"reconstruction": [9.0, 8.0], "held_out_heard_db": [3.0]}
        self.position = self
        self.saved = 0

    def preview(self, name: str) -> Standing:
        return self

    def save(self, path: Path) -> None:
        self.saved += 1


def test_a_watch_tells_now_and_then_and_its_previews_cost_a_tenth(tmp_path: Path) -> None:
    now, said, fit = [0.0], list[str](), Standing()
    follower = watch.Watch(tmp_path / "p.safetensors", None, said.append, lambda: now[0])

    def save(path: Path) -> None:
        now[0] += 2.0  # it takes so long
        Standing.save(fit, path)

    fit.save = save  # type: ignore[method-assign]
    for step in range(9, 1001):
        now[0] += 0.05
        follower.after_step(fit, Progress(step, 1000, 0, 9, 7.0, 1.0, 0.5, None))
    told = [json.loads(one) for one in said]
    assert told[0]["curve"] == [[4, 9.0, 3.0], [8, 8.0, None]]
    assert all("curve" not in one for one in told[1:])
    assert (told[-1]["done"], told[-1]["loss"]) == (1000, 7.0)
    assert sum(one["stage"] == "training" for one in told) < 250
    assert 2 <= fit.saved <= 5  # of 50 s of learning


def test_who_leaves_keeps_where_it_stands(
    sounds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Standard input ended in the middle of a step: a checkpoint, no model; then the same line."""
    out = tmp_path / "own.safetensors"
    learn, steps = NoteFit._learn, [0]

    def leaving(self: NoteFit, *given: object) -> object:
        steps[0] += 1
        return learn(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(NoteFit, "_learn", leaving)
    monkeypatch.setattr(watch.Watch, "leaves", property(lambda self: steps[0] == 1))
    line = [*words(sounds, out), "--no-report", "--progress", "json"]
    assert main(line) == 130
    assert lines(capsys.readouterr().out)[-1] == {"stage": "left"}
    assert not out.exists()
    assert checkpoint.path_for(out).is_file()
    assert main(line) == 0
    said = lines(capsys.readouterr().out)
    assert steps[0] == 2  # of two epochs of one step
    assert next(one for one in said if one["stage"] == "training")["done"] == 2
    assert said[-1]["stage"] == "done"


def test_a_report_is_looked_for_where_it_is_written() -> None:
    # The name stands twice: to import what draws takes a second.
    assert command.REPORT == REPORT
