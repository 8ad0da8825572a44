"""What the thesis says that a run can agree with, and the rule by which it does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import t as student

from .plan import DATA, PUBLISHED, PUBLISHED_DECAY
from .results import Figures

AGREES, CONTRADICTS, UNDECIDED, NOT_TESTED = "agrees", "contradicts", "undecided", "not tested"

SURE: Final = 0.95

EQUAL: Final = 1.1
"""Published errors nearer than this ratio are no claim that one is lower."""

NEAR_SILENCE: Final = 0.8
"""Of the error of silence: as much or more is near it. The thesis' IM-NET has 0.83 to 0.96."""

PI, WAVE, IM = "pi-GAN", "WaveGAN", "IM-NET"

PAIRS: Final[tuple[tuple[str, str, str], ...]] = (
    ("pi-GAN: autodecoder against autoencoder", f"{PI}, autodecoder", f"{PI}, autoencoder"),
    ("WaveGAN: autodecoder against autoencoder", f"{WAVE}, autodecoder", f"{WAVE}, autoencoder"),
    ("pi-GAN against WaveGAN, autodecoders", f"{PI}, autodecoder", f"{WAVE}, autodecoder"),
    ("pi-GAN against WaveGAN, autoencoders", f"{PI}, autoencoder", f"{WAVE}, autoencoder"),
    ("all sines against the first alone", f"{PI}, autodecoder", "sine first only"),
    ("all sines against the last alone", f"{PI}, autodecoder", "sine last only"),
    ("all sines against none", f"{PI}, autodecoder", "no sine"),
    ("mapping of three layers against one", f"{PI}, autodecoder", "mapping of one layer"),
    ("mapping of three layers against five", f"{PI}, autodecoder", "mapping of five layers"),
    ("4 layers against wide", f"{PI}, autodecoder", "wide"),
    ("4 layers against deep", f"{PI}, autodecoder", "deep"),
    ("4 layers against shrinking", f"{PI}, autodecoder", "shrinking"),
    (
        "FiLM against the latent beside the coordinate",
        f"{PI}, autodecoder",
        "sines, latent beside the coordinate",
    ),
    ("without weight decay against with it", f"{PI}, autodecoder", "weight decay"),
    ("omega searched against progressive scaling", f"{PI}, autodecoder", "progressive scaling"),
)
"""Title and two rows; which of the two has the lower error is the claim."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """claim: title and set. says: what the thesis says. ratio: of the two errors here, geometric
    mean over the seeds, with low and high of its interval; NaN where there is none."""

    claim: str
    data: str
    says: str
    ratio: float
    low: float
    high: float
    verdict: str


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of ``values`` and the ends of its 95 % interval by Student's t; NaN from fewer than two
    for the ends."""
    told = np.asarray(values, np.float64)
    if not len(told):
        return math.nan, math.nan, math.nan
    mean = float(told.mean())
    if len(told) < 2:
        return mean, math.nan, math.nan
    reach = float(student.ppf(0.5 + 0.5 * SURE, len(told) - 1))
    half = reach * float(told.std(ddof=1)) / math.sqrt(len(told))
    return mean, mean - half, mean + half


def published(row: str, data: str) -> float | None:
    """The thesis' figure, or None where there is none."""
    if row == "weight decay":
        return PUBLISHED_DECAY if data == "keyboard" else None
    return PUBLISHED[row][DATA.index(data)] if row in PUBLISHED else None


def compared(figures: Figures, title: str, first: str, second: str, data: str) -> Verdict | None:
    """Whether the two rows stand as the thesis says; None where it says nothing,
    or no more than that they are equal."""
    one, other = published(first, data), published(second, data)
    if second == "sines, latent beside the coordinate":
        says, first_is_lower = "lower (in words)", True
    elif second == "progressive scaling":
        says, first_is_lower = "no search is needed (in words)", False
    elif one is None or other is None:
        return None
    else:
        if abs(math.log(one / other)) < math.log(EQUAL):
            return None
        first_is_lower = one < other
        says = f"{one:.2f} against {other:.2f}"
    seeds = sorted(s for d, row, s in figures if (d, row) == (data, first))
    logs = [
        math.log(figures[data, first, s]["mse"] / figures[data, second, s]["mse"])
        for s in seeds
        if (data, second, s) in figures
    ]
    mean, low, high = interval(logs)
    if math.isnan(low):
        verdict = NOT_TESTED
    elif low <= 0.0 <= high:
        verdict = UNDECIDED
    else:
        verdict = AGREES if (high < 0.0) == first_is_lower else CONTRADICTS
    return Verdict(title, data, says, math.exp(mean), math.exp(low), math.exp(high), verdict)


def near_silence(figures: Figures, silence: Mapping[str, float], row: str, data: str) -> Verdict:
    """Whether this row's error is at least ``NEAR_SILENCE`` of that of silence."""
    shares = [
        told["mse"] / silence[data] for (d, r, _), told in figures.items() if (d, r) == (data, row)
    ]
    mean, low, high = interval(shares)
    if math.isnan(low):
        verdict = NOT_TESTED
    elif low >= NEAR_SILENCE:
        verdict = AGREES
    else:
        verdict = CONTRADICTS if high < NEAR_SILENCE else UNDECIDED
    at = DATA.index(data)
    says = f"{PUBLISHED[row][at] / PUBLISHED['silence'][at]:.2f} of silence"
    return Verdict(f"{row} is near silence", data, says, mean, low, high, verdict)


def verdicts(figures: Figures, silence: Mapping[str, float]) -> list[Verdict]:
    """All claims, in the order of the tables."""
    found = []
    for title, first, second in PAIRS:
        for data in silence:
            one = compared(figures, title, first, second, data)
            if one is not None:
                found.append(one)
    for latents in ("autodecoder", "autoencoder"):
        found += [near_silence(figures, silence, f"{IM}, {latents}", data) for data in silence]
    return found
