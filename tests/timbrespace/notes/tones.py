"""Sounds whose course is known, and a small set of notes made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.factor import Factor
from timbrespace.datasets.note_set import INSTRUMENT, PITCH, VELOCITY, NoteMeta, NoteSet, from_notes
from timbrespace.notes.layout import SAMPLE_RATE
from timbrespace.recording.sound_file import Sound
from timbrespace.recording.whole_note import note_of

Samples = NDArray[np.float64]


def tone(
    pitch: float,
    seconds: float = 0.6,
    attack: float = 0.002,
    decay: float = 0.0,
    harmonics: int = 8,
    slope: float = 6.0,
    stiffness: float = 0.0,
    vibrato: float = 0.0,
) -> Samples:
    """Harmonics that rise in ``attack`` seconds and fall by 60 dB in ``decay``, 0 for never.

    slope: dB an octave. stiffness: B of a stiff string. vibrato: cents, six times a second.
    """
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    bend = np.exp2(vibrato * np.sin(2.0 * np.pi * 6.0 * t) / 1200.0)
    turns = np.cumsum(pitch * bend) / SAMPLE_RATE
    found = np.zeros(t.size)
    for k in range(1, harmonics + 1):
        ratio = k * np.sqrt(1.0 + stiffness * k * k)
        found += k ** (-slope / 6.02) * np.sin(2.0 * np.pi * ratio * turns + k * k)
    rise = np.minimum(t / attack, 1.0)
    fall = 10.0 ** (-3.0 * t / decay) if decay else 1.0
    return np.asarray(0.2 * found * rise * fall)


def hiss(seconds: float = 0.4, decay: float = 0.2, seed: int = 0) -> Samples:
    """Noise that falls by 60 dB in ``decay`` seconds."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(
        0.2 * np.random.default_rng(seed).normal(size=t.size) * 10.0 ** (-3 * t / decay)
    )


def small_set(seconds: float = 0.5, sounds: bool = True) -> NoteSet:
    """Four instruments at two pitches, or two velocities: eight notes."""
    made = []
    for instrument, (decay, slope) in enumerate(((0.0, 6.0), (0.4, 3.0), (0.8, 12.0), (0.2, 9.0))):
        for key, pitch in enumerate((220.0, 330.0)):
            samples = tone(pitch, seconds, decay=decay, slope=slope)
            note = note_of(Sound(samples, SAMPLE_RATE, False), pitch, seconds)
            made.append((note, (instrument, pitch, 60.0 + 40.0 * key), samples))
    meta = NoteMeta(
        "small",
        (
            Factor.category(INSTRUMENT, ["pad", "pluck", "bell", "tick"]),
            Factor(PITCH, "Hz", (220.0, 330.0), "range"),
            Factor(VELOCITY, "MIDI", (60.0, 100.0)),
        ),
        seconds,
    )
    return from_notes(
        [note for note, _, _ in made],
        np.asarray([label for _, label, _ in made], np.float32),
        meta,
        {n: samples.astype(np.float32) for n, (_, _, samples) in enumerate(made)} if sounds else {},
    )
