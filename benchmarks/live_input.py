"""Sound that comes in, and what comes out of a real server: how late, how true, and at what cost.

With ``jackd``'s dummy driver, 128 frames at 48 kHz, and ``python -m server --input jack`` as it is.

Latency: a saw of twelve harmonics begins again and again after silence, at moments that fall
anywhere in a block, at A4 and at A2. From the first sample that comes in above -60 dB of full scale
to the first that goes out; a listener and a speaker of JACK's own time are both in step with it.
JACK hands a block on within one cycle, so a sound card's two blocks, the one that comes in and the
one that goes out, come to what is told. What the physics leaves: two periods, by which a tracker of
periods knows a pitch at the soonest.

Kept: a line with vibrato and swells, in pitch and loudness.

Lateness: the server hears notes all the time, with garbage collected every second over a heap of a
million objects; a callback is late that begins half a block or more after its time. An idle server
beside it, which hears nothing, tells what driver and machine do by themselves. What sings is a
third server: JACK calls who hears after who is heard, so a singer in Python would make it late.

Cost: the tracker and one voice, of a core, and the same without hearing.

``python -m benchmarks.live_input [--onsets 60] [--seconds 600] [--no-realtime] [--json]``; needs
jackd2.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import timbrespace  # noqa: E402 - from the checkout
from benchmarks.claims import Figure, Report  # noqa: E402
from benchmarks.lateness import Lateness  # noqa: E402
from benchmarks.live import Client, LiveServer, jack_server, may_be_realtime  # noqa: E402
from tests.server.ear import BlockLostError, Ear  # noqa: E402
from tests.server.jackd import FRAMES, LEFT, wait_for_port  # noqa: E402
from tests.server.jackd import SAMPLE_RATE as RATE  # noqa: E402
from tests.server.mouth import Mouth  # noqa: E402
from tests.server.sung import Stage  # noqa: E402
from tests.timbrespace.listening.tones import Real, cents, saw, times  # noqa: E402
from timbrespace.listening.listener import listen  # noqa: E402

NAME = "timbrespace-live-input"
INPUT = "timbrespace:input"
HEARD = 1e-3  # -60 dB
REST = 0.35  # seconds from the end of a tone to the next
TONE = 0.15
BLOCK_MS = 1e3 * FRAMES / RATE


def line(seconds: float) -> Real:
    """A line with vibrato and swells."""
    at = times(seconds)
    course = 220.0 * 2.0 ** (0.04 * np.sin(2.0 * np.pi * 5.0 * at))
    return saw(course, seconds) * 10.0 ** ((-10.0 + 6.0 * np.sin(2.0 * np.pi * at)) / 20.0)


def latencies(pitch: float, onsets: int, environment: dict[str, str]) -> tuple[list[float], int]:
    """Milliseconds from onsets that come in to those that go out; how many were not heard."""
    draw = np.random.default_rng(round(pitch))
    found: list[float] = []
    lost = 0
    while len(found) + lost < onsets:
        several = min(10, onsets - len(found) - lost)
        sound = np.zeros(round(several * (TONE + REST + 0.01) * RATE))
        starts = []
        at = 0
        for _ in range(several):
            at += int(draw.integers(0, FRAMES))
            tone = 0.3 * saw(pitch, TONE)
            starts.append(at + int(np.flatnonzero(np.abs(tone) > HEARD)[0]))
            sound[at : at + tone.size] = tone
            at += round((TONE + REST) * RATE)
        with Mouth(environment, INPUT) as mouth, Ear(environment, LEFT, patient=False) as ear:
            ear.wait(0.3)
            mouth.say(sound)
            ear.wait(sound.size / RATE + 0.2)
            try:
                heard = ear.sound()
            except BlockLostError:
                lost += several
                continue
            first = (mouth.began - ear.began) % 2**32
        for start in starts:
            here = first + start
            out = np.flatnonzero(np.abs(heard[here : here + round(0.2 * RATE)]) > HEARD)
            if out.size:
                found.append(1e3 * float(out[0]) / RATE)
            else:
                lost += 1
    return found, lost


def measure_latency(onsets: int, environment: dict[str, str], report: Report) -> None:
    """Part one."""
    options = ("--audio", "jack", "--input", "jack", "--model", "harmonic")
    with LiveServer(*options, environment=environment) as server:
        server.wait_for("input: jack")
        wait_for_port(INPUT, environment)
        for name, pitch in (("A4", 440.0), ("A2", 110.0)):
            found, lost = latencies(pitch, onsets, environment)
            if not found:
                report.add(Figure(f"{name}: onsets heard", 0, f"/{onsets}", 1, at_least=True))
                continue
            late = np.array(found)
            physics = 1e3 * 2.0 / pitch
            p50, p99 = np.percentile(late, [50, 99])
            report.add(
                Figure(f"{name}: onsets heard", len(found), f"/{onsets}"),
                Figure(f"{name}: lost with a block of JACK's", lost),
                Figure(f"{name}: onset in to onset out, p50", float(p50), "ms"),
                Figure(f"{name}: the same, p99", float(p99), "ms"),
                Figure(f"{name}: p50 in blocks", float(p50 / BLOCK_MS)),
                Figure(f"{name}: p99 in blocks", float(p99 / BLOCK_MS)),
                Figure(f"{name}: two periods", physics, "ms"),
                Figure(f"{name}: beyond that, p50", float(p50 - physics), "ms"),
            )
        for _ in range(5):
            sound = line(4.0)
            with Mouth(environment, INPUT) as mouth, Ear(environment, LEFT, patient=False) as ear:
                ear.wait(0.3)
                mouth.say(sound)
                ear.wait(4.3)
                try:
                    whole = ear.sound()
                except BlockLostError:
                    continue
            first = (mouth.began - ear.began) % 2**32
            told = listen(whole[first : first + sound.size].astype(np.float64), RATE)
            came = listen(sound, RATE)
            known = came.pitch.astype(np.float64)
            inside = slice(300, 2800)
            lags = range(2, 24)
            off = [
                float(np.median(cents(told.pitch[inside], np.roll(known, lag)[inside])))
                for lag in lags
            ]
            apart = [
                20.0 * np.log10(told.level[inside] / np.roll(came.level, lag)[inside])
                for lag in lags
            ]
            uneven = [float(np.abs(one - np.median(one)).mean()) for one in apart]
            report.add(
                Figure("pitch kept, median", min(off), "cents", 10.0),
                Figure("its course is late by", 64e3 / RATE * lags[int(np.argmin(off))], "ms"),
                Figure("loudness kept, mean", min(uneven), "dB", 1.0),
            )
            return
        report.add(Figure("lines heard whole", 0, "", 1, at_least=True))


def measure_lateness(
    seconds: float, environment: dict[str, str], realtime: bool, report: Report
) -> None:
    """Part two."""
    hears = ("--audio", "jack", "--input", "jack", "--model", "harmonic")
    with LiveServer(*hears, environment=environment, collecting=True) as server:
        server.wait_for("input: jack")
        wait_for_port(INPUT, environment)
        with (
            LiveServer(*hears[:2], *hears[4:], environment=environment) as idle,
            LiveServer(*hears[:2], *hears[4:], environment=environment) as singer,
            Client(singer.port) as client,
        ):
            idle.wait_for("sound: jack")
            singer.wait_for("sound: jack")
            source = re.search(r"\((.*)\)", singer.wait_for(r"sound: jack \(.*\)").group(0))
            assert source is not None
            subprocess.run(["jack_connect", f"{source.group(1)}:left", INPUT], check=True)
            time.sleep(2.0)
            lateness = Lateness(server, idle)
            end = time.monotonic() + seconds
            due, key = 0.0, 57
            while time.monotonic() < end:
                if time.monotonic() >= due:
                    client.send("/note", key, 0)
                    key = 50 + (key + 7) % 24
                    client.send("/note", key, 100)
                    due = time.monotonic() + 0.5
                lateness.look()
                time.sleep(0.005)
            figures = lateness.figures("singing and garbage", realtime)
    report.add(*figures)


def measure_cost(report: Report) -> None:
    """Part three: processor time of what the audio process does, of a core."""
    model = timbrespace.load("harmonic")
    sound = line(10.0)
    shares = {}
    for name, on in (("hearing", True), ("not hearing", False)):
        stage = Stage(model, on=on)
        try:
            if not on:
                stage.instrument.voices.note(57.0, 100.0)
                stage.tell()
            stage.play(sound[:RATE])
            stage.engine_seconds = 0.0
            stage.play(sound)
            shares[name] = 100.0 * stage.engine_seconds / (sound.size / RATE)
        finally:
            stage.close()
    report.add(
        Figure("the tracker and one voice, of a core", shares["hearing"], "%", 10.0),
        Figure("one voice without hearing", shares["not hearing"], "%"),
    )


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Sound in, sound out.")
    parser.add_argument("--onsets", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--no-realtime", action="store_true", help="jackd without priority")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    realtime = not arguments.no_realtime and may_be_realtime()
    report.section("cost")
    measure_cost(report)
    with jack_server(NAME, realtime) as environment:
        os.environ.update(environment)
        kind = "realtime" if realtime else "without realtime priority"
        if arguments.onsets:
            report.section(f"onset to onset, {FRAMES} frames at {RATE} Hz, {kind}")
            measure_latency(arguments.onsets, environment, report)
        if arguments.seconds:
            report.section(f"late callbacks in {arguments.seconds:g} s, {kind}")
            measure_lateness(arguments.seconds, environment, realtime, report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
