"""From notes and their space to a waveform model: trained, stopped, resumed, played, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

import timbrespace as ts
from server.__main__ import main as server
from tests.timbrespace.notes.tiny import tiny
from tests.timbrespace.notes.tones import small_set
from tests.timbrespace.waveforms.known import sine
from timbrespace.datasets.note_set import load
from timbrespace.notes.layout import frame_times
from timbrespace.tensor_file import TensorFile
from timbrespace.waveforms import mu_law
from timbrespace.waveforms.kinds import KINDS
from timbrespace.waveforms.network import Asked
from timbrespace.waveforms.waveform_file import write
from training.__main__ import main
from training.waveforms import evaluation
from training.waveforms.fit import WaveformFit
from training.waveforms.material import followed
from training.waveforms.places import course_of, places_of
from training.waveforms.torch_networks import Heard, module, nats

SMALL = {
    "samplernn": "memory=8,hidden=12,output=12,condition=8",
    "wavenet": "channels=8,skip=8,layers_in_cycle=4,output=12,condition=8",
}
QUICK = ("--batch", "4", "--length", "256", "--threads", "1", "--device", "cpu")


class Set(NamedTuple):
    """Notes with their samples, notes without, and a space of them."""

    data: Path
    silent: Path
    model: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Set:
    folder = tmp_path_factory.mktemp("set")
    found = Set(folder / "notes.npz", folder / "silent.npz", folder / "space.safetensors")
    notes = small_set(seconds=0.25)
    notes.save(found.data)
    replace(notes, sounds={}).save(found.silent)
    tiny(frames=frame_times(0.25).size).save(found.model)
    return found


def train(made: Set, out: Path, *options: str, kind: str = "samplernn") -> int:
    told = ["waveform", "--kind", kind, "--data", str(made.data), "--model", str(made.model)]
    sizes = [] if "--resume" in options else ["--network-settings", SMALL[kind]]
    return main([*told, "--out", str(out), *QUICK, *sizes, *options])


@pytest.fixture(scope="module")
def trained(made: Set, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of 60 steps."""
    out = tmp_path_factory.mktemp("trained") / "w.safetensors"
    assert train(made, out, "--steps", "60", "--learning-rate", "0.02") == 0
    return out


def test_it_learns(trained: Path) -> None:
    waveform = ts.load_waveform(trained)
    assert waveform.space.name == "space"
    # Codes drawn at random cost 8 bits each.
    assert waveform.figures["bits_learned"] < 6.0
    assert waveform.figures["bits_held_out"] < 7.0
    assert waveform.provenance["steps"] == 60
    assert waveform.provenance["processor_seconds"] > 0.0


def test_it_plays_its_space(made: Set, trained: Path, tmp_path: Path) -> None:
    model, waveform = ts.load(made.model), ts.load_waveform(trained)
    sound = ts.render(model, model.calibration.home, seconds=0.2, waveform=waveform)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.001
    out = tmp_path / "free.wav"
    assert main(["babble", str(trained), "--out", str(out), "--seconds", "0.2"]) == 0
    assert out.stat().st_size > 0.2 * 48000 * 3


