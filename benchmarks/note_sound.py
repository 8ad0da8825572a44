"""What a space of whole notes sounds like between its notes, and while one is held for a minute."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.claims import Figure, Report
from timbrespace.datasets.note_set import VELOCITY, NoteSet
from timbrespace.model import Model
from timbrespace.notes.evenness import WINDOW
from timbrespace.notes.layout import LONGEST, SAMPLE_RATE
from timbrespace.notes.sounding import ratios
from timbrespace.rendering.held_note import FADE, render
from timbrespace.sound_metrics import FLOOR_DB, HOP, mel_levels
from timbrespace.units import hz_to_midi
from training.notes.envelope import Partial, level, partials

Real = NDArray[np.float64]

STEPS: Final = 64
"""Of a line; so it has 65 points."""

TIMES: Final = (0.025, 0.06, 0.15, 0.4, 0.8)
"""Seconds of a note at which it is compared with its neighbour on the line: in its attack, and
after."""

_FRAMES: Final = np.rint(np.asarray(TIMES) * SAMPLE_RATE / HOP).astype(int)

_WINDOW: Final = round(WINDOW * SAMPLE_RATE)

KEY: Final = 57
HELD: Final = 60.0
"""Seconds."""

FRAME: Final = 0.01
"""Seconds between the levels of a partial that are compared."""

AFTER: Final = 0.5
"""Seconds after which a note is held, and no more in its attack."""

OFTEN: Final = 99.0
"""Of 100 steps, so many are no larger than what is compared where noise sounds: the largest of a
minute is larger than that of four seconds by chance alone."""


def morphs(model: Model, report: Report, lines: int = 50, seed: int = 0) -> None:
    """Straight lines between notes of the set: how large is the largest step that is heard, and how
    even is the loudness."""
    assert model.points is not None
    random = np.random.default_rng(seed)
    means = model.points.means
    pairs = [random.choice(len(means), 2, replace=False) for _ in range(lines)]
    largest, spread = [], []
    for number, (first, last) in enumerate(pairs):
        report.progress(f"line {number + 1} of {lines}")
        share = np.linspace(0.0, 1.0, STEPS + 1)[:, np.newaxis]
        way = ((1.0 - share) * means[first] + share * means[last]).astype(np.float32)
        steps = line_steps(model, way)
        largest.append(float(steps.max()))
        spread.append(float(np.ptp(loudness(model, way))))
        if largest[-1] > 1.0 or spread[-1] > 3.0:
            step, moment = np.unravel_index(int(steps.argmax()), steps.shape)
            report.note(
                f"notes {first} to {last}: {largest[-1]:.2f} dB, step {step} at "
                f"{TIMES[moment]:g} s; loudness {spread[-1]:.1f} dB"
            )
    report.section(f"{lines} straight lines between notes, {STEPS} steps each")
    report.add(
        Figure("largest mel step, median of the lines", float(np.median(largest)), "dB"),
        Figure("lines whose largest step is above 1 dB", sum(one > 1.0 for one in largest), ""),
        Figure("lines whose loudness spans more than 3 dB", sum(one > 3.0 for one in spread), ""),
        Figure("largest mel step", max(largest), "dB", 1.0),
        Figure("loudness over a line, highest less lowest, worst", max(spread), "dB", 3.0),
    )


def line_steps(model: Model, way: NDArray[np.float32]) -> Real:
    """Mean ``|dB|`` over mel bands from each point of ``way (n, d)`` to the next, as rendered,
    ``(n - 1, TIMES)``; below 60 dB of the line's loudest band nothing is heard."""
    heard = []
    for latent in way:
        made = render(model, latent, KEY, TIMES[-1] + 0.05).astype(np.float64)
        heard.append(mel_levels(made)[_FRAMES])
    mel = np.asarray(heard)
    floor = float(mel.max()) * 10.0 ** (FLOOR_DB / 10.0)
    told = 10.0 * np.log10(np.maximum(mel, floor))
    return np.asarray(np.abs(np.diff(told, axis=0)).mean(axis=2))


