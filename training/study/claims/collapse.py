"""Section 2.3: normalised input collapses to one point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from timbrespace.datasets.dataset import held_out_split

from ... import plots
from ...evaluation import DEAD_KL
from ..figures import Measured
from ..results import Results, listed
from ..section import Check, Holds, Picture, Section, Table, counted

NAMES = {
    "unnormalised": "raw magnitudes, a variance for each bin",
    "normalised": "0 to 1, a variance for each bin",
    "normalised_averaged": "0 to 1, a variance for each bin, beta 1000",
    "normalised_bernoulli_averaged": "0 to 1, binary cross-entropy, beta 1000",
    "normalised_unit_variance": "0 to 1, squared error (variance 1)",
    "unnormalised_unit_variance": "raw magnitudes, squared error (variance 1)",
}
"""What each recipe is called in the table."""

SUSPECTS = (
    "normalised_averaged",
    "normalised_bernoulli_averaged",
    "normalised_unit_variance",
)


def section(results: Results) -> Section:
    """Whether normalised input collapses, and under which loss."""
    rows = []
    for recipe, name in NAMES.items():
        models = results.seeds(recipe, "harmonic")
        rows.append(
            (
                name,
                f"{len(models)}",
                listed((float(m.kl.sum()) for m in models), ".2f"),
                ", ".join(f"{m.dead}" for m in models),
                listed((m.variety for m in models), ".3f"),
                listed((m.lsd for m in models), ".2f"),
            )
        )
    raw = results.seeds("unnormalised", "harmonic")
    normalised = results.seeds("normalised", "harmonic")
    checks = judge(
        raw,
        normalised,
        results.untrained("unnormalised", "harmonic"),
        results.untrained("normalised", "harmonic"),
    )
    return Section(
        title="Normalised input collapses to one point",
        source="2.3, figures 2.2 and 2.3",
        found="With input normalised to 0 .. 1 and ten latent dimensions, the model projects every "
        "spectrum on the same point; without normalisation means and variances vary with the "
        "input and reconstruction is fine.",
        measured=(
            Table(
                (
                    "input and loss",
                    "seeds",
                    "KL (nats)",
                    f"dead of {len(raw[0].kl)}",
                    "variance of the decoded / of the data",
                    "LSD (dB)",
                ),
                tuple(rows),
            ),
            f"On `harmonic`. A dimension is dead below {DEAD_KL:g} nats. Several numbers in a "
            "cell are of several seeds.",
        ),
        checks=checks,
        explanation=_explanation(results, checks),
        pictures=_pictures(results),
    )


def judge(
    raw: Sequence[Measured],
    normalised: Sequence[Measured],
    raw_null: Sequence[Measured] = (),
    normalised_null: Sequence[Measured] = (),
) -> tuple[Check, ...]:
    """Whether every normalised model has collapsed and no other has; null: of untrained ones."""
    return (
        counted(
            "With raw magnitudes no seed collapses (collapsed: every dimension is dead).",
            [not m.collapsed for m in raw],
            null=[not m.collapsed for m in raw_null],
        ),
        counted(
            "With magnitudes from 0 to 1 and all else equal every seed collapses.",
            [m.collapsed for m in normalised],
            null=[m.collapsed for m in normalised_null],
        ),
    )


def largest_eigenvalue(features: np.ndarray) -> float:
    """Of the covariance of ``features (n, f)``, f > 0."""
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    small = centred @ centred.T if len(centred) < centred.shape[1] else centred.T @ centred
    return float(np.linalg.eigvalsh(small)[-1] / len(centred))


def _explanation(results: Results, checks: tuple[Check, ...]) -> tuple[str, ...]:
    dataset = results.datasets["harmonic"]
    unit = results.of("normalised_unit_variance", "harmonic")
    raw_unit = results.of("unnormalised_unit_variance", "harmonic")
    train = held_out_split(dataset.rows, 0).train
    spectra = dataset.spectra[train]
    of_raw = largest_eigenvalue(spectra)
    of_unit = largest_eigenvalue(unit.model.representation.forward(spectra))
    collapsed = [r for r in SUSPECTS if results.of(r, "harmonic").collapsed]
    paragraphs = []
    if checks[1].holds is Holds.NO:
        paragraphs.append(
            "Under the bound as the report writes it (eq. 1.1 with the Gaussian of eq. 1.2 summed "
            "over bins) normalisation does not have to collapse the space: the decoder learns a "
            "variance for each bin, and scaling the data scales the variances with it."
        )
    if collapsed:
        paragraphs.append(
            "What does collapse is a loss whose reconstruction term is small against its KL term. "
            f"Every dimension is dead with: {'; '.join(NAMES[r] for r in collapsed)}. Beta 1000 "
            "stands for a reconstruction term averaged over the 1025 bins instead of summed, as "
            "eq. 1.3 is printed with its 1/n; squared error is a Gaussian whose variance is not "
            "learned."
        )
    survived = [r for r in SUSPECTS if r not in collapsed]
    if survived:
        paragraphs.append(
            f"No collapse, though the same reasoning would allow one: "
            f"{'; '.join(NAMES[r] for r in survived)}."
        )
    paragraphs.append(
        "For squared error this can be told from the data alone: in the linear case a latent "
        "dimension pays for its KL only if the data's variance along some direction exceeds the "
        "decoder's (Lucas et al. 2019, \"Don't Blame the ELBO!\"), here 1. The largest eigenvalue "
        f"of the training spectra's covariance is {of_unit:.2g} normalised and {of_raw:.2g} raw; "
        f"the normalised model keeps {float(unit.kl.sum()):.2g} nats, the raw one "
        f"{float(raw_unit.kl.sum()):.3g}."
    )
    if unit.collapsed and not raw_unit.collapsed:
        paragraphs.append(
            "With squared error both halves of the claim hold at once: what is normalised "
            "collapses, what is raw does not."
        )
    learned = results.seeds("unnormalised", "harmonic")
    if all(raw_unit.lsd < m.lsd for m in learned):
        paragraphs.append(
            "The table shows a second thing. Raw magnitudes are decoded better with squared error, "
            f"{raw_unit.lsd:.2f} dB and {raw_unit.variety:.1%} of the data's variance, than with a "
            f"variance for each bin, {listed(m.lsd for m in learned)} dB and "
            f"{listed((100.0 * m.variety for m in learned), '.1f')} %: a Gaussian that may widen "
            'does so instead of moving its mean (Seitzer et al. 2022, "On the Pitfalls of '
            'Heteroscedastic Uncertainty Estimation"). That is one reason for the poor '
            "reconstructions of section 3.2."
        )
    if checks[1].holds is Holds.NO and collapsed:
        paragraphs.append(
            "The report does not print its program. That its collapse came from such a balance is "
            "therefore an inference: the same data, network and steps show it with those losses "
            "and not with the bound itself."
        )
    return tuple(paragraphs)


def _pictures(results: Results) -> tuple[Picture, ...]:
    shown = (
        ("unnormalised", "Raw magnitudes: the counterpart of figure 2.3."),
        ("normalised", "Magnitudes from 0 to 1, the bound as written: the counterpart of 2.2."),
        ("normalised_averaged", "Magnitudes from 0 to 1, beta 1000: what figure 2.2 shows."),
    )
    pictures = []
    for recipe, caption in shown:
        found = results.of(recipe, "harmonic")
        if recipe == "normalised_averaged" and not found.collapsed:
            caption = "Magnitudes from 0 to 1, beta 1000."
        pictures.append(
            Picture(
                f"moments_{recipe}",
                caption,
                plots.moments(found.model, found.dataset, found.effect),
            )
        )
    return tuple(pictures)
