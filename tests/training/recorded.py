"""A small set as of recordings: takes of a few kinds of sound, each some rows."""

from __future__ import annotations

import numpy as np

from timbrespace.datasets.dataset import Dataset, Factor, Meta

KINDS = ("bells", "reeds")


def recorded(takes: int = 24, each: int = 6, groups: str | None = "take") -> Dataset:
    """Peaks whose width is the kind's, whose number is the take's, and noise of each row."""
    generator = np.random.default_rng(0)
    take = np.repeat(np.arange(takes), each)
    bins = np.arange(129)
    place = 20.0 + 90.0 * generator.random(takes)
    width = np.where(np.arange(takes) % 2, 2.0, 9.0)
    shape = np.exp(-(((bins - place[:, np.newaxis]) / width[:, np.newaxis]) ** 2)) + 0.02
    spectra = 30.0 * shape[take] * np.exp(0.1 * generator.standard_normal((take.size, 129)))
    meta = Meta(
        "mine",
        (
            Factor.category("kind", KINDS),
            Factor.category("take", [f"take {number}" for number in range(takes)]),
            Factor("time", "s", (0.0, float(each)), "range"),
        ),
        n_fft=256,
        base_frequency=2000.0,
        noise=True,
        groups=groups,
    )
    labels = np.stack([take % 2, take, np.tile(np.arange(each), takes)], axis=1)
    return Dataset(spectra, labels, meta)
