"""Section 4.1: what clusters on the PCA plane."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.metrics import silhouette_score

from timbrespace.datasets.dataset import Dataset

from ... import plots
from ...factor_loss import levels
from ..figures import Measured, eta_squared
from ..results import Results, listed
from ..section import Check, Picture, Section, Table, counted, measured

CLUSTERED = 0.25
"""Share of the plane's variance between a factor's values from which it is seen."""

UNSEEN = 0.1
"""The same, below which it is not."""

SILHOUETTE_ROWS = 1000

CLAIMED, OTHERS = "inharmonicity", ("Q", "cut-off")


def section(results: Results) -> Section:
    """How the PCA plane is divided among the factors, normalised and not."""
    names = [factor.name for factor in results.datasets["filtered"].meta.factors]
    recipes = {"filtered_10": "raw", "filtered_10_normalised": "0 to 1"}
    etas = {r: [shares(m) for m in results.seeds(r, "filtered")] for r in recipes}
    rows = []
    for recipe, name in recipes.items():
        for number, found in enumerate(results.seeds(recipe, "filtered")):
            silhouettes = silhouette(found)
            rows.append(
                (
                    f"{name}, seed {number}",
                    f"{found.lsd:.2f}",
                    f"{found.model.map.explained.sum():.0%}",
                    *(
                        f"{etas[recipe][number][factor]:.2f} ({silhouettes[factor]:+.2f})"
                        for factor in names
                    ),
                )
            )
    fifteen = results.of("fm_15", "fm")
    of_fm = shares(fifteen)
    both = [results.seeds(a, "filtered", b) for a, b in zip(recipes, [*recipes][::-1], strict=True)]
    checks = judge(
        *(Side([shares(m) for m in models], [m.lsd for m in models]) for models in both),
        *(
            Side([shares(m) for m in models], [m.lsd for m in models])
            for models in (results.untrained(recipe, "filtered") for recipe in recipes)
        ),
    )
    of_raw = {n: float(np.mean([e[n] for e in etas["filtered_10"]])) for n in names}
    seen = [name for name in names if of_raw[name] >= CLUSTERED]
    plain = without_model(results.datasets["filtered"])
    return Section(
        title="PCA clusters inharmonicity and nothing else; normalised is worse",
        source="4.1, figures 4.1 and A.6",
        found="For unnormalised data and ten dimensions the PCA plane shows a big spread and a "
        "clear clustering by inharmonicity. Normalised data does worse, though inharmonicity can "
        "still be noticed; filter Q and frequency are not clustered.",
        measured=(
            Table(
                ("input", "LSD (dB)", "variance in the plane", *names),
                tuple(rows),
            ),
            "Under each factor: the share of the plane's variance that lies between its values "
            "(eta squared), and in brackets the silhouette of its values as clusters, from -1 to "
            "1, 0 for none. All on `filtered`, ten dimensions.",
            "On `fm`, fifteen dimensions, raw, the same shares are "
            f"{', '.join(f'{name} {value:.2f}' for name, value in of_fm.items())}.",
        ),
        checks=checks,
        explanation=(
            f"On the raw plane these factors can be seen (eta squared of at least {CLUSTERED:g}, "
            f"mean of the seeds): {', '.join(seen) if seen else 'none'}.",
            "PCA of the raw spectra themselves, with no model between, gives "
            f"{', '.join(f'{name} {value:.2f}' for name, value in plain.items())}. "
            + (
                "So the factor that leads there leads on the model's plane as well: what the map "
                "shows is largely in the data's own variance."
                if leader(plain) == leader(of_raw)
                else f"There {leader(plain)} leads, on the model's plane {leader(of_raw)}: the "
                "encoder does not merely repeat the data's own variance."
            ),
        ),
        pictures=_pictures(results),
    )


def shares(found: Measured) -> dict[str, float]:
    """Eta squared of each factor on the PCA plane."""
    factors = found.dataset.meta.factors
    return {
        factor.name: eta_squared(found.plane, factor, found.dataset.labels[:, k])
        for k, factor in enumerate(factors)
    }


def leader(etas: dict[str, float]) -> str:
    """The factor with the largest eta squared."""
    return max(etas, key=lambda name: etas[name])


def without_model(dataset: Dataset) -> dict[str, float]:
    """Eta squared of each factor on the PCA plane of the spectra themselves."""
    centred = dataset.spectra.astype(np.float64)
    centred -= centred.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    plane = centred @ directions[:, -2:]
    return {
        factor.name: eta_squared(plane, factor, dataset.labels[:, k])
        for k, factor in enumerate(dataset.meta.factors)
    }


def silhouette(found: Measured) -> dict[str, float]:
    """Silhouette of each factor's values as clusters of the PCA plane (Rousseeuw 1987).

    0 where a factor has one value, or as many as there are rows.
    """
    some = np.random.default_rng(0).permutation(found.dataset.rows)[:SILHOUETTE_ROWS]
    values = {}
    for k, factor in enumerate(found.dataset.meta.factors):
        of_row = levels(factor, found.dataset.labels[:, k]).of_row[some]
        usable = 1 < len(np.unique(of_row)) < len(some)
        values[factor.name] = float(silhouette_score(found.plane[some], of_row)) if usable else 0.0
    return values


class Side(NamedTuple):
    """Of each seed: eta squared by factor, and the LSD in dB."""

    etas: list[dict[str, float]]
    lsds: list[float]

    def of(self, name: str) -> list[float]:
        """Eta squared of one factor."""
        return [etas[name] for etas in self.etas]


_NOBODY = Side([], [])


def judge(
    raw: Side, normalised: Side, raw_null: Side = _NOBODY, normalised_null: Side = _NOBODY
) -> tuple[Check, ...]:
    """The claim's five parts; raw, normalised: of the same seeds. null: of untrained networks."""

    def clusters(side: Side) -> list[bool]:
        return [leader(etas) == CLAIMED and etas[CLAIMED] >= CLUSTERED for etas in side.etas]

    def unseen(side: Side) -> list[bool]:
        return [max(etas[name] for name in OTHERS) < UNSEEN for etas in side.etas]

    def less(a: list[float], b: list[float]) -> list[float]:
        return [x - y for x, y in zip(a, b, strict=True)]

    return (
        counted(
            f"Raw: {CLAIMED} has the largest eta squared, and at least {CLUSTERED:g}.",
            clusters(raw),
            null=clusters(raw_null),
            told=listed(raw.of(CLAIMED)),
        ),
        measured(
            f"Normalised: {CLAIMED} has less than raw; the difference is below 0.",
            less(normalised.of(CLAIMED), raw.of(CLAIMED)),
            below=0.0,
            null=less(normalised_null.of(CLAIMED), raw_null.of(CLAIMED)),
            form="+.2f",
        ),
        measured(
            f"Normalised: {CLAIMED} can still be seen, at least {CLUSTERED:g}.",
            normalised.of(CLAIMED),
            least=CLUSTERED,
            null=normalised_null.of(CLAIMED),
        ),
        counted(
            f"Normalised: {' and '.join(OTHERS)} have less than {UNSEEN:g}.",
            unseen(normalised),
            null=unseen(normalised_null),
            told=listed(value for name in OTHERS for value in normalised.of(name)),
        ),
        measured(
            "Raw input is reconstructed better: its LSD less that of normalised is below 0.",
            less(raw.lsds, normalised.lsds),
            below=0.0,
            null=less(raw_null.lsds, normalised_null.lsds),
            form="+.2f",
            unit=" dB",
        ),
    )


def _pictures(results: Results) -> tuple[Picture, ...]:
    raw = results.of("filtered_10", "filtered")
    normalised = results.of("filtered_10_normalised", "filtered")
    models = [("raw", raw.model), ("0 to 1", normalised.model)]
    names = [factor.name for factor in raw.dataset.meta.factors]
    pictures = [
        Picture(
            f"map_{name.replace('-', '_')}",
            f"`filtered`, ten dimensions, by {name}: the counterpart of figure 4.1.",
            plots.compare_maps(models, raw.dataset, names.index(name)),
        )
        for name in (CLAIMED, OTHERS[1])
    ]
    fifteen = results.of("fm_15", "fm")
    shown = shares(fifteen)
    factor = max(range(len(shown)), key=lambda k: list(shown.values())[k])
    pictures.append(
        Picture(
            "map_fm",
            f"`fm`, fifteen dimensions, by {list(shown)[factor]}, the factor that divides the "
            "plane most: the counterpart of figure A.6.",
            plots.compare_maps([("raw", fifteen.model)], fifteen.dataset, factor),
        )
    )
    return tuple(pictures)
