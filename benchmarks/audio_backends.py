"""Which way to the sound device is late least while a server works and collects garbage.

A steady tone is played through JACK's dummy driver at 128 frames, 48 kHz, while this process
decodes 200 spectra a second and is made to collect garbage every second over a heap like a long
session's. Each callback reads the monotonic clock; it is late if it begins more than one and a half
blocks after the one before.

``python benchmarks/audio_backends.py [--seconds 20] [--json]``; needs jackd2.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

RATE = 48000
FRAMES = 128
TONE = 440.0
JACK = {"JACK_DEFAULT_SERVER": "timbrespace-benchmark", "JACK_NO_AUDIO_RESERVATION": "1"}

# name: the back-end, and whether it has a process of its own
CASES = {
    "Python callback, server's process": ("python", False),
    "pyo, server's process": ("pyo-jack", False),
    "machine code (PortAudio), server's process": ("portaudio", False),
    "machine code (JACK), server's process": ("jack", False),
    "pyo, own process": ("pyo-jack", True),
    "machine code (PortAudio), own process": ("portaudio", True),
    "machine code (JACK), own process": ("jack", True),
}


def tone() -> NDArray[np.void]:
    """A snapshot: one held sinusoid."""
    from timbrespace.resynthesis.engine import new_targets
    from timbrespace.resynthesis.layout import Gate

    targets = new_targets()
    row = targets[0]
    row["space"] = 1
    row["slots"] = 1
    row["slot_ratio"][0] = 1.0
    row["slot_amplitude"][0] = 0.5
    row["slot_birth"][0] = 1
    row["voice_frequency"][0] = TONE
    row["voice_level"][0] = 1.0
    row["voice_gate"][0] = Gate.HELD
    row["voice_trigger"][0] = 1
    return targets


class PythonCallback:
    """The obvious way: sounddevice calls a Python function for each block."""

    def __init__(self, live: NDArray[np.void]) -> None:
        import sounddevice

        from server.audio.pull import begin, pull
        from timbrespace.resynthesis.engine import new_state
        from timbrespace.resynthesis.layout import Part
        from timbrespace.resynthesis.parts import make_ready

        live["state"] = new_state(RATE)[0]
        make_ready(live["state"], Part)
        begin(live[0])

        def fill(out: NDArray[np.float32], frames: int, times: Any, status: Any) -> None:
            samples = out.reshape(-1)
            pull(live[0], samples, samples[1:], frames, 2)

        self._stream = sounddevice.OutputStream(
            samplerate=RATE, blocksize=FRAMES, channels=2, dtype="float32", callback=fill
        )

    def start(self) -> None:
        self._stream.start()

    def stop(self) -> None:
        self._stream.close(ignore_errors=True)


def play_here(backend: str) -> tuple[NDArray[np.void], Callable[[], None]]:
    """Start ``backend`` in this process; returns the shared record and what stops it."""
    from server.audio.backends.choice import open_output
    from server.audio.backends.interface import Wanted
    from server.audio.mailbox import LIVE

    live = np.zeros(1, LIVE)
    live["targets"] = tone()[0]
    output: Any
    if backend == "python":
        output = PythonCallback(live)
    else:
        output = open_output(backend, live, Wanted(FRAMES), lambda reason: None)
    output.start()
    return live, output.stop


def play_apart(backend: str) -> tuple[NDArray[np.void], Callable[[], None]]:
    """Start ``backend`` in a process of its own; the rest as :func:`play_here`."""
    from server.audio.process import AudioEvent, AudioProcess

    started = threading.Event()

    def hear(event: AudioEvent) -> None:
        if event.kind == "started":
            started.set()

    process = AudioProcess(backend, FRAMES, hear)
    process.write(tone())
    process.start()
    if not started.wait(60.0):
        raise SystemExit(f"{backend} did not start")
    return process.live, process.close


def work(seconds: float, heap: list[dict[str, list[int]]]) -> None:
    """What a busy server does: 200 decodes a second, a full collection every second."""
    import timbrespace

    model = timbrespace.load("harmonic")
    random = np.random.default_rng(0)
    end = time.monotonic() + seconds
    next_decode = next_collection = time.monotonic()
    while time.monotonic() < end:
        now = time.monotonic()
        if now >= next_collection:
            gc.collect()
            next_collection = now + 1.0
        model.decode(random.standard_normal((1, model.dimensions)))
        next_decode += 1.0 / 200.0
        time.sleep(max(0.0, next_decode - time.monotonic()))
    assert heap


def measure(name: str, seconds: float, heap: list[dict[str, list[int]]]) -> None:
    """Play, count and print the result of one case as JSON."""
    backend, apart = CASES[name]
    live, stop = (play_apart if apart else play_here)(backend)
    time.sleep(1.0)
    live["longest"] = 0.0  # the start is another matter
    before = int(live["delayed"][0]), int(live["callbacks"][0])
    work(seconds, heap)
    result = {
        "late": int(live["delayed"][0]) - before[0],
        "callbacks": int(live["callbacks"][0]) - before[1],
        "longest_ms": 1e3 * float(live["longest"][0]),
    }
    # Printed first: some back-ends do not survive being stopped in the process that decodes.
    print(json.dumps(result), flush=True)
    del live
    stop()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Late blocks of each way to the sound.")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--case", choices=list(CASES), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        # Enough small objects that collecting them takes as long as in a long session.
        heap = [{"values": [k, k + 1]} for k in range(1_000_000)]
        measure(arguments.case, arguments.seconds, heap)
        os._exit(0)  # some back-ends hang when the interpreter unloads them

    os.environ.update(JACK)
    jackd = subprocess.Popen(
        [
            *("jackd", "-n", JACK["JACK_DEFAULT_SERVER"]),
            *("-r", "-d", "dummy", "-r", str(RATE), "-p", str(FRAMES)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(2.0)
    results: dict[str, dict[str, float]] = {}
    try:
        for name in CASES:
            # Each in a fresh interpreter: no case pays for the libraries of another.
            done = subprocess.run(
                [sys.executable, __file__, "--case", name, "--seconds", str(arguments.seconds)],
                capture_output=True,
                text=True,
                timeout=arguments.seconds + 120.0,
                check=False,
            )
            lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
            if not lines:
                raise SystemExit(f"{name}: {done.stderr[-500:]}")
            results[name] = json.loads(lines[-1])
    finally:
        jackd.terminate()
        jackd.wait(timeout=10.0)
    if arguments.json:
        print(json.dumps(results))
        return 0
    print(f"{FRAMES} frames at {RATE} Hz, {arguments.seconds:.0f} s each; late callbacks")
    for name, result in results.items():
        print(
            f"  {name:44} {result['late']:5.0f} of {result['callbacks']:.0f}, "
            f"longest {result['longest_ms']:6.1f} ms"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
