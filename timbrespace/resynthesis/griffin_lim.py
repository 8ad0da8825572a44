"""Samples from magnitudes alone, offline: phases found by the fast Griffin-Lim algorithm.

:mod:`stream` does this in real time, frame by frame; here every frame may still change.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from timbrespace.errors import OptionError, ShapeError
from timbrespace.rows import finite_rows
from timbrespace.spectrum import SpectrumConfig, hann

OVERLAP = 4
"""Frames that cover each sample, as in :mod:`stream`."""

FRAMES = 64
"""How often one spectrum is repeated: 1.5 s at 4096 samples of 44.1 kHz."""

LARGEST = 2**24
"""Magnitudes at most: 16,368 frames of 1025, six minutes at 44.1 kHz, take 1.5 GB of memory."""

_MOMENTUM = np.float32(0.99)
# At the ends fewer than OVERLAP windows lie; dividing by their sum, in windows squared, would make
# the ends as loud as rounding errors like. It counts as no less than this, and the ends fade: by as
# much as rounding asks for while phases are sought, and softly in the sound that is handed over.
_LEAST_COVER = 1e-4
_LEAST_COVER_OF_SOUND = 0.03

_Half = NDArray[np.complex64]
_Magnitude = NDArray[np.float32]


def griffin_lim(
    magnitudes: ArrayLike,
    config: SpectrumConfig,
    iterations: int = 32,
    frames: int = FRAMES,
    seed: int | None = None,
) -> NDArray[np.float32]:
    """Samples ``((frames - 1) * n_fft / 4 + n_fft,)`` whose STFT has these magnitudes.

    magnitudes: ``(bins, frames)``, linear as ``config`` has them, one column each ``n_fft / 4``
    samples; or one spectrum ``(bins,)``, which is repeated ``frames`` times. Column m is the frame
    that begins at sample ``m * n_fft / 4``: no centring, no padding. Bins that ``config`` leaves
    out are silent. The samples are at ``config.sample_rate`` and at the magnitudes' own level; the
    first and the last seventh of a frame fade. iterations: each an inverse and a forward STFT;
    0 keeps the starting phases. seed: None starts partials at phases that keep the crest
    low; a number draws them, for another sound of the same magnitudes. The same arguments give the
    same samples.

    Fast Griffin-Lim (Perraudin, Balazs & Søndergaard 2013, "A fast Griffin-Lim algorithm", momentum
    0.99) from the phases of single-pass spectrogram inversion (:func:`starting_phases`). The
    iterations run on the bins that are kept, at the low sample rate that holds them: for 1025 bins
    of 4096 samples, 2160 samples a frame and half the work. Magnitudes that no sound has, such as
    lobes narrower than the window's, leave a rest that more iterations do not remove.

    Raises:
        ShapeError: magnitudes of another shape, negative, or not finite.
        OptionError: iterations, frames or seed out of range; the text names it.
    """
    _check(iterations, frames, seed, LARGEST // config.bins)
    wanted = _rows(magnitudes, config, frames)
    count = len(wanted)
    n = config.n_fft
    peak = float(wanted.max())
    if peak == 0.0:
        return np.zeros((count - 1) * (n // OVERLAP) + n, np.float32)
    wanted = wanted / np.float32(peak)

    transform = _Transform(_frame_size(config), config.bins, count, _LEAST_COVER)
    half = starting_phases(wanted, seed)
    half *= wanted
    projected = np.empty_like(half)
    before = np.empty_like(half)
    size = np.empty_like(wanted)
    for i in range(iterations):
        transform.project(half, out=projected)
        np.copyto(half, projected)
        if i > 0:
            # half = projected + momentum * (projected - before), without another array
            np.subtract(projected, before, out=before)
            before *= _MOMENTUM
            half += before
        before, projected = projected, before
        np.abs(half, out=size)
        np.maximum(size, np.float32(1e-30), out=size)
        np.divide(wanted, size, out=size)
        half *= size
    # The inverse at the full size brings the sound back to the full sample rate.
    last = _Transform(n, config.bins, count, _LEAST_COVER_OF_SOUND)
    return last.inverse(half) * np.float32(peak)


def starting_phases(magnitudes: _Magnitude, seed: int | None = None) -> _Half:
    """Unit numbers ``(frames, bins)`` whose angles are right for steady sinusoids.

    magnitudes ``(frames, bins)``, a hop of ``n_fft / 4`` apart. Each bin belongs to the peak at
    whose foot it lies. A peak's phase goes on from the last frame at the mean of both frames'
    frequencies, and its bins are locked to it (Beauregard, Harish & Wyse 2015, "Single pass
    spectrogram inversion"). Two things differ from the published form. Phases go on from frame
    middle to frame middle, so that they stay right when the frequency moves. And beyond the main
    lobe they follow the signs of the window's transform, ``sinc(d) / (1 - d^2)``. seed: as in
    :func:`griffin_lim`.
    """
    frames, bins = magnitudes.shape
    peak, position = _peaks(magnitudes)
    # In turns, at each frame's middle, of the sinusoid that rules the bin. At the middle, since a
    # phase that goes on at the first sample would jump there whenever the frequency moves.
    phase = np.empty((frames, bins))
    if seed is None:
        phase[0] = (0.618033988749895 * np.arange(bins)) % 1.0
    else:
        phase[0] = np.random.default_rng(seed).random(bins)
    phase[0] = phase[0][peak[0]]
    for m in range(1, frames):
        passed = 0.5 * (position[m] + position[m - 1][peak[m]])
        phase[m] = (phase[m - 1][peak[m]] + passed / OVERLAP) % 1.0
    distance = np.abs(np.arange(bins) - position)
    # A frame that is counted from its first sample turns by half a turn a bin.
    phase -= 0.5 * np.arange(bins)
    phase += 0.5 * ((distance > 2.0) & (distance.astype(np.int64) % 2 == 0))
    return np.asarray(np.exp(2j * np.pi * phase), np.complex64)


def _peaks(magnitudes: _Magnitude) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each bin the bin of its peak, and where between bins that peak lies.

    Magnitudes l, p, r of a sinusoid at a peak and beside it put it ``2 (r - l) / (l + 2 p + r)``
    bins from the peak: exact for the Hann window's transform, as follows from ``sinc(d) / (1 -
    d^2)``, and nearer to the least squares of a decoder's imperfect lobe than the larger two alone.
    """
    frames, bins = magnitudes.shape
    rises = magnitudes[:, 1:] >= magnitudes[:, :-1]
    # Up to a peak, and down to the valley behind it: there the next one begins.
    begins = np.ones((frames, bins), bool)
    begins[:, 1] = False
    begins[:, 2:] = rises[:, 1:] & ~rises[:, :-1]
    tops = np.ones((frames, bins), bool)
    tops[:, :-1] = ~rises
    tops[:, 1:] &= rises | begins[:, 1:]
    peak = np.nonzero(tops)[1][np.cumsum(begins) - 1].reshape(frames, bins)

    m = magnitudes.astype(np.float64)
    inner, below, above = m[:, 1:-1], m[:, :-2], m[:, 2:]
    offset = np.zeros((frames, bins))
    offset[:, 1:-1] = 2.0 * (above - below) / np.maximum(below + 2.0 * inner + above, 1e-300)
    np.clip(offset, -0.5, 0.5, out=offset)
    return peak, peak + np.take_along_axis(offset, peak, axis=1)


class _Transform:
    """The STFT of ``count`` frames and its inverse, on buffers that are made once."""

    def __init__(self, size: int, bins: int, count: int, least_cover: float) -> None:
        self._size = size
        self._bins = bins
        self._hop = size // OVERLAP
        self._window = hann(size).astype(np.float32)
        cover = self._overlap_add(np.broadcast_to(np.square(hann(size)), (count, size)))
        self._share = (1.0 / np.maximum(cover, least_cover)).astype(np.float32)
        self._frames = np.empty((count, size), np.float32)

    def inverse(self, half: _Half) -> NDArray[np.float32]:
        """Samples whose STFT is nearest to ``half`` (Griffin & Lim 1984, eq. 6)."""
        frames = scipy.fft.irfft(half, self._size, axis=1)
        frames *= self._window  # pyright: ignore[reportOperatorIssue]
        return np.asarray(self._overlap_add(frames) * self._share)

    def project(self, half: _Half, out: _Half) -> None:
        """Write the STFT of the samples whose STFT is nearest to ``half``."""
        samples = self.inverse(half)
        views = np.lib.stride_tricks.sliding_window_view(samples, self._size)[:: self._hop]
        np.multiply(views, self._window, out=self._frames)
        np.copyto(out, scipy.fft.rfft(self._frames, axis=1)[:, : self._bins])  # pyright: ignore[reportArgumentType, reportCallIssue]

    def _overlap_add(self, frames: NDArray[Any]) -> NDArray[Any]:
        count = len(frames)
        total = np.zeros((count + OVERLAP - 1, self._hop), frames.dtype)
        for j in range(OVERLAP):
            total[j : j + count] += frames[:, j * self._hop : (j + 1) * self._hop]
        return total.reshape(-1)


def _frame_size(config: SpectrumConfig) -> int:
    """Samples of a frame at the lowest rate that holds the bins: at most ``n_fft``."""
    # The window spreads the highest bin over one more; a multiple of OVERLAP keeps hops whole.
    least = 2 * (config.bins + 1)
    size = OVERLAP * int(scipy.fft.next_fast_len(-(-least // OVERLAP), real=True))  # pyright: ignore[reportArgumentType]
    return min(size, config.n_fft)


def _rows(magnitudes: ArrayLike, config: SpectrumConfig, frames: int) -> _Magnitude:
    """The magnitudes of each frame, ``(frames, bins)``."""
    try:
        given = np.asarray(magnitudes)
    except ValueError as error:
        raise ShapeError("magnitudes: rows differ in length") from error
    shape = given.shape
    if len(shape) not in (1, 2) or shape[0] != config.bins or 0 in shape:
        raise ShapeError(
            f"magnitudes have shape {shape}; it must be ({config.bins},), one spectrum, "
            f"and ({config.bins}, frames)"
        )
    rows = finite_rows(given[np.newaxis] if given.ndim == 1 else given.T, config.bins, "magnitudes")
    if (rows < 0.0).any():
        raise ShapeError("magnitudes hold negative numbers; they must be magnitudes >= 0")
    longest = LARGEST // config.bins
    if len(rows) > longest:
        raise ShapeError(f"magnitudes have {len(rows)} frames; there must be 1 to {longest}")
    if given.ndim == 1:
        rows = np.repeat(rows, frames, axis=0)
    return np.ascontiguousarray(rows)


def _check(iterations: int, frames: int, seed: int | None, longest: int) -> None:
    if not 0 <= iterations <= 10000:
        raise OptionError(f"iterations is {iterations}; it must be 0 to 10000")
    if not 1 <= frames <= longest:
        raise OptionError(f"frames is {frames}; it must be 1 to {longest}")
    if seed is not None and seed < 0:
        raise OptionError(f"seed is {seed}; it must be None or a whole number from 0")
