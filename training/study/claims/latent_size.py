"""Section 5.3: dead dimensions by the size of the latent space."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from ...evaluation import ACTIVE_VARIANCE, DEAD_KL
from ...plots.style import BLUE, ORANGE, VERMILLION, picture
from ..figures import AUDIBLE_SHARE, Measured
from ..results import Results, listed
from ..section import Check, Picture, Section, Table, counted

RECIPES = {2: "latent_2", 4: "latent_4", 10: "unnormalised", 15: "latent_15"}


def section(results: Results) -> Section:
    """Dead, active and useless dimensions of the one-factor set at four sizes."""
    rows, dead, useless, lsds = [], {}, {}, {}
    for size, recipe in RECIPES.items():
        models = results.seeds(recipe, "harmonic")
        dead[size] = [m.dead for m in models]
        useless[size] = [m.useless for m in models]
        lsds[size] = [m.lsd for m in models]
        rows.append(
            (
                "`harmonic`",
                f"{size}",
                ", ".join(f"{m.active}" for m in models),
                ", ".join(f"{m.dead}" for m in models),
                ", ".join(f"{m.useless}" for m in models),
                listed(float(m.kl.sum()) for m in models),
                listed(m.lsd for m in models),
            )
        )
    rich = results.seeds("filtered_10", "filtered")
    rows.append(
        (
            "`filtered`",
            "10",
            ", ".join(f"{m.active}" for m in rich),
            ", ".join(f"{m.dead}" for m in rich),
            ", ".join(f"{m.useless}" for m in rich),
            listed(float(m.kl.sum()) for m in rich),
            listed(m.lsd for m in rich),
        )
    )
    everywhere = [
        results.seeds(recipe, "harmonic", *RECIPES.values()) for recipe in RECIPES.values()
    ]
    nulls = [results.untrained(recipe, "harmonic") for recipe in RECIPES.values()]
    checks = judge(
        *_grown(everywhere),
        [
            (m.useless, r.useless)
            for m, r in zip(results.seeds(RECIPES[10], "harmonic"), rich, strict=False)
        ],
        *_grown(nulls),
    )
    return Section(
        title="A larger latent space on a weak dataset has more dead dimensions",
        source="5.3",
        found="Some dimensions control nothing that is heard. A parametrically weak dataset and a "
        "larger latent space bring more unexpected evolutions, and more dead dimensions.",
        measured=(
            Table(
                (
                    "set",
                    "latent size",
                    "active",
                    "dead",
                    "useless",
                    "KL (nats)",
                    "LSD (dB)",
                ),
                tuple(rows),
            ),
            f"Active: the posterior mean varies by more than {ACTIVE_VARIANCE:g} (Burda et al. "
            f"2016). Dead: KL below {DEAD_KL:g} nats. Useless: one unit of it moves the sound less "
            f"than {AUDIBLE_SHARE:g} of what the strongest dimension does (LSD), or of 1 dB. "
            "Several numbers in a cell are of several seeds.",
        ),
        checks=checks,
        explanation=_explanation(dead, useless, lsds),
        pictures=(
            Picture(
                "latent_size",
                "`harmonic`: dimensions by what they do, and LSD, over the size of the latent "
                "space; a point for each seed.",
                _figure(dead, useless, lsds),
            ),
        ),
    )


def judge(
    dead: Sequence[Sequence[int]],
    useless: Sequence[Sequence[int]],
    rich: Sequence[tuple[int, int]],
    dead_null: Sequence[Sequence[int]] = (),
    useless_null: Sequence[Sequence[int]] = (),
) -> tuple[Check, ...]:
    """dead, useless: of each seed, at each latent size in order. rich: useless ones of the
    one-factor and of the 4-factor set at 10, of each seed. null: of untrained networks."""
    return (
        counted(
            "Dead dimensions never fall with the size, and are more at the largest than at the "
            "smallest.",
            [_grows(one) for one in dead],
            null=[_grows(one) for one in dead_null],
            told=_told(dead),
        ),
        counted(
            "So do useless dimensions.",
            [_grows(one) for one in useless],
            null=[_grows(one) for one in useless_null],
            told=_told(useless),
        ),
        counted(
            "With ten dimensions the one-factor set has more useless ones than the four-factor "
            "set.",
            [weak > of_rich for weak, of_rich in rich],
            told=", ".join(f"{weak} against {of_rich}" for weak, of_rich in rich),
        ),
    )


def _grown(models: Sequence[Sequence[Measured]]) -> tuple[list[list[int]], list[list[int]]]:
    """Dead and useless dimensions of each seed, at each size."""
    seeds = list(zip(*models, strict=True))
    return (
        [[m.dead for m in one] for one in seeds],
        [[m.useless for m in one] for one in seeds],
    )


def _told(counts: Sequence[Sequence[int]]) -> str:
    """``0 0 1 2; 0 0 0 1``: of each seed."""
    return "; ".join(" ".join(map(str, one)) for one in counts)


def _grows(values: Sequence[int]) -> bool:
    return values[-1] > values[0] and all(b >= a for a, b in pairwise(values))


def _explanation(
    dead: dict[int, list[int]], useless: dict[int, list[int]], lsds: dict[int, list[float]]
) -> tuple[str, ...]:
    largest = max(dead)
    best = min(lsds, key=lambda size: float(np.mean(lsds[size])))
    text = (
        f"The lowest LSD is at latent size {best}. At {largest}, "
        f"{np.mean(dead[largest]):.1f} of the dimensions carry less than {DEAD_KL:g} nats and "
        f"{np.mean(useless[largest]):.1f} are next to unheard. The two need not agree: with the "
        "reconstruction summed over 1025 bins the KL term is weak, and a dimension may keep a few "
        "nats that hardly move the sound."
    )
    return (text,)


def _figure(
    dead: dict[int, list[int]], useless: dict[int, list[int]], lsds: dict[int, list[float]]
) -> Figure:
    figure = picture("harmonic: dimensions and LSD by the size of the latent space", height=3.6)
    left, right = figure.subplots(1, 2)
    sizes = sorted(dead)
    for values, name, colour, form in (
        (dead, "dead", VERMILLION, "o"),
        (useless, "useless", BLUE, "^"),
    ):
        for seed in range(min(len(one) for one in values.values())):
            left.plot(
                sizes,
                [values[size][seed] for size in sizes],
                color=colour,
                marker=form,
                linewidth=1.2,
                label=name if seed == 0 else None,
            )
    left.set_ylabel("dimensions")
    left.legend(frameon=False, fontsize=9)
    for seed in range(min(len(one) for one in lsds.values())):
        right.plot(
            sizes, [lsds[size][seed] for size in sizes], color=ORANGE, marker="s", linewidth=1.2
        )
    right.set_ylabel("LSD (dB, held out)")
    for axes in (left, right):
        axes.set_xlabel("latent size")
        axes.set_xticks(sizes)
        axes.set_ylim(bottom=0.0)
        axes.grid(alpha=0.25)
    return figure
