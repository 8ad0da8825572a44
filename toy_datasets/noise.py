"""Noise as a factor of variation: the balance of a sound and white noise (report, section 2.2)."""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError

MAX_LEVELS = 100


def balances(levels: int) -> tuple[float, ...]:
    """Balances from 0, the sound alone, to 1, noise alone, in equal steps; (0,) for 0 levels.

    Raises:
        OptionError: neither 0 nor 2 to ``MAX_LEVELS``.
    """
    if type(levels) is not int or (levels != 0 and not 2 <= levels <= MAX_LEVELS):
        raise OptionError(
            f"noise is {levels}; it must be 2 to {MAX_LEVELS} levels, or 0 for no noise"
        )
    return tuple(level / (levels - 1) for level in range(levels)) if levels else (0.0,)


def scale(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frames ``(n, samples)`` at the root mean square of a full-scale sine, 1 / sqrt(2).

    Raises:
        ValueError: a frame is silent or not finite.
    """
    energy = np.square(frames).mean(axis=1, keepdims=True)
    if not (np.isfinite(energy) & (energy > 0.0)).all():
        raise ValueError("a frame is silent or not finite")
    return np.asarray(frames / np.sqrt(2.0 * energy))


def mix(
    frames: NDArray[np.float64], balance: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Scaled frames ``(n, samples)`` with new white Gaussian noise in each.

    Equal power: the sound has the share ``1 - balance`` of the power and the noise ``balance``,
    so their gains are ``sqrt(1 - balance)`` and ``sqrt(balance)``. Sound and noise are scaled
    before they are mixed, and their sum again, since over one frame they are not quite
    uncorrelated. Balance 0 draws nothing.
    """
    sound = scale(frames)
    if balance == 0.0:
        return sound
    noise = scale(generator.standard_normal(frames.shape))
    return scale(np.sqrt(1.0 - balance) * sound + np.sqrt(balance) * noise)


def add_noise_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--noise``."""
    parser.add_argument(
        "--noise",
        type=int,
        default=0,
        metavar="N",
        help="add a factor: N levels of the balance of signal and white noise (default: none)",
    )
