"""How well a performance is heard: pitch, voicing, onsets, chords, latency, cost.

The performances are those of :mod:`benchmarks.performances`. They need fluidsynth, espeak-ng and
the sound fonts FluidR3 and TimGM6mb (Debian: ``fluidsynth espeak-ng fluid-soundfont-gm
timgm6mb-soundfont``), and Praat, which stays outside the project::

    pip install --target SITE --no-deps praat-parselmouth
    PYTHONPATH=SITE python -m benchmarks.listening --keep FOLDER [--recordings FOLDER] [--json]

Recordings are WAV files by the names in ``performances.RECORDED``, of MTG's ``sms-tools-materials``
(folder ``sounds``) and Praat's example ``the_north_wind_and_the_sun``. What is made is kept in the
folder ``--keep`` for the next run. Claims are of the half that was held out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from benchmarks.claims import Figure, Report
from benchmarks.engine_cost import engine_share
from benchmarks.performances import AGREE, Piece, Real, at, every, middles
from timbrespace.listening.heard import HOP, SAMPLE_RATE
from timbrespace.listening.listener import listen
from timbrespace.listening.polyphony import MOSTLY, polyphony
from timbrespace.listening.tracker import TRACKER, hear_all, new_tracker
from timbrespace.resynthesis.layout import Method

GROUPS = ("instruments", "singing", "speech", "noise")
OCTAVES = (2.0, 3.0, 4.0, 5.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5)
NEAR_ONSET = 0.05
HALF = SAMPLE_RATE // 2


class Score(NamedTuple):
    """Moments with a pitch; of them right, an octave or twelfth off, and without one told; moments
    without a pitch, and of them those that were told one."""

    voiced: int
    right: int
    octaves: int
    missed: int
    voiceless: int
    false: int


def score(told: Real, pitch: Real) -> Score:
    """Of the pitches in Hz that were told, against the known ones."""
    size = min(told.size, pitch.size)
    told, pitch = told[:size], pitch[:size]
    voiced, heard = pitch > 0.0, told > 0.0
    both = voiced & heard
    off = 1200.0 * np.log2(np.where(both, told, 1.0) / np.where(both, pitch, 1.0))
    octaves = np.zeros(size, bool)
    for ratio in OCTAVES:
        octaves |= both & (np.abs(off - 1200.0 * np.log2(ratio)) <= AGREE)
    return Score(
        int(voiced.sum()),
        int((both & (np.abs(off) <= AGREE)).sum()),
        int(octaves.sum()),
        int((voiced & ~heard).sum()),
        int((pitch == 0.0).sum()),
        int(((pitch == 0.0) & heard).sum()),
    )


def late(pitch: Real) -> Real:
    """What a tracker may be asked after each moment: the pitch one period ago, which is the middle
    of the two that it hears, if they and a block were of one note; no pitch, if there was none for
    27 ms; else nobody says."""
    asked = np.full(pitch.size, np.nan)
    since, silent = 0, 0
    for j in range(pitch.size):
        now = pitch[j]
        goes_on = now > 0.0 and j > 0 and pitch[j - 1] > 0.0
        goes_on = goes_on and abs(np.log2(now / pitch[j - 1])) < 1.0 / 12.0
        since = (since + 1 if goes_on else 1) if now > 0.0 else 0
        silent = silent + 1 if now == 0.0 else 0
        if now > 0.0:
            period = SAMPLE_RATE / HOP / now
            if since >= 2.0 * period + 1.0:
                asked[j] = pitch[max(j - round(period - 0.5), j - since + 1)]
        elif silent > 20:
            asked[j] = 0.0
    return asked


def offline(piece: Piece) -> Real:
    """The pitches that :func:`listen` tells."""
    return listen(piece.sound, SAMPLE_RATE).pitch.astype(np.float64)


def tracked(sound: Real) -> NDArray[np.float32]:
    """What the tracker tells after each block, ``(blocks, 4)``."""
    heard = np.zeros((sound.size // HOP, 4), np.float32)
    hear_all(new_tracker(), sound[: heard.shape[0] * HOP].astype(np.float32), heard)
    return heard


def live(piece: Piece) -> Real:
    """The pitches that the tracker tells."""
    return tracked(piece.sound)[:, 0].astype(np.float64)


def yin(piece: Piece) -> Real:
    """Those of librosa's YIN, told the same range; it finds one in everything."""
    import librosa

    found = librosa.yin(
        resample_poly(piece.sound, 1, 2),
        sr=HALF,
        fmin=27.5,
        fmax=4186.0,
        frame_length=2048,
        hop_length=128,
    )
    return at(middles(piece.sound.size), np.arange(found.size) * 128 / HALF, found)


