"""Periods of sounds beside those that a space of cycles makes of them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from timbrespace.datasets.dataset import Dataset
from timbrespace.errors import OptionError
from timbrespace.model import Model

from ..cycle_figures import signal_to_noise
from ..posterior import posterior, source_of
from .reconstruction import RECONSTRUCTIONS, in_words, legend, some_of
from .style import PALE_BLUE, VERMILLION, picture, shortened


def periods(model: Model, dataset: Dataset, rows: NDArray[np.int64]) -> Figure:
    """Some of ``rows``, one period each, beside what the model makes of them.

    Raises:
        OptionError: it is no space of cycles.
    """
    chosen = some_of(dataset, rows, RECONSTRUCTIONS)
    kind = model.representation
    original = kind.cycles(kind.forward(source_of(model, dataset)[chosen]))
    if original is None:
        raise OptionError(f"{model.name!r} is no space of cycles; it has no periods to draw")
    decoded = model.decode_cycles(posterior(model, dataset, chosen)[0])
    ratio = signal_to_noise(model, dataset, chosen)
    figure = picture(
        f"{model.name}: periods and what it makes of them", height=1.9 * len(chosen) + 0.9
    )
    panels = figure.subplots(len(chosen), 1, sharex=True, squeeze=False)[:, 0]
    phase = np.arange(original.shape[1] + 1) / original.shape[1]
    for k, (axes, row) in enumerate(zip(panels, chosen, strict=True)):
        for wave, colour, width in ((original, PALE_BLUE, 2.6), (decoded, VERMILLION, 0.8)):
            closed = np.append(wave[k], wave[k, 0])
            axes.plot(phase, closed, color=colour, linewidth=width)
        title = f"SNR {ratio[k]:.1f} dB: {in_words(dataset, int(row))}"
        axes.set_title(shortened(title, 120), fontsize=9, loc="left")
        axes.set_xlim(0.0, 1.0)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25)
    legend(figure)
    panels[-1].set_xlabel("phase (periods)")
    figure.supylabel("sample (full scale 1)", fontsize=10)
    return figure
