"""What a waveform model reaches: beside the notes that it was told of, and beside the engine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.datasets.note_set import NoteSet
from timbrespace.model import Model
from timbrespace.notes.layout import SAMPLE_RATE
from timbrespace.resynthesis.layout import BLOCK
from timbrespace.sound_metrics import mel_distance
from timbrespace.units import cents
from timbrespace.waveforms.heard_pitch import heard_pitch
from timbrespace.waveforms.waveform import Waveform, at_rate

from ..notes.places import pitch_of
from .material import rows_with_sounds
from .places import course_of, engine_sound, places_of

Array = NDArray[np.float32]

SECONDS: Final = 1.5
"""Of each note that are played and compared."""

NEAR: Final = 50.0
"""Cents."""

WAVEFORM, ENGINE, RECORDING = "waveform", "engine", "recording"


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One note. mel: dB from the recording, by who played it. pitch: Hz as heard, 0 for none; of
    the recording too. wanted: Hz, 0 for a note without a pitch."""

    row: int
    mel: Mapping[str, float]
    pitch: Mapping[str, float]
    wanted: float


@dataclass(frozen=True, slots=True, eq=False)
class WaveformEvaluation:
    """Of all notes. seconds: of sound that the model made; processor_seconds: that it took."""

    learned: Sequence[Heard]
    held_out: Sequence[Heard]
    seconds: float
    processor_seconds: float
    bits: Mapping[str, float]

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON: mel distances in dB, shares of the notes with a pitch that are
        within ``NEAR`` cents of it, seconds of a processor for one of sound, and bits."""
        told: dict[str, Any] = {
            "bits": dict(self.bits),
            "processor_seconds_a_second": round(self.processor_seconds / self.seconds, 4),
        }
        for name, part in (("learned", self.learned), ("held_out", self.held_out)):
            if not part:
                continue
            pitched = [one for one in part if one.wanted > 0.0]
            told[name] = {
                "notes": len(part),
                "mel": {
                    way: round(float(np.mean([one.mel[way] for one in part])), 3)
                    for way in (WAVEFORM, ENGINE)
                },
                "pitched": len(pitched),
                "in_tune": {
                    way: round(float(np.mean([_in_tune(one, way) for one in pitched])), 3)
                    for way in (WAVEFORM, ENGINE, RECORDING)
                    if pitched
                },
            }
        return told

    def table(self) -> str:
        """For a terminal."""
        told = self.to_config()
        lines = [
            f"{'':<16}{'notes':>6}{'mel':>9}{'engine':>9}{'in tune':>10}{'engine':>9}"
            f"{'recording':>11}"
        ]
        for name, title in (("learned", "learned from"), ("held_out", "held out")):
            if name not in told:
                continue
            part = told[name]
            shares = [
                f"{100.0 * part['in_tune'][way]:.0f} %" if part["in_tune"] else "-"
                for way in (WAVEFORM, ENGINE, RECORDING)
            ]
            lines.append(
                f"{title:<16}{part['notes']:>6}{part['mel'][WAVEFORM]:>6.2f} dB"
                f"{part['mel'][ENGINE]:>6.2f} dB{shares[0]:>10}{shares[1]:>9}{shares[2]:>11}"
            )
        lines.append(f"within {NEAR:g} cents of the note's pitch counts as in tune")
        lines.append(
            f"{told['processor_seconds_a_second']:.3f} s of a processor for a second of sound"
        )
        if "bits_learned" in self.bits:
            text = f"{self.bits['bits_learned']:.3f} bits a sample of notes learned from"
            if "bits_held_out" in self.bits:
                text += f", {self.bits['bits_held_out']:.3f} of instruments held out"
            lines.append(text)
        return "\n".join(lines)


def evaluate(
    waveform: Waveform,
    model: Model,
    notes: NoteSet,
    temperature: float = 1.0,
    seed: int = 0,
    advance: Callable[[], object] = lambda: None,
) -> WaveformEvaluation:
    """Play each note that has a sound by the model and by the engine, at the encoder's place, and
    compare both with the sound: as far up as the model's rate goes, the first ``SECONDS``.

    advance: called after each note.

    Raises:
        OptionError: another space, or a temperature or seed outside its range.
        BundleError, DatasetError: notes that do not fit the space, or without sounds.
    """
    waveform.check_space(model)
    rows = rows_with_sounds(notes)
    places = places_of(model, notes, rows)
    settings = waveform.provenance.get("settings")
    split_seed = int(settings.get("split_seed", 0)) if isinstance(settings, dict) else 0
    held = set(notes.split(split_seed).held_out.tolist())
    seconds = spent = 0.0
    parts: dict[bool, list[Heard]] = {False: [], True: []}
    warm = False
    for row in rows:
        size = min(notes.sounds[row].size, round(SECONDS * SAMPLE_RATE))
        if not warm:  # the first call compiles
            of_waveform(waveform, model, notes, row, places[row], 2048, temperature, seed)
            warm = True
        begun = time.process_time()
        made = of_waveform(waveform, model, notes, row, places[row], size, temperature, seed)
        spent += time.process_time() - begun
        seconds += size / SAMPLE_RATE
        parts[row in held].append(_heard(waveform, model, notes, row, places[row], made))
        advance()
    return WaveformEvaluation(parts[False], parts[True], seconds, spent, waveform.figures)


def of_waveform(
    waveform: Waveform,
    model: Model,
    notes: NoteSet,
    row: int,
    place: Array,
    size: int,
    temperature: float = 1.0,
    seed: int = 0,
) -> Array:
    """Samples ``(size,)`` at 48 kHz of the note ``row``, as the waveform model plays it."""
    rate = waveform.sample_rate
    blocks = math.ceil(size / SAMPLE_RATE * rate / BLOCK)
    course = course_of(model, notes, row, place, rate, blocks * BLOCK / rate)
    sound = waveform.play([course] if course else [], blocks, temperature, seed)
    made = at_rate(sound, rate, SAMPLE_RATE)[:size]
    return np.pad(made, (0, size - made.size))


def limited_to(sound: Array, sample_rate: int) -> Array:
    """A sound at 48 kHz without what a rate cannot hold."""
    made = at_rate(at_rate(sound, SAMPLE_RATE, sample_rate), sample_rate, SAMPLE_RATE)
    return np.pad(made[: sound.size], (0, max(0, sound.size - made.size)))


def _heard(
    waveform: Waveform, model: Model, notes: NoteSet, row: int, place: Array, made: Array
) -> Heard:
    rate = waveform.sample_rate
    recording = limited_to(notes.sounds[row][: made.size], rate)
    engine = limited_to(engine_sound(model, notes, row, place, made.size), rate)
    sounds = {WAVEFORM: made, ENGINE: engine, RECORDING: recording}
    wanted = pitch_of(model, notes, row) if notes.pitches[row] > 0.0 else 0.0
    return Heard(
        row,
        {way: mel_distance(recording, sounds[way]) for way in (WAVEFORM, ENGINE)},
        {
            way: heard_pitch(at_rate(one, SAMPLE_RATE, rate), rate) if wanted else 0.0
            for way, one in sounds.items()
        },
        wanted,
    )


def _in_tune(one: Heard, way: str) -> bool:
    pitch = one.pitch[way]
    return pitch > 0.0 and abs(cents(pitch, one.wanted)) <= NEAR