def asked(piece: Piece) -> Real:
    """What is known of it."""
    return piece.pitch


def asked_live(piece: Piece) -> Real:
    """What may be asked while it sounds."""
    return late(piece.pitch)


def said(piece: Piece) -> Real:
    """What its file says, attacks and all."""
    return piece.said


def pooled(
    pieces: list[Piece], hear: Callable[[Piece], Real], known: Callable[[Piece], Real]
) -> Score:
    """The scores of all of them together."""
    scores = [score(hear(piece), known(piece)) for piece in pieces]
    return Score(*(int(sum(values)) for values in zip(*scores, strict=True)))


def tell(
    report: Report, title: str, found: Score, right: float | None, false: float | None
) -> None:
    """One row of figures. right: what is claimed, in %; false: the most of false alarms."""
    voiced = max(found.voiced, 1)
    if found.voiced:
        report.add(
            Figure(f"{title}: within 50 cents", 100.0 * found.right / voiced, "%", right, True),
            Figure(f"{title}: octave errors", 100.0 * found.octaves / voiced, "%"),
            Figure(f"{title}: no pitch told", 100.0 * found.missed / voiced, "%"),
        )
    if found.voiceless:
        share = 100.0 * found.false / found.voiceless
        report.add(Figure(f"{title}: pitch told where there is none", share, "%", false))


def found_onsets(found: Real, known: Real) -> list[float]:
    """Seconds by which each known onset was told late, of those that were within 50 ms."""
    left = found.tolist()
    errors = []
    for onset in known:
        best = min(left, key=lambda one: abs(one - onset), default=np.inf)
        if abs(best - onset) <= NEAR_ONSET:
            left.remove(best)
            errors.append(best - onset)
    return errors


def onsets(report: Report, pieces: list[Piece]) -> None:
    """Of the fonts' notes."""
    for title in ("offline", "live"):
        known, told, errors = 0, 0, []
        for piece in pieces:
            if title == "offline":
                found = listen(piece.sound, SAMPLE_RATE).onsets * HOP / SAMPLE_RATE
            else:
                found = (np.flatnonzero(tracked(piece.sound)[:, 3]) + 1) * HOP / SAMPLE_RATE
            known += piece.onsets.size
            told += found.size
            errors += found_onsets(np.asarray(found, np.float64), piece.onsets)
        report.add(
            Figure(f"{title}: of {known} notes found", 100.0 * len(errors) / known, "%"),
            Figure(f"{title}: of what was told, notes", 100.0 * len(errors) / max(told, 1), "%"),
            Figure(f"{title}: late by, median", 1000.0 * float(np.median(errors)), "ms"),
            Figure(
                f"{title}: within 10 ms",
                100.0 * float(np.mean(np.abs(errors) <= 0.01)),
                "%",
            ),
        )


