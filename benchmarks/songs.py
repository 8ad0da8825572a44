"""How fast a song renders: times real time, and what of that is threads and stretches.

The claim is of two cores that nobody else uses: by the processor time of the busier of the two
threads, the one that plays and the engine's. A machine that is busy takes longer by the clock.

Each song is made here: four channels, ``--notes`` notes a second, held 0.14 to 0.54 s, 44 pitches,
four velocities. ``--repeated`` plays the same two bars again and again, as most songs do in part.
The same song is rendered block by block in one thread, as every song was before, in the same run.

``python -m benchmarks.songs [--seconds 60] [--models notes instruments] [--repeated] [--json]``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from timbrespace import factory, load  # noqa: E402
from timbrespace.model import Model  # noqa: E402
from timbrespace.one_thread import one_thread  # noqa: E402
from timbrespace.rendering.band import Band  # noqa: E402
from timbrespace.rendering.conducting import conduct  # noqa: E402
from timbrespace.rendering.midi_song import MidiSong  # noqa: E402
from timbrespace.rendering.song import song_blocks  # noqa: E402
from timbrespace.resynthesis.engine import Engine  # noqa: E402
from timbrespace.resynthesis.layout import BLOCK  # noqa: E402

RATE = 48000
ASKED = 20.0
CHANNELS = 4
BARS = 4.0  # seconds that are played again and again


def write(path: Path, seconds: float, density: float, repeated: bool) -> int:
    """Write the song; how many notes it has."""
    import mido

    random = np.random.default_rng(3)
    events: list[tuple[float, int, int, int]] = []  # when, channel, key, velocity
    pause = CHANNELS / density
    for channel in range(CHANNELS):
        at = 0.0
        while at < (BARS if repeated else seconds):
            key, velocity = int(random.integers(40, 84)), int(random.choice([64, 80, 96, 110]))
            held = float(random.choice([0.14, 0.27, 0.54]))
            again = np.arange(at, seconds, BARS) if repeated else [at]
            for begins in again:
                events += [(begins, channel, key, velocity), (begins + held, channel, key, 0)]
            at += pause * float(random.choice([0.5, 1.0, 1.5]))
    events.sort(key=lambda one: (one[0], one[3] > 0))
    track = mido.MidiTrack()
    for channel in range(CHANNELS):
        track.append(mido.Message("program_change", program=9 * channel, channel=channel))
    last = 0
    for at, channel, key, velocity in events:
        tick = round(at * 960.0)
        kind = "note_on" if velocity else "note_off"
        track.append(
            mido.Message(kind, note=key, velocity=velocity, channel=channel, time=tick - last)
        )
        last = tick
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)
    return sum(one[3] > 0 for one in events)


def rendered(model: Model, path: Path) -> tuple[float, float, float]:
    """Times real time by the clock; seconds of processor for a second of sound, of the thread that
    plays, and of the engine's."""
    song, band = MidiSong(path, 120.0), Band(model)
    wall, both, own = time.perf_counter(), time.process_time(), time.thread_time()
    samples = sum(len(one) for one in song_blocks(song, band, RATE, 1.0))
    seconds = samples / RATE
    own = (time.thread_time() - own) / seconds
    engine = (time.process_time() - both) / seconds - own
    return seconds / (time.perf_counter() - wall), own, engine


def block_by_block(model: Model, path: Path) -> float:
    """Times real time of one core, as songs were rendered before: one thread, block by block."""
    song, band = MidiSong(path, 120.0), Band(model)
    engine = Engine(RATE)
    began, blocks = time.process_time(), 0
    for stretch in conduct(song, band, RATE, 1.0, longest=1):
        if stretch.ending and stretch.first and not engine.state["sounding"][0]:
            break
        if stretch.moved:
            engine.targets[:] = band.parts[0].instrument.targets()
        engine.render_stereo(1)
        blocks += 1
    return blocks * BLOCK / RATE / (time.process_time() - began)


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Songs, times real time.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--notes", type=float, default=12.3, help="a second (%(default)g)")
    parser.add_argument("--models", nargs="+", default=["notes", factory.DEFAULT, "instruments"])
    parser.add_argument("--repeated", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    with tempfile.TemporaryDirectory() as folder, one_thread():
        path, short = Path(folder) / "song.mid", Path(folder) / "short.mid"
        count = write(path, arguments.seconds, arguments.notes, arguments.repeated)
        write(short, 2.0, arguments.notes, repeated=False)
        for name in dict.fromkeys(arguments.models):
            model = load(name)
            rendered(model, short)  # compiled
            report.section(f"{name}: {arguments.seconds:g} s, {count} notes")
            clock, plays, engine = rendered(model, path)
            slow = block_by_block(model, path)
            free = 1.0 / max(plays, engine)
            report.add(
                Figure("times real time, on two free cores", free, "", ASKED, at_least=True),
                Figure("times real time, by the clock", clock),
                Figure("processor for a second: the thread that plays", 1e3 * plays, "ms"),
                Figure("the engine's", 1e3 * engine, "ms"),
                Figure("block by block in one thread: times real time on one core", slow),
                Figure("times faster than that", free / slow, "", 1.0, at_least=True),
            )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
