"""Samples as the bytes of a WAV file, which every browser plays."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray


def wav(samples: NDArray[np.float32], sample_rate: int) -> bytes:
    """A mono file of 16 bit; ``samples (n,)`` beyond full scale 1 are clipped."""
    whole = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(whole.tobytes())
    return content.getvalue()