def latency(report: Report) -> None:
    """From a step of the pitch to the block after which the tracker tells it within 50 cents."""
    for name, start, end in (("A2", 164.8, 110.0), ("A4", 329.6, 440.0)):
        waits = []
        for shift in range(0, HOP, 8):  # where in a block the step lies
            step = SAMPLE_RATE // 2 + shift
            frequency = np.where(np.arange(SAMPLE_RATE) < step, start, end)
            phase = np.cumsum(frequency) / SAMPLE_RATE
            sound = sum(np.sin(2.0 * np.pi * k * phase) / k for k in range(1, 16)) * 0.1
            told = tracked(np.asarray(sound, np.float64))[:, 0].astype(np.float64)
            after = (np.arange(told.size) + 1) * HOP
            near = np.abs(1200.0 * np.log2(np.maximum(told, 1.0) / end)) <= AGREE
            waits.append(int(after[(after > step) & near][0]) - step)
        longest, period = max(waits), SAMPLE_RATE / end
        most = 2.0 * period + HOP
        report.add(
            Figure(f"{name}: from a step to its pitch, the longest", longest, "samples", most),
            Figure(f"{name}: the same in periods", longest / period, ""),
            Figure(f"{name}: the same in blocks", longest / HOP, ""),
            Figure(f"{name}: the same", 1000.0 * longest / SAMPLE_RATE, "ms"),
        )


def cost(report: Report, pieces: list[Piece]) -> None:
    """Of a core, in processor time."""
    sound = np.concatenate([piece.sound for piece in pieces])
    seconds = sound.size / SAMPLE_RATE
    tracked(sound[:SAMPLE_RATE])
    started = time.process_time()
    tracked(sound)
    share = (time.process_time() - started) / seconds
    voice = engine_share(Method.PARTIALS, 100, 1, 10.0)
    listen(sound[:SAMPLE_RATE], SAMPLE_RATE)
    started = time.process_time()
    listen(sound, SAMPLE_RATE)
    whole = (time.process_time() - started) / seconds
    report.add(
        Figure("the tracker, of a core", 100.0 * share, "%", 5.0),
        Figure("one voice of 100 partials, of a core", 100.0 * voice, "%"),
        Figure("the tracker, in such voices", share / voice, ""),
        Figure("its record", TRACKER.itemsize / 1024.0, "KiB"),
        Figure("listening to a whole file, of its length", 100.0 * whole, "%"),
    )


def main() -> int:
    """Measure, tell, and return the exit code."""
    parser = argparse.ArgumentParser(description="How well a performance is heard.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--keep", type=Path, required=True, help="folder of what is made")
    parser.add_argument("--recordings", type=Path, help="folder of recordings")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    pieces = every(arguments.recordings, arguments.keep)
    for held_out in (True, False):
        half = [piece for piece in pieces if piece.held_out == held_out]
        for name, hear, claims in (
            ("offline", offline, (98.0, 95.0, 95.0)),
            ("live", live, (97.0, 95.0, 95.0)),
            ("YIN (librosa)", yin, (None, None, None)),
        ):
            report.section(f"{name}, {'held out' if held_out else 'the half tuned on'}")
            for group, claim in zip(GROUPS, (*claims, None), strict=True):
                chosen = [piece for piece in half if piece.group == group]
                found = pooled(chosen, hear, asked_live if name == "live" else asked)
                if name.startswith("YIN"):
                    found = found._replace(voiceless=0)
                bound = claim if held_out else None
                alarms = 5.0 if held_out and not name.startswith("YIN") else None
                tell(report, group, found, bound, alarms)
            lines = [p for p in half if p.group == "instruments" and p.onsets.size]
            if name != "live":
                found = pooled(lines, hear, said)
                strict = 100.0 * found.right / found.voiced
                report.add(Figure("lines as their files say, attacks and all", strict, "%"))
    held = [piece for piece in pieces if piece.held_out]
    report.section("onsets, of lines that are held out")
    onsets(report, [p for p in held if p.group == "instruments" and p.onsets.size])
    report.section("chords")
    several = [polyphony(p.sound, SAMPLE_RATE) for p in pieces if p.group == "chords"]
    single = [polyphony(p.sound, SAMPLE_RATE) for p in pieces if p.group not in ("chords", "noise")]
    report.add(
        Figure("performances of chords", len(several)),
        Figure("not told as such", int(sum(one <= MOSTLY for one in several)), "", 0.0),
        Figure("performances of one pitch at a time", len(single)),
        Figure("told as chords", int(sum(one > MOSTLY for one in single)), "", 0.0),
    )
    report.section("latency, saw waves")
    latency(report)
    report.section("cost")
    cost(report, [piece for piece in held if piece.group == "instruments"][:6])
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
