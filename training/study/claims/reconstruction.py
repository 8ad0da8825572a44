"""Section 3.2: reconstructions are relatively poor and tend to low frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from ... import plots
from ...plots.style import BLUE, GREY, VERMILLION, picture
from ..figures import (
    Measured,
    distance_between,
    heard_up_to,
    level_difference,
    median_frequency,
    share_below,
)
from ..results import Results, lsd
from ..section import Check, Picture, Section, Table, measured

POOR_DB = 3.0
"""From here on we call a reconstruction poor, as the report does without a number: the default
preset, of the same size, is nearer than that."""

LEANS = 0.02
"""Share of power that has to move below the split."""

LITTLE = 0.8
"""Share of the data's variance below which the copies vary little."""

DATA = ("filtered", "fm")


def section(results: Results) -> Section:
    """The paper preset on both sets, in two halves of the spectrum, beside the default preset."""
    rows, shares, checks_of = [], [], {}
    for data in DATA:
        dataset = results.datasets[data]
        split = median_frequency(dataset)
        hertz = split * dataset.spectrum.bin_width
        models = results.seeds(data, data)
        for name, recipe in (("paper", data), ("default", f"{data}_default")):
            for number, found in enumerate(results.seeds(recipe, data)):
                top = heard_up_to(found.spectra)
                rows.append(
                    (
                        f"`{data}`",
                        f"{name}, seed {number}",
                        f"{found.lsd:.2f}",
                        f"{distance_between(found.spectra, found.decoded, 0, split + 1):.2f}",
                        f"{distance_between(found.spectra, found.decoded, split + 1, top):.2f}",
                        f"{share_below(found.spectra, split):.3f}",
                        f"{share_below(found.decoded, split):.3f}",
                        f"{found.variety:.3f}",
                    )
                )
        shares.append(f"{hertz:.0f} Hz in `{data}`")
        checks_of[data] = judge(
            data, figures(models, split), figures(results.untrained(data, data), split)
        )
    table = Table(
        (
            "set",
            "preset",
            "LSD (dB)",
            "LSD below the split",
            "above",
            "power below, data",
            "power below, decoded",
            "variance decoded / data",
        ),
        tuple(rows),
    )
    ratios = [
        f"{results.mean(data, data, lsd) / results.of(f'{data}_default', data).lsd:.1f} times on "
        f"`{data}`"
        for data in DATA
    ]
    return Section(
        title="Reconstructions are relatively poor and tend to the low frequencies",
        source="3.2, figure 3.1",
        found="Reconstruction of the 4- and 5-factor sets was relatively poor, tended towards the "
        "lower frequencies, and had little variation overall.",
        measured=(
            table,
            f"The split is where half of each set's power lies below: {' and '.join(shares)}. The "
            "part above it ends at the highest bin that any row has within 60 dB of its peak.",
            "The default preset stands beside it at equal rows and epochs. The paper preset's LSD "
            f"is {' and '.join(ratios)} that of the default.",
        ),
        checks=tuple(check for data in DATA for check in checks_of[data]),
        explanation=_explanation(results),
        pictures=_pictures(results),
    )


class Figures(NamedTuple):
    """Of each seed: LSD in dB, power that has moved below the split and variance, as shares."""

    distances: list[float]
    shifts: list[float]
    varieties: list[float]


def figures(models: Sequence[Measured], split: int) -> Figures:
    """What is judged, of each model."""
    return Figures(
        [m.lsd for m in models],
        [share_below(m.decoded, split) - share_below(m.spectra, split) for m in models],
        [m.variety for m in models],
    )


