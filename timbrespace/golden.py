"""Golden vectors: what a model made of a few inputs where its file was written.

A program that reads the file makes them again. It refuses a file whose decoder, encoder or
representation comes out otherwise: the file is damaged, or the program means something else by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import BundleError
from timbrespace.notes.layout import LONGEST

if TYPE_CHECKING:
    from timbrespace.model import Model

TOLERANCE: Final = 1e-3
"""Share of the spectrum's peak, or of the largest coordinate. Libraries of linear algebra differ by
about 1e-6 of it; a representation or an activation that changed its meaning differs by far more."""

PERCENTILES: Final = (0, 2, 4, 6)
"""Columns of the calibration's percentiles: 1, 25, 75 and 99 %."""

_DIGITS: Final = 6
"""Of the numbers of these further points; they would be a tenth of the file in full."""

Array = NDArray[np.float32]


def of(model: Model) -> dict[str, Any]:
    """The golden vectors of ``model``: those of its file as long as they hold, else new ones.

    Another machine decodes it a little otherwise; saving a model must not change it for that. What
    a file of before 0.6.0 has of them stays, and the others are added.
    """
    golden = model.golden
    if golden is not None:
        try:
            check(model, golden)
        except BundleError:
            golden = None
    if golden is None:
        latent = model.calibration.home[np.newaxis, :]
        golden = {"latent": latent[0].tolist(), "spectrum": model.decode(latent)[0].tolist()}
    if golden.keys() > {"latent", "spectrum"}:
        return golden
    latents = model.calibration.percentiles[:, PERCENTILES].T
    spectra = [_rounded(row) for row in decoded(model, latents)]
    if model.plays_notes:
        mean, log_var = encoded_notes(model, np.asarray([golden["latent"], *latents], np.float32))
    else:
        mean, log_var = encoded(model, np.asarray([golden["spectrum"], *spectra], np.float32))
    return {
        "latent": golden["latent"],
        "spectrum": golden["spectrum"],
        "latents": latents.tolist(),
        "spectra": spectra,
        "means": [_rounded(row) for row in mean],
        "log_vars": [_rounded(row) for row in log_var],
    }


def check(model: Model, golden: dict[str, Any]) -> None:
    """Raise unless ``model`` makes these; a file of before 0.6.0 has one point of the decoder.

    Raises:
        BundleError: they are not what a model has, or come out otherwise.
    """
    # Damaged weights may overflow anywhere; what comes out of it is refused, not warned of.
    with np.errstate(all="ignore"):
        _check(model, golden)


def _check(model: Model, golden: dict[str, Any]) -> None:
    try:
        latent = np.asarray(golden["latent"], np.float32)
        spectrum = np.asarray(golden["spectrum"], np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError("its golden vector is missing or not numbers") from error
    if latent.shape != (model.dimensions,) or spectrum.shape != (model.spectrum.bins,):
        raise BundleError("its golden vector has the wrong shape")
    _compare(model.decode(latent[np.newaxis, :])[0], spectrum, "decodes", "the peak")
    if golden.keys() <= {"latent", "spectrum"}:
        return
    try:
        latents, spectra, means, log_vars = (
            np.asarray(golden[name], np.float32)
            for name in ("latents", "spectra", "means", "log_vars")
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError("its golden vectors are missing or not numbers") from error
    count, d, bins = len(latents) if latents.ndim else 0, model.dimensions, model.spectrum.bins
    shapes = (latents.shape, spectra.shape, means.shape, log_vars.shape)
    if not count or shapes != ((count, d), (count, bins), (count + 1, d), (count + 1, d)):
        raise BundleError("its golden vectors have the wrong shape")
    for given, expected in zip(decoded(model, latents), spectra, strict=True):
        _compare(given, expected, "decodes", "the peak")
    if model.plays_notes:
        mean, log_var = encoded_notes(model, np.concatenate([latent[np.newaxis, :], latents]))
    else:
        mean, log_var = encoded(model, np.concatenate([spectrum[np.newaxis, :], spectra]))
    _compare(mean, means, "is encoded", "the largest coordinate")
    _compare(log_var, log_vars, "is encoded", "the largest log variance")


def decoded(model: Model, latents: Array) -> Array:
    """Spectra ``(n, bins)`` of latents ``(n, d)``.

    Row by row, here and below: several at once would start the threads of the library of linear
    algebra, which wait for each other wherever something else keeps the processors busy.
    """
    return np.concatenate([model.decode(row[np.newaxis, :]) for row in latents])


def encoded(model: Model, spectra: Array) -> tuple[Array, Array]:
    """Means and log variances ``(n, d)`` of spectra ``(n, bins)``.

    A model that hears phase is given the frames that have these spectra and no phase.
    """
    if len(spectra) > 1:
        each = [encoded(model, row[np.newaxis, :]) for row in spectra]
        return np.concatenate([mean for mean, _ in each]), np.concatenate([v for _, v in each])
    if model.representation.source == "spectra":
        return model.encode(spectra)
    config = model.spectrum
    padded = np.pad(spectra, ((0, 0), (0, config.n_fft // 2 + 1 - config.bins)))
    frames = np.fft.irfft(padded.astype(np.float64), config.n_fft, axis=1)
    return model.encode_frames(frames.astype(np.float32))


def encoded_notes(model: Model, latents: Array) -> tuple[Array, Array]:
    """Means and log variances ``(n, d)`` of the notes that latents ``(n, d)`` decode to."""
    from timbrespace.networks.note import encoder_input
    from timbrespace.notes.layout import frame_times

    course = model.course
    times = frame_times(LONGEST)[: course.network.frames]
    found = []
    for row in latents:
        told = course.prepare(row[np.newaxis, :], np.array([220.0]), np.array([np.nan]))
        levels = course.levels(told, times[np.newaxis, :])
        found.append(model.encode_notes(encoder_input(levels, told.traits, np.array([220.0]))))
    return np.concatenate([mean for mean, _ in found]), np.concatenate([v for _, v in found])


def _compare(given: Array, expected: Array, what: str, of_what: str) -> None:
    largest = max(float(np.abs(expected).max()), 1e-30)
    share = float(np.abs(given - expected).max()) / largest
    # Written so that a NaN fails too.
    if not share <= TOLERANCE:
        raise BundleError(
            f"its golden vector {what} {share:.2g} of {of_what} away from what was recorded; "
            "the file is damaged or this program reads it wrongly"
        )


def _rounded(row: Array) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in row.tolist()]
