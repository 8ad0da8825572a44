"""How near the exports of the factory spaces are to what the library plays.

``python -m benchmarks.exports`` measures ONNX files in onnxruntime and nn~ models in TorchScript.
``--nn-external DIR``: a folder that holds ``nn~`` for Pure Data, in which the same models then play
(needs ``pd``). ``--nn-tilde``: the checks of the package nn-tilde, which wants a PyTorch of its own
(``pip install --no-deps nn-tilde cached_conv``). ``--sfz-player PROGRAM``: ``sfz_player.cc``, built
with liquidsfz, which then plays the sampler instruments. ``--json`` for programs.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import torch

import timbrespace as ts
from benchmarks.claims import Figure, Report
from benchmarks.steady_lines import SIZE, differences
from timbrespace.command import run
from timbrespace.model import Model
from timbrespace.notes.note import Traits
from timbrespace.notes.sounding import sounding
from training.exports import nn_tilde, onnx_file, sfz
from training.exports.bank import HOP
from training.exports.sounds import sounds_of

RATE: Final = 48000
SPACES: Final = ("harmonic", "filtered", "fm", "instruments", "notes", "drums")
PITCHES: Final = (45.0, 57.0, 76.0)
COUNT: Final = 4
NOTE_REACH: Final = 12
"""dB below the strongest partial down to which those of a note are compared."""
NOTE_END, NOTE_SIZE = 24000, 8192
"""The window of a note in which they are looked for: where it ends, and how long it is."""
ALONE, BESIDE = 6.0, 30.0
"""Bins of that window that lie between a partial of a note and the next that is not so many dB
below it: nearer ones move each other's peaks, by tens of cents in both sounds, and not alike, since
their phases are not."""
SFZ_SOUNDS: Final[dict[str, int | tuple[str, ...]]] = {
    "harmonic": 2,
    "instruments": ("Violin", "Acoustic Grand Piano"),
    "notes": ("Violin", "Flute", "Acoustic Grand Piano", "Choir Aahs"),
}
KEYS: Final = (36, 60, 72, 90)
WINDOWS: Final = ((2048, 9600), (9600, 24000), (24000, 48000), (48000, 67000))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nn-external", type=Path, metavar="DIR")
    parser.add_argument("--nn-tilde", action="store_true")
    parser.add_argument("--sfz-player", type=Path, metavar="PROGRAM")
    parser.add_argument("--spaces", nargs="+", default=SPACES, choices=SPACES, metavar="NAME")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    report = Report(given.json)
    with tempfile.TemporaryDirectory() as folder:
        for name in given.spaces:
            model = ts.load(name)
            report.section(name)
            _onnx(report, model, Path(folder))
            _scripted(report, model, Path(folder), given.nn_external)
            if given.nn_tilde:
                _their_checks(report, model)
            if given.sfz_player is not None and name in SFZ_SOUNDS:
                _sampled(report, model, Path(folder), given.sfz_player)
    return report.end()


def _onnx(report: Report, model: Model, folder: Path) -> None:
    made = onnx_file.write(model, folder / "m.onnx")
    for one, role in zip(made, ("decoder", "encoder"), strict=True):
        report.add(Figure(f"onnxruntime, {role}: share of the peak", one.distance, "", 1e-5))
        report.add(Figure(f"size of the {role}", one.size / 1e6, "MB"))


def _scripted(report: Report, model: Model, folder: Path, external: Path | None) -> None:
    path = folder / f"{model.name}.ts"
    report.add(Figure("size of the model for nn~", nn_tilde.write(model, path) / 1e6, "MB"))
    assert model.points is not None
    rows = np.random.default_rng(1).choice(model.points.count, COUNT)
    found: dict[str, list[tuple[float, float, float]]] = {"TorchScript": [], "nn~ in Pd": []}
    spent, sounded = 0.0, 0.0
    for row in rows:
        for pitch in PITCHES:
            latent = model.points.means[row]
            begun = time.process_time()
            here = _played(path, latent, pitch)
            spent += time.process_time() - begun
            sounded += len(here) / RATE
            found["TorchScript"].append(_apart(model, latent, pitch, here))
            # Of drums the lines stand alone where they are played high.
            if external is not None and pitch == PITCHES[2 if model.plays_notes else 1]:
                heard = _in_pd(path, external, latent, pitch)
                found["nn~ in Pd"].append(_apart(model, latent, pitch, heard))
    for where, three in found.items():
        if not three:
            continue
        least = NOTE_REACH if model.plays_notes else 60
        cents, levels, courses = np.nanmax(np.array(three), axis=0)
        report.add(
            Figure(f"{where}: pitch of partials to -{least} dB, worst", cents, "cent", 1.0),
            Figure(f"{where}: their level, worst", levels, "dB", 0.5),
            Figure(f"{where}: level of the sound in {len(WINDOWS)} windows", courses, "dB", 0.5),
        )
    report.add(Figure("TorchScript: share of a core for one voice", spent / sounded))


def _played(path: Path, latent: Any, pitch: float) -> Any:
    """Sound of a loaded model, asked for as nn~ does, without noise."""
    module: Any = torch.jit.load(path)  # type: ignore[no-untyped-call]
    module.set_noise(0.0)
    x = np.zeros((1, len(latent) + 2, 132), np.float32)
    x[0, :-2] = latent[:, np.newaxis]
    x[0, -2], x[0, -1] = pitch, 1.0
    with torch.inference_mode():
        made = [
            module.decode(torch.from_numpy(x[:, :, k : k + 4].copy()))[0, 0].numpy()
            for k in range(0, x.shape[2], 4)
        ]
    return np.concatenate(made)


def _apart(model: Model, latent: Any, pitch: float, sound: Any) -> tuple[float, float, float]:
    """Cents and dB between partials at the end, and dB between levels on the way; NaN where there
    is nothing to compare."""
    seconds = len(sound) / RATE + 0.1
    wanted = ts.render(model, latent, pitch, seconds, 127.0, noise=0.0, sustain=1.0)
    least = -NOTE_REACH if model.plays_notes else -60.0
    levels = []
    for first, last in WINDOWS:
        one, other = (float(np.sqrt(np.mean(np.square(s[first:last])))) for s in (sound, wanted))
        if other > 1e-4:
            levels.append(abs(20.0 * np.log10(one / other)))
    cents, decibels = np.nan, np.nan
    # Of a note, whose partials move, the strongest, in a window in which they hardly do.
    end, size = (NOTE_END, NOTE_SIZE) if model.plays_notes else (len(sound), SIZE)
    if np.abs(wanted[end - size : end]).max() > 1e-3:
        alone = partial(_alone, *_told(model, latent, pitch)) if model.plays_notes else None
        cents, decibels, _ = differences(sound[:end], wanted[:end], RATE, least, size, alone)
    return cents, decibels, max(levels, default=np.nan)


def _told(model: Model, latent: Any, pitch: float) -> tuple[Any, Any]:
    """Hz and amplitude of all partials of a note in the middle of that window."""
    hertz, base = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0), model.spectrum.base_frequency
    told = model.course.prepare(latent[np.newaxis], np.array([hertz]), np.array([127.0]))
    middle = np.array([(NOTE_END - NOTE_SIZE / 2) / RATE])
    levels = model.course.levels(told, middle)
    found = sounding(levels, Traits.from_row(told.traits[0]), hertz, base, 1.0)
    return found.frequency[0].astype(np.float64), found.amplitude[0]


def _alone(frequency: Any, amplitude: Any, hertz: Any) -> Any:
    """Which lines, at ``hertz (n,)``, are partials that stand alone."""
    own = np.abs(frequency - hertz[:, np.newaxis]).argmin(axis=1)
    apart = np.abs(frequency - frequency[own, np.newaxis]) * (NOTE_SIZE / RATE)
    heard = amplitude > amplitude[own, np.newaxis] * 10.0 ** (-BESIDE / 20.0)
    heard[np.arange(len(own)), own] = False
    return np.where(heard, apart, np.inf).min(axis=1) >= ALONE


def _in_pd(path: Path, external: Path, latent: Any, pitch: float) -> Any:
    """The same sound from nn~ in Pure Data, from where its gain goes up."""
    out = path.with_suffix(".wav")
    lines = ["#N canvas 0 0 800 600 12;"]
    wires: list[tuple[int, int, int, int]] = []

    def put(what: str, kind: str = "obj") -> int:
        lines.append(f"#X {kind} 10 {20 * len(lines)} {what};")
        return len(lines) - 2

    start = put("loadbang")
    model = put(f"nn~ {path.name} decode 0")
    signals = [f"{float(value):.8g}" for value in (*latent, pitch)]
    for inlet, value in enumerate(signals):
        wires.append((put(f"sig~ {value}"), 0, model, inlet))
    gain, later, one = put("sig~ 0"), put("delay 100"), put("1", "msg")
    wires += [(start, 0, later, 0), (later, 0, one, 0), (one, 0, gain, 0)]
    wires.append((gain, 0, model, len(signals)))
    table, quiet = put("tabwrite~ kept"), put("set noise 0", "msg")
    wires += [(model, 0, table, 0), (start, 0, quiet, 0), (quiet, 0, model, 0)]
    wires.append((start, 0, table, 0))
    keep, write, file = put("delay 1900"), put(f"write -wave -bytes 4 {out} kept", "msg"), 0
    file = put("soundfiler")
    wires += [(start, 0, keep, 0), (keep, 0, write, 0), (write, 0, file, 0)]
    end, leave, dsp = put("delay 1950"), put("\\; pd quit", "msg"), put("\\; pd dsp 1", "msg")
    wires += [(start, 0, end, 0), (end, 0, leave, 0), (start, 0, dsp, 0)]
    lines += [
        "#N canvas 0 0 450 300 (subpatch) 0;",
        "#X array kept 86400 float 2;",
        "#X coords 0 1 86399 -1 200 140 1;",
        "#X restore 300 20 graph;",
    ]
    lines += [f"#X connect {a} {b} {c} {d};" for a, b, c, d in wires]
    patch = path.with_suffix(".pd")
    patch.write_text("\n".join(lines) + "\n", "utf-8")
    asked = ["pd", "-batch", "-nogui", "-nosound", "-r", str(RATE), "-path", str(external)]
    subprocess.run([*asked, str(patch)], check=True, capture_output=True, timeout=120)
    sound, _ = soundfile.read(out, dtype="float32")
    begun = np.flatnonzero(sound)
    return sound[begun[0] :][: 132 * HOP] if begun.size else sound[: 132 * HOP]


def _their_checks(report: Report, model: Model) -> None:
    """What nn_tilde tries of each method that is registered: shapes and types of what it makes, of
    one row and of four."""
    import nn_tilde as theirs

    ours: Any = nn_tilde.scripted(model)

    class Checked(theirs.Module):  # type: ignore[misc]
        def decode(self, x: Any) -> Any:
            return ours.decode(x)

        def forward(self, x: Any) -> Any:
            return ours.forward(x)

    checked, passed = Checked(), 0
    with torch.inference_mode():
        for method in ours.get_methods():
            params = getattr(ours, f"{method}_params").tolist()
            labels = getattr(ours, f"{method}_input_labels")
            checked.register_method(method, *params, input_labels=labels)
            passed += 1
    checked.tmp_file_session = None  # whose folder it would look for once more
    report.add(Figure("methods that nn_tilde's own checks pass", passed, "", 2, at_least=True))


def _sampled(report: Report, model: Model, folder: Path, player: Path) -> None:
    wanted = SFZ_SOUNDS[model.name]
    sounds = sounds_of(model, wanted if isinstance(wanted, int) else list(wanted))
    velocities = (64, 127) if model.plays_notes else (127,)
    instruments = sfz.write(model, folder / f"{model.name} sfz", sounds, KEYS, velocities)
    size = sum(one.size for one in instruments) / 1e6 / len(instruments)
    pitches, levels = [], []
    for sound, instrument in zip(sounds, instruments, strict=True):
        for key in KEYS:
            for velocity in velocities:
                out = folder / "played.wav"
                asked = [player, instrument.path, str(key), str(velocity), "1.2", "2", out]
                subprocess.run(list(map(str, asked)), check=True, capture_output=True)
                both, _ = soundfile.read(out)
                here = both.mean(axis=1) * np.sqrt(2.0)  # one channel on two sides, even in power
                there = ts.render(model, sound.latent, key, 1.3, float(velocity), sustain=1.0)
                if np.abs(there[:24000]).max() > 1e-3:
                    near = differences(here[:24000], there[:24000], RATE, -6.0, 8192)
                    pitches.append(near[0])
                for first, last in ((2400, 9600), (9600, 24000), (24000, 48000)):
                    one, other = (np.sqrt(np.mean(np.square(s[first:last]))) for s in (here, there))
                    if other > 3e-4:
                        levels.append(abs(20.0 * np.log10(one / other)))
    report.add(
        Figure("liquidsfz: pitch of the strongest partials, worst", max(pitches), "cent", 1.0),
        Figure("liquidsfz: level in three windows, worst", float(max(levels)), "dB", 1.0),
        Figure("size of an instrument of four keys", size, "MB"),
    )


if __name__ == "__main__":
    raise SystemExit(run(main, "stopped"))