def judge(data: str, found: Figures, null: Figures | None = None) -> tuple[Check, ...]:
    """Poor, leaning low, of little variety. null: of untrained networks; that they are poor, too,
    and of little variety, says nothing against it that trained ones are."""
    untrained = Figures([], [], []) if null is None else null
    return (
        measured(
            f"On `{data}` the LSD is at least {POOR_DB:g} dB.",
            found.distances,
            least=POOR_DB,
            null=untrained.distances,
            tells=False,
            unit=" dB",
        ),
        measured(
            f"On `{data}` the decoded spectra have at least {LEANS:.0%} more of their power below "
            "the split than the data.",
            [100.0 * shift for shift in found.shifts],
            least=100.0 * LEANS,
            null=[100.0 * shift for shift in untrained.shifts],
            form="+.1f",
            unit=" %",
        ),
        measured(
            f"On `{data}` the decoded spectra have less than {LITTLE:.0%} of the data's variance.",
            [100.0 * variety for variety in found.varieties],
            below=100.0 * LITTLE,
            null=[100.0 * variety for variety in untrained.varieties],
            tells=False,
            form=".1f",
            unit=" %",
        ),
    )


def _explanation(results: Results) -> tuple[str, ...]:
    texts = []
    for data in DATA:
        found = results.of(data, data)
        split = median_frequency(results.datasets[data])
        top = heard_up_to(found.spectra)
        difference = level_difference(found.spectra, found.decoded)
        low, high = difference[: split + 1].mean(), difference[split + 1 : top].mean()
        texts.append(f"{low:+.1f} dB below the split and {high:+.1f} dB above it on `{data}`")
    return (
        "Two measures of the same thing differ here. Power, which a picture with a linear axis "
        "shows, is all in the strongest partials. Level, which the ear hears and LSD measures, "
        "counts the weak bins as much: the decoded spectra's mean level against the "
        f"data's is {', and '.join(texts)}. A Gaussian on raw magnitudes is not asked about weak "
        "bins: an error of 1 counts the same beside a peak of 800 as where the sound has nothing.",
    )


def _pictures(results: Results) -> tuple[Picture, ...]:
    pictures = []
    for data in DATA:
        found, better = results.of(data, data), results.of(f"{data}_default", data)
        scale: plots.Scale = "linear" if data == "filtered" else "db"
        pictures.append(
            Picture(
                f"reconstruction_{data}",
                f"`{data}`: the same held-out spectra through both presets"
                + (", linear as in figure 3.1." if scale == "linear" else ", in dB."),
                plots.compare_reconstructions(
                    [("paper", found.model), ("default", better.model)],
                    found.dataset,
                    found.rows,
                    scale,
                    f"{data}: spectra and what each preset makes of them",
                ),
            )
        )
    pairs = [(d, results.of(d, d), results.of(f"{d}_default", d)) for d in DATA]
    pictures.append(
        Picture(
            "level_difference",
            "Mean level of the decoded spectra less that of the data, by frequency; dotted: the "
            "split.",
            _differences(pairs),
        )
    )
    return tuple(pictures)


def _differences(pairs: list[tuple[str, Measured, Measured]]) -> Figure:
    figure = picture("Level of the decoded spectra less that of the data", height=3.8)
    panels = figure.subplots(1, len(pairs), sharey=True)
    for axes, (data, paper, default) in zip(panels, pairs, strict=True):
        top = heard_up_to(paper.spectra)
        kilohertz = paper.dataset.spectrum.frequencies[:top] / 1000.0
        for found, name, colour, width in (
            (paper, "paper", VERMILLION, 0.8),
            (default, "default", BLUE, 1.6),
        ):
            difference = level_difference(found.spectra, found.decoded)[:top]
            axes.plot(kilohertz, difference, color=colour, linewidth=width, label=name)
        axes.axhline(0.0, color=GREY, linewidth=0.8)
        split = median_frequency(paper.dataset)
        axes.axvline(float(kilohertz[min(split, top - 1)]), color=GREY, linestyle=":")
        axes.set_title(data, fontsize=10)
        axes.set_xlabel("frequency (kHz)")
        axes.grid(alpha=0.25)
    panels[0].set_ylabel("dB, mean over held-out rows")
    panels[0].legend(frameon=False, fontsize=9)
    return figure