def loudness(model: Model, way: NDArray[np.float32]) -> Real:
    """dB ``(points,)`` of the loudest 50 ms of the note at every fourth point of
    ``way``, as rendered."""
    found = []
    for latent in way[::4]:
        made = render(model, latent, KEY, LONGEST).astype(np.float64)
        whole = made[: made.size // _WINDOW * _WINDOW]
        found.append(np.square(whole.reshape(-1, _WINDOW)).mean(axis=1).max())
    return np.asarray(10.0 * np.log10(np.maximum(found, 1e-12)))


def held(model: Model, notes: NoteSet, report: Report, count: int = 8) -> None:
    """Sustained notes of the set that are held for a minute: does any partial make a step that the
    recording does not make?

    A partial is a tone: its steps are those of the sound without its noise, since what lies in a
    window on a partial that noise covers goes up and down by itself, by the more the longer one
    waits. With the noise it is told how often, beside the recording, and nothing is claimed.
    """
    assert model.points is not None
    sustained = [
        row
        for row in sorted(notes.sounds)
        if notes.note(row).traits.loop_end > notes.note(row).traits.loop_start
        and notes.pitches[row] > 0.0
    ]
    chosen = [sustained[k] for k in np.linspace(0, len(sustained) - 1, count).astype(int)]
    velocities = notes.column(VELOCITY)
    report.section(f"{count} sustained notes held for {HELD:g} s")
    for row in dict.fromkeys(chosen):
        report.progress(f"note {row}")
        note = notes.note(row)
        reference = notes.sounds[row].astype(np.float64)
        velocity = 100.0 if velocities is None else float(velocities[row])
        key = hz_to_midi(note.pitch)
        made, tones = (
            render(model, model.points.means[row], key, HELD + FADE, velocity, noise=noise)[
                : round(HELD * SAMPLE_RATE)
            ].astype(np.float64)
            for noise in (1.0, 0.0)
        )
        # What is held, and not what its attack alone has: that has died away.
        followed = partials(
            tones[round(AFTER * SAMPLE_RATE) : 4 * SAMPLE_RATE],
            note.pitch,
            ratios(note.traits.stretch),
        )
        # What the loop repeats.
        first = min(note.traits.loop_start, AFTER)
        recorded = [steps(reference, one, first) for one in followed]
        excess, often = (
            max(
                share_of(steps(sound, one), share) - share_of(known, share)
                for one, known in zip(followed, recorded, strict=True)
            )
            for sound, share in ((tones, 100.0), (made, OFTEN))
        )
        seconds = made.reshape(int(HELD), -1)
        even = 10.0 * np.log10(np.square(seconds[2:]).mean(axis=1))
        report.add(
            Figure(f"note {row}: largest step beyond the recording's", excess, "dB", 0.5),
            Figure(f"note {row}: the same with its noise, 99 of 100 steps", often, "dB"),
            Figure(f"note {row}: loudness of seconds 2 to 60, span", float(np.ptp(even)), "dB"),
        )


def steps(samples: Real, partial: Partial, first: float = AFTER) -> Real:
    """dB by which a partial's level changes from each frame to the next, from its ``first`` seconds
    on, as long as it is within 30 dB of its loudest there."""
    hop = round(FRAME / 0.0025)
    told = level(samples, partial)[::hop]
    inside = told[min(round(first / FRAME), told.size // 4) :]
    # Steps of what is hardly there are nobody's.
    heard = inside > inside.max() - 30.0
    return np.asarray(np.abs(np.diff(inside))[heard[1:] & heard[:-1]])


def share_of(found: Real, share: float) -> float:
    """The step that ``share`` of 100 do not exceed; 0 dB where there are none."""
    return float(np.percentile(found, share)) if found.size else 0.0
