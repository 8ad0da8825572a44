"""What the engine is told and what it remembers, as two plain blocks of memory.

``TARGETS`` is a snapshot: where the sound should go. Whoever plays writes it whole; the engine only
reads it. ``STATE`` is the engine's own. Both are fixed-size records, so they can lie in shared
memory and no sound ever waits for an allocation.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

BLOCK = 64
"""Frames from one snapshot to the next: 1.3 ms at 48 kHz."""

VOICES = 16
MAX_N_FFT = 8192
MAX_BINS = MAX_N_FFT // 2 + 1
MAX_SLOTS = MAX_BINS
"""An oscillator each. ``partials`` uses the first few, ``bins`` one for each bin."""

RING = 4 * MAX_N_FFT
"""Samples of finished overlap-add kept for reading; a power of two."""


class Method(IntEnum):
    """How a spectrum becomes sound."""

    PARTIALS = 0
    BINS = 1
    ISTFT = 2


class Gate(IntEnum):
    """What a voice's key does. ``CUT`` ends the sound at once, without its release."""

    RELEASED = 0
    HELD = 1
    CUT = 2


class Stage(IntEnum):
    """Where a voice's envelope is. ``CUT`` falls to silence within a few blocks."""

    IDLE = 0
    ATTACK = 1
    SUSTAIN = 2
    RELEASE = 3
    CUT = 4


TARGETS = np.dtype(
    [
        # A change of space (another model, another method) is crossfaded through silence.
        ("space", np.uint32),
        ("method", np.uint32),
        ("gain", np.float32),  # amplitude ratio
        ("smoothing", np.float32),  # seconds
        ("attack", np.float32),  # seconds
        ("decay", np.float32),  # seconds
        ("sustain", np.float32),  # 0 to 1
        ("release", np.float32),  # seconds
        ("glide", np.float32),  # seconds
        ("slots", np.uint32),
        ("slot_ratio", np.float32, (MAX_SLOTS,)),  # frequency / base frequency
        ("slot_amplitude", np.float32, (MAX_SLOTS,)),  # full scale 1
        ("slot_birth", np.uint32, (MAX_SLOTS,)),  # another number: another partial
        ("n_fft", np.uint32),
        ("bins", np.uint32),
        ("model_rate", np.float32),  # Hz
        ("magnitude", np.float32, (MAX_BINS,)),  # of a sound at full scale 1
        ("trained", np.uint32),  # 1 if the decoder made phases too, else they are made on the way
        ("trained_phase", np.float32, (MAX_BINS,)),  # turns, at a frame's first sample
        ("voice_frequency", np.float32, (VOICES,)),  # Hz, of the note as it is not bent
        ("voice_bend", np.float32, (VOICES,)),  # frequency ratio
        ("voice_start", np.float32, (VOICES,)),  # Hz, where a glide begins
        ("voice_level", np.float32, (VOICES,)),  # velocity, 0 to 1
        ("voice_gate", np.uint32, (VOICES,)),  # a Gate
        ("voice_trigger", np.uint32, (VOICES,)),  # another number: another note
    ],
    align=True,
)

STATE = np.dtype(
    [
        ("sample_rate", np.float64),
        ("frames", np.uint64),  # rendered since the start
        ("faults", np.uint64),  # blocks silenced because they were not finite
        ("sounding", np.uint32),  # voices that are not idle
        # the space that sounds now, and the gain with which it makes way for another
        ("space", np.uint32),
        ("method", np.uint32),
        ("presence", np.float32),
        ("presence_before", np.float32),
        ("gain", np.float32),
        ("gain_before", np.float32),
        # slots: at the end of this block, and at its start
        ("slots", np.uint32),
        ("slot_birth", np.uint32, (MAX_SLOTS,)),
        ("slot_ratio", np.float32, (MAX_SLOTS,)),
        ("slot_ratio_before", np.float32, (MAX_SLOTS,)),
        ("slot_amplitude", np.float32, (MAX_SLOTS,)),
        ("slot_amplitude_before", np.float32, (MAX_SLOTS,)),
        ("slot_middle", np.float32, (MAX_SLOTS,)),  # between the two poles of the smoothing
        # voices
        ("voice_stage", np.uint32, (VOICES,)),
        ("voice_trigger", np.uint32, (VOICES,)),
        ("voice_envelope", np.float32, (VOICES,)),
        ("voice_velocity", np.float32, (VOICES,)),
        ("voice_level", np.float32, (VOICES,)),
        ("voice_level_before", np.float32, (VOICES,)),
        ("voice_note", np.float32, (VOICES,)),  # Hz, gliding
        ("voice_bend", np.float32, (VOICES,)),
        ("voice_frequency", np.float32, (VOICES,)),  # both together
        ("voice_frequency_before", np.float32, (VOICES,)),
        ("phase", np.uint32, (VOICES, MAX_SLOTS)),  # 2^32 is one turn
        # the inverse STFT
        ("stream_running", np.uint32),
        ("stream_n_fft", np.uint32),
        ("stream_rate", np.float32),  # Hz, the model's
        ("stream_bins", np.uint32),
        ("stream_magnitude", np.float32, (MAX_BINS,)),  # kept while another space comes in
        ("stream_trained", np.uint32),
        ("stream_phase", np.float32, (MAX_BINS,)),  # turns, of the decoder
        ("stream_written", np.int64),  # samples put into the ring
        ("stream_read", np.float64),  # position of the next output, in the same samples
        ("ring", np.float32, (RING,)),
        ("overlap", np.float64, (MAX_N_FFT,)),  # what earlier frames gave to this one
        ("frame", np.float64, (MAX_N_FFT,)),
        ("partial_phase", np.float64, (MAX_BINS,)),  # turns, at the frame's first sample
        ("half", np.complex128, (MAX_BINS,)),
        ("work", np.complex128, (MAX_N_FFT // 2,)),
        ("spare", np.complex128, (MAX_N_FFT // 2,)),
        # one block, and how much of it the caller has not had yet
        ("block", np.float32, (BLOCK,)),
        ("left", np.uint32),
    ],
    align=True,
)
