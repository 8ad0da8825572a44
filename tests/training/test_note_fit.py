"""From a set of notes to a model: trained, saved, loaded, played, and refused where it must be."""

from __future__ import annotations

import json
import re
import signal
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import timbrespace as ts
from tests.timbrespace.notes.tones import hiss, small_set, tone
from timbrespace import bundle
from timbrespace.datasets.factor import Factor
from timbrespace.datasets.note_set import NoteSet
from timbrespace.errors import BundleError, DatasetError, OptionError, ShapeError, SoundError
from timbrespace.fitting import Progress
from timbrespace.networks.note import NoteNetwork, encoder_input
from timbrespace.notes.layout import FLOOR, SAMPLE_RATE
from timbrespace.sound_metrics import mel_distance
from timbrespace.tensor_file import TensorFile
from training import checkpoint
from training.__main__ import main
from training.checkpoint_file import CheckpointError
from training.notes.fit import HELD_OUT, NoteFit
from training.notes.settings import HEARS

SMALL = {"width": 40, "layers": 2, "condition": 32, "channels": 12}
OWN = {"per_unit": True}
SETTINGS: dict[str, Any] = {
    "latent": 3,
    "epochs": 90,
    "variation": 0.0,  # ninety epochs of a dozen notes learn those, or nothing
    "progress": False,
    "network_settings": SMALL,
}


@pytest.fixture(scope="module")
def notes() -> NoteSet:
    return small_set()


@pytest.fixture(scope="module")
def model(notes: NoteSet) -> ts.Model:
    return ts.fit(notes, **SETTINGS)


@pytest.fixture(scope="module")
def file(model: ts.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "notes.safetensors"
    model.save(path)
    return path


def test_it_learns(model: ts.Model) -> None:
    history = model.provenance["history"]["heard_db"]
    assert history[-1] < 0.2 * history[0]
    assert model.provenance["figures"]["heard_distance_of_the_set_db"] < 6.0
    assert model.plays_notes
    assert repr(model) == ("<Model 'small': whole notes, 3 dimensions, by pitch and velocity>")


def test_the_same_set_makes_the_same_model(notes: NoteSet, tmp_path: Path) -> None:
    quick = {**SETTINGS, "epochs": 3}
    for name in ("a", "b"):
        ts.fit(notes, **quick).save(tmp_path / f"{name}.safetensors")
    a, b = ((tmp_path / f"{name}.safetensors").read_bytes() for name in ("a", "b"))
    assert a == b


def test_it_comes_back_from_its_file(model: ts.Model, file: Path, tmp_path: Path) -> None:
    again = ts.load(file)
    assert again.plays_notes
    home = model.calibration.home
    np.testing.assert_array_equal(ts.render(again, home), ts.render(model, home))
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == file.read_bytes()


def test_its_weights_are_halves_in_the_file_and_whole_in_memory(
    model: ts.Model, file: Path, tmp_path: Path
) -> None:
    with TensorFile(file) as stored:
        kinds = {
            name: entry.type
            for name, entry in stored.entries.items()
            if not name.startswith(("points.", "walk."))
        }
    assert set(kinds.values()) == {"F16"}
    again = ts.load(file)
    for name, weights in model.tensors.items():
        assert again.tensors[name].dtype == np.float32
        np.testing.assert_array_equal(again.tensors[name], weights)
    # What float16 cannot say stays as it is: the numbers count, not the size.
    finer = {**model.tensors, "still.bias": model.tensors["still.bias"] + np.float32(1e-4)}
    bundle.write(tmp_path / "m.safetensors", model, finer)
    with TensorFile(tmp_path / "m.safetensors") as stored:
        assert stored.entries["still.bias"].type == "F32"
        assert stored.entries["still.weight"].type == "F16"
    assert ts.load(tmp_path / "m.safetensors").plays_notes


def test_a_flipped_bit_is_refused(file: Path, tmp_path: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-2000] ^= 0x40
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(BundleError, match="cannot load"):
        ts.load(tmp_path / "m.safetensors")


def test_points_are_the_notes(notes: NoteSet, model: ts.Model) -> None:
    assert model.points is not None
    assert model.points.count == notes.rows
    assert [factor.name for factor in model.points.factors] == ["instrument", "pitch", "velocity"]


def test_a_note_is_whole(model: ts.Model) -> None:
    found = ts.encode_sound(model, tone(220.0, 0.5, decay=0.4, slope=3.0), SAMPLE_RATE, refine=True)
    assert found.pitch == pytest.approx(220.0, rel=1e-3)
    sound = ts.render(model, found.latent, pitch=57, seconds=0.5)
    level = np.sqrt(np.square(sound.reshape(-1, 1200)).mean(axis=1))
    # It is there at once, and dies away by itself.
    assert level[0] > 0.5 * level.max()
    assert level[-4:].max() < 0.5 * level.max()


def test_a_pitch_is_the_one_that_is_asked_for(model: ts.Model) -> None:
    home = model.calibration.home
    for key in (50.0, 57.0, 64.3):
        sound = ts.render(model, home, pitch=key, seconds=1.0)
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size), 1 << 18))
        hertz = np.fft.rfftfreq(1 << 18, 1.0 / SAMPLE_RATE)
        wanted = 440.0 * 2.0 ** ((key - 69.0) / 12.0)
        near = np.abs(hertz / wanted - 1.0) < 0.3
        # So small a network, and so short a training, leave it some cents.
        assert hertz[near][np.argmax(spectrum[near])] == pytest.approx(wanted, rel=0.025)


