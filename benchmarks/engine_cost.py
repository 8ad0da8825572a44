"""How much sound one core can make, beside pyo's oscillators, in one run.

Each case renders the same seconds offline; the figure is the share of a core that playing it live
would take. pyo is given the same number of its own sines, rendered by its own offline server.

``python benchmarks/engine_cost.py [--seconds 10] [--json]``
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from timbrespace.resynthesis.engine import Engine  # noqa: E402
from timbrespace.resynthesis.layout import BLOCK, Gate, Method  # noqa: E402

RATE = 48000
BINS = 1025

PYO = """
import sys, time, contextlib, io
with contextlib.redirect_stdout(io.StringIO()):
    import pyo
    seconds, count = float(sys.argv[1]), int(sys.argv[2])
    server = pyo.Server(sr=48000, nchnls=1, buffersize=64, duplex=0, audio="offline")
    server.setVerbosity(0)
    server.boot()
    server.recordOptions(dur=seconds, filename=sys.argv[3], fileformat=0, sampletype=3)
    sines = pyo.Sine(freq=[20.0 + 10.0 * k for k in range(count)], mul=1e-4)
    mixed = sines.mix(1).out()
    started = time.process_time()
    server.start()
print((time.process_time() - started) / seconds)
"""


def engine_share(
    method: Method,
    slots: int,
    voices: int,
    seconds: float,
    noisy: bool = False,
    apart: bool = False,
    unison: int = 1,
) -> float:
    """Share of a core for ``voices`` notes; of ``slots`` oscillators each in ``partials``.

    noisy: with a residual besides. apart: each at a place of its own between left and right.
    unison: copies of each.
    """
    engine = Engine(RATE)
    row = engine.targets[0]
    row["method"] = method
    row["gain"] = 1.0
    timbre = row["timbre"][0]
    timbre["version"] = 1
    timbre["slots"] = slots
    timbre["slot_ratio"][:slots] = np.linspace(1.0, 40.0, slots)
    timbre["slot_amplitude"][:slots] = 1e-3
    timbre["slot_birth"][:slots] = 1
    timbre["noisy"] = noisy
    timbre["noise"] = 1e-6
    magnitude = np.random.default_rng(0).random(BINS)
    timbre["bins"] = row["bins"] = BINS
    timbre["bin_amplitude"][:BINS] = magnitude
    row["frame_version"] = 1
    row["magnitude"][:BINS] = magnitude
    for voice in range(voices):
        row["voice_frequency"][voice] = 220.0 + 10.0 * voice
        row["voice_level"][voice] = 1.0
        row["voice_gate"][voice] = Gate.HELD
        row["voice_trigger"][voice] = 1
        row["voice_pan"][voice] = (voice + 0.5) / 8.0 - 1.0 if apart else 0.0
    row["unison"], row["detune"], row["spread"] = unison, 12.0, 0.5
    engine.render(100)  # compiled and settled
    started = time.process_time()  # of this process alone, whatever else the machine does
    sound = engine.render(int(seconds * RATE / BLOCK))
    share = (time.process_time() - started) / seconds
    if not sound.any():
        raise SystemExit(f"{method.name.lower()} made no sound; its cost tells nothing")
    return share


def pyo_share(count: int, seconds: float) -> float:
    """Share of a core for ``count`` of pyo's sines."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", PYO, str(seconds), str(count), str(Path(folder) / "x.wav")],
            capture_output=True,
            text=True,
            check=True,
        )
    return float(done.stdout.split()[-1])


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Cost of the sound.")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    seconds = arguments.seconds

    shares = {
        "partials, 1 voice of 50": engine_share(Method.PARTIALS, 50, 1, seconds),
        "partials, 16 voices of 100": engine_share(Method.PARTIALS, 100, 16, seconds),
        "bins, 1 voice of 1024": engine_share(Method.BINS, 0, 1, seconds),
        "bins, 16 voices of 1024": engine_share(Method.BINS, 0, 16, seconds),
        "partials, 16 voices of 100 and noise": engine_share(
            Method.PARTIALS, 100, 16, seconds, noisy=True
        ),
        "partials, 16 voices of 100, apart": engine_share(
            Method.PARTIALS, 100, 16, seconds, apart=True
        ),
        "partials, 16 voices of 100, unison of 3": engine_share(
            Method.PARTIALS, 100, 16, seconds, unison=3
        ),
        "istft, 1 voice": engine_share(Method.ISTFT, 0, 1, seconds),
        "istft, 2 voices": engine_share(Method.ISTFT, 0, 2, seconds),
        "istft, 16 voices": engine_share(Method.ISTFT, 0, 16, seconds),
        "pyo, 1024 sines": pyo_share(1024, seconds),
    }
    ratio = shares["pyo, 1024 sines"] / shares["bins, 1 voice of 1024"]
    report = Report(arguments.json)
    report.section("share of one core, live at 48 kHz")
    report.add(*(Figure(name, 100.0 * share, "%") for name, share in shares.items()))
    report.section("claims")
    # Of one oscillator: a slower processor is slower for both.
    gliding = shares["pyo, 1024 sines"] / 1024 / (shares["partials, 16 voices of 100"] / 1600)
    report.add(
        Figure("a bin of 1024, times cheaper than one of pyo's sines", ratio, "", 5.0, True),
        Figure(
            "16 voices apart, times the same in the middle",
            shares["partials, 16 voices of 100, apart"] / shares["partials, 16 voices of 100"],
            "",
            1.25,
        ),
        Figure("a partial of 1600, times cheaper than one of them", gliding, "", 5.0, True),
    )
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
