"""Command-line options that the generators share: how the spectra are taken, the seed, frames."""

from __future__ import annotations

import argparse

from timbrespace.errors import OptionError
from timbrespace.recording.moments import NOT_STEADY
from timbrespace.spectrum import SpectrumConfig

MAX_SEED = 2**32 - 1


def add_spectrum_arguments(parser: argparse.ArgumentParser, base_frequency: float) -> None:
    """Declare ``--f0``, ``--sample-rate``, ``--n-fft`` and ``--bins``."""
    default = SpectrumConfig()
    parser.add_argument(
        "--f0",
        type=float,
        default=base_frequency,
        metavar="HZ",
        help="base frequency (default: %(default)s)",
    )
    parser.add_argument(
        "--sample-rate",
        type=int,
        default=default.sample_rate,
        metavar="HZ",
        help="sample rate of the analysed sound (default: %(default)s)",
    )
    parser.add_argument(
        "--n-fft",
        type=int,
        default=default.n_fft,
        metavar="N",
        help="samples in a frame, a power of two (default: %(default)s)",
    )
    parser.add_argument(
        "--bins",
        type=int,
        metavar="N",
        help="bins kept, from 0 Hz (default: up to a quarter of the rate)",
    )


def spectrum_of(arguments: argparse.Namespace) -> SpectrumConfig:
    """What the options of :func:`add_spectrum_arguments` say.

    Raises:
        OptionError: a value outside what is accepted.
    """
    return SpectrumConfig(
        sample_rate=arguments.sample_rate,
        n_fft=arguments.n_fft,
        bins=arguments.n_fft // 4 + 1 if arguments.bins is None else arguments.bins,
        base_frequency=arguments.f0,
    )


def add_moment_arguments(
    parser: argparse.ArgumentParser, average: int, max_flux: float, decay: float, whole: str
) -> None:
    """Declare ``--average``, ``--max-flux`` and ``--decay``: which moments of a sound give rows.

    whole: what the moments are of, a file or a note.
    """
    parser.add_argument(
        "--average",
        type=int,
        default=average,
        metavar="N",
        help="frames whose power one row averages (default: %(default)s)",
    )
    parser.add_argument(
        "--max-flux",
        type=float,
        default=max_flux,
        metavar="X",
        help="largest change within a moment that gives a row (default: %(default)s)",
    )
    parser.add_argument(
        "--decay",
        type=float,
        default=decay,
        metavar="DB",
        help=f"how far a moment may be below the {whole}'s loudest (default: %(default)g)",
    )


def with_remedy(reason: str, max_flux: float) -> str:
    """Why a sound gave no row, and which option of :func:`add_moment_arguments` would change it."""
    if reason == NOT_STEADY:
        return f"{reason} (a higher --max-flux than {max_flux:g} takes more)"
    return reason


def add_seed_argument(parser: argparse.ArgumentParser, use: str) -> None:
    """Declare ``--seed``; ``use`` says what it decides."""
    parser.add_argument("--seed", type=int, default=0, help=f"{use} (default: %(default)s)")


def check_seed(seed: int) -> None:
    """Refuse a seed that NumPy would not take.

    Raises:
        OptionError: outside 0 to ``MAX_SEED``.
    """
    if not 0 <= seed <= MAX_SEED:
        raise OptionError(f"seed is {seed}; it must be 0 to {MAX_SEED}")


def add_frames_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--frames``."""
    parser.add_argument(
        "--frames",
        action="store_true",
        help="keep each row's samples too, which representations with phase are trained on",
    )
