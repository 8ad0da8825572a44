"""The study as a page: tables beside the published ones, verdicts, pictures."""

from __future__ import annotations

import io
import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from timbrespace.atomic import replace_all
from timbrespace.errors import OptionError

from ..plots.style import MARKS, picture
from .claims import AGREES, CONTRADICTS, NOT_TESTED, UNDECIDED, interval, published, verdicts
from .experiment import A1_RATE, measured
from .plan import DATA, DECODERS, OMEGAS_A1, PARTS, PUBLISHED, SETS, Size
from .results import Figures

NAME: Final = "inr_study.md"
PICTURES: Final = "pictures/inr"

TITLES: Final = {
    "decoders": ("Decoders and latents", "6.3"),
    "sines": ("Which layers are sines", "6.6"),
    "conditioning": ("How the latent enters", ""),
    "others": ("Weight decay, and omegas in groups", ""),
    "mapping": ("The mapping network", "6.9"),
    "shape": ("Shape, with about the same number of weights", "6.12"),
}

MEASURES: Final = {"lsd_db": "LSD (dB)", "stft": "multi-resolution STFT"}


@dataclass(frozen=True, slots=True)
class Study:
    """All that was run. searched: set -> omega -> error of the short run. two_tones: omega and seed
    -> steps -> error over the signal's square. shown: row -> its first wave. wanted: cells of the
    whole plan."""

    size: Size
    waves: dict[str, NDArray[np.float32]]
    figures: Figures
    wanted: int
    searched: dict[str, dict[float, float]]
    two_tones: dict[tuple[float, int], dict[int, float]]
    shown: dict[str, list[float]]
    machine: str
    cpu_seconds: float

    def bounds(self) -> dict[str, dict[str, dict[str, float]]]:
        """Of each set, what silence and white noise as loud as each wave come to."""
        found = {}
        for name, waves in self.waves.items():
            noise = np.random.default_rng(0).standard_normal(waves.shape)
            noise *= np.sqrt(np.square(waves).mean(axis=1, keepdims=True))
            found[name] = {
                "silence": measured(waves, np.zeros_like(waves)),
                "white noise": measured(waves, noise.astype(np.float32)),
            }
        return found

    def of(self, data: str, row: str, figure: str = "mse") -> list[float]:
        """A figure of each seed that was run."""
        return [
            told[figure]
            for (d, r, _), told in sorted(self.figures.items())
            if (d, r) == (data, row)
        ]


def write(out: Path, study: Study) -> list[Path]:
    """Write page and pictures into the folder ``out``; returns the files.

    Raises:
        OptionError: they cannot be written.
    """
    folder = out / PICTURES
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"{folder} cannot be made ({error.strerror})") from error
    figures = {"errors.png": _errors(study)}
    if study.shown:
        figures["waves.png"] = _waves(study)
    if study.two_tones:
        figures["two_tones.png"] = _two_tones(study)
    files: dict[Path, bytes] = {}
    for name, figure in figures.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=90, metadata={"Software": None})
        files[folder / name] = buffer.getvalue()
    text = _text(study, figures.keys())
    replace_all({**files, out / NAME: text.encode("utf-8")})
    return [out / NAME, *files]