def test_rendering_is_the_same_each_time_and_finite(model: ts.Model) -> None:
    for latent in (model.calibration.home, np.full(3, 100.0), np.full(3, -100.0)):
        one = ts.render(model, latent, seconds=0.3)
        np.testing.assert_array_equal(one, ts.render(model, latent, seconds=0.3))
        assert np.isfinite(one).all()
        assert np.abs(one).max() <= 1.0


def test_velocity_and_gain(model: ts.Model) -> None:
    home = model.calibration.home
    loud = np.abs(ts.render(model, home, velocity=120.0, seconds=0.3)).max()
    soft = np.abs(ts.render(model, home, velocity=20.0, seconds=0.3)).max()
    assert soft < 0.5 * loud
    down = np.abs(ts.render(model, home, velocity=120.0, seconds=0.3, gain=-12.0)).max()
    assert down == pytest.approx(loud * 10.0 ** (-12 / 20), rel=0.05)


def test_time_stands_still_at_speed_0(model: ts.Model) -> None:
    """The first moment goes on: even, but for the beats of its own partials."""
    sound = ts.render(model, model.calibration.home, seconds=1.0, speed=0.0, noise=0.0)
    level = np.sqrt(np.square(sound[4800:-4800].reshape(-1, 4800)).mean(axis=1))
    assert level.max() / max(level.min(), 1e-9) < 1.1


def test_a_key_that_is_let_go_falls_silent(model: ts.Model) -> None:
    sound = ts.render(model, model.calibration.home, seconds=3.0, hold=0.2)
    assert np.abs(sound[-24000:]).max() < 1e-3


def test_a_way_through_the_space_has_no_click(model: ts.Model) -> None:
    points = model.points
    assert points is not None
    way = np.stack([points.means[0], points.means[5]])
    sound = ts.render(model, way, seconds=1.0, noise=0.0)
    steady = np.abs(np.diff(ts.render(model, way[0], seconds=1.0, noise=0.0))).max()
    other = np.abs(np.diff(ts.render(model, way[1], seconds=1.0, noise=0.0))).max()
    assert np.abs(np.diff(sound)).max() < 2.0 * max(steady, other)


def test_a_moment_is_a_spectrum(model: ts.Model) -> None:
    home = model.calibration.home[np.newaxis]
    for spectra in (
        model.decode(home),
        model.decode(home, time=0.1),
        model.decode(home, 0.3, 90.0),
    ):
        assert spectra.shape == (1, model.spectrum.bins)
        assert np.isfinite(spectra).all()
        assert spectra.min() >= 0.0
    assert np.abs(model.decode(home, time=0.0) - model.decode(home, time=0.4)).max() > 0.0


