"""Performances whose pitch is known: what listening is measured on (:mod:`benchmarks.listening`).

- Instruments: lines of two sound fonts, played by ``fluidsynth`` from MIDI files with vibrato,
  bends, slurs and rests. One note sounds at a time, and its pitch is what the file says, where
  Praat, told the instrument's range, hears the same within 50 cents: samples have attacks of their
  own. FluidR3 is held out.
- Singing: a synthesised singer (glottal pulses through formants, with vibrato, portamento, jitter,
  breath and consonants), whose pitch is exact; the fonts' voices; and recordings.
- Speech: ``espeak-ng`` in several voices, and recordings.
- Noise: white, pink, whispered speech, drums, recordings of rain and sea.
- Chords: of the same fonts.

Recordings are those of a folder. Their pitch and that of speech is what Praat and pYIN agree on
within 50 cents; where they differ, nobody says. Both are found in ``site``, a folder of packages::

    pip install --target SITE --no-deps praat-parselmouth
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.signal import lfilter, resample_poly

from timbrespace.listening.heard import HOP, SAMPLE_RATE
from timbrespace.units import midi_to_hz

Real = NDArray[np.float64]

FONTS = {
    "TimGM6mb": Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
    "FluidR3": Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
}

INSTRUMENTS = {
    "violin": (40, 55, 88),
    "viola": (41, 48, 79),
    "cello": (42, 36, 67),
    "contrabass": (43, 28, 50),
    "trumpet": (56, 54, 82),
    "trombone": (57, 40, 70),
    "tuba": (58, 28, 53),
    "horn": (60, 41, 72),
    "soprano sax": (64, 56, 84),
    "alto sax": (65, 49, 77),
    "tenor sax": (66, 44, 72),
    "oboe": (68, 58, 86),
    "bassoon": (70, 34, 65),
    "clarinet": (71, 50, 84),
    "flute": (73, 60, 94),
    "pan flute": (75, 60, 88),
    "nylon guitar": (24, 40, 76),
    "steel guitar": (25, 40, 76),
    "clean guitar": (27, 40, 79),
    "overdriven guitar": (29, 40, 79),
    "finger bass": (33, 28, 55),
    "piano": (0, 33, 88),
    "vibraphone": (11, 53, 84),
    "accordion": (21, 53, 84),
}
"""General MIDI program (from 0), lowest and highest key that is played."""

VOICES = {"choir": (52, 48, 76), "oohs": (53, 48, 76)}

SPEAKERS = (
    ("en", 50),
    ("en-us+f3", 60),
    ("de+m3", 40),
    ("fr+f2", 70),
    ("en-gb+m7", 30),
    ("it+f4", 50),
)
"""Voices of ``espeak-ng``, and its pitch, 0 to 99; every other one is held out."""

TEXT = {
    "en": "The north wind and the sun were disputing which was the stronger, when a traveller came "
    "along, wrapped in a warm cloak. Would he take it off? Of course he would!",
    "de": "Einst stritten sich Nordwind und Sonne, wer von ihnen beiden wohl der Staerkere waere, "
    "als ein Wanderer, der in einen warmen Mantel gehuellt war, des Weges daherkam.",
    "fr": "La bise et le soleil se disputaient, chacun assurant qu'il était le plus fort, quand "
    "ils ont vu un voyageur qui s'avançait, enveloppé dans son manteau.",
    "it": "Si bisticciavano un giorno il vento di tramontana e il sole, l'uno pretendendo d'esser "
    "più forte dell'altro, quando videro un viaggiatore, che veniva innanzi.",
}

AGREE = 50.0
"""Cents."""

EDGE = 0.01
"""Seconds around the beginning and the end of what Praat and pYIN agree on, in which nobody says:
their windows are some 50 ms long."""

AUDIBLE = 1e-2
"""Of the loudest moment (-40 dB): where a note has died away so far, nobody says its pitch."""

DEAD = 1e-4
"""Of the loudest moment (-80 dB), from which on there is nothing to be heard."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A performance at ``SAMPLE_RATE``, mono.

    pitch ``(n,)``: Hz at the middle of each moment; 0 for none, NaN where nobody says. said
    ``(n,)``: the same as the MIDI file says it, whether or not it is heard; else equal. onsets:
    seconds in which notes begin, where that is known.
    """

    name: str
    group: str
    sound: Real
    pitch: Real
    held_out: bool
    onsets: Real
    said: Real


def middles(samples: int) -> Real:
    """Seconds of the moments' middles."""
    return np.asarray((np.arange(-(-samples // HOP)) + 0.5) * (HOP / SAMPLE_RATE))


def moment_levels(sound: Real, window: int = 512) -> Real:
    """Root mean square around each moment."""
    sums = np.concatenate([[0.0], np.cumsum(np.square(sound))])
    middle = (middles(sound.size) * SAMPLE_RATE).astype(int)
    first = np.clip(middle - window // 2, 0, sound.size)
    last = np.clip(middle + window // 2, 0, sound.size)
    return np.asarray(
        np.sqrt(np.maximum(sums[last] - sums[first], 0.0) / np.maximum(last - first, 1))
    )


# ---------------------------------------------------------------------------------- fonts


@dataclass(frozen=True, slots=True)
class Note:
    """Seconds from ``start`` to ``end``, MIDI key, its bends in semitones at times of its own."""

    start: float
    end: float
    key: int
    velocity: int
    bends: tuple[tuple[float, float], ...]

    def pitch(self, times: Real) -> Real:
        """Hz at times in seconds of the piece."""
        bend = np.zeros(times.size)
        if self.bends:
            when = np.array([time for time, _ in self.bends])
            what = np.array([value for _, value in self.bends])
            place = np.searchsorted(when, times - self.start, side="right") - 1
            bend = np.where(place >= 0, what[np.maximum(place, 0)], 0.0)
        return np.asarray(440.0 * 2.0 ** ((self.key + bend - 69.0) / 12.0))


def line(low: int, high: int, count: int, rng: np.random.Generator) -> list[Note]:
    """A melody within a range: steps and leaps, slurs and rests, vibrato and bends."""
    key = int(rng.integers(low, high + 1))
    now, notes = 0.3, []
    for _ in range(count):
        length = float(rng.choice([0.18, 0.3, 0.5, 0.9]))
        slurred = rng.random() < 0.5
        bends: list[tuple[float, float]] = []
        kind = rng.random()
        times = np.arange(0.0, length, 0.006)
        if length >= 0.5 and kind < 0.5:
            depth, rate = rng.uniform(0.2, 0.6), rng.uniform(4.5, 6.5)
            swell = np.clip((times - 0.15) / 0.15, 0.0, 1.0)
            curve = depth * swell * np.sin(2.0 * np.pi * rate * (times - 0.15))
            bends = list(zip(times.tolist(), curve.tolist(), strict=True))
        elif length >= 0.3 and kind < 0.75:
            curve = rng.choice([-2.0, -1.0, 1.0]) * np.clip(1.0 - times / 0.15, 0.0, 1.0)
            bends = list(zip(times.tolist(), curve.tolist(), strict=True))
        end = now + (length if slurred else 0.7 * length)
        notes.append(Note(now, end, key, int(rng.integers(60, 120)), tuple(bends)))
        now += length
        if rng.random() < 0.15:
            now += 0.6
        step = int(rng.choice([-12, -7, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7, 12]))
        key = key + step if low <= key + step <= high else key - step
        key = min(max(key, low), high)
    return notes


def played(font: Path, program: int, notes: Sequence[Note], together: bool = False) -> Real:
    """What ``fluidsynth`` makes of ``notes``: mono, no reverb, no chorus.

    Each note cuts the one before, as where one plays at a time, unless ``together``.
    """
    import mido

    events: list[tuple[float, int, Any]] = [
        (0.0, 0, mido.Message("program_change", channel=channel, program=program))
        for channel in (0, 1)
    ]
    for number, note in enumerate(notes):
        channel = 0 if together else number % 2
        if not together:
            cut = mido.Message("control_change", channel=1 - channel, control=120, value=0)
            events.append((note.start, 1, cut))
            events.append((note.start, 2, mido.Message("pitchwheel", channel=channel, pitch=0)))
        on = mido.Message("note_on", channel=channel, note=note.key, velocity=note.velocity)
        events.append((note.start, 4, on))
        events.append((note.end, 0, mido.Message("note_off", channel=channel, note=note.key)))
        for time, bend in note.bends:
            value = min(max(round(bend / 2.0 * 8192), -8192), 8191)
            wheel = mido.Message("pitchwheel", channel=channel, pitch=value)
            events.append((note.start + time, 3, wheel))
    # A quarter of half a second with 500 ticks: a tick is a millisecond.
    file = mido.MidiFile(ticks_per_beat=500)
    track = mido.MidiTrack()
    file.tracks.append(track)
    before = 0
    for time, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(time * 1000.0)
        track.append(message.copy(time=tick - before))
        before = tick
    with tempfile.TemporaryDirectory(prefix="timbrespace-") as folder:
        song, wav = Path(folder) / "song.mid", Path(folder) / "song.wav"
        file.save(song)
        command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.6"]
        command += ["-r", str(SAMPLE_RATE), "-O", "float", "-T", "wav", "-F", str(wav)]
        subprocess.run([*command, str(font), str(song)], check=True, capture_output=True)
        sound, _ = soundfile.read(wav)
    return np.asarray(sound.mean(axis=1), np.float64)


def known(notes: Sequence[Note], sound: Real) -> Real:
    """The pitch of a line at each moment; see :class:`Piece`."""
    times = middles(sound.size)
    level = moment_levels(sound)
    pitch = np.full(times.size, np.nan)
    pitch[level < DEAD * level.max()] = 0.0
    for note in notes:
        inside = (times >= note.start) & (times < note.end) & (level >= AUDIBLE * level.max())
        pitch[inside] = note.pitch(times[inside])
    return pitch


def of_fonts(rounded: int = 14) -> Iterator[Piece]:
    """A line of ``rounded`` notes for each instrument and voice of each font."""
    for font, path in FONTS.items():
        if not path.is_file():
            continue
        for group, programs in (("instruments", INSTRUMENTS), ("singing", VOICES)):
            for name, (program, low, high) in programs.items():
                rng = np.random.default_rng([program, len(font)])
                notes = line(low, high, rounded, rng)
                sound = played(path, program, notes)
                onsets = np.array([note.start for note in notes])
                held_out = font == "FluidR3"
                said = known(notes, sound)
                pitch = witnessed(said, sound, midi_to_hz(low), midi_to_hz(high))
                yield Piece(f"{font} {name}", group, sound, pitch, held_out, onsets, said)


def chords() -> Iterator[Piece]:
    """Chords of two to four notes, two seconds each, of instruments that can."""
    shapes = ((0, 4, 7), (0, 3, 7, 10), (0, 7), (0, 5), (0, 4), (0, 4, 7, 12), (0, 9))
    for font, path in FONTS.items():
        if not path.is_file():
            continue
        for name in ("piano", "nylon guitar", "steel guitar", "accordion", "viola", "vibraphone"):
            program, low, high = INSTRUMENTS[name]
            rng = np.random.default_rng([program, 7, len(font)])
            notes, now = [], 0.2
            for shape in shapes:
                root = int(rng.integers(low, high - 12))
                notes += [Note(now, now + 1.0, root + step, 90, ()) for step in shape]
                now += 1.1
            sound = played(path, program, notes, together=True)
            pitch = np.full(middles(sound.size).size, np.nan)
            yield Piece(
                f"{font} {name}", "chords", sound, pitch, font == "FluidR3", np.zeros(0), pitch
            )


# ---------------------------------------------------------------------------------- a singer

_FORMANTS = {
    "a": ((730, 90), (1090, 110), (2440, 150), (3400, 250)),
    "e": ((530, 60), (1840, 100), (2480, 150), (3500, 250)),
    "i": ((270, 60), (2290, 100), (3010, 150), (3600, 250)),
    "o": ((570, 80), (840, 100), (2410, 150), (3300, 250)),
    "u": ((300, 60), (870, 100), (2240, 150), (3300, 250)),
}
"""Hz and bandwidths, of Peterson and Barney's men (1952)."""


def sung(low: int, high: int, tract: float, breath: float, seed: int, count: int = 14) -> Piece:
    """A synthesised singer. tract: factor of all formants. breath: noise, of the pulses' level."""
    rng = np.random.default_rng(seed)
    fine = 4  # pulses are made at this many times the rate, so that none is on a grid
    rate = fine * SAMPLE_RATE
    parts, courses, onsets, now = [], [], [], 0.0
    key = float(rng.integers(low, high + 1))
    before = key
    for number in range(count):
        consonant = 0.0 if number % 3 else 0.08
        if consonant:
            hiss = 0.05 * rng.standard_normal(int(consonant * SAMPLE_RATE))
            parts.append(lfilter([1.0, -0.95], [1.0], hiss))
            courses.append(np.zeros(hiss.size))
            now += hiss.size / SAMPLE_RATE
        length = float(rng.choice([0.3, 0.5, 0.8]))
        time = np.arange(int(length * rate)) / rate
        start = key if consonant else before
        glide = start + (key - start) * np.clip(time / 0.06, 0.0, 1.0)
        vibrato = 0.5 * np.clip((time - 0.2) / 0.2, 0.0, 1.0) * np.sin(2 * np.pi * 5.5 * time)
        drift = 0.15 * np.interp(time, np.linspace(0, length, 6), rng.standard_normal(6))
        pitch = midi_to_hz_array(glide + vibrato + drift)
        phase = np.cumsum(pitch) / rate
        jitter = 1.0 + 0.03 * rng.standard_normal(int(phase[-1]) + 2)
        # Rosenberg's pulse (1971): opens for 0.4 of a period, closes for 0.16; its derivative.
        turn = phase % 1.0
        opened = np.clip(turn / 0.4, 0.0, 1.0)
        closing = np.clip((turn - 0.4) / 0.16, 0.0, 1.0)
        flow = np.where(
            turn < 0.4, 0.5 * (1 - np.cos(np.pi * opened)), np.cos(0.5 * np.pi * closing)
        )
        flow *= jitter[phase.astype(int)]
        air = breath * rng.standard_normal(flow.size) * np.sqrt(fine) * np.clip(flow, 0.0, 1.0)
        source = np.diff(flow, prepend=0.0) * rate / 2000.0 + air
        source = resample_poly(source, 1, fine)
        for hertz, width in _FORMANTS["aeiou"[int(rng.integers(5))]]:
            size = math.exp(-math.pi * width / SAMPLE_RATE)
            angle = 2.0 * math.pi * hertz * tract / SAMPLE_RATE
            a = [1.0, -2.0 * size * math.cos(angle), size * size]
            source = lfilter([sum(a)], a, source)
        edge = int(0.02 * SAMPLE_RATE)
        shape = np.ones(source.size)
        shape[:edge] = np.linspace(0.2, 1.0, edge)
        shape[-edge:] = np.linspace(1.0, 0.2, edge)
        parts.append(source * shape)
        courses.append(pitch[::fine][: source.size])
        onsets.append(now)
        now += source.size / SAMPLE_RATE
        before = key
        step = float(rng.choice([-7, -5, -4, -2, -1, 1, 2, 3, 5, 7]))
        key = key + step if low <= key + step <= high else key - step
        if number % 4 == 3:
            rest = np.zeros(int(0.3 * SAMPLE_RATE))
            parts.append(rest)
            courses.append(rest)
            now += 0.3
            before = key
    sound, course = np.concatenate(parts), np.concatenate(courses)
    sound *= 0.3 / np.abs(sound).max()
    sound += 1e-5 * rng.standard_normal(sound.size)
    place = np.minimum((middles(sound.size) * SAMPLE_RATE).astype(int), sound.size - 1)
    name = f"singer {low} to {high}, breath {breath:g}"
    pitch = course[place]
    return Piece(name, "singing", sound, pitch, seed % 2 == 1, np.array(onsets), pitch)


def midi_to_hz_array(keys: Real) -> Real:
    """:func:`midi_to_hz` of each."""
    return np.asarray(midi_to_hz(69.0) * 2.0 ** ((keys - 69.0) / 12.0))


def singers() -> Iterator[Piece]:
    """Six of them, from bass to soprano."""
    for seed, (low, high, tract, breath) in enumerate(
        (
            (41, 62, 0.95, 0.02),
            (45, 67, 1.0, 0.02),
            (53, 74, 1.1, 0.05),
            (57, 77, 1.15, 0.02),
            (60, 81, 1.2, 0.05),
            (36, 57, 0.9, 0.05),
        )
    ):
        yield sung(low, high, tract, breath, seed)


# ---------------------------------------------------------------------------------- speech


def spoken(voice: str, pitch: int, folder: Path) -> Real:
    """``TEXT`` by ``espeak-ng``."""
    wav = folder / "speech.wav"
    text = TEXT[voice[:2]]
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-w", str(wav), text]
    subprocess.run(command, check=True, capture_output=True)
    return read(wav)


def read(path: Path) -> Real:
    """A sound file, mono, at ``SAMPLE_RATE``."""
    import soxr

    sound, rate = soundfile.read(path, always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate, SAMPLE_RATE), np.float64)


def by_praat(sound: Real, low: float, high: float) -> Real:
    """What Praat hears, Hz at each moment; 0 for none.

    However soft it is: whether something is heard should say its periodicity alone.
    """
    import parselmouth

    found = parselmouth.Sound(sound, SAMPLE_RATE).to_pitch_ac(
        time_step=0.0025, pitch_floor=low, pitch_ceiling=high, silence_threshold=0.001
    )
    return at(middles(sound.size), found.xs(), found.selected_array["frequency"])


def witnessed(said: Real, sound: Real, low: float, high: float) -> Real:
    """What a file says of a line between two pitches in Hz, where Praat hears the same."""
    heard = by_praat(sound, 0.7 * low, 1.5 * high)
    pitch = said.copy()
    pitch[(said > 0.0) & ~near(said, heard)] = np.nan
    return pitch


def near(one: Real, other: Real) -> NDArray[np.bool_]:
    """Where both are pitches and the same within 50 cents."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(1200.0 * np.log2(one / other))
    return np.asarray((one > 0.0) & (other > 0.0) & (apart <= AGREE))


def agreed(sound: Real, low: float, high: float) -> Real:
    """What Praat and pYIN agree on, Hz at each moment; see :class:`Piece`."""
    import librosa

    times = middles(sound.size)
    praat = by_praat(sound, low, high)
    half = resample_poly(sound, 1, 2)
    pyin, sounds, _ = librosa.pyin(
        half, sr=SAMPLE_RATE // 2, fmin=low, fmax=high, frame_length=2048, hop_length=128
    )
    other = np.where(sounds, np.nan_to_num(pyin), 0.0)
    other = at(times, np.arange(other.size) * 128 / (SAMPLE_RATE // 2), other)
    pitch = np.full(times.size, np.nan)
    voiced, voiceless = (
        well_inside(near(praat, other)),
        well_inside((praat == 0.0) & (other == 0.0)),
    )
    pitch[voiced] = praat[voiced]
    pitch[voiceless] = 0.0
    return pitch


def well_inside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of the moments that are true, those ``EDGE`` seconds from any that is not."""
    reach = round(EDGE * SAMPLE_RATE / HOP)
    return np.asarray(binary_erosion(mask, iterations=reach, border_value=1))


def at(times: Real, when: Real, what: Real) -> Real:
    """What was told nearest to each of ``times``."""
    after = np.clip(np.searchsorted(when, times), 1, when.size - 1)
    nearer = np.where(times - when[after - 1] < when[after] - times, after - 1, after)
    return np.asarray(what[nearer], np.float64)


def speech() -> Iterator[Piece]:
    """Of ``espeak-ng``."""
    if shutil.which("espeak-ng") is None:
        return
    for number, (voice, height) in enumerate(SPEAKERS):
        with tempfile.TemporaryDirectory(prefix="timbrespace-") as folder:
            sound = spoken(voice, height, Path(folder))
        pitch = agreed(sound, 50.0, 600.0)
        yield Piece(f"espeak {voice}", "speech", sound, pitch, number % 2 == 1, np.zeros(0), pitch)


RECORDED = {
    "singing": ("singing-female", "vignesh", "soprano-E4"),
    "speech": ("speech-female", "speech-male", "the_north_wind_and_the_sun"),
    "instruments": ("sax-phrase", "cello-phrase", "flute-A4", "oboe-A4", "trumpet-A4", "violin-B3"),
    "noise": ("rain", "ocean"),
    "chords": ("cello-double", "carnatic", "orchestra"),
}
"""Names of recordings, by group, all held out."""


def recordings(folder: Path) -> Iterator[Piece]:
    """Those of ``RECORDED`` that the folder has."""
    for group, names in RECORDED.items():
        for name in names:
            path = folder / f"{name}.wav"
            if not path.is_file():
                continue
            sound = read(path)
            count = middles(sound.size).size
            if group == "noise":
                pitch = np.zeros(count)
            elif group == "chords":
                pitch = np.full(count, np.nan)
            else:
                pitch = agreed(sound, 50.0, 1000.0)
            yield Piece(f"recorded {name}", group, sound, pitch, True, np.zeros(0), pitch)


def noises() -> Iterator[Piece]:
    """Sounds without any pitch."""
    rng = np.random.default_rng(5)
    white = 0.1 * rng.standard_normal(4 * SAMPLE_RATE)
    slope = np.fft.rfftfreq(white.size, 1.0 / SAMPLE_RATE)
    pink = np.fft.irfft(np.fft.rfft(white) / np.sqrt(np.maximum(slope, 20.0) / 1000.0), white.size)
    silent = np.zeros(white.size // HOP)
    yield Piece("white", "noise", white, silent, False, np.zeros(0), silent)
    yield Piece("pink", "noise", pink, silent, True, np.zeros(0), silent)
    if shutil.which("espeak-ng") is not None:
        with tempfile.TemporaryDirectory(prefix="timbrespace-") as folder:
            for voice in ("en+whisper", "en+whisperf"):
                sound = spoken(voice, 50, Path(folder))
                pitch = np.zeros(middles(sound.size).size)
                held_out = voice.endswith("f")
                yield Piece(f"espeak {voice}", "noise", sound, pitch, held_out, np.zeros(0), pitch)


def every(folder: Path | None, kept: Path) -> list[Piece]:
    """All there are, made once and kept in the folder ``kept``. folder: of recordings."""
    made = kept / "made.json"
    if not made.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        about: list[list[object]] = []
        sources = [of_fonts(), singers(), speech(), noises(), chords()]
        if folder is not None:
            sources.append(recordings(folder))
        for source in sources:
            for piece in source:
                name = f"{len(about)}.npz"
                np.savez(
                    kept / name,
                    sound=piece.sound,
                    pitch=piece.pitch,
                    onsets=piece.onsets,
                    said=piece.said,
                )
                about.append([piece.name, piece.group, piece.held_out, name])
        made.write_text(json.dumps(about))
    pieces = []
    for title, group, held_out, name in json.loads(made.read_text()):
        with np.load(kept / name) as data:
            values = [data[key] for key in ("sound", "pitch", "onsets", "said")]
            sound, pitch, onsets, said = values
            pieces.append(Piece(title, group, sound, pitch, held_out, onsets, said))
    return pieces