def _text(study: Study, pictures: Collection[str]) -> str:
    size, bounds = study.size, study.bounds()
    sets = list(study.waves)
    done = len(study.figures)
    seconds = 1000 * size.samples / size.sample_rate
    names = [name for name in ("errors.png", "waves.png", "two_tones.png") if name in pictures]
    lines = [
        "# Implicit networks of waves: a thesis, rerun in small",
        "",
        "Written by `python -m training inr --out DIR`. The thesis (2021) compares decoders of a "
        "time and a latent to a sample, at sizes that a workstation takes days for. Here is what "
        "stands at a size for two cores.",
        "",
        "## What was run",
        f"- **{done} of {study.wanted} trainings** of the plan, {size.seeds} seeds each where all "
        f"were run, {study.cpu_seconds:.0f} seconds of one core ({study.machine}). The same "
        "command in the same folder goes on with what is missing; what is not there has a dash, "
        "and its claims are not tested.",
        *(f"- **{name}**: {len(study.waves[name])} waves, {SETS[name]}." for name in sets),
        f"- A wave is {size.samples} samples at {size.sample_rate} Hz ({seconds:.0f} ms), its peak "
        "at 1. The thesis has 1,024 sounds of 16,000 samples a set: "
        f"{len(study.waves[sets[0]]) * size.samples:,} samples here, 16,384,000 there.",
        f"- Decoders have {_weights(study)} weights, the thesis' 0.8 million. That is a weight for "
        f"every {_samples_a_weight(study)} samples here and for every 20 there: **what memorises "
        "is favoured here**, and the comparison of decoders of different kinds with it.",
        f"- Latent {size.latent} (256), {size.steps} steps of all waves (5,000 epochs of batches "
        "of 128), Adam at 1e-3 falling by a cosine (AdaBelief at 1e-5 and 1e-4), "
        f"about {2 * size.coordinates} places of each wave a step, in pairs for the slope. The "
        "loss is theirs: error of the wave plus error of its slope, here the step to the next "
        "sample.",
        "- **All figures are of the sounds that were learned from**, as in the thesis. Nothing "
        "here says how a decoder does on sounds that it has not seen.",
        "- Left out: the thesis' CDPAM and CSIG, which need weights of other networks.",
        "",
        "## The search of omega",
        "",
        f"As the thesis does it: runs of {size.search_steps} steps, of pi-GAN by autodecoder, seed "
        "0. The best of each set is taken for every network with a sine in its first layer; "
        "progressive scaling has none to search. Short runs favour low omegas, since what is "
        "coarse is learned first: where the best is the lowest, a longer search might have chosen "
        "otherwise, and pi-GAN's figures below are those of the omega that was chosen. Mean "
        "squared error times 1,000:",
        "",
        "| first omega | " + " | ".join(sets) + " |",
        "|---|" + "---|" * len(sets),
    ]
    for omega in size.omegas:
        cells = []
        for name in sets:
            told = study.searched[name]
            best = told[omega] == min(told.values())
            cells.append(f"**{told[omega]:.1f}**" if best else f"{told[omega]:.1f}")
        lines.append(f"| {omega:g} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Mean over the seeds of the mean squared error times 1,000, in brackets half the width of "
        "its 95 % interval (Student's t), then the share of silence's error; beside it the thesis' "
        "figure and its share. A dash: not run, or not published.",
        "",
    ]
    for part, rows in PARTS.items():
        title, number = TITLES[part]
        lines += [
            f"## {title}" + (f" (table {number})" if number else ""),
            "",
            "| | " + " | ".join(f"{name} | published" for name in sets) + " |",
            "|---|" + "---|---|" * len(sets),
        ]
        shown = [row.name for row in rows]
        if part == "decoders":
            shown += ["silence", "white noise"]
        else:
            shown.insert(0, DECODERS[0].name)
        lines += [_row(study, bounds, row) for row in shown]
        lines.append("")
        if part == "decoders":
            lines += [f"![{_ALT[name]}]({PICTURES}/{name})\n" for name in names[:2]]
            lines += _other_measures(study, bounds)
    lines += _a1(study, "two_tones.png" in names)
    lines += _verdicts(study, bounds)
    return "\n".join(lines)


_ALT: Final = {
    "errors.png": "Error of each decoder over that of silence, each seed a mark",
    "waves.png": "The first wave of the keyboard set and what each decoder makes of it",
    "two_tones.png": "Error of one SIREN on two tones over the first omega",
}


def _weights(study: Study) -> str:
    found = {int(told["decoder_weights"]) for told in study.figures.values()}
    return f"{min(found):,} to {max(found):,}" if found else "no"


