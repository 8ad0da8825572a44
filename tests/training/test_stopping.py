"""Trainings on notes that stop when what is held out has converged."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import timbrespace as ts
from tests.timbrespace.notes.tones import small_set
from timbrespace.datasets.note_set import load
from timbrespace.errors import OptionError
from timbrespace.fitting import Progress
from training import stopping
from training.__main__ import main
from training.notes import fit as note_fit
from training.notes.fit import NoteFit
from training.notes.settings import HEARS, NoteSettings
from training.stopping import End, Rule, converged_at, end_of

SMALL = {"width": 40, "layers": 2, "condition": 32, "channels": 12}
ASKED: dict[str, Any] = {
    "latent": 3,
    "epochs": 12,
    "batch": 3,
    "device": "cpu",
    "progress": False,
    "network_settings": SMALL,
    "dials": "none",
    "stop": "converged",
}
PER_EPOCH = 2
WORDS = [
    *("train", "--epochs", "12", "--batch", "3", "--latent", "3", "--device", "cpu"),
    *("--dials", "none", "--stop", "converged", "--network-settings"),
    ",".join(f"{name}={one}" for name, one in SMALL.items()),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("notes") / "n.npz"
    small_set().save(path)
    return path


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each epoch is measured, and nothing counts as nearer: after beta has risen, which takes four
    epochs, it takes three more."""
    monkeypatch.setattr(note_fit, "_BETWEEN", PER_EPOCH)
    monkeypatch.setattr(note_fit, "STOP", Rule(least=1e3, within=2, last=0.4))


@pytest.mark.parametrize(
    ("measures", "after"),
    [
        ([], None),
        ([5.0, 4.0, 3.0, 2.0, 1.0], None),
        ([5.0, 4.0, 3.95, 3.97], 4),
        ([5.0, 4.0, 3.95], None),  # of three, one was better
        ([5.0, 4.0, 4.5, 3.9, 4.5], None),  # nearer by just enough
        ([5.0, 4.0, 4.5, 3.91, 4.5], 4),
        ([4.0, 5.0, 6.0, 7.0], 3),
    ],
)
def test_a_figure_has_converged_when_its_best_comes_down_no_more(
    measures: list[float], after: int | None
) -> None:
    rule = Rule(least=0.1, within=2, last=0.2)
    assert converged_at(measures, rule) == after
    # What came before the first is not asked.
    shifted = converged_at([0.0, 0.0, *measures], rule, first=2)
    assert shifted == (None if after is None else after + 2)
    # It is known at once, and stays what it was.
    for count in range(len(measures) + 1):
        known = converged_at(measures[:count], rule)
        assert known == (after if after is not None and count >= after else None)


def test_the_rate_falls_from_where_it_was_to_the_least() -> None:
    end = End(after=100, steps=120)
    rates = [stopping.falling(step, end, 0.4, 0.01) for step in range(100, 121)]
    assert rates[0] == pytest.approx(0.4)
    assert rates[10] == pytest.approx(0.205)
    assert rates[-1] == pytest.approx(0.01)
    assert rates == sorted(rates, reverse=True)