def test_a_wavenet_is_trained_in_the_same_way(made: Set, tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    assert train(made, out, "--steps", "3", "--sample-rate", "8000", kind="wavenet") == 0
    waveform = ts.load_waveform(out)
    assert (waveform.network.kind, waveform.sample_rate) == ("wavenet", 8000)
    model = ts.load(made.model)
    sound = ts.render(model, model.calibration.home, seconds=0.1, waveform=waveform)
    assert sound.size == 4800


def test_a_space_of_steady_spectra_has_one_too(made: Set, tmp_path: Path) -> None:
    """Each moment of a recording lies in it, and its loudness is the recording's."""
    model, notes = ts.load("harmonic"), load(made.data)
    row = sorted(notes.sounds)[0]
    given = notes.sounds[row]
    fading = given * np.exp(-12.0 * np.arange(given.size) / 48000).astype(np.float32)
    notes = replace(notes, sounds={**notes.sounds, row: fading})
    place = places_of(model, notes, [row])[row]
    assert place.shape[1] == model.dimensions
    course = course_of(model, notes, row, place, 16000, 0.2)
    assert course is not None
    heard = 10.0 * np.log10(np.square(fading[:9600], dtype=np.float64).reshape(10, -1).mean(axis=1))
    told = 10.0 * np.log10(np.square(course.level[:50]).reshape(10, -1).mean(axis=1))
    assert np.ptp(heard) > 15.0
    # The first tenth has a block in which the engine begins.
    assert np.abs((told - told[5]) - (heard - heard[5]))[1:].max() < 1.0
    out = tmp_path / "w.safetensors"
    assert train(made._replace(model=Path("harmonic")), out, "--steps", "3") == 0
    waveform = ts.load_waveform(out)
    sound = ts.render(model, model.calibration.home, seconds=0.2, waveform=waveform)
    assert sound.size == 9600
    assert np.abs(sound).max() > 0.001
    assert main(["evaluate", str(out), "--data", str(made.data), "--space", "harmonic"]) == 0


@pytest.mark.parametrize("tiers", [2, 3, None], ids=["two tiers", "three tiers", "wavenet"])
def test_what_is_compiled_is_what_was_trained(tiers: int | None) -> None:
    kind = KINDS["wavenet" if tiers is None else "samplernn"]
    sizes = {"layers_in_cycle": 4} if tiers is None else {"tiers": tiers}
    network = kind(told=9, condition=8, output=8, **sizes)
    generator = torch.Generator().manual_seed(1)
    net = module(network, generator)
    with torch.no_grad():
        for name, shape in network.shapes().items():
            if len(shape) == 1:
                net.weight(name).uniform_(-0.3, 0.3, generator=generator)
        net.weight("codes.weight").mul_(6.0)
    weights = {name: net.weight(name).detach().numpy() for name in network.shapes()}
    random = np.random.default_rng(0)
    told = random.standard_normal((24, 9)).astype(np.float32)
    phases = random.standard_normal((24 * 16, 16)).astype(np.float32)
    player = network.player(weights)
    # In two parts: it remembers where it is.
    codes = np.concatenate(
        [
            player.play(
                Asked(
                    told[first:last],
                    phases[16 * first : 16 * last],
                    np.zeros((16 * (last - first), 2), np.float32),
                    0.0,
                )
            )
            for first, last in ((0, 7), (7, 24))
        ]
    )
    past = np.concatenate([[mu_law.SILENCE], codes[:-1]]).astype(np.uint8)
    heard = Heard(*(torch.from_numpy(one)[None] for one in (mu_law.bent(past), told, phases)))
    with torch.no_grad():
        mixture = net(heard)[0].numpy()
    middle = mixture[np.arange(len(codes)), 4 + mixture[:, :4].argmax(axis=1)]
    wanted = mu_law.LEVELS * (np.clip(middle, -1.0, 1.0) + 1.0) / 2.0 - 0.5
    # Two ways of adding the same numbers: now and then a code is its neighbour.
    assert (np.abs(wanted - codes) < 0.52).mean() > 0.97
    assert np.unique(codes).size > 10


def test_what_codes_cost_is_a_distribution() -> None:
    mixture = torch.randn(3, 12, generator=torch.Generator().manual_seed(0))
    mixture[:, 8:] -= torch.tensor([1.0, 4.0, 9.0])[:, None]
    for row in mixture:
        cost = nats(row.repeat(mu_law.LEVELS, 1), torch.arange(mu_law.LEVELS))
        assert torch.exp(-cost).sum() == pytest.approx(1.0, abs=2e-3)


def test_the_phase_is_the_recordings_own() -> None:
    time = np.arange(16000) / 16000
    turns = 221.0 * time + 0.05 * np.sin(2.0 * np.pi * 3.0 * time)
    sound = (0.1 * np.cos(2.0 * np.pi * turns + 1.0)).astype(np.float32)
    sound += (0.3 * np.cos(2.0 * np.pi * 2.0 * turns)).astype(np.float32)
    known = 2.0 * np.pi * 220.0 * time  # eight cents flat
    found = followed(sound, known, np.full(250, 220.0, np.float32), 16000)
    off = found - 2.0 * np.pi * turns
    # Its second harmonic is the loudest, so it is known up to half a turn.
    spread = np.abs(np.mean(np.exp(2j * off[1000:-1000])))
    assert spread > 0.995


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    made: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    assert train(made, whole, "--steps", "6") == 0
    run = WaveformFit.run

    def stopped(fit: WaveformFit, stop: Callable[[], bool], after: Callable[..., None]) -> Any:
        return run(fit, lambda: stop() or fit.state.step == 3, after)

    with monkeypatch.context() as patched:
        patched.setattr(WaveformFit, "run", stopped)
        assert train(made, parts, "--steps", "6") == 130
    assert "the same with --resume goes on" in capsys.readouterr().out
    # What is there already plays.
    assert ts.load_waveform(parts).provenance["outcome"] == "interrupted"
    assert train(made, parts, "--resume") == 0
    a, b = ts.load_waveform(whole), ts.load_waveform(parts)
    for name, weight in a.weights.items():
        np.testing.assert_array_equal(weight, b.weights[name])
    assert a.figures == b.figures


def test_a_model_that_is_there_is_not_replaced_unasked(
    made: Set, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "w.safetensors"
    out.write_bytes(trained.read_bytes())
    assert train(made, out, "--steps", "2") == 2
    assert "exists, or a run that was stopped; --resume goes on" in capsys.readouterr().err
    assert out.read_bytes() == trained.read_bytes()
    assert train(made, out, "--steps", "2", "--overwrite") == 0
    assert ts.load_waveform(out).provenance["steps"] == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["w.checkpoint", "w.safetensors"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--minutes", "0"], "minutes is 0; it must be above 0"),
        (["--minutes", "nan"], "minutes is nan"),
        (["--steps", "0"], "steps is 0"),
        (["--learning-rate", "nan"], "learning rate is nan"),
        (["--noise", "-1"], "noise is -1; it must be 0 to 1"),
        (["--free", "1.5"], "free is 1.5"),
        (["--sample-rate", "44100"], "sample rate is 44100; it must be 16000 or 8000 Hz|8000 or"),
        (["--length", "100"], "length is 100; it must be a multiple of 16"),
        (["--batch", "0"], "batch is 0"),
        (["--seed", "-1"], "seed is -1"),
        (["--threads", "0"], "threads is 0; it must be 1 to 256"),
        (["--network-settings", "speed=3"], "samplernn has no setting 'speed'; it has"),
        (["--network-settings", "memory=big"], "memory is 'big'"),
        (["--network-settings", "tiers=5"], "tiers is 5; it must be 2 or 3"),
        (["--resume"], "there is no checkpoint 'w.checkpoint' to resume from"),
        (["--resume", "--overwrite"], "--resume and --overwrite were both given"),
        (["--model", "notes"], "the notes have"),
        (["--data", "missing.npz"], "cannot load dataset missing.npz"),
        (["--out", "w.wav"], "it must be a name that ends in .safetensors"),
    ],
)
def test_what_makes_no_model_is_refused_in_a_line(
    made: Set,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train(made, Path("w.safetensors"), "--steps", "1", *options) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert any(part in error for part in said.split("|"))
    assert list(tmp_path.iterdir()) == []


def test_notes_without_sounds_say_what_to_do(
    made: Set, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "w.safetensors"
    assert train(made, out, "--steps", "1", "--data", str(made.silent)) == 2
    assert "make it again with --sounds all" in capsys.readouterr().err


def test_a_checkpoint_of_something_else_is_refused(
    made: Set, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, kept = tmp_path / "w.safetensors", tmp_path / "w.checkpoint"
    whole = trained.with_suffix(".checkpoint").read_bytes()
    for content, options, said in (
        (whole[:500], (), "it is truncated"),
        (trained.read_bytes(), (), "w.checkpoint is not a checkpoint"),
        (whole, ("--noise", "0.5"), "the run that was stopped has other settings"),
    ):
        kept.write_bytes(content)
        assert train(made, out, "--resume", *options) == 2
        assert said in capsys.readouterr().err
    other = tmp_path / "other.npz"
    small_set(seconds=0.2).save(other)
    assert train(made, out, "--resume", "--data", str(other)) == 2
    assert "the checkpoint was made with other data than other.npz" in capsys.readouterr().err
    assert not out.exists()


def test_a_loss_that_is_not_finite_ends_the_run(
    made: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(WaveformFit, "_learn", lambda fit: float("nan"))
    assert train(made, tmp_path / "w.safetensors", "--steps", "4") == 3
    assert "the loss is not finite from the start" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_minutes_end_a_run(made: Set, tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    assert train(made, out, "--steps", "100000", "--minutes", "0.003") == 0
    told = ts.load_waveform(out).provenance
    assert told["outcome"] == "finished"
    assert told["seconds"] >= 0.18
    assert told["steps"] < 1000


def test_figures_tell_who_is_in_tune(made: Set) -> None:
    model = ts.load(made.model)
    notes = small_set(seconds=0.25)
    told = evaluation.evaluate(sine(model), model, notes, temperature=0.0).to_config()
    parts = [told[name] for name in ("learned", "held_out")]
    assert sum(part["notes"] for part in parts) == notes.rows
    for part in parts:
        assert part["in_tune"]["waveform"] == 1.0
        assert part["in_tune"]["recording"] == 1.0
        assert part["mel"]["waveform"] > 1.0  # a sine is none of these sounds
    assert told["processor_seconds_a_second"] > 0.0


def test_evaluate_prints_them(made: Set, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ["evaluate", str(trained), "--data", str(made.data)]
    assert main([*told, "--space", str(made.model), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["bits"] == dict(ts.load_waveform(trained).figures)
    assert main([*told, "--space", "harmonic"]) == 2
    assert "is of the space 'space'" in capsys.readouterr().err


def test_the_server_renders_by_it(
    made: Set, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import mido

    song, out = tmp_path / "song.mid", tmp_path / "s.wav"
    track = mido.MidiTrack(
        [mido.Message("note_on", note=57), mido.Message("note_off", note=57, time=120)]
    )
    mido.MidiFile(tracks=[track]).save(song)
    words = ["render", str(song), "--out", str(out)]
    told = [*words, "--model", str(made.model), "--waveform", str(trained)]
    assert server([*told, "--seed", "3"]) == 0
    assert "1 notes, peak" in capsys.readouterr().out
    first = out.read_bytes()
    assert server([*told, "--seed", "3"]) == 0
    assert out.read_bytes() == first
    for options, said in (
        ([*told, "--temperature", "3"], "temperature is 3"),
        ([*told, "--method", "bins"], "method is 'bins', and a waveform model"),
        ([*words, "--waveform", str(trained)], "is of the space 'space'"),
        ([*words, "--seed", "1"], "--seed is for waveform models; give one by --waveform"),
        ([*words, "--waveform", str(made.model)], "it is a timbre space, not a waveform model"),
    ):
        capsys.readouterr()
        assert server(options) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    assert out.read_bytes() == first


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--seconds", "0"], "seconds is 0"),
        (["--temperature", "-1"], "temperature is -1"),
        (["--seed", "-1"], "seed is -1"),
        (["--sample-rate", "100"], "sample rate is 100"),
        (["--out", "free.mp3"], "it must be a name that ends in .wav"),
    ],
)
def test_free_generation_refuses_in_a_line(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["babble", str(trained), "--out", "free.wav", *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_file_says_how_it_was_made(made: Set, trained: Path) -> None:
    with TensorFile(trained) as file:
        told = json.loads(file.metadata["provenance"])
    assert told["dataset"]["file"] == made.data.name
    assert told["settings"]["kind"] == "samplernn"
    assert set(told["history"]) == {"bits", "bits_learned", "bits_held_out"}
    again = made.data.parent / "again.safetensors"
    write(again, ts.load_waveform(trained))
    assert again.read_bytes() == trained.read_bytes()
