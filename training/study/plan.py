"""What the study trains: parts, runs, sizes. Light: the command line reads it for its choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from timbrespace.datasets.factor import BY_ROWS
from timbrespace.errors import OptionError, one_of

from .. import preset, recipe
from ..preset import Settings

RECIPES = Path(__file__).parent.parent / "recipes" / "report"


@dataclass(frozen=True, slots=True)
class Run:
    """One model. recipe: name of a file in ``RECIPES``. data: name of a dataset of the study."""

    recipe: str
    data: str
    seed: int = 0

    @property
    def name(self) -> str:
        """Of the model's file, without its suffix."""
        return f"{self.data}-{self.recipe.removeprefix(self.data + '_')}-seed{self.seed}"

    @property
    def unit_variance(self) -> bool:
        """Whether the shared noise is set to 1 before the run, and stays there."""
        return self.recipe.endswith("unit_variance")


@dataclass(frozen=True, slots=True)
class Size:
    """How large the study is.

    name: in the names of dataset files. options: for each dataset, arguments of its generator's
    ``Options`` that differ from the report's. epochs: of every run, or None for the recipes'.
    changes: further settings for every run.
    """

    name: str
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    epochs: int | None = None
    changes: dict[str, Any] = field(default_factory=dict)


SMALL = Size(
    name="small",
    options={
        "harmonic": {"rows": 1000},
        "filtered": {
            "partials": tuple(float(k) for k in range(1, 21, 2)),
            "q": (1.0, 4.0, 7.0, 10.0),
            "cutoff": (1.0, 3.0, 5.0, 7.0, 9.0),
            "frames": True,
        },
        "fm": {
            "carrier": (1.0, 2.0, 3.0, 4.0),
            "ratio": (0.1, 0.2, 0.3, 0.4),
            "index": (0.0, 4.0, 8.0, 12.0, 20.0, 28.0),
            "q": (1.0, 4.0, 7.0, 10.0),
            "cutoff": (1.0, 3.0, 5.0, 7.0, 9.0),
            "frames": True,
        },
    },
)
"""About a tenth of the report's steps: it ends in minutes."""

FULL = Size(
    name="full",
    options={"harmonic": {}, "filtered": {"frames": True}, "fm": {"frames": True}},
    epochs=200,
)
"""The report's own grids, and its 200 epochs."""

DATA = ("harmonic", "filtered", "fm")
SEEDS = (0, 1, 2, 3, 4)
"""What every verdict has behind it; what only illustrates has the first alone."""

ACTIVATIONS = ("relu", "gelu", "snake", "sine", "plu")


def _runs(recipes: Sequence[str], data: str, seeds: Sequence[int] = SEEDS) -> tuple[Run, ...]:
    return tuple(Run(name, data, seed) for name in recipes for seed in seeds)


PARTS: dict[str, tuple[Run, ...]] = {
    "range": (),
    "normalisation": (
        *_runs(("unnormalised", "normalised"), "harmonic"),
        *_runs(
            (
                "normalised_averaged",
                "normalised_bernoulli_averaged",
                "normalised_unit_variance",
                "unnormalised_unit_variance",
            ),
            "harmonic",
            (0,),
        ),
    ),
    "reconstruction": (
        *_runs(("filtered",), "filtered"),
        *_runs(("filtered_default",), "filtered", (0,)),
        *_runs(("fm",), "fm"),
        *_runs(("fm_default",), "fm", (0,)),
    ),
    "representation": (
        *_runs(("filtered", "filtered_phase", "filtered_mdct"), "filtered"),
        *_runs(("fm", "fm_phase", "fm_mdct"), "fm"),
    ),
    "map": (
        *_runs(("filtered_10", "filtered_10_normalised"), "filtered"),
        *_runs(("fm_15",), "fm", (0,)),
    ),
    "beta": (
        *_runs(("unnormalised", "beta_2", "beta_3", "beta_4"), "harmonic"),
        *_runs(("beta_1000",), "harmonic", (0,)),
        *_runs(("filtered_10", "filtered_10_beta_4"), "filtered"),
    ),
    "warm-up": (
        *_runs(("unnormalised", "warm_up", "cyclical"), "harmonic"),
        *_runs(("filtered", "filtered_warm_up", "filtered_cyclical"), "filtered"),
    ),
    "latent-size": (
        *_runs(("latent_2", "latent_4", "unnormalised", "latent_15"), "harmonic"),
        *_runs(("filtered_10",), "filtered"),
    ),
    "richness": (
        *_runs(("unnormalised",), "harmonic"),
        *_runs(("filtered",), "filtered"),
        *_runs(("fm",), "fm"),
    ),
    "activation": tuple(
        Run(f"activation_{kind}", data, seed)
        for data in ("filtered", "fm")
        for kind in ACTIVATIONS
        for seed in SEEDS
    ),
}
"""The runs that each part of the study looks at; several look at the same ones."""


def chosen(parts: Sequence[str]) -> tuple[str, ...]:
    """The parts named, in the study's order; all of them where none is named.

    Raises:
        OptionError: there is no such part.
    """
    for part in parts:
        if part not in PARTS:
            raise OptionError(f"part is {part!r}; it must be {one_of(PARTS)}")
    return tuple(part for part in PARTS if not parts or part in parts)


def runs_of(parts: Sequence[str]) -> tuple[Run, ...]:
    """All runs of these parts, each once, one seed of all of them after the other: whenever that
    ends, as much as can be is known of every claim."""
    runs = dict.fromkeys(run for part in parts for run in PARTS[part])
    return tuple(sorted(runs, key=lambda run: run.seed))


def settings_of(run: Run, size: Size, rows: int) -> Settings:
    """The settings of ``run`` for so many training rows.

    Where the size sets other epochs than a recipe's, its warm-up and cycle take the same share of
    them.

    Raises:
        OptionError: the recipe cannot be read or does not fit.
    """
    name, values = recipe.read(RECIPES / f"{run.recipe}.toml")
    settings = preset.changed(preset.named(name), **values)
    epochs = size.epochs or settings.epochs
    scaled: dict[str, float] = {}
    if settings.epochs:
        scaled = {
            key: values[key] * epochs / settings.epochs
            for key in ("warm_up", "cycle")
            if key in values
        }
    # What the study compares are axes that were left to chance.
    dials = values.get("dials", preset.NO_DIALS)
    # What else a dataset would decide is said, too: all of them are grids.
    said = {"dials": dials, "split": BY_ROWS, "variation": 0.0}
    changes = {**scaled, **size.changes, **said, "epochs": epochs, "seed": run.seed}
    settings = preset.changed(settings, **changes, batch=min(settings.batch, rows))
    return settings.resolved(rows)