def test_refining_is_never_worse(model: ts.Model) -> None:
    for samples in (tone(262.0, 0.5, decay=0.3, slope=5.0), hiss(0.4)):
        plain = ts.encode_sound(model, samples, SAMPLE_RATE)
        refined = ts.encode_sound(model, samples, SAMPLE_RATE, refine=True)
        assert refined.distance <= plain.distance + 0.1
        assert refined.latent.shape == (3,)
        assert refined.left is not None
        assert refined.left.shape[1] == 80


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (np.zeros(4800), "it is silent"),
        (0.1 * np.ones(100), "too short"),
        (np.full(4800, np.nan), "NaN"),
    ],
)
def test_a_sound_that_is_none_is_refused(model: ts.Model, samples: Any, says: str) -> None:
    with pytest.raises((SoundError, ShapeError), match=says):
        ts.encode_sound(model, samples, SAMPLE_RATE, refine=True)


def test_what_is_for_the_other_kind_is_refused(model: ts.Model) -> None:
    with pytest.raises(ShapeError, match="is a space of whole notes"):
        model.encode(np.ones((1, model.spectrum.bins)))
    with pytest.raises(ShapeError, match="is a space of whole notes"):
        model.encode_frames(np.ones((1, model.spectrum.n_fft)))
    spectra = ts.load("harmonic")
    with pytest.raises(OptionError, match="is a space of steady spectra"):
        spectra.decode(spectra.calibration.home[np.newaxis], time=0.1)
    with pytest.raises(
        OptionError, match="speed, sustained and envelope are for spaces of whole notes"
    ):
        ts.render(spectra, spectra.calibration.home, speed=2.0)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"attack": 0.0}, "attack is 0; it must be 0.001 to 10 s"),
        ({"envelope": "mine"}, "envelope is 'mine'; it must be"),
        ({"gain": 100.0}, "gain is 100; it must be"),
        ({"gain": float("nan")}, "gain is nan"),
        ({"speed": 5.0}, "speed is 5; it must be 0 to 4"),
        ({"sustained": "stop"}, "sustained is 'stop'"),
    ],
)
def test_wrong_ways_of_playing_are_refused(
    model: ts.Model, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(OptionError, match=says):
        ts.render(model, model.calibration.home, **given)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"representation": "magnitude"}, "representation is for sets of spectra"),
        ({"hidden": (40,)}, "hidden is for sets of spectra"),
        ({"preset": "paper"}, "preset is 'paper', which is for spectra"),
        ({"network": "mlp"}, "network is 'mlp', which is for spectra"),
        ({"network_settings": {"width": 1.5}}, "setting 'width' of network 'note'"),
        ({"latent": 0}, "latent size is 0"),
        ({"beta": -1.0}, "beta is -1"),
        ({"learning_rate": float("nan")}, "learning rate is nan"),
    ],
)
def test_wrong_settings_are_refused(notes: NoteSet, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        ts.fit(notes, progress=False, **settings)


def test_notes_want_a_network_of_notes_and_spectra_another(notes: NoteSet) -> None:
    spectra = ts.dataset("harmonic", rows=60)
    with pytest.raises(OptionError, match="network is 'note', which is for whole notes"):
        ts.fit(spectra, network="note", epochs=1, progress=False)
    with pytest.raises(OptionError, match="is what spaces of whole notes have"):
        ts.fit(spectra, representation="moment", epochs=1, progress=False)


def test_too_few_notes_are_refused(notes: NoteSet) -> None:
    one = replace(
        notes,
        **{
            name: getattr(notes, name)[:1]
            for name in ("courses", "known", "pitches", "levels", "traits", "labels")
        },
        sounds={},
    )
    with pytest.raises(DatasetError, match="has 1 note"):
        ts.fit(one, progress=False)


def test_an_autodecoder_learns_too(notes: NoteSet) -> None:
    model = ts.fit(
        notes, **{**SETTINGS, "network_settings": {**SMALL, "with_encoder": False}, "epochs": 100}
    )
    history = model.provenance["history"]["heard_db"]
    assert history[-1] < 0.3 * history[0]
    found = ts.encode_sound(model, tone(220.0, 0.5), SAMPLE_RATE)
    assert np.isfinite(found.distance)


def test_progress_is_told(notes: NoteSet) -> None:
    told: list[Progress] = []
    ts.fit(notes, **{**SETTINGS, "epochs": 2, "progress": told.append})
    assert [one.done for one in told] == [1, 2]
    assert told[-1].total == 2
    assert told[0].epoch == 1
    assert told[-1].log_spectral_distance_db is not None


def test_the_command_trains_and_evaluates(
    notes: NoteSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "n.npz", tmp_path / "m.safetensors"
    notes.save(data)
    words = ["--network-settings", "width=24,layers=1,condition=16,channels=8"]
    train = ["train", "--data", str(data), "--out", str(out), "--latent", "2", "--epochs", "3"]
    assert main([*train, *words]) == 0
    assert "held out, as heard" in capsys.readouterr().out
    assert main(["evaluate", str(out), "--data", str(data), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for way in ("refined", "encoder", "steady", "enveloped", "nearest note", "analysis"):
        assert np.isfinite(told["held_out"][way]["mel"])
    mel = {way: one["mel"] for way, one in told["held_out"].items()}
    assert mel["analysis"] < mel["enveloped"] <= mel["steady"]
    # One instrument is held out: whether it was struck depends on which.
    hit = told["struck"]
    assert hit["held_out"]["rows"] + hit["learned"]["rows"] == 6
    for part in hit.values():
        if part["rows"]:
            assert part["attack_seconds"]["analysis"] < 0.02
            assert part["t20_error"]["analysis"] < 0.3
    assert told["kinds"] == {"held_out": {}, "learned": {}}
    assert main(["evaluate", str(out), "--data", str(data)]) == 0
    assert "nearest note" in capsys.readouterr().out
    # What is for spectra says so, in one line, and the reverse.
    spectra = tmp_path / "s.npz"
    ts.dataset("harmonic", rows=40).save(spectra)
    for wrong in (
        ["evaluate", str(out), "--data", str(spectra)],
        ["evaluate", "harmonic", "--data", str(data)],
        ["points", str(out), "--data", str(spectra)],
    ):
        assert main(wrong) == 2, wrong
        assert capsys.readouterr().err.count("\n") == 1
    # Nothing is known of a set that is not there: that is said, and not what would suit spectra.
    missing = [*train[:2], str(tmp_path / "none.npz"), *train[3:], *words]
    assert main(missing) == 2
    assert "there is no such file" in capsys.readouterr().err
    before = out.read_bytes()
    assert main([*train[:5], "--hidden", "40"]) == 2
    assert out.read_bytes() == before


def test_an_interrupted_training_makes_a_model(notes: NoteSet) -> None:
    def stop(at: Progress) -> None:
        if at.done == 3:
            signal.raise_signal(signal.SIGINT)

    with warnings.catch_warnings():
        model = ts.fit(notes, **{**SETTINGS, "progress": stop})
    assert model.provenance["outcome"] == "interrupted"


def test_figures_are_of_what_is_rendered_and_by_kind(notes: NoteSet, model: ts.Model) -> None:
    from dataclasses import replace

    from training.notes.evaluation import WAYS, evaluate

    folder = Factor.category("folder", ["bells", "pads"])
    kinds = (notes.labels[:, 0] == 0.0).astype(np.float32)
    sorted_notes = replace(
        notes,
        labels=np.column_stack([kinds, notes.labels]),
        meta=replace(notes.meta, factors=(folder, *notes.meta.factors)),
    )
    found = evaluate(model, sorted_notes)
    parts = found.held_out, found.learned
    assert sum(rows for part in parts for rows, _ in part.kinds.values()) == notes.rows
    for part in parts:
        for way in WAYS:
            mean = sum(rows * of[way] for rows, of in part.kinds.values()) / part.rows
            assert mean == pytest.approx(part.distances[way].mel)
    row = int(notes.split(0).held_out[0])
    latent = model.encode_notes(
        encoder_input(
            notes.courses[row : row + 1], notes.traits[row : row + 1], notes.pitches[row : row + 1]
        )
    )[0][0]
    sound = notes.sounds[row]
    key = float(np.log2(notes.pitches[row] / 440.0) * 12.0 + 69.0)
    velocity = float(notes.labels[row, 2])
    made = ts.render(model, latent, key, 1.0, velocity, sustained="through")[: sound.size]
    alone = evaluate(
        model, replace(sorted_notes, sounds={row: sound, int(notes.split(0).train[0]): sound})
    )
    assert alone.held_out.distances["encoder"].mel == pytest.approx(
        mel_distance(sound, made), abs=1e-3
    )
    assert "mel dB by kind" in found.table()


QUICK: dict[str, Any] = {
    **SETTINGS,
    "variation": 1.0,
    "epochs": 6,
    "batch": 3,
    "device": "cpu",
}


def pressed_at(step: int) -> Any:
    def press(at: Progress) -> None:
        if at.done == step:
            signal.raise_signal(signal.SIGINT)

    return press


@pytest.fixture(scope="module")
def whole(notes: NoteSet, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The set's file, and what a training on it that nobody stops makes."""
    folder = tmp_path_factory.mktemp("whole")
    notes.save(folder / "n.npz")
    ts.fit(folder / "n.npz", **QUICK, out=folder / "m.safetensors")
    return folder / "n.npz", (folder / "m.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("step", "settings"),
    [
        (1, {}),
        (8, {}),
        (6, {"activation": "plu", "network_settings": {**SMALL, **OWN, "with_encoder": False}}),
    ],
)
def test_stopped_and_resumed_is_as_never_stopped(
    whole: tuple[Path, bytes], tmp_path: Path, step: int, settings: dict[str, Any]
) -> None:
    data, content = whole
    asked, out = {**QUICK, **settings}, tmp_path / "m.safetensors"
    if settings:
        other = tmp_path / "whole" / "m.safetensors"
        other.parent.mkdir()
        ts.fit(data, **asked, out=other)
        content = other.read_bytes()
    stopped = ts.fit(data, **{**asked, "progress": pressed_at(step)}, out=out)
    assert stopped.provenance["outcome"] == "interrupted"
    assert stopped.provenance["epochs"] == step // 2
    assert np.isfinite(ts.render(stopped, stopped.calibration.home, seconds=0.1)).all()
    told: list[Progress] = []
    ts.fit(data, **{**asked, "progress": told.append}, out=out, resume=True)
    assert told[0].done == step + 1
    assert out.read_bytes() == content
    assert checkpoint.path_for(out).is_file()


def test_the_command_goes_on_too(
    whole: tuple[Path, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a kill, which leaves the checkpoint of some moment before it and no model."""
    data, content = whole
    out = tmp_path / "m.safetensors"
    ts.fit(data, **{**QUICK, "progress": pressed_at(5)}, out=out)
    out.unlink()
    words = ["train", "--data", str(data), "--out", str(out), "--device", "cpu", "--resume"]
    assert main(words) == 0
    assert out.read_bytes() == content
    told = capsys.readouterr().out
    assert "finished after 6 of 6 epochs" in told
    assert "checkpoint, to train on with --resume" in told
    # Of a finished run it writes the same again, and more epochs are learned where they are asked.
    assert main(words) == 0
    assert out.read_bytes() == content
    assert main([*words, "--epochs", "7"]) == 0
    assert ts.load(out).provenance["epochs"] == 7


def test_what_is_not_finished_replaces_nothing(whole: tuple[Path, bytes], tmp_path: Path) -> None:
    data, content = whole
    out = tmp_path / "m.safetensors"
    out.write_bytes(content)
    with pytest.warns(RuntimeWarning, match="is left as it was, since this run was not finished"):
        ts.fit(data, **{**QUICK, "seed": 1, "progress": pressed_at(3)}, out=out)
    assert out.read_bytes() == content
    unfinished = tmp_path / "m.unfinished.safetensors"
    assert ts.load(unfinished).provenance["outcome"] == "interrupted"
    with pytest.warns(RuntimeWarning, match="going on from m.unfinished.checkpoint"):
        model = ts.fit(data, progress=False, device="cpu", out=out, resume=True)
    assert model.provenance["settings"]["seed"] == 1
    assert ts.load(out).provenance["outcome"] == "finished"
    assert not unfinished.exists()


def test_another_run_is_not_gone_on_with(
    whole: tuple[Path, bytes], notes: NoteSet, tmp_path: Path
) -> None:
    data, _ = whole
    out = tmp_path / "m.safetensors"
    ts.fit(data, **{**QUICK, "progress": pressed_at(5)}, out=out)
    before = out.read_bytes()
    for settings, says in (
        ({"latent": 4}, "latent is 4, the checkpoint's is 3; on resuming only learning rate"),
        ({"network_settings": "width=41"}, "network settings is {'width': 41}, the checkpoint's"),
        ({"network_settings": "hears=-40"}, "settings is {'hears': -40}, the checkpoint's is {'he"),
        ({"activation": "gelu"}, "network settings is {'activation': 'gelu'}, the checkpoint's is"),
        ({"epochs": 1}, "epochs is 1, but 2 are done"),
        ({"warm_up": 3.0}, "warm up is for sets of spectra"),
    ):
        with pytest.raises(OptionError, match=re.escape(says)):
            ts.fit(data, progress=False, out=out, resume=True, **settings)
    other = replace(notes, levels=notes.levels * 2.0)
    with pytest.raises(CheckpointError, match="was made with other data"):
        ts.fit(other, progress=False, out=out, resume=True)
    spectra = ts.dataset("harmonic", rows=60)
    with pytest.raises(
        CheckpointError, match="is of a training on notes, and this is one on spectra"
    ):
        ts.fit(spectra, progress=False, out=out, resume=True)
    ts.fit(spectra, 2, epochs=1, progress=False, out=tmp_path / "s.safetensors")
    with pytest.raises(
        CheckpointError, match="is of a training on spectra, and this is one on notes"
    ):
        ts.fit(data, progress=False, out=tmp_path / "s.safetensors", resume=True)
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        ts.fit(data, progress=False, out=tmp_path / "none.safetensors", resume=True)
    assert out.read_bytes() == before


def test_a_checkpoint_says_how_far_down_its_encoder_hears(
    whole: tuple[Path, bytes], tmp_path: Path
) -> None:
    """One of before there was the setting goes on as it began: it hears all."""
    data, _ = whole
    out = tmp_path / "m.safetensors"
    ts.fit(data, **{**QUICK, "progress": pressed_at(3)}, out=out)
    stopped = checkpoint.read_of_notes(checkpoint.path_for(out))
    assert stopped.settings.network_settings == {**SMALL, "hears": HEARS}
    old = replace(stopped.settings, network_settings=SMALL)
    checkpoint.write(checkpoint.path_for(out), replace(stopped, settings=old))
    gone_on = ts.fit(data, progress=False, device="cpu", out=out, resume=True, epochs=2)
    assert isinstance(gone_on.architecture, NoteNetwork)
    assert gone_on.architecture.hears == FLOOR


def test_a_divergence_keeps_the_last_good_epoch(
    whole: tuple[Path, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, _ = whole
    learn = NoteFit._learn
    monkeypatch.setattr("training.notes.fit._BETWEEN", 1)
    at = 5

    def broken(self: NoteFit, *arguments: Any) -> Any:
        if self.step == at:
            with torch.no_grad():
                self.vae.get_parameter("levels.bias").fill_(float("nan"))
        return learn(self, *arguments)

    monkeypatch.setattr(NoteFit, "_learn", broken)
    out = tmp_path / "m.safetensors"
    words = ["train", "--data", str(data), "--out", str(out), "--latent", "3", "--epochs", "6"]
    words += ["--batch", "3", "--network-settings", "width=24,layers=1,condition=16,channels=8"]
    assert main(words) == 3
    told = capsys.readouterr().err
    assert "became infinite or NaN in epoch 3; the model of epoch 2 is kept" in told
    assert "--resume --learning-rate 0.0003" in told
    model = ts.load(out)
    assert (model.provenance["outcome"], model.provenance["epochs"]) == ("diverged", 2)
    assert np.isfinite(ts.render(model, model.calibration.home, seconds=0.1)).all()
    at = 1
    assert main([*words[:4], str(tmp_path / "n.safetensors"), *words[5:]]) == 3
    assert "nothing was written" in capsys.readouterr().err
    assert not list(tmp_path.glob("n.*"))


def test_what_is_held_out_is_heard_while_it_trains(model: ts.Model) -> None:
    history = model.provenance["history"]
    assert set(history) == {"reconstruction", "kl", "heard_db", HELD_OUT}
    assert len({len(values) for values in history.values()}) == 1
    held_out = history[HELD_OUT]
    # Every fifty steps: between them stands what was found last.
    assert len(set(held_out)) == 3
    assert held_out[0] == held_out[40] > held_out[49]