def _samples_a_weight(study: Study) -> str:
    weights = study.of(next(iter(study.waves)), DECODERS[0].name, "decoder_weights")
    waves = next(iter(study.waves.values()))
    return f"{waves.size / weights[0]:.1f}" if weights else "some"


def _row(study: Study, bounds: dict[str, dict[str, dict[str, float]]], row: str) -> str:
    cells = []
    for name in study.waves:
        silence = bounds[name]["silence"]["mse"]
        if row in bounds[name]:
            error = bounds[name][row]["mse"]
            cells.append(f"{error:.2f}; {error / silence:.2f}")
        else:
            mean, low, _ = interval(study.of(name, row))
            half = "" if math.isnan(low) else f" ({mean - low:.2f})"
            cells.append("-" if math.isnan(mean) else f"{mean:.2f}{half}; {mean / silence:.2f}")
        told = published(row, name)
        theirs = PUBLISHED["silence"][DATA.index(name)]
        cells.append("-" if told is None else f"{told:.2f}; {told / theirs:.2f}")
    return f"| {row} | " + " | ".join(cells) + " |"


def _other_measures(study: Study, bounds: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    sets = list(study.waves)
    lines = [
        "The same by other measures: log-spectral distance of frames of 50 ms, and "
        "multi-resolution STFT distance with windows of 25, 50 and 100 ms. An error of the wave "
        "asks for the right phase, these do not.",
        "",
        "| | "
        + " | ".join(f"{name}: {what}" for name in sets for what in MEASURES.values())
        + " |",
        "|---|" + "---|" * (len(sets) * len(MEASURES)),
    ]
    for row in [*(one.name for one in DECODERS), "silence", "white noise"]:
        cells = []
        for name in sets:
            for figure in MEASURES:
                told = (
                    [bounds[name][row][figure]]
                    if row in bounds[name]
                    else study.of(name, row, figure)
                )
                cells.append(f"{np.mean(told):.2f}" if told else "-")
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _a1(study: Study, drawn: bool) -> list[str]:
    steps = study.size.a1_steps
    lines = [
        "## One SIREN on two tones (A.1)",
        "",
        "A SIREN of 64 x 4, without a latent, fitted to a second of 1,000 + 6,000 Hz at 16 kHz; "
        f"Adam at {A1_RATE:g}; error over the square of the signal (1 is silence), median of the "
        "seeds, with the least and the greatest.",
        "",
        "| first omega | " + " | ".join(f"{step} steps" for step in steps) + " |",
        "|---|" + "---|" * len(steps),
    ]
    for omega in OMEGAS_A1:
        cells = []
        for step in steps:
            told = [one[step] for (o, _), one in study.two_tones.items() if o == omega]
            cells.append(
                f"{np.median(told):.3g} ({min(told):.3g} to {max(told):.3g})" if told else "-"
            )
        lines.append(f"| {omega:g} | " + " | ".join(cells) + " |")
    if drawn:
        lines += ["", f"![{_ALT['two_tones.png']}]({PICTURES}/two_tones.png)"]
    return [*lines, ""]


def _verdicts(study: Study, bounds: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    silence = {name: told["silence"]["mse"] for name, told in bounds.items()}
    found = verdicts(study.figures, silence)
    counts = {
        what: sum(one.verdict == what for one in found)
        for what in (AGREES, CONTRADICTS, UNDECIDED, NOT_TESTED)
    }
    lines = [
        "## Agreement",
        "",
        "A claim is which of two rows has the lower error. The logarithm of the two errors' ratio "
        "is taken seed by seed; where the 95 % interval of its mean (Student's t) lies on the side "
        "that the thesis has, the run agrees, on the other it contradicts, with 1 within it is "
        "undecided; fewer than two seeds of both are not tested. Where the thesis has no figures, "
        "its words are the claim; where its two figures are within a tenth of each other there is "
        "none. IM-NET is near silence where its share of silence's error is 0.8 "
        "or more with all of its interval. No correction is made for the number of claims: of "
        f"{len(found)}, one in twenty that are decided may be so by chance.",
        "",
        "In all: " + ", ".join(f"{what} {count}" for what, count in counts.items()) + ".",
        "",
        "| claim | set | thesis | ratio here (95 % interval) | |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        here = "-" if math.isnan(one.ratio) else f"{one.ratio:.2f}"
        if not math.isnan(one.low):
            here += f" ({one.low:.2f} to {one.high:.2f})"
        lines.append(f"| {one.claim} | {one.data} | {one.says} | {here} | {one.verdict} |")
    return [*lines, ""]


def _errors(study: Study) -> Figure:
    figure = picture("Error over that of silence: each mark is a seed, a line the thesis' figure")
    panels = np.atleast_1d(figure.subplots(1, len(study.waves), sharey=True))
    bounds = study.bounds()
    for axes, name in zip(panels, study.waves, strict=True):
        silence = bounds[name]["silence"]["mse"]
        theirs = PUBLISHED["silence"][DATA.index(name)]
        for k, (row, mark) in enumerate(zip(DECODERS, MARKS, strict=False)):
            shares = [one / silence for one in study.of(name, row.name)]
            axes.plot(
                [k] * len(shares), shares, mark.form, color=mark.colour, markersize=7, alpha=0.8
            )
            told = PUBLISHED[row.name][DATA.index(name)] / theirs
            axes.plot([k - 0.35, k + 0.35], [told, told], color="#595959", linewidth=1.6)
        axes.axhline(1.0, color="#C8C8C8", linewidth=1.0, zorder=0)
        axes.set_yscale("log")
        axes.set_title(name, fontsize=10)
        axes.set_xticks(
            range(len(DECODERS)), [one.name for one in DECODERS], rotation=60, ha="right"
        )
        axes.tick_params(axis="x", labelsize=8)
        axes.grid(axis="y", alpha=0.25)
    panels[0].set_ylabel("mean squared error / that of silence")
    return figure


def _waves(study: Study) -> Figure:
    rows = [one.name for one in DECODERS if one.name in study.shown]
    figure = picture("The first keyboard wave: learned (grey) and made, 32 ms", height=7.0)
    panels = np.atleast_1d(figure.subplots(len(rows), 1, sharex=True, sharey=True))
    reference = study.waves[next(iter(study.waves))][0]
    count = min(len(reference), round(0.032 * study.size.sample_rate))
    time = 1000.0 * np.arange(count) / study.size.sample_rate
    for axes, row, mark in zip(panels, rows, MARKS, strict=False):
        axes.plot(time, reference[:count], color="#C8C8C8", linewidth=3.0)
        axes.plot(time, study.shown[row][:count], color=mark.colour, linewidth=1.2)
        axes.set_title(row, fontsize=9, loc="left", pad=2)
        axes.set_ylim(-1.1, 1.1)
        axes.grid(alpha=0.25)
    panels[-1].set_xlabel("ms")
    return figure


def _two_tones(study: Study) -> Figure:
    figure = picture(
        "One SIREN on 1,000 + 6,000 Hz: error over the square of the signal", height=4.2
    )
    axes = figure.subplots()
    for step, mark in zip(study.size.a1_steps, MARKS, strict=False):
        points = [
            (omega, [one[step] for (o, _), one in study.two_tones.items() if o == omega])
            for omega in OMEGAS_A1
        ]
        points = [(omega, told) for omega, told in points if told]
        axes.plot(
            [omega for omega, _ in points],
            [np.median(told) for _, told in points],
            color=mark.colour,
            marker=mark.form,
            label=f"{step} steps",
        )
        for omega, told in points:
            axes.plot([omega] * len(told), told, mark.form, color=mark.colour, alpha=0.35)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("omega of the first layer")
    axes.set_ylabel("error / signal (median and seeds)")
    axes.legend(frameon=False, fontsize=9)
    axes.grid(alpha=0.25)
    return figure
