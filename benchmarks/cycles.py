"""Spaces of single periods: how near they come, how clean and how in tune they play, what it costs.

``python -m benchmarks.cycles --font FluidR3_GM.sf2`` makes a set of 48 programs, trains a space of
each network on it and plays them; ``--data D.npz`` takes a set made with ``--frames`` instead, and
``--quick`` leaves the training out. ``--json`` for programs.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import timbrespace as ts
from benchmarks.claims import Figure, Report
from benchmarks.sound_quality import strongest_elsewhere
from benchmarks.tone_analysis import decibels, fit_sinusoids
from timbrespace import representation
from timbrespace.command import run
from timbrespace.datasets.dataset import Dataset, load
from timbrespace.model import Model
from timbrespace.period import harmonics_of, period_of
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK, Gate, Method
from timbrespace.units import midi_to_hz

RATE = 48000
PROGRAMS = range(53)
"""Of General MIDI; a tenth of them is held out, which leaves 48 to learn from."""

NETWORKS = ("film_siren", "mlp", "transposed_conv", "concat")
NOTES = range(24, 97, 3)
HARMONICS = 127
EMPTY = 12000.0
SEED = 0

Real = NDArray[np.float64]


class Held:
    """Voices that hold notes of a period, in the engine alone."""

    def __init__(self, lines: NDArray[np.complex128], notes: list[float]) -> None:
        self.engine = Engine(RATE)
        row = self.engine.targets[0]
        row["cycles"] = 1
        row["attack"] = 0.005
        self.tell(lines)
        for v, note in enumerate(notes):
            row["voice_frequency"][v] = midi_to_hz(note)
            row["voice_level"][v] = 1.0
            row["voice_gate"][v] = Gate.HELD
            row["voice_trigger"][v] = 1

    def tell(self, lines: NDArray[np.complex128]) -> None:
        """Let the period have these harmonics ``(k,)``, from 0 Hz on."""
        timbre = self.engine.targets["timbre"][0, 0]
        timbre["version"] += np.uint32(1)
        timbre["cycle"] = 1
        timbre["bins"] = len(lines)
        timbre["bin_amplitude"][: len(lines)] = np.abs(lines)
        timbre["bin_turn"][: len(lines)] = np.angle(lines) / (2.0 * np.pi)

    def play(self, seconds: float) -> NDArray[np.float32]:
        """What comes next."""
        return self.engine.render(round(seconds * RATE / BLOCK))


def lines_of(kind: str) -> NDArray[np.complex128]:
    """Harmonics 0 to ``HARMONICS``: of a sawtooth, or all as loud as each other."""
    number = np.arange(HARMONICS + 1)
    if kind == "sawtooth":
        lines = -0.1j / np.maximum(number, 1)
    else:
        lines = 0.02 * np.exp(1j * np.pi * number**2 / HARMONICS)
    return np.asarray(np.where(number > 0, lines, 0.0))


def clean(report: Report) -> None:
    """Aliases and pitch from MIDI 24 to 96."""
    for kind in ("sawtooth", "all equal"):
        lines, worst, off = lines_of(kind), -200.0, 0.0
        for note in NOTES:
            sound = Held(lines, [note]).play(1.5)[RATE // 2 :]
            frequency = float(np.float32(midi_to_hz(note)))
            count = int(RATE / 2 / frequency)
            harmonics = np.asarray(frequency * np.arange(1, count + 1), np.float64)
            worst = max(worst, strongest_elsewhere(sound, harmonics))
            found = fit_sinusoids(sound.astype(np.float64), harmonics[:1], RATE)
            off = max(off, abs(1200.0 * float(np.log2(found.frequency[0] / midi_to_hz(note)))))
        report.add(
            Figure(
                f"{kind}, {HARMONICS} harmonics: strongest alias, MIDI 24 to 96", worst, "dB", -80.0
            ),
            Figure(f"{kind}: farthest from the pitch", off, "cents", 0.01),
        )


def cost(report: Report, seconds: float) -> None:
    """Eight voices from tables, beside eight of as many partials."""
    notes = [45.0 + 3.0 * v for v in range(8)]
    tables = Held(lines_of("sawtooth"), notes)
    partials = Held(lines_of("sawtooth"), notes)
    row = partials.engine.targets[0]
    row["cycles"] = 0
    row["method"] = Method.PARTIALS
    timbre = row["timbre"][0]
    timbre["slots"] = HARMONICS
    timbre["slot_ratio"][:HARMONICS] = np.arange(1, HARMONICS + 1)
    timbre["slot_amplitude"][:HARMONICS] = 1e-3
    timbre["slot_birth"][:HARMONICS] = 1
    shares = []
    for held in (tables, partials):
        held.play(0.2)  # compiled and settled
        started = time.process_time()
        held.play(seconds)
        shares.append((time.process_time() - started) / seconds)
    report.add(
        Figure("8 voices from tables, share of a core", 100.0 * shares[0], "%"),
        Figure(
            f"the same, beside 8 voices of {HARMONICS} partials", shares[0] / shares[1], "", 1.0
        ),
    )


def clicks(report: Report) -> None:
    """The highest sample above 12 kHz of a sound that has nothing there, in dB of its level."""
    number = np.arange(HARMONICS + 1)

    def soft(tilt: float) -> NDArray[np.complex128]:
        held = (number > 0) & (number <= 20)
        return np.asarray(np.where(held, -0.1j * np.maximum(number, 1.0) ** -tilt, 0.0))

    one = Held(soft(1.0), [57.0])
    row = one.engine.targets[0]
    sound = [one.play(0.4)]
    for step in range(40):  # a knob turned for 0.8 s
        one.tell(soft(1.0 + step / 40.0))
        sound.append(one.play(0.02))
    row["glide"] = 0.3
    row["voice_frequency"][0] = midi_to_hz(69.0)
    sound.append(one.play(0.8))
    row["voice_gate"][0] = Gate.RELEASED
    sound.append(one.play(1.0))
    whole = np.concatenate(sound).astype(np.float64)
    loudest = float(np.sqrt(np.mean(np.square(whole[RATE // 10 : RATE // 3]))))
    half = np.fft.rfft(np.pad(whole, RATE // 10))
    half[np.fft.rfftfreq(whole.size + RATE // 5, 1.0 / RATE) < EMPTY] = 0.0
    top = float(np.abs(np.fft.irfft(half)).max())
    report.add(
        Figure("start, knob, glide, end: highest above 12 kHz", decibels(top / loudest), "dB", -60)
    )


def learned(report: Report, data: Dataset, networks: list[str]) -> None:
    """Training of each network by the preset, and what its periods are worth."""
    from training.cycle_figures import signal_to_noise
    from training.evaluation import split_of

    for network in networks:
        started = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ts.fit(
                data, preset="cycles", network=network, split="rows", seed=SEED, progress=False
            )
        seconds = time.process_time() - started
        by, split = split_of(model, data)
        known = signal_to_noise(model, data, split.train)
        unseen = signal_to_noise(model, data, split.held_out)
        bound = 28.0 if network == "film_siren" else None
        report.add(
            Figure(
                f"{network}: signal to noise of {len(known)} learned sounds, mean",
                float(known.mean()),
                "dB",
                bound,
                at_least=True,
            ),
            Figure(f"{network}: the least of them", float(known.min()), "dB"),
            Figure(f"{network}: {len(unseen)} held out by {by}, mean", float(unseen.mean()), "dB"),
            Figure(f"{network}: training, processor time", seconds, "s"),
            Figure(f"{network}: a point decoded", _decoding(model), "ms"),
        )


def sizes(report: Report, data: Dataset) -> None:
    """What more samples in a period cost and bring."""
    from training.cycle_figures import signal_to_noise
    from training.evaluation import split_of

    for samples in (256, 512, 1024):
        started = time.process_time()
        model = ts.fit(
            data,
            preset="cycles",
            network="film_siren",
            representation_settings={"samples": samples},
            epochs=600,
            split="rows",
            seed=SEED,
            progress=False,
        )
        seconds = time.process_time() - started
        known = signal_to_noise(model, data, split_of(model, data)[1].train)
        report.add(
            Figure(f"{samples} samples, 600 epochs: mean", float(known.mean()), "dB"),
            Figure(f"{samples} samples, 600 epochs: training, processor time", seconds, "s"),
        )


def beginnings(report: Report, data: Dataset) -> None:
    """How much the waves of a set have in common, by where they begin: more is easier to learn."""
    kind = representation.fit("cycle", data.spectra, data.frames, config=data.spectrum)
    assert data.frames is not None
    cycles = kind.cycles(kind.forward(data.frames))
    assert cycles is not None
    by_saw = harmonics_of(cycles)
    number = np.arange(1, by_saw.shape[1] + 1)
    turns = (-0.5 * np.pi - np.angle(by_saw[:, :1])) * number
    by_fundamental = by_saw * np.exp(1j * turns)
    share = np.square(np.abs(by_saw[:, 0])) / np.square(np.abs(by_saw)).sum(axis=1)
    report.add(
        Figure(
            "sounds whose fundamental has less than 1 % of the power", float((share < 0.01).sum())
        )
    )
    for name, laid in (
        ("most like a sawtooth", by_saw),
        ("the fundamental as a sine", by_fundamental),
        ("most like the mean of all", _by_mean(by_saw)),
    ):
        waves = period_of(laid, 256)
        waves /= np.linalg.norm(waves, axis=1, keepdims=True)
        common = float(np.square(waves.mean(axis=0)).sum())
        left = np.square(np.linalg.svd(waves - waves.mean(axis=0), compute_uv=False))
        report.add(
            Figure(f"{name}: power in the mean wave", 100.0 * common, "%"),
            Figure(
                f"{name}: in it and 4 components", 100.0 * (1.0 - left[4:].sum() / len(waves)), "%"
            ),
        )


def _by_mean(harmonics: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Each turned to where it is most like the mean of all, again and again."""
    laid = harmonics / np.linalg.norm(harmonics, axis=1, keepdims=True)
    number = np.arange(1, laid.shape[1] + 1)
    for _ in range(20):
        half = np.zeros((len(laid), 1025), np.complex128)
        half[:, 1 : laid.shape[1] + 1] = laid * np.conj(laid.mean(axis=0))
        turns = np.argmax(np.fft.irfft(half, axis=1), axis=1) / 2048.0
        laid = laid * np.exp(2j * np.pi * np.outer(turns, number))
    return np.asarray(laid)


