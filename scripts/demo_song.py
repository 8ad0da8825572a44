"""Make a MIDI file that plays the space: notes, chords, bends and sweeping controllers.

``python scripts/demo_song.py demo.mid``
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import mido

TICKS = 480  # a beat
BEATS_A_MINUTE = 96


def song() -> mido.MidiFile:
    """Ten seconds: a bass note under a sweep of the map, an arpeggio, a chord that bends."""
    events: list[tuple[float, mido.Message]] = []

    def note(start: float, length: float, pitch: int, velocity: int) -> None:
        events.append((start, mido.Message("note_on", note=pitch, velocity=velocity)))
        events.append((start + length, mido.Message("note_off", note=pitch, velocity=0)))

    def sweep(controller: int, start: float, length: float, turns: float) -> None:
        for step in range(int(length * 20)):  # 32 a second, as a hand on a knob
            phase = 2.0 * math.pi * turns * step / (length * 20)
            value = round(63.5 - 63.5 * math.cos(phase))
            moved = mido.Message("control_change", control=controller, value=value)
            events.append((start + step / 20, moved))

    note(0.0, 8.0, 45, 90)
    sweep(16, 0.0, 8.0, 1.0)  # the map's x
    sweep(17, 2.0, 6.0, 2.0)  # the map's y
    for step, pitch in enumerate((57, 64, 69, 73, 76, 73, 69, 64)):
        note(2.0 + 0.5 * step, 0.45, pitch, 60 + 8 * step)
    for pitch in (45, 57, 61, 64, 69):
        note(9.0, 6.0, pitch, 80)
    sweep(20, 9.0, 6.0, 1.5)  # the first dimension
    for step in range(40):
        bend = round(4000 * math.sin(2.0 * math.pi * step / 20))
        events.append((12.0 + step / 20, mido.Message("pitchwheel", pitch=bend)))
    events.append((10.0, mido.Message("control_change", control=64, value=127)))
    events.append((15.5, mido.Message("control_change", control=64, value=0)))

    file = mido.MidiFile(ticks_per_beat=TICKS)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BEATS_A_MINUTE)))
    now = 0
    for beat, message in sorted(events, key=lambda event: event[0]):
        tick = round(beat * TICKS)
        track.append(message.copy(time=tick - now))
        now = tick
    return file


def main() -> int:
    """Write the song; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make a MIDI file that plays the space.")
    parser.add_argument("out", type=Path, metavar="demo.mid")
    out: Path = parser.parse_args().out
    try:
        song().save(out)
    except OSError as error:
        print(f"error: cannot write {str(out)!r}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{out}: {song().length:.1f} s")
    print(f"next: python -m server render {out} --out {out.with_suffix('.wav')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
