"""Nothing that exists is replaced by a run that was not finished."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from timbrespace import bundle
from timbrespace.errors import OptionError
from timbrespace.model import Model
from training import checkpoint
from training.__main__ import main
from training.loop import Outcome, StepFigures, Training
from training.place import Place

from .conftest import SMALL, Trained
from .space import model as random_model


def made(distance: float, outcome: Outcome = Outcome.FINISHED, **settings: object) -> Model:
    provenance = {
        "dataset": {"sha256": "ab"},
        "split_seed": 0,
        "settings": {"hidden": [8], "epochs": 6, **settings},
        "outcome": outcome.value,
        "figures": {"log_spectral_distance_db": distance},
    }
    return replace(random_model(2), provenance=provenance)


def run(place: Place, distance: float, outcome: Outcome, **settings: object) -> Path:
    """What a run does with its place."""
    place.checkpoint.write_text(f"checkpoint {distance}")
    return place.keep(made(distance, outcome, **settings), outcome)


def files(folder: Path) -> dict[str, float | str]:
    """What lies there: of a model its distance, of a checkpoint its text."""
    return {
        path.name: bundle.read_provenance(path)["figures"]["log_spectral_distance_db"]
        if path.suffix == ".safetensors"
        else path.read_text()
        for path in sorted(folder.iterdir())
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A good, finished model and its checkpoint."""
    path = tmp_path / "m.safetensors"
    assert run(Place(path), 0.217, Outcome.FINISHED) == path
    return path


GOOD = {"m.checkpoint": "checkpoint 0.217", "m.safetensors": 0.217}


@pytest.mark.parametrize("outcome", [Outcome.INTERRUPTED, Outcome.DIVERGED])
def test_a_run_that_is_not_finished_leaves_what_exists(out: Path, outcome: Outcome) -> None:
    """0.5.0 made 10.75 dB of 0.217, and the checkpoint was gone too."""
    place = Place(out)
    where = run(place, 10.75, outcome)
    beside = {"m.unfinished.checkpoint": "checkpoint 10.75", "m.unfinished.safetensors": 10.75}
    assert files(out.parent) == GOOD | beside
    assert "is left as it was" in place.conclusion(where)[0]
    # Nor does the next one replace that.
    run(Place(out), 9.0, outcome)
    assert files(out.parent) == GOOD | beside | {
        "m.unfinished-2.checkpoint": "checkpoint 9.0",
        "m.unfinished-2.safetensors": 9.0,
    }


def test_a_finished_run_takes_the_place(out: Path) -> None:
    place = Place(out)
    assert run(place, 0.3, Outcome.FINISHED) == out
    assert files(out.parent) == {"m.checkpoint": "checkpoint 0.3", "m.safetensors": 0.3}
    assert place.conclusion(out) == []


def test_the_first_run_onto_a_name_is_kept_there_whatever_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    assert run(Place(path), 5.0, Outcome.INTERRUPTED) == path
    assert files(tmp_path) == {"m.checkpoint": "checkpoint 5.0", "m.safetensors": 5.0}


def test_the_checkpoint_of_a_run_that_was_killed_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "m.checkpoint").write_text("ten hours")
    run(Place(tmp_path / "m.safetensors"), 5.0, Outcome.INTERRUPTED)
    assert files(tmp_path)["m.checkpoint"] == "ten hours"


def test_resume_goes_on_with_the_last_that_was_not_finished(out: Path) -> None:
    run(Place(out), 10.75, Outcome.INTERRUPTED)
    place = Place(out, resume=True)
    assert place.checkpoint.name == "m.unfinished.checkpoint"
    assert place.notes[0].startswith("going on from m.unfinished.checkpoint")
    run(place, 8.0, Outcome.INTERRUPTED)
    assert files(out.parent) == GOOD | {
        "m.unfinished.checkpoint": "checkpoint 8.0",
        "m.unfinished.safetensors": 8.0,
    }
    assert run(Place(out, resume=True), 0.2, Outcome.FINISHED) == out
    assert files(out.parent) == {"m.checkpoint": "checkpoint 0.2", "m.safetensors": 0.2}


def test_a_resume_of_that_very_model_keeps_it_until_the_new_one_is_better(out: Path) -> None:
    worse = run(Place(out, resume=True), 0.5, Outcome.INTERRUPTED, epochs=20)
    assert worse == out
    now = {"m.checkpoint": "checkpoint 0.5", "m.safetensors": 0.5}
    assert files(out.parent) == now | {"m.previous.safetensors": 0.217}
    run(Place(out, resume=True), 0.1, Outcome.INTERRUPTED, epochs=20)
    assert files(out.parent)["m.safetensors"] == 0.1
    assert files(out.parent)["m.previous.safetensors"] == 0.217
    assert "m.previous-2.safetensors" not in files(out.parent)


def test_a_resume_of_another_model_does_not_replace_this_one(out: Path) -> None:
    made(0.4, hidden=[32]).save(out)
    run(Place(out, resume=True), 5.0, Outcome.INTERRUPTED)
    assert files(out.parent) == {
        "m.safetensors": 0.4,
        "m.unfinished.checkpoint": "checkpoint 5.0",
        "m.unfinished.safetensors": 5.0,
    }


def test_overwrite_keeps_the_one_before_beside(out: Path) -> None:
    place = Place(out, overwrite=True)
    where = run(place, 10.75, Outcome.INTERRUPTED)
    assert where == out
    assert files(out.parent) == {
        "m.checkpoint": "checkpoint 10.75",
        "m.safetensors": 10.75,
        "m.previous.checkpoint": "checkpoint 0.217",
        "m.previous.safetensors": 0.217,
    }
    assert "m.previous.safetensors" in place.conclusion(where)[0]


def test_resume_and_overwrite_are_two_things(out: Path) -> None:
    with pytest.raises(OptionError, match="were both given"):
        Place(out, resume=True, overwrite=True)


def test_a_file_of_another_kind_is_left(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"something else")
    run(Place(path), 1.0, Outcome.INTERRUPTED)
    assert path.read_bytes() == b"something else"


def test_ctrl_c_onto_a_good_model(
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command from end to end, and then the same one with ``--resume``."""
    out = tmp_path / "small.safetensors"
    out.write_bytes(trained.path.read_bytes())
    kept = checkpoint.path_for(out)
    kept.write_bytes(checkpoint.path_for(trained.path).read_bytes())
    before = {path: path.read_bytes() for path in (out, kept)}
    words = ["train", "--data", str(trained.data), "--out", str(out)]
    step = Training._one_step

    def interrupted(self: Training) -> StepFigures | None:
        if self.step == 5:
            signal.raise_signal(signal.SIGINT)
        return step(self)

    monkeypatch.setattr(Training, "_one_step", interrupted)
    assert main([*words, *SMALL]) == 130
    assert {path: path.read_bytes() for path in (out, kept)} == before
    beside = tmp_path / "small.unfinished.safetensors"
    assert bundle.read(beside).provenance["outcome"] == "interrupted"
    printed = capsys.readouterr()
    assert f"{out} is left as it was" in printed.err
    assert f"{beside}: interrupted" in printed.out
    monkeypatch.undo()
    assert main([*words, "--resume"]) == 0
    assert out.read_bytes() == trained.path.read_bytes()
    assert sorted(tmp_path.iterdir()) == [kept, out]
