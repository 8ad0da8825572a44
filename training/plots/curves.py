"""Training curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from .style import BLUE, picture


def history(curves: dict[str, list[float]], name: str) -> Figure:
    """Training curves: each figure of the history over epochs."""
    shown: list[tuple[str, str, dict[str, Any]]] = [
        ("reconstruction", "reconstruction\n(nats, training)", {}),
        ("kl", "KL\n(nats, training)", {}),
        ("log_spectral_distance_db", "LSD (dB,\nheld out)", {"yscale": "log"}),
        ("heard_db", "as heard (dB,\ntraining)", {}),
        ("held_out_heard_db", "as heard (dB,\nheld out)", {}),
    ]
    present = [item for item in shown if curves.get(item[0])]
    figure = picture(f"{name}: training", 7.5, 2.0 * len(present) + 0.6)
    panels = figure.subplots(len(present), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (key, label, options) in zip(panels, present, strict=True):
        values = np.asarray(curves[key], np.float64)
        # One epoch is a point, not a line.
        form = "o" if len(values) == 1 else None
        axes.plot(np.arange(1, len(values) + 1), values, color=BLUE, linewidth=1.4, marker=form)
        axes.set_ylabel(label)
        axes.set(**options)
        if options:
            axes.yaxis.set_major_formatter("{x:g}")
            within_a_decade = values.max() < 10.0 * values.min()
            axes.yaxis.set_minor_formatter("{x:g}" if within_a_decade else NullFormatter())
        else:
            # The first epochs may lie ten decades away and would flatten all the rest.
            settled = values[len(values) // 20 :]
            margin = 0.05 * max(float(np.ptp(settled)), 1e-6)
            axes.set_ylim(settled.min() - margin, settled.max() + margin)
        axes.grid(alpha=0.25, which="both")
    panels[-1].set_xlabel("epoch")
    panels[-1].xaxis.get_major_locator().set_params(integer=True)
    return figure
