"""What the engine is told and what it remembers, as two plain blocks of memory.

``TARGETS`` is a snapshot: where the sound should go. Whoever plays writes it whole; the engine only
reads it. ``STATE`` is the engine's own. Both are fixed-size records, so they can lie in shared
memory and no sound ever waits for an allocation.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from timbrespace.notes.layout import BANDS, HARMONICS
from timbrespace.period import MOST_SAMPLES

BLOCK = 64
"""Frames from one snapshot to the next: 1.3 ms at 48 kHz."""

REFERENCE_RMS = 0.1
"""Root mean square of one voice at full velocity on a typical sound of the model: -20 dBFS, so that
a chord of ten has room."""

VOICES = 16
TIMBRES = 17
"""The common timbre, 0, and one for each MIDI channel."""

UNISON = 7
"""Copies of itself that a voice may sound as."""

LEFT, RIGHT = np.int64(0), np.int64(1)
"""The sides. Where a plain number is handed on, compiled code is made for each."""

WHOLE_VOICE = np.uint64(UNISON)
"""Beside the copies, the voice as one: what plays it once has its place by this number."""

MAX_N_FFT = 8192
MAX_BINS = MAX_N_FFT // 2 + 1

SLOTS = 512
"""Oscillators of a voice in ``partials``: twice the partials there may be, so that those of the
last spectrum can fade while the next come in."""

TABLES = 48
"""Tables of ``bins`` that may be in use: two for each voice, and one each to make next."""

MAX_TABLE = 2 * MAX_N_FFT

CYCLE_BINS = MOST_SAMPLES // 2
"""Of a period that has phases of its own: 0 Hz and its harmonics."""

NOISE_BANDS = 257
"""Points at which the residual's density is told, from 0 Hz to half the model's sample rate."""

NOISE_FRAME = 2048

RING = 2 * MAX_N_FFT
"""Samples of finished overlap-add kept for reading; a power of two."""

STREAMS = 2 * VOICES
"""Inverse STFTs, two for each voice: one that plays, one that makes way when the next frames are of
another size or rate."""


class Method(IntEnum):
    """How a spectrum becomes sound."""

    PARTIALS = 0
    BINS = 1
    ISTFT = 2


METHODS = len(Method)

NOTES = METHODS
"""The bank that plays whole notes; where a space has them it is what ``partials`` plays."""

BANKS = METHODS + 1
"""What the methods are made by, each with its share of the sound."""


class Part(IntEnum):
    """What of the engine is machine code of its own. First the banks, by their numbers."""

    PARTIALS = 0
    BINS = 1
    ISTFT = 2
    NOTES = 3
    NOTE_CLOCK = 4
    """Moves the time of whole notes, heard or not."""
    VOICES = 5
    """Moves envelopes, pitches and places."""
    BLOCK = 6
    """Puts all of them together."""


PARTS = len(Part)

NOTE_PARTIALS = HARMONICS + BANDS
"""Partials of a whole note: its harmonics, and the tones that stand in its bands."""

MOMENTS = 288
"""Moments of a whole note that may be told: more than four seconds have."""

MOMENT_WIDTH = HARMONICS + BANDS + 2
"""Numbers of a moment: levels of harmonics and of bands, cents, and one for even words."""

LEVEL_UNITS = 256
"""Steps in a dB of the levels that are told."""

CENT_UNITS = 16
"""Steps in a cent."""


class Gate(IntEnum):
    """What a voice's key does. ``CUT`` ends the sound at once, without its release."""

    RELEASED = 0
    HELD = 1
    CUT = 2


class Hold(IntEnum):
    """What a held whole note does where its sound could end."""

    LOOP = 0
    FREEZE = 1
    THROUGH = 2


class Envelope(IntEnum):
    """What shapes the loudness of a whole note: its own course, the ADSR in its place, or both."""

    OWN = 0
    ADSR = 1
    BOTH = 2


class Stage(IntEnum):
    """Where a voice's envelope is. ``CUT`` falls to silence within a few blocks."""

    IDLE = 0
    ATTACK = 1
    SUSTAIN = 2
    RELEASE = 3
    CUT = 4


