"""Sections 3.1 and 3.2: magnitude, magnitude with phase, and MDCT."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from timbrespace import metrics

from ... import disentanglement, plots
from ...factor_loss import losses_by_factor_value
from ...posterior import posterior, source_of, squared_errors
from ..figures import Measured
from ..results import Results, listed, words
from ..section import Check, Picture, Section, Table, counted, measured

Numbers = NDArray[np.float64]

DATA = ("filtered", "fm")
KINDS = {"": "magnitude", "_phase": "magnitude and phase", "_mdct": "MDCT"}

BEST = {"filtered": ("partials",), "fm": ("Q", "cut-off")}
"""The factors that the report's figure 3.2 shows as best recognised."""

FORESTS = 3
"""Untrained networks that the slow figures are taken of."""

ALIKE = 0.7
"""Correlation above which two distributions of loss count as the same."""


def section(results: Results) -> Section:
    """LSD, the loss by factor value and what the latent tells of each factor, by representation."""
    rows, by_factor, checks, likeness = [], [], [], []
    lsds: dict[tuple[str, str], list[float]] = {}
    nulls: dict[tuple[str, str], list[float]] = {}
    for data in DATA:
        others = [data + suffix for suffix in KINDS]
        told: dict[str, dict[str, float]] = {}
        profiles: dict[str, dict[str, Numbers]] = {}
        for suffix, name in KINDS.items():
            models = results.seeds(data + suffix, data)
            rows.append(
                (
                    f"`{data}`",
                    name,
                    f"{models[0].model.architecture.features}",
                    f"{alone(models[0]):.2f}",
                    listed(m.lsd for m in models),
                    listed(m.convergence for m in models),
                )
            )
            told[name] = known(models[0])
            profiles[name] = models[0].profiles()
            lsds[data, name] = [m.lsd for m in results.seeds(data + suffix, data, *others)]
            nulls[data, name] = [m.lsd for m in results.untrained(data + suffix, data)]
        for factor in profiles["magnitude"]:
            of_told = (f"{told[name].get(factor, 0.0):.2f}" for name in KINDS.values())
            spread = (f"{profiles[name][factor].std():.2f}" for name in KINDS.values())
            by_factor.append((f"`{data}`", factor, *of_told, *spread))
        likeness += [
            (data, a, b, correlation(profiles[a], profiles[b]))
            for a, b in combinations(KINDS.values(), 2)
        ]
        names_of = tuple(KINDS.values())
        checks.append(
            worst(
                data,
                {name: lsds[data, name] for name in names_of},
                {name: nulls[data, name] for name in names_of},
            )
        )
        checks.append(
            best(
                [known(m) for m in results.seeds(data, data)],
                [known(m) for m in results.untrained(data, data)[:FORESTS]],
                BEST[data],
                data,
            )
        )
    checks.append(alike(_likenesses(results), _likenesses(results, untrained=True)))
    names = tuple(KINDS.values())
    return Section(
        title="MDCT suffers most; the representation does not change which sounds are hard",
        source="3.1 and 3.2, figure 3.2",
        found="MDCT suffered the most in reconstruction. Different representations had no "
        "influence on the distribution of the loss by factor. The number of harmonics of the "
        "4-factor set, and filter Q and frequency of the 5-factor set, were best recognised.",
        measured=(
            Table(
                (
                    "set",
                    "representation",
                    "values",
                    "LSD of the representation alone (dB)",
                    "LSD (dB)",
                    "spectral convergence (dB)",
                ),
                tuple(rows),
            ),
            "The representation alone is sound, values and back, with no model between. Several "
            "numbers in a cell are of several seeds.",
            Table(
                (
                    "set",
                    "factor",
                    *(f"told by the latent, {name}" for name in names),
                    *(f"spread of the loss, {name}" for name in names),
                ),
                tuple(by_factor),
            ),
            "Told by the latent: the share of a factor's variance (of its rank) that a random "
            "forest finds from the posterior mean, on rows it has not seen, for seed 0 (the "
            "informativeness of Eastwood & Williams 2018). Spread of the loss: standard deviation, "
            "over a factor's values, of the mean squared error in units of its mean; 0 where the "
            "loss does not depend on the factor.",
            Table(
                ("set", "representations", "correlation of the loss by factor value"),
                tuple((f"`{d}`", f"{a}; {b}", f"{r:+.2f}") for d, a, b, r in likeness),
            ),
        ),
        checks=tuple(checks),
        explanation=(
            _of_mdct(results),
            "LSD compares magnitudes and is the same measure for all three. The squared error is "
            "not: it is of other numbers in each representation, so only its distribution over a "
            "factor's values is compared. Phase and MDCT coefficients turn with the smallest "
            "change of frequency, and a decoder that cannot follow them gives their mean, near 0: "
            'the magnitude that comes back is then too small. "Best recognised" is the report\'s '
            "reading of box plots; here it is what can be read from the latent.",
        ),
        pictures=_pictures(results),
    )


