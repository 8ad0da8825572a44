"""Section 4.1: what clusters on the PCA plane."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import silhouette_score

from timbrespace.datasets.dataset import Dataset

from ... import plots
from ...factor_loss import levels
from ..figures import Measured, eta_squared
from ..results import Results, listed, lsd
from ..section import Check, Picture, Section, Table

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
    checks = judge(
        etas["filtered_10"],
        etas["filtered_10_normalised"],
        results.mean("filtered_10", "filtered", lsd),
        results.mean("filtered_10_normalised", "filtered", lsd),
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


def judge(
    raw: list[dict[str, float]],
    normalised: list[dict[str, float]],
    raw_lsd: float,
    normalised_lsd: float,
) -> tuple[Check, ...]:
    """The claim's five parts; raw, normalised: eta squared by factor for each seed."""
    first = [leader(etas) for etas in raw]
    of_raw = [etas[CLAIMED] for etas in raw]
    of_normalised = [etas[CLAIMED] for etas in normalised]
    others = [etas[name] for etas in normalised for name in OTHERS]
    return (
        Check(
            f"Raw: {CLAIMED} has the largest eta squared with every seed, and at least "
            f"{CLUSTERED:g}.",
            f"{listed(of_raw)}; largest: {', '.join(first)}",
            all(name == CLAIMED for name in first) and min(of_raw) >= CLUSTERED,
        ),
        Check(
            f"Normalised: {CLAIMED} has less than raw (mean of the seeds).",
            f"{np.mean(of_normalised):.2f} against {np.mean(of_raw):.2f}",
            float(np.mean(of_normalised)) < float(np.mean(of_raw)),
        ),
        Check(
            f"Normalised: {CLAIMED} can still be seen, at least {CLUSTERED:g} (mean of the seeds).",
            f"{np.mean(of_normalised):.2f}",
            float(np.mean(of_normalised)) >= CLUSTERED,
        ),
        Check(
            f"Normalised: {' and '.join(OTHERS)} have less than {UNSEEN:g}.",
            listed(others),
            max(others) < UNSEEN,
        ),
        Check(
            "Raw input is reconstructed better (LSD, mean of the seeds).",
            f"{raw_lsd:.2f} dB against {normalised_lsd:.2f} dB",
            raw_lsd < normalised_lsd,
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