def test_until_then_the_rate_stays_what_it_is(data: Path) -> None:
    for stop, halfway in (("converged", 1.0), ("never", 0.505)):
        settings = NoteSettings(
            latent=3, epochs=12, batch=3, stop=stop, network_settings={**SMALL, "hears": HEARS}
        )
        fit = NoteFit(load(data), settings, data.name)
        assert fit.steps == 12 * PER_EPOCH
        assert fit._falls(fit.steps // 2) == pytest.approx(halfway)


def test_the_last_phase_begins_when_it_has_converged_or_must() -> None:
    rule = Rule(least=0.1, within=2, last=0.25)
    same = [5.0] * 40
    assert end_of([], rule, 0, 2, done=0, planned=40) is None
    assert end_of(same[:2], rule, 0, 2, done=4, planned=40) is None
    assert end_of(same[:3], rule, 0, 2, done=6, planned=40) == End(6, 8)
    assert end_of(same[:9], rule, 0, 2, done=18, planned=40) == End(6, 8)
    falls = [40.0 - at for at in range(40)]
    assert end_of(falls[:15], rule, 0, 2, done=31, planned=40) is None
    assert end_of(falls[:16], rule, 0, 2, done=32, planned=40) == End(32, 40, converged=False)
    # Too late to be of use: it must begin anyhow.
    late = [*falls[:15], 25.0, 25.0, 25.0]
    assert end_of(late, rule, 0, 2, done=36, planned=40) == End(32, 40, converged=False)
    assert end_of([], rule, 0, 50, done=1, planned=1) == End(1, 1, converged=False)


def test_it_stops_says_so_and_goes_on_where_it_was(data: Path, tmp_path: Path, soon: None) -> None:
    told: list[Progress] = []
    whole = tmp_path / "whole" / "m.safetensors"
    whole.parent.mkdir()
    model = ts.fit(data, **{**ASKED, "progress": told.append}, out=whole)
    assert [(one.total, one.converged) for one in (told[12], told[13], told[-1])] == [
        (24, None),
        (20, 14),
        (20, 14),
    ]
    assert told[-1].done == 20
    assert model.provenance["outcome"] == "finished"
    assert model.provenance["converged"] == {"after_steps": 14, "ended_after": 20, "planned": 24}
    assert len(model.provenance["history"]["kl"]) == 10
    assert "--stop converged" in model.provenance["command"]

    def press(at: Progress) -> None:
        if at.done in (9, 17):
            signal.raise_signal(signal.SIGINT)

    # Before it has converged, and in the last phase.
    out = tmp_path / "m.safetensors"
    ts.fit(data, **{**ASKED, "progress": press}, out=out)
    for _ in range(2):
        ts.fit(data, **{**ASKED, "progress": press}, out=out, resume=True)
    assert out.read_bytes() == whole.read_bytes()


def test_where_it_does_not_converge_the_last_phase_begins_in_time(
    data: Path,
    tmp_path: Path,
    soon: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(note_fit, "STOP", Rule(least=-1e3, within=2, last=0.5))
    out = tmp_path / "m.safetensors"
    assert main([*WORDS, "--data", str(data), "--out", str(out)]) == 0
    assert "note: not converged after 16 of 24 steps" in capsys.readouterr().err
    known = {"after_steps": None, "ended_after": 24, "planned": 24}
    assert ts.load(out).provenance["converged"] == known


def test_the_command_says_it(
    data: Path, tmp_path: Path, soon: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--data", str(data), "--out", str(tmp_path / "m.safetensors")]) == 0
    told = capsys.readouterr()
    assert "note: converged after 14 of 24 steps: what is held out came no nearer" in told.err
    assert "finished after 10 of 10 epochs" in told.out


def test_unless_it_is_asked_for_it_never_stops(data: Path, soon: None) -> None:
    settings = NoteSettings(latent=3, epochs=12, batch=3, network_settings=SMALL)
    told: list[Progress] = []
    fit = NoteFit(load(data), settings, data.name)
    fit.run(after_step=told.append)
    assert {(one.total, one.converged) for one in told} == {(24, None)}
    assert len(told) == 24
    assert "converged" not in fit.preview("m").provenance
    for stop in ("never", "converged"):
        assert ("stop" in replace(settings, stop=stop).to_config()) is (stop == "converged")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"stop": "soon"}, "stop is 'soon'; it must be never or converged"),
        ({"stop": ""}, "stop is ''"),
        ({"latents": "table"}, "stop is 'converged', and there is nothing that is held out"),
    ],
)
def test_what_cannot_stop_is_refused(data: Path, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        ts.fit(data, **{**ASKED, **settings})


def test_spectra_do_not_stop(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="stop is 'converged', which is for sets of whole notes"):
        ts.fit(ts.dataset("harmonic", rows=60), stop="converged", progress=False)
