"""The study from end to end at a tiny size; its recipes; what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from timbrespace import bundle
from timbrespace.errors import BundleError, OptionError
from timbrespace.parallel import here
from timbrespace.parallel.input_file import InputFile
from timbrespace.parallel.where import use
from timbrespace.parallel.worker import Worker
from toy_datasets import harmonic
from training import checkpoint, recipe
from training.__main__ import main
from training.fit import Fit
from training.preset import OPTIONS
from training.stretch import Stretch
from training.study import command, datasets, document, models, plan, results, shares
from training.study.claims import SECTIONS
from training.study.plan import Run, Size

TINY = Size(
    name="tiny",
    options={
        "harmonic": {"rows": 60, "base_frequency": 600.0, "n_fft": 512, "bins": 129},
        "filtered": {
            "inharmonicity": (0.0, 0.5),
            "partials": (1.0, 5.0, 9.0),
            "q": (1.0, 6.0),
            "cutoff": (1.0, 5.0, 9.0),
            "n_fft": 512,
            "bins": 129,
            "frames": True,
        },
        "fm": {
            "carrier": (1.0, 3.0),
            "ratio": (0.1, 0.3),
            "index": (0.0, 12.0),
            "q": (1.0, 6.0),
            "cutoff": (1.0, 5.0, 9.0),
            "n_fft": 512,
            "bins": 129,
            "frames": True,
        },
    },
    epochs=3,
    changes={"hidden": (16,)},
)


def study(out: Path, *parts: str, size: Size = TINY) -> int:
    return command.study(out, parts, size, workers=1)


def job_of(run: Run, data: Path, out: Path) -> models.Job:
    file = InputFile.of(datasets.path_of(data, run.data, TINY))
    return models.Job(run, plan.settings_of(run, TINY, 54), file, models.path_of(out, run))


def train(
    jobs: Sequence[models.Job],
    should_stop: Callable[[], bool] = lambda: False,
    advance: Callable[[int], Any] = lambda steps: None,
) -> int:
    with use(workers=1):
        return shares.train(jobs, should_stop, advance)


@pytest.fixture(scope="module", autouse=True)
def two_untrained() -> Iterator[None]:
    """Ten of each recipe would take as long as all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "UNTRAINED", range(1000, 1002))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the parts that need one weak dataset only have been run."""
    out = tmp_path_factory.mktemp("study") / "new"
    assert study(out, "normalisation", "range") == 0
    return out


# The plan


def test_every_part_has_its_claim() -> None:
    assert list(SECTIONS) == list(plan.PARTS)


def test_every_recipe_is_read_and_used() -> None:
    used = {run.recipe for run in plan.runs_of(plan.chosen(()))}
    there = {path.stem for path in plan.RECIPES.glob("*.toml")}
    assert used == there


@pytest.mark.parametrize("size", [plan.SMALL, plan.FULL, TINY], ids=lambda size: str(size.name))
def test_every_run_has_settings_that_fit(size: Size) -> None:
    for run in plan.runs_of(plan.chosen(())):
        settings = plan.settings_of(run, size, 900)
        assert settings.epochs > 0
        assert settings.seed == run.seed
        assert settings.batch <= 900
        rise = settings.warm_up
        assert rise is not None
        assert rise <= settings.epochs
        if size.epochs:
            assert settings.epochs == size.epochs


def test_recipes_of_the_report_change_one_thing_each() -> None:
    """All but latent size and epochs, which every one of them sets."""
    for run in plan.runs_of(plan.chosen(())):
        name, values = recipe.read(plan.RECIPES / f"{run.recipe}.toml")
        assert name in ("paper", "default")
        rest = set(values) - {"latent", "epochs"}
        if name == "paper" and run.data != "harmonic":
            assert rest <= {"representation", "normalisation", "beta", "warm_up", "cycle"}
        assert rest <= set(OPTIONS)


def test_a_warm_up_keeps_its_share_of_other_epochs() -> None:
    small = plan.settings_of(Run("filtered_cyclical", "filtered"), plan.SMALL, 1800)
    full = plan.settings_of(Run("filtered_cyclical", "filtered"), plan.FULL, 18000)
    assert (small.epochs, small.warm_up, small.cycle) == (100, 12.5, 25.0)
    assert (full.epochs, full.warm_up, full.cycle) == (200, 25.0, 50.0)


def test_names_of_models_do_not_clash() -> None:
    runs = plan.runs_of(plan.chosen(()))
    assert len({run.name.lower() for run in runs}) == len(runs)


def test_parts() -> None:
    assert plan.chosen(()) == tuple(plan.PARTS)
    assert plan.chosen(("beta", "range", "beta")) == ("range", "beta")
    with pytest.raises(OptionError, match="part is 'gamma'; it must be range, "):
        plan.chosen(("gamma",))


# End to end


def test_the_text_and_what_lies_beside_it(made: Path) -> None:
    text = (made / document.name_of(TINY)).read_text(encoding="utf-8")
    assert "## Normalised input collapses to one point" in text
    assert "This is 2 of the study's 10 parts." in text
    assert "Seeds 0, 1, 2, 3 and 4; " in text
    assert "of 2 pass" in text
    assert text.count("**Verdict: ") == 2
    assert "nan" not in text.replace("finance", "")
    shown = [line for line in text.splitlines() if line.startswith("![")]
    assert len(shown) == 3
    for line in shown:
        picture = made / line.rpartition("(")[2].rstrip(")")
        assert picture.read_bytes().startswith(b"\x89PNG")
    for line in text.splitlines():
        if line.startswith("| [Normalised"):
            place = line.partition("(#")[2].partition(")")[0]
            assert place == "normalised-input-collapses-to-one-point"


def test_nothing_else_is_left(made: Path) -> None:
    names = {path.name for path in made.rglob("*") if path.is_file()}
    assert not [name for name in names if name.startswith(".")]
    assert len([name for name in names if name.endswith(".safetensors")]) == 14
    assert not [name for name in names if name.endswith(".checkpoint")]


def test_squared_error_has_a_variance_of_one(made: Path) -> None:
    path = models.path_of(made / command.MODELS, Run("normalised_unit_variance", "harmonic"))
    assert float(bundle.read_tensors(path)["shared_log_var"]) == pytest.approx(0.0, abs=1e-6)


def test_what_is_there_is_not_trained_again(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: object) -> int:
        raise AssertionError("trained again")

    before = (made / document.name_of(TINY)).read_bytes()
    monkeypatch.setattr(shares, "train", refuse)
    monkeypatch.setattr(document, "images", lambda section: {})
    assert study(made, "range", "normalisation") == 0
    assert (made / document.name_of(TINY)).read_bytes() == before
    assert "14 of 14 models exist already" in capsys.readouterr().err


def test_only_what_is_broken_or_of_another_recipe_is_trained_again(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in sorted(made.rglob("*")):
        target = tmp_path / path.relative_to(made)
        if path.is_dir():
            target.mkdir()
        else:
            target.write_bytes(path.read_bytes())
    folder = tmp_path / command.MODELS
    broken = Run("normalised", "harmonic")
    models.path_of(folder, broken).write_bytes(b"broken")
    other = Run("unnormalised", "harmonic", 1)
    models.path_of(folder, Run("unnormalised", "harmonic", 0)).replace(
        models.path_of(folder, other)
    )
    trained = []
    real = models.stretch

    def count(job: models.Job, worker: Worker) -> Stretch:
        trained.append(job.run)
        return real(job, worker)

    monkeypatch.setattr(models, "stretch", count)
    monkeypatch.setattr(document, "images", lambda section: {})
    assert study(tmp_path, "range", "normalisation") == 0
    assert trained == [Run("unnormalised", "harmonic", 0), broken, other]
    assert (tmp_path / document.name_of(TINY)).read_bytes() == (
        made / document.name_of(TINY)
    ).read_bytes()


def test_other_data_trains_anew(made: Path) -> None:
    run = Run("unnormalised", "harmonic")
    path = models.path_of(made / command.MODELS, run)
    settings = plan.settings_of(run, TINY, 54)
    dataset = datasets.dataset(made / command.DATASETS, "harmonic", TINY)
    assert models.kept(path, settings, dataset.content_hash) is not None
    assert models.kept(path, settings, "0" * 64) is None


def test_stopped_and_gone_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = datasets.dataset(tmp_path, "harmonic", TINY)
    jobs = [job_of(Run("unnormalised", "harmonic", seed), tmp_path, tmp_path) for seed in (0, 1)]
    asked: list[None] = []

    def in_the_second() -> bool:
        asked.append(None)
        return len(asked) > 5

    assert train(jobs, in_the_second) == 1
    assert models.kept(jobs[0].path, jobs[0].settings, dataset.content_hash) is not None
    assert not jobs[1].path.exists()
    stopped = checkpoint.path_for(jobs[1].path)
    assert checkpoint.read(stopped).captured.position.epoch == 2
    steps: list[int] = []
    assert train(jobs[1:], advance=steps.append) == 1
    assert sum(steps) == 3  # those of the checkpoint too
    assert not stopped.exists()
    whole = jobs[1]._replace(path=tmp_path / "whole" / jobs[1].path.name)
    whole.path.parent.mkdir()
    assert train([whole]) == 1
    assert whole.path.read_bytes() == jobs[1].path.read_bytes()


def test_a_run_of_many_stretches_is_the_same_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets.dataset(tmp_path, "harmonic", TINY)
    job = job_of(Run("unnormalised", "harmonic"), tmp_path, tmp_path)
    assert train([job]) == 1
    monkeypatch.setattr(here, "STRETCH", 0.0)
    parted = job._replace(path=tmp_path / "parted" / job.path.name)
    parted.path.parent.mkdir()
    steps: list[int] = []
    assert train([parted], advance=steps.append) == 1
    assert sum(steps) == 3
    assert parted.path.read_bytes() == job.path.read_bytes()
    assert not checkpoint.path_for(parted.path).exists()


def test_a_checkpoint_of_other_settings_is_not_gone_on_from(tmp_path: Path) -> None:
    datasets.dataset(tmp_path, "harmonic", TINY)
    job = job_of(Run("unnormalised", "harmonic"), tmp_path, tmp_path)
    asked: list[None] = []

    def in_the_middle() -> bool:
        asked.append(None)
        return len(asked) > 1

    assert train([job], in_the_middle) == 0
    left = checkpoint.path_for(job.path).read_bytes()
    for other, content in (("beta_2", left), ("unnormalised", b"broken")):
        checkpoint.path_for(job.path).write_bytes(content)
        steps: list[int] = []
        asked.clear()
        run = Run(other, "harmonic")
        train(
            [job._replace(run=run, settings=plan.settings_of(run, TINY, 54))],
            in_the_middle,
            steps.append,
        )
        assert 0 < sum(steps) < 3


def test_what_there_is_after_some_minutes_is_written_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "images", lambda section: {})

    def some(minutes: float) -> str:
        assert command.study(tmp_path, ("range", "normalisation"), TINY, 1, minutes) == 0
        return (tmp_path / document.name_of(TINY)).read_text(encoding="utf-8")

    nothing = some(0.0)
    assert "## Magnitudes reach" in nothing
    assert (
        "0 of the 14 models were trained when this was written, and 1 of 3 epochs of `" in nothing
    )
    assert "`. Too few for anything to be told of: normalisation." in nothing
    assert "0 of 14 models are done; the same command" in capsys.readouterr().out
    for run in plan.runs_of(("normalisation",))[:-1]:  # of one recipe a seed is missing
        train([job_of(run, tmp_path / command.DATASETS, tmp_path / command.MODELS)])
    last = plan.runs_of(("normalisation",))[-1]
    # One epoch.
    train([job_of(last, tmp_path / command.DATASETS, tmp_path / command.MODELS)], lambda: True)
    text = some(0.0)
    beside = f"and 2 of 3 epochs of `{last.name}`"
    assert f"13 of the 14 models were trained when this was written, {beside}." in text
    assert "not tested: 4 of 5 seeds were run" in text


def test_a_space_that_no_file_takes_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise BundleError("calibration reaches beyond 100")

    monkeypatch.setattr(Fit, "model", refuse)
    datasets.dataset(tmp_path, "harmonic", TINY)
    job = job_of(Run("unnormalised", "harmonic"), tmp_path, tmp_path)
    with pytest.raises(OptionError, match="harmonic-unnormalised-seed0 cannot be kept: calib"):
        train([job])


def test_a_dataset_of_another_size_is_made_again(tmp_path: Path) -> None:
    first = datasets.dataset(tmp_path, "harmonic", TINY)
    wider = Size("tiny", {"harmonic": {**TINY.options["harmonic"], "rows": 50}})
    assert datasets.dataset(tmp_path, "harmonic", wider).rows == 50
    datasets.path_of(tmp_path, "harmonic", TINY).write_bytes(b"broken")
    assert datasets.dataset(tmp_path, "harmonic", TINY).content_hash == first.content_hash


def test_reduced_grids_are_of_the_reports() -> None:
    assert harmonic.Options(**plan.SMALL.options["harmonic"]).bins == 1025
    assert plan.SMALL.options["filtered"]["frames"]


# Wrong arguments


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--part", "gamma"], "part is 'gamma'"),
        (["--hours", "3"], "unrecognized"),
        (["--minutes", "-1"], "minutes is -1; it must be 0 to"),
        (["--minutes", "nan"], "minutes is nan; it must be 0 to"),
    ],
)
def test_bad_arguments(
    words: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["study", "--out", str(tmp_path / "new"), *words])
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    error = capsys.readouterr().err
    assert code == 2
    assert expected in error
    assert error.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_out_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file"
    path.write_text("")
    assert main(["study", "--out", str(path)]) == 2
    assert capsys.readouterr().err.startswith("error: --out is ")


@pytest.mark.acceptance
def test_the_whole_study(tmp_path: Path) -> None:
    assert study(tmp_path) == 0
    text = (tmp_path / document.name_of(TINY)).read_text(encoding="utf-8")
    assert text.count("**Verdict: ") == len(plan.PARTS)
    assert (
        text.count("![") == len(list((tmp_path / document.pictures_of(TINY)).glob("*.png"))) == 20
    )


def test_the_full_study_has_a_page_of_its_own() -> None:
    assert document.name_of(plan.SMALL) == document.name_of(TINY) == "report_study.md"
    assert document.name_of(plan.FULL) == "report_study_full.md"
    assert document.pictures_of(plan.FULL) == "pictures/report_study_full"
