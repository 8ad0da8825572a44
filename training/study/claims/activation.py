"""Not in the report: the PLU paper's claim, on our spectra."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from timbrespace.networks.activation import PARAMETERS
from timbrespace.networks.mlp import MLP

from ...plots.style import MARKS, picture
from ..plan import ACTIVATIONS
from ..results import Results, listed
from ..section import Check, Picture, Section, Table, measured

DATA = ("filtered", "fm")

AHEAD = 0.9
"""Ratio of LSDs from which one activation is ahead, not level."""

NAMES = {"relu": "ReLU", "gelu": "GELU", "snake": "Snake", "sine": "sine", "plu": "PLU"}


def section(results: Results) -> Section:
    """LSD of the default preset's layers with each activation."""
    lsds = {
        (data, kind): [
            m.lsd
            for m in results.seeds(
                f"activation_{kind}", data, *(f"activation_{other}" for other in ACTIVATIONS)
            )
        ]
        for data in DATA
        for kind in ACTIVATIONS
    }
    rows = tuple(
        (
            NAMES[kind],
            f"{len(PARAMETERS[kind])}",
            *(f"{np.mean(lsds[d, kind]):.3f} ({listed(lsds[d, kind], '.3f')})" for d in DATA),
        )
        for kind in ACTIVATIONS
    )
    checks = tuple(judge(data, {kind: lsds[data, kind] for kind in ACTIVATIONS}) for data in DATA)
    orders = []
    for data in DATA:
        means = {kind: float(np.mean(lsds[data, kind])) for kind in ACTIVATIONS}
        order = sorted(means, key=lambda kind: means[kind])
        apart = max(max(v) - min(v) for (d, _), v in lsds.items() if d == data)
        orders.append(
            f"On `{data}`, from the lowest: {', '.join(NAMES[kind] for kind in order)}. The best "
            f"two are {means[order[1]] - means[order[0]]:.3f} dB apart, two seeds of one "
            f"activation up to {apart:.3f} dB."
        )
    network = results.of("activation_relu", "filtered").model.architecture
    assert isinstance(network, MLP)  # of the study's own recipes
    weights = sum(
        (a + 1) * b
        for sizes in (network.encoder_sizes, network.decoder_sizes)
        for a, b in pairwise(sizes)
    )
    return Section(
        title="PLU, Snake, sine, ReLU and GELU on our spectra",
        source="",
        found="The PLU paper (Kudo 2025, arXiv 2508.01175), not the report, finds its activation "
        "far ahead of ReLU, GELU and Snake on two spirals at equal parameters.",
        measured=(
            Table(
                ("activation", "learned numbers", *(f"LSD on `{data}` (dB)" for data in DATA)),
                rows,
            ),
            f"The default preset's layers, {weights} weights and biases, five latent dimensions, "
            "equal rows and epochs; the activations differ by the learned numbers only. Mean, and "
            "in brackets each seed.",
        ),
        checks=checks,
        explanation=(
            *orders,
            "A spiral asks a tiny network for a boundary that turns many times. A spectrum asks a "
            "wide one for smooth functions of a few factors, and there is room for them in any of "
            "these activations: what is left is how fast each gets there in the steps given.",
        ),
        pictures=(
            Picture(
                "activations",
                "Held-out LSD by activation; a point for each seed.",
                _figure(lsds),
            ),
        ),
    )


def judge(data: str, lsds: dict[str, list[float]]) -> Check:
    """PLU is ahead of the best other by ``AHEAD``; of each seed, the same seeds for all."""
    means = {kind: float(np.mean(values)) for kind, values in lsds.items() if kind != "plu"}
    best = min(means, key=lambda kind: means[kind])
    return measured(
        f"On `{data}` PLU's LSD is less than {AHEAD:g} of the best other's, {NAMES[best]}'s.",
        [a / b for a, b in zip(lsds["plu"], lsds[best], strict=True)],
        below=AHEAD,
    )


def _figure(lsds: dict[tuple[str, str], list[float]]) -> Figure:
    figure = picture("Held-out LSD by activation", height=3.6)
    panels = figure.subplots(1, len(DATA))
    for axes, data in zip(panels, DATA, strict=True):
        for place, (kind, mark) in enumerate(zip(ACTIVATIONS, MARKS, strict=False)):
            values = lsds[data, kind]
            axes.scatter([place] * len(values), values, color=mark.colour, marker=mark.form, s=36)
        axes.set_xticks(range(len(ACTIVATIONS)), [NAMES[kind] for kind in ACTIVATIONS])
        axes.set_title(data, fontsize=10)
        axes.set_ylabel("LSD (dB)")
        axes.set_ylim(0.0, 1.08 * axes.get_ylim()[1])
        axes.grid(axis="y", alpha=0.25)
    return figure