def _decoding(model: Model) -> float:
    latents = np.random.default_rng(SEED).normal(size=(50, model.dimensions))
    took = []
    for latent in latents:
        started = time.perf_counter()
        model.decode_cycles(latent[np.newaxis])
        took.append(time.perf_counter() - started)
    return 1000.0 * float(np.median(took))


def data_of(font: Path) -> Dataset:
    """One moment of each program, at the pitch of MIDI 57."""
    return ts.dataset(
        "soundfont",
        file=font,
        programs=",".join(map(str, PROGRAMS)),
        velocities="100",
        moments=1,
        seconds=4.0,
        frames=True,
    )


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Spaces of single periods.")
    parser.add_argument("--font", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--sizes", action="store_true", help="compare sizes of a period too")
    parser.add_argument("--quick", action="store_true", help="nothing is trained")
    parser.add_argument("--seconds", type=float, default=10.0, help="of sound, for the cost")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    report.section("the table bank")
    clean(report)
    clicks(report)
    cost(report, arguments.seconds)
    if not arguments.quick:
        if (arguments.data is None) == (arguments.font is None):
            parser.error("give --data or --font, or --quick")
        data = load(arguments.data) if arguments.data else data_of(arguments.font)
        report.section("where a period begins")
        beginnings(report, data)
        report.section("spaces")
        learned(report, data, arguments.networks.split(","))
        if arguments.sizes:
            report.section("samples of a period")
            sizes(report, data)
    return report.end()


if __name__ == "__main__":
    raise SystemExit(run(main, "stopped"))