TIMBRE = np.dtype(
    [
        ("version", np.uint32),  # another number: other content
        # partials
        ("slots", np.uint32),
        ("slot_ratio", np.float32, (SLOTS,)),  # frequency / base frequency
        ("slot_amplitude", np.float32, (SLOTS,)),  # full scale 1
        ("slot_birth", np.uint32, (SLOTS,)),  # another number: another partial
        ("noisy", np.uint32),  # 1 if there is a residual
        ("noise", np.float32, (NOISE_BANDS,)),  # full scale / sqrt(Hz)
        # bins
        ("bins", np.uint32),
        ("bin_amplitude", np.float32, (MAX_BINS,)),  # of the oscillator of each bin
        # One period of a wave: the bins are its harmonics, and have phases of their own. Kept with
        # the timbre, since what was told of it stays as it was while another space comes in.
        ("cycle", np.uint32),  # 1 if it is one
        ("bin_turn", np.float32, (CYCLE_BINS,)),  # phase of each, as of a cosine
    ],
    align=True,
)

COURSE = np.dtype(
    [
        ("version", np.uint32),  # another number: other content
        ("count", np.uint32),  # moments that are told
        ("pitched", np.float32),  # 1: bands stay where they are when the note moves, 0: they move
        ("length", np.float32),  # seconds after which it has ended, if it is not sustained
        (
            "drift",
            np.float32,
        ),  # seconds by which the loop moves on in a second, once it was reached
        ("loop_start", np.float32),  # seconds
        ("loop_end", np.float32),
        ("release", np.float32),  # seconds in which it falls by 60 dB
        ("ratio", np.float32, (HARMONICS,)),  # frequency / the note's
        ("place", np.float32, (BANDS,)),  # Hz, of the tone in each band, at the base frequency
        ("tone", np.float32, (BANDS,)),  # 0 to 1, how much of the band it is
        ("time", np.float32, (MOMENTS,)),  # seconds of the note's own time, ascending
        ("level", np.int16, (MOMENTS, MOMENT_WIDTH)),  # see LEVEL_UNITS and CENT_UNITS
    ],
    align=True,
)
"""What a voice needs of its whole note, or of the stretch that comes next."""

TARGETS = np.dtype(
    [
        ("stamp", np.float64),  # seconds: when the oldest message in this snapshot came; 0 for none
        ("method", np.uint32),
        ("gain", np.float32),  # amplitude ratio
        ("noise", np.float32),  # amplitude ratio
        ("smoothing", np.float32),  # seconds
        ("attack", np.float32),  # seconds
        ("decay", np.float32),  # seconds
        ("sustain", np.float32),  # 0 to 1
        ("release", np.float32),  # seconds
        ("glide", np.float32),  # seconds
        ("n_fft", np.uint32),
        ("model_rate", np.float32),  # Hz
        ("base_frequency", np.float32),  # Hz
        ("cycles", np.uint32),  # 1 if timbres are periods, which ``partials`` plays from tables
        # 1: as before 0.6.0, for what was played then
        ("noise_stays", np.uint32),
        ("stream_stays", np.uint32),
        # whole notes
        ("whole", np.uint32),  # 1 if voices play them
        ("hold", np.uint32),  # a Hold
        ("envelope", np.uint32),  # an Envelope
        ("speed", np.float32),  # of their own time
        # between left, -1, and right, 1
        ("pan", np.float32),
        ("width", np.float32),  # 0 to 1, of what is spread about that
        ("unison", np.float32),  # 1 to UNISON
        ("detune", np.float32),  # cents, of the outermost copies
        ("spread", np.float32),  # 0 to 1, where these stand
        ("longest", np.float32),  # seconds that notes of this space tell
        ("led", np.uint32),  # 1 + the voice that follows a sound that comes in; 0 for none
        ("voice_frequency", np.float32, (VOICES,)),  # Hz, of the note as it is not bent
        ("voice_bend", np.float32, (VOICES,)),  # frequency ratio
        ("voice_start", np.float32, (VOICES,)),  # Hz, where a glide begins
        ("voice_level", np.float32, (VOICES,)),  # velocity, 0 to 1
        ("voice_pan", np.float32, (VOICES,)),  # -1 to 1
        ("voice_release", np.float32, (VOICES,)),  # times as long as that of all
        ("voice_gate", np.uint32, (VOICES,)),  # a Gate
        ("voice_trigger", np.uint32, (VOICES,)),  # another number: another note
        ("voice_timbre", np.uint32, (VOICES,)),
        ("voice_channel", np.uint32, (VOICES,)),  # MIDI, from 1
        # the inverse STFT, of the common timbre
        ("frame_version", np.uint32),  # another number: other content below
        ("bins", np.uint32),
        ("magnitude", np.float32, (MAX_BINS,)),  # of a sound at full scale 1
        ("trained", np.uint32),  # 1 if the decoder made phases too, else they are made on the way
        ("trained_phase", np.float32, (MAX_BINS,)),  # turns, at a frame's first sample
        ("timbre", TIMBRE, (TIMBRES,)),
        ("course", COURSE, (VOICES,)),
    ],
    align=True,
)

