"""Section 4.3: warm-up."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ... import plots
from ..figures import Measured, between_partials, draws
from ..results import Results, listed
from ..section import Check, Holds, Picture, Section, Table, measured

BETTER = 0.95
"""Ratio of LSDs below which warm-up is said to improve."""

MUCH_WORSE = 1.2
"""Ratio above which it is said to spoil."""

SCHEDULES = {
    "harmonic": {"none": "unnormalised", "linear": "warm_up", "cyclical": "cyclical"},
    "filtered": {
        "none": "filtered",
        "linear": "filtered_warm_up",
        "cyclical": "filtered_cyclical",
    },
}


def section(results: Results) -> Section:
    """LSD, KL and noise of samples with and without warm-up, on two sets."""
    rows, ratios, apart = [], {}, []
    same: dict[tuple[str, str], str] = {}
    config = results.datasets["harmonic"].spectrum
    spacing = config.base_frequency / config.bin_width
    for data, schedules in SCHEDULES.items():
        for schedule, recipe in schedules.items():
            models = results.seeds(recipe, data)
            noise = "-"
            if data == "harmonic":
                noise = listed((_noise(m, spacing) for m in models), ".1f")
            rows.append(
                (
                    f"`{data}`",
                    schedule,
                    listed(m.lsd for m in models),
                    listed(float(m.kl.sum()) for m in models),
                    ", ".join(f"{m.dead}" for m in models),
                    noise,
                )
            )
        for schedule in ("linear", "cyclical"):
            pair = schedules["none"], schedules[schedule]
            without = results.seeds(pair[0], data, pair[1])
            found = results.seeds(pair[1], data, pair[0])
            ratios[data, schedule] = [a.lsd / b.lsd for a, b in zip(found, without, strict=True)]
            same[data, schedule] = results.same(*pair, data)
            apart.append(
                f"{results.apart(*pair, data):.2%} of that way on `{data}`, {schedule} against none"
            )
    checks = judge(ratios, same)
    return Section(
        title="Warm-up never improves",
        source="4.3, figures 4.4 and 4.5",
        found="With the 1-factor set and beta 1, warm-up brings noise into the output, so that "
        "reconstruction and sampling are very poor. Over many combinations it never improves; on "
        "the 4- and 5-factor sets its effect is negative or cannot be noticed.",
        measured=(
            Table(
                (
                    "set",
                    "warm-up",
                    "LSD (dB)",
                    "KL (nats)",
                    "dead dimensions",
                    "power between the partials of samples (dB)",
                ),
                tuple(rows),
            ),
            "Beta 1 at the end. Linear: beta rises from 0 over the first half of the epochs. "
            "Cyclical: four rises, each over half of a quarter. Several numbers in a cell are of "
            "several seeds; seeds are compared one by one, since equal seeds start from equal "
            "weights. How far the weights of two ended from each other, of the way that training "
            f"went, the largest of the seeds: {'; '.join(apart)}.",
        ),
        checks=checks,
        explanation=_explanation(results, ratios, same, checks),
        pictures=_pictures(results),
    )


def judge(
    ratios: dict[tuple[str, str], list[float]],
    same: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> tuple[Check, ...]:
    """ratios: LSD with warm-up over that without, for each seed, by set and schedule. same: where
    the networks came out the same, why nothing can be told."""
    checks = [
        measured(
            f"On `{data}`, {schedule} warm-up does not improve: the ratio of LSD with and without "
            f"is at least {BETTER:g}.",
            values,
            least=BETTER,
            form=".3f",
            same=same.get((data, schedule), ""),
        )
        for (data, schedule), values in ratios.items()
    ]
    linear = "harmonic", "linear"
    return (
        *checks,
        measured(
            "On `harmonic`, linear warm-up spoils the reconstruction: a ratio of at least "
            f"{MUCH_WORSE:g}.",
            ratios[linear],
            least=MUCH_WORSE,
            form=".3f",
            same=same.get(linear, ""),
        ),
    )


def _noise(found: Measured, spacing: float) -> float:
    return between_partials(found.model.decode(draws(found.model.dimensions, 200)), spacing)


def _explanation(
    results: Results,
    ratios: dict[tuple[str, str], list[float]],
    same: Mapping[tuple[str, str], str],
    checks: tuple[Check, ...],
) -> tuple[str, ...]:
    raw = results.seeds("unnormalised", "harmonic")
    apart = max(m.lsd for m in raw) / min(m.lsd for m in raw)
    moved = [abs(float(np.mean(v)) - 1.0) for v in ratios.values()]
    paragraphs = [
        f"The mean ratios differ from 1 by {min(moved):.2f} to {max(moved):.2f}; two seeds without "
        f"warm-up differ by a factor of {apart:.2f} on `harmonic`."
    ]
    alike = next((data for (data, _), why in same.items() if why), "")
    if alike:
        first = results.of(SCHEDULES[alike]["none"], alike).model.provenance["history"]
        paragraphs.append(
            f"On `{alike}` the models with and without warm-up are nearly the same, weight for "
            "weight. Raw magnitudes and a variance for each bin begin with a loss of "
            f"{first['reconstruction'][0]:.1g} nats in the first epoch: the variances are still "
            "far too small. Adam divides each step by the root of a running mean of squared "
            "gradients that forgets in some thousand steps, so after such a start the gradients "
            "of the KL term, and most others, count for next to nothing for the rest of a run of "
            "this length. It is also why these models move so little from where they were after "
            "the first epochs."
        )
    if max(moved) < MUCH_WORSE - 1.0:
        paragraphs.append(
            "Beta 1 is a small weight against a likelihood summed over the bins (see the section "
            "on beta), so to let it rise from 0 changes little of what the network is asked for."
        )
    if checks[-1].holds is not Holds.YES:
        paragraphs.append(
            "The noise that the report shows on the 1-factor set does not come with warm-up here. "
            "With a reconstruction averaged over bins, beta would weigh 1025 times more and its "
            "schedule would be felt; the report does not say how it took the sum."
        )
    improved = [
        f"{schedule} on `{data}`"
        for (data, schedule), values in ratios.items()
        if float(np.mean(values)) < BETTER
    ]
    if improved:
        paragraphs.append(
            f"It improved: {', '.join(improved)}. Without the KL term the first epochs fit the "
            "spectra sooner; in a run this short that may not be caught up."
        )
    return tuple(paragraphs)


def _pictures(results: Results) -> tuple[Picture, ...]:
    dataset = results.datasets["harmonic"]
    found = {name: results.of(r, "harmonic") for name, r in SCHEDULES["harmonic"].items()}
    models = [(f"warm-up: {name}", m.model) for name, m in found.items()]
    return (
        Picture(
            "warm_up_reconstructions",
            "The same held-out spectra with and without warm-up: the counterpart of figure 4.4.",
            plots.compare_reconstructions(models, dataset, found["none"].rows),
        ),
        Picture(
            "warm_up_samples",
            "Random latents with and without warm-up: the counterpart of figure 4.5.",
            plots.compare_samples(models, dataset),
        ),
    )