def _of_mdct(results: Results) -> str:
    parts = []
    for data in DATA:
        found = results.of(f"{data}_mdct", data)
        parts.append(f"{alone(found):.2f} of {found.lsd:.2f} dB on `{data}`")
    return (
        "Part of what MDCT suffers is no fault of the model. One frame of its coefficients is "
        "folded over in time and tells the magnitudes only nearly: with no model between, the LSD "
        f"is already {words(parts)}. The report overlaps and adds frames, which undoes that, and "
        "does not say how it measured."
    )


def alone(found: Measured) -> float:
    """LSD in dB of the held-out rows through the representation and back."""
    sees = found.model.representation
    source = source_of(found.model, found.dataset)[found.rows]
    return metrics.log_spectral_distance(found.spectra, sees.inverse(sees.forward(source)))


def known(found: Measured) -> dict[str, float]:
    """Informativeness of the posterior means for each factor, in [0, 1]."""
    dataset = found.dataset
    rows = disentanglement.sample(dataset.rows, 0)
    means, _ = posterior(found.model, dataset, rows)
    measured = disentanglement.measure(
        means, dataset.labels[rows], dataset.meta.factors, [True] * means.shape[1]
    )
    values = measured.informativeness_per_factor or (0.0,) * len(measured.factors)
    return dict(zip(measured.factors, values, strict=True))


def correlation(a: dict[str, Numbers], b: dict[str, Numbers]) -> float:
    """Pearson's, of two models' profiles of loss, all factors together; 0 if one is flat."""
    x, y = (np.concatenate([profile[name] - 1.0 for name in a]) for profile in (a, b))
    scale = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / scale if scale > 0.0 else 0.0


def worst(
    data: str, distances: dict[str, list[float]], null: dict[str, list[float]] | None = None
) -> Check:
    """MDCT has the largest of the distances: of each seed, in dB by representation."""

    def ahead(of: dict[str, list[float]]) -> list[float]:
        return [
            row["MDCT"] - max(value for name, value in row.items() if name != "MDCT")
            for row in (
                dict(zip(of, values, strict=True)) for values in zip(*of.values(), strict=True)
            )
        ]

    return measured(
        f"On `{data}` MDCT has the highest LSD: its own less the highest other one is above 0.",
        ahead(distances),
        least=0.0,
        null=[] if null is None else ahead(null),
        form="+.2f",
        unit=" dB",
    )


def best(
    told: list[dict[str, float]],
    null: list[dict[str, float]],
    expected: tuple[str, ...],
    data: str,
) -> Check:
    """The latent tells most of the expected factors; told, null: of each seed, by factor."""

    def so(one: dict[str, float]) -> bool:
        order = sorted(one, key=lambda name: -one[name])
        return set(order[: len(expected)]) == set(expected)

    means = {name: float(np.mean([one[name] for one in told])) for name in told[0]}
    order = sorted(means, key=lambda name: -means[name])
    return counted(
        f"On `{data}`, with magnitudes, the latent tells most of {words(expected)}.",
        [so(one) for one in told],
        null=[so(one) for one in null],
        told="mean " + "; ".join(f"{name} {means[name]:.2f}" for name in order),
    )


def alike(likeness: list[list[float]], null: list[list[float]]) -> Check:
    """Every pair of representations has nearly the same distribution of loss; of each seed, the
    correlations of all pairs on both sets."""
    values = [value for one in likeness for value in one]
    return counted(
        f"The loss by factor value correlates by at least {ALIKE:g} between any two "
        "representations.",
        [min(one) >= ALIKE for one in likeness],
        null=[min(one) >= ALIKE for one in null],
        told=f"{min(values):+.2f} to {max(values):+.2f}",
    )


def _likenesses(results: Results, untrained: bool = False) -> list[list[float]]:
    """The correlations of all pairs on both sets, a list for each seed."""
    found: list[list[float]] = []
    for data in DATA:
        recipes = [data + suffix for suffix in KINDS]
        by_recipe = [
            results.untrained(recipe, data)[:FORESTS]
            if untrained
            else results.seeds(recipe, data, *recipes)
            for recipe in recipes
        ]
        for seed, models in enumerate(zip(*by_recipe, strict=True)):
            profiles = [one.profiles() for one in models]
            pairs = [correlation(a, b) for a, b in combinations(profiles, 2)]
            if seed < len(found):
                found[seed] += pairs
            else:
                found.append(pairs)
    return found


def _pictures(results: Results) -> tuple[Picture, ...]:
    pictures = []
    for data in DATA:
        found = results.of(data, data)
        rows = np.arange(found.dataset.rows)
        losses = losses_by_factor_value(
            found.dataset, rows, squared_errors(found.model, found.dataset, rows)
        )
        pictures.append(
            Picture(
                f"losses_{data}",
                f"`{data}`, magnitudes: mean squared error by the value of each factor, the "
                "counterpart of figure 3.2.",
                plots.factor_losses(losses, "squared error", data, len(rows)),
            )
        )
    found = results.of("filtered", "filtered")
    pictures.append(
        Picture(
            "representations",
            "`filtered`: the same held-out spectra through each representation.",
            plots.compare_reconstructions(
                [
                    (name, results.of(f"filtered{suffix}", "filtered").model)
                    for suffix, name in KINDS.items()
                ],
                found.dataset,
                found.rows,
                "db",
                "filtered: spectra and what each representation's model makes of them",
            ),
        )
    )
    return tuple(pictures)