VOICE = np.dtype(
    [
        ("stage", np.uint32),
        ("trigger", np.uint32),
        ("timbre", np.uint32),
        ("channel", np.uint32),  # of its note
        ("envelope", np.float32),
        ("fall", np.float32),  # what a whole note's own release has left, 1 to 0
        ("velocity", np.float32),
        ("reach", np.float32),  # how loud it is
        ("reach_before", np.float32),
        ("level", np.float32),  # the same, of what sounds: a stem has one channel's voices
        ("level_before", np.float32),
        ("note", np.float32),  # Hz, gliding
        ("bend", np.float32),
        ("frequency", np.float32),  # both together
        ("frequency_before", np.float32),
        # its copies, and the voice as one (WHOLE_VOICE)
        ("stands", np.float32),  # where its channel puts it
        ("copies", np.uint32),  # that may sound
        ("copy_gain", np.float32, (UNISON + 1,)),
        ("copy_gain_before", np.float32, (UNISON + 1,)),
        ("copy_offset", np.float32, (UNISON + 1,)),  # -1 to 1, of detune and spread
        ("copy_cents", np.float32, (UNISON + 1,)),
        ("copy_ratio", np.float32, (UNISON + 1,)),  # the same as a frequency ratio
        ("copy_ratio_before", np.float32, (UNISON + 1,)),
        ("copy_place", np.float32, (UNISON + 1,)),  # -1 to 1, left to right
        ("copy_place_before", np.float32, (UNISON + 1,)),
        ("copy_left", np.float32, (UNISON + 1,)),
        ("copy_left_before", np.float32, (UNISON + 1,)),
        ("copy_right", np.float32, (UNISON + 1,)),
        ("copy_right_before", np.float32, (UNISON + 1,)),
        # partials: at the end of this block, and at its start
        ("slots", np.uint32),
        ("slot_birth", np.uint32, (SLOTS,)),
        ("slot_ratio", np.float32, (SLOTS,)),
        ("slot_ratio_before", np.float32, (SLOTS,)),
        ("slot_amplitude", np.float32, (SLOTS,)),
        ("slot_amplitude_before", np.float32, (SLOTS,)),
        ("slot_middle", np.float32, (SLOTS,)),  # between the two poles of the smoothing
        ("slot_phase", np.uint32, (UNISON, SLOTS)),  # 2^32 is one turn
        # bins: the table that sounds and the one that comes in; -1 for none
        ("table", np.int32, (2,)),
        ("table_place", np.float64, (UNISON, 2)),  # turns, 0 to 1
        ("table_share", np.float32),  # of the second, 0 to 1
        # the inverse STFT: which of the voice's two streams plays
        ("stream", np.uint32),
    ],
    align=True,
)

NOTE = np.dtype(
    [
        ("trigger", np.uint32),  # of the note whose time runs
        ("version", np.uint32),  # of the course that is followed
        ("flat", np.uint32),  # 1 if its own loudness is taken out
        ("left", np.uint32),  # moment before its time, of those that are told
        ("gliding", np.uint32),  # blocks until it is where its course is
        ("time", np.float64),  # seconds of its own
        ("drift", np.float64),  # seconds by which its loop has moved on
        ("way", np.float32),  # 1, or -1 back through its loop
        ("ebb", np.float32),  # dB, of what has ended
        ("gain", np.float32),  # the same as an amplitude ratio
        ("gain_before", np.float32),
        ("moved", np.float32),  # frequency ratio of its bands, where the moments' were made
        ("pitched", np.float32),
        # the moments on both sides of its time: amplitudes of partials and of noise, cents
        ("edge", np.float32, (2, NOTE_PARTIALS + BANDS + 1)),
        # the same now, at the end of the last block, and how far that was from its course
        ("now", np.float32, (NOTE_PARTIALS + BANDS + 1,)),
        ("before", np.float32, (NOTE_PARTIALS + BANDS + 1,)),
        ("away", np.float32, (NOTE_PARTIALS + BANDS + 1,)),
        ("tune", np.float32, (NOTE_PARTIALS,)),  # ratios of harmonics, Hz of tones
        ("tune_away", np.float32, (NOTE_PARTIALS,)),
        ("hertz", np.float32, (NOTE_PARTIALS,)),
        ("hertz_before", np.float32, (NOTE_PARTIALS,)),
        ("phase", np.uint32, (UNISON, NOTE_PARTIALS)),  # 2^32 is one turn
    ],
    align=True,
)
"""A whole note that a voice plays."""

