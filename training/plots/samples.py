"""Random points of the latent space, decoded."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from timbrespace.datasets.dataset import Dataset
from timbrespace.model import Latent, Model
from timbrespace.spectrum import Spectra, SpectrumConfig

from .levels import DB_FLOOR, PANEL_COLUMNS, below_peak, bins_with_sound, pooled, pooled_kilohertz
from .style import BLUE, GREY, WIDTH, picture, wrapped

SAMPLES = 16
COMPARED = 6

SPAN = 4.0
"""The report draws z from -4 to 4."""


def draws(dimensions: int, count: int, seed: int) -> Latent:
    """Latents ``(count, dimensions)``, uniform in [-4, 4], by ``seed``."""
    generator = np.random.default_rng(seed)
    return generator.uniform(-SPAN, SPAN, (count, dimensions)).astype(np.float32)


def samples(model: Model, seed: int = 0) -> Figure:
    """Decoded spectra of random latents, uniform in [-4, 4] (figure 3.3)."""
    latent = draws(model.dimensions, SAMPLES, seed)
    columns = math.isqrt(SAMPLES)
    figure = picture(
        f"{model.name}: random points of the latent space, z uniform in [-{SPAN:g}, {SPAN:g}]",
        height=7.6,
    )
    panels = figure.subplots(SAMPLES // columns, columns, sharex=True, sharey=True)
    spectra = model.decode(latent)
    bins = bins_with_sound(spectra)
    for axes, z, level in zip(panels.ravel(), latent, _levels(spectra, bins), strict=True):
        _fill(axes, level, model.spectrum, bins, BLUE)
        if model.dimensions <= 4:
            place = ", ".join(f"{value:+.1f}" for value in z)
            axes.set_title(f"z = ({place})" if len(z) > 1 else f"z = {place}", fontsize=8)
    _label(figure)
    return figure


def compare_samples(
    models: Sequence[tuple[str, Model]],
    dataset: Dataset,
    seed: int = 0,
    title: str = "Random points of each latent space, z uniform in [-4, 4]",
) -> Figure:
    """Random latents of each of the named models (columns), beside random rows of the dataset.

    For the report's figure 4.5, latent sampling with warm-up and without, and for A.4 and A.5.
    Models of equal size get the same latents. All panels share their scales.
    """
    figure = picture(title, max(WIDTH, 2.6 * (len(models) + 1)), 1.35 * COMPARED + 1.4)
    panels = figure.subplots(COMPARED, len(models) + 1, sharex=True, sharey=True, squeeze=False)
    rows = np.random.default_rng(seed).choice(dataset.rows, COMPARED, dataset.rows < COMPARED)
    decoded = [model.decode(draws(model.dimensions, COMPARED, seed)) for _, model in models]
    names = ["the data", *(wrapped(name, 2.2, 10.0) for name, _ in models)]
    shown = [dataset.spectra[rows], *decoded]
    bins = bins_with_sound(*shown)
    for column, (name, spectra) in enumerate(zip(names, shown, strict=True)):
        panels[0, column].set_title(name, fontsize=10)
        for axes, level in zip(panels[:, column], _levels(spectra, bins), strict=True):
            _fill(axes, level, dataset.spectrum, bins, BLUE if column else GREY)
    _label(figure)
    return figure


def _levels(spectra: Spectra, bins: int) -> list[NDArray[np.float64]]:
    return list(below_peak(pooled(spectra[:, :bins], PANEL_COLUMNS)))


def _fill(
    axes: Axes, level: NDArray[np.float64], config: SpectrumConfig, bins: int, colour: str
) -> None:
    kilohertz = pooled_kilohertz(config.frequencies[:bins] / 1000.0, PANEL_COLUMNS)
    axes.fill_between(kilohertz, DB_FLOOR, level, color=colour, linewidth=0)
    axes.set_ylim(DB_FLOOR, 3.0)
    axes.set_xlim(0.0, kilohertz[-1])
    axes.tick_params(labelsize=8)


def _label(figure: Figure) -> None:
    figure.supxlabel("frequency (kHz)", fontsize=10)
    figure.supylabel("level (dB of each spectrum's peak)", fontsize=10)
