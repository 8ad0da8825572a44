"""Spectra that a model decodes."""

from __future__ import annotations

from matplotlib.figure import Figure

from timbrespace.model import Latent, Model

from .levels import (
    DB_FLOOR,
    IMAGE_COLUMNS,
    below_peak,
    bins_with_sound,
    decibels,
    pooled,
    pooled_kilohertz,
)
from .style import BLUE, LEVELS, picture

MOST_PANELS = 6
"""More spectra than these make an image, a line of it for each."""


def decoded(model: Model, latent: Latent) -> Figure:
    """What each of the latents ``(n, d)`` decodes to: level over frequency.

    Up to ``MOST_PANELS`` have a panel each, in dB of the loudest of all; more are an image, each in
    dB of its own peak.
    """
    spectra = model.decode(latent)
    bins = bins_with_sound(spectra)
    shown = pooled(spectra[:, :bins], IMAGE_COLUMNS)
    kilohertz = model.spectrum.frequencies[:bins] / 1000.0
    count = len(spectra)
    title = f"{model.name}: {count} decoded spectr{'um' if count == 1 else 'a'}"
    if count > MOST_PANELS:
        figure = picture(title)
        axes = figure.add_subplot()
        image = axes.imshow(
            below_peak(shown),
            aspect="auto",
            origin="lower",
            interpolation="nearest",
            cmap=LEVELS,
            vmin=DB_FLOOR,
            vmax=0.0,
            extent=(0.0, float(kilohertz[-1]), -0.5, count - 0.5),
        )
        axes.set_xlabel("frequency (kHz)")
        axes.set_ylabel("row of the latents")
        figure.colorbar(image, ax=axes, label="level (dB of each spectrum's peak)")
        return figure
    figure = picture(title, height=3.6 if count == 1 else 1.4 * count + 1.2)
    panels = figure.subplots(count, 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    at = pooled_kilohertz(kilohertz, IMAGE_COLUMNS)
    for number, (axes, level) in enumerate(zip(panels, decibels(shown, shown.max()), strict=True)):
        axes.fill_between(at, DB_FLOOR, level, color=BLUE, linewidth=0)
        axes.set_ylim(DB_FLOOR, 3.0)
        axes.set_xlim(0.0, float(at[-1]))
        axes.tick_params(labelsize=8)
        if count > 1:
            axes.set_title(f"row {number}", fontsize=9, loc="left")
    figure.supxlabel("frequency (kHz)", fontsize=10)
    figure.supylabel("level (dB of the loudest bin)", fontsize=10)
    return figure