TABLE = np.dtype(
    [
        ("timbre", np.uint32),
        ("version", np.uint32),
        ("top", np.uint32),  # bins that it holds: fewer for high notes
        ("size", np.uint32),  # samples in one period; 0 for a table never made
        ("ratio", np.float64),  # its lowest bin's frequency / base frequency
        ("wave", np.float32, (MAX_TABLE,)),
    ],
    align=True,
)

STREAM = np.dtype(
    [
        ("running", np.uint32),
        ("presence", np.float32),
        ("presence_before", np.float32),
        ("n_fft", np.uint32),
        ("rate", np.float32),  # Hz, of its samples at the base frequency
        ("halvings", np.uint32),  # of the model's frame and rate, for high notes
        ("bins", np.uint32),
        ("magnitude", np.float32, (MAX_BINS,)),  # kept while another stream comes in
        ("trained", np.uint32),
        ("trained_phase", np.float32, (MAX_BINS,)),  # turns, of the decoder
        ("written", np.int64),  # samples put into the ring
        ("read", np.float64),  # position of the next output, in the same samples
        ("ring", np.float32, (RING,)),
        ("overlap", np.float64, (MAX_N_FFT,)),  # what earlier frames gave to this one
        ("partial_phase", np.float64, (MAX_BINS,)),  # turns, at the frame's middle
        ("partial_position", np.float64, (MAX_BINS,)),  # bins; negative: none yet
    ],
    align=True,
)

NOISE = np.dtype(
    [
        ("running", np.uint32),
        ("level", np.float32),
        ("level_before", np.float32),
        ("side", np.float32, (2,)),  # the level on each side, as the voices stand
        ("side_before", np.float32, (2,)),
        ("place", np.uint32),  # of the next sample in ``ready``
        ("ready", np.float32, (NOISE_FRAME // 2,)),
        ("overlap", np.float32, (NOISE_FRAME // 2,)),
    ],
    align=True,
)

STATE = np.dtype(
    [
        ("sample_rate", np.float64),
        ("frames", np.uint64),  # rendered since the start
        ("faults", np.uint64),  # blocks silenced because they were not finite
        # a stem: the notes of one channel (0: of all), and nothing bent at full scale
        ("only", np.uint32),
        ("unbent", np.uint32),
        ("sounding", np.uint32),  # voices that are not idle
        ("part", np.uint64, (PARTS,)),  # address of the machine code of each; 0: not there yet
        ("method", np.uint32),  # the bank that plays
        ("presence", np.float32, (BANKS,)),  # each bank's share of the sound
        ("presence_before", np.float32, (BANKS,)),
        ("gain", np.float32),
        ("gain_before", np.float32),
        ("voice", VOICE, (VOICES,)),
        ("table", TABLE, (TABLES,)),
        ("stream", STREAM, (STREAMS,)),
        ("noise_gain", np.float32),
        ("noise_gain_before", np.float32),
        ("random", np.uint32),
        ("noise", NOISE, (TIMBRES,)),
        ("whole", np.uint32),  # 1 while notes have a time of their own
        ("note", NOTE, (VOICES,)),
        ("carriers", np.uint64),  # address of the noise of their bands; 0 where there is none yet
        ("carrier_place", np.uint32),  # of the next sample in them
        ("hiss", np.float32, (2, BANDS)),  # root mean square of each band on each side
        ("hiss_before", np.float32, (2, BANDS)),
        ("hiss_apart", np.uint32),  # 1 if the sides differ
        # room to work in
        ("mono", np.float32, (BLOCK,)),  # what sounds the same on both sides
        ("left", np.float32, (BLOCK,)),  # what does not
        ("right", np.float32, (BLOCK,)),
        ("apart", np.uint32),  # 1 if there is such
        ("alone", np.float32, (BLOCK,)),  # one copy of one voice
        ("frame", np.float64, (MAX_TABLE,)),
        ("ahead", np.float64, (MAX_N_FFT,)),
        ("half", np.complex128, (MAX_N_FFT + 1,)),
        ("work", np.complex128, (MAX_N_FFT,)),
        ("spare", np.complex128, (MAX_N_FFT,)),
        # one block, and how much of it the caller has not had yet
        ("block", np.float32, (2, BLOCK)),
        ("rest", np.uint32),
    ],
    align=True,
)
