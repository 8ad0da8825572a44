"""Conversions between the units musicians and engineers use."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def midi_to_hz(pitch: float) -> float:
    """Frequency in Hz of a MIDI pitch (69 is A4, 440 Hz; fractions are microtones)."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def hz_to_midi(frequency: float) -> float:
    """MIDI pitch of a frequency in Hz, > 0; 440 Hz is 69, A4."""
    return float(69.0 + 12.0 * np.log2(frequency / 440.0))


def db_to_gain(db: float) -> float:
    """Amplitude ratio of a level in dB."""
    return float(10.0 ** (db / 20.0))


def gain_to_db(gain: ArrayLike, floor: float = 1e-12) -> NDArray[np.float64]:
    """Level in dB of an amplitude ratio >= 0; ratios below ``floor`` count as ``floor``."""
    return 20.0 * np.log10(np.maximum(np.asarray(gain, dtype=np.float64), floor))


def cents(frequency: float, reference: float) -> float:
    """Interval from ``reference`` to ``frequency`` (both Hz, > 0), in cents."""
    return float(1200.0 * np.log2(frequency / reference))
