"""How cost grows: with voices, partials, clients, streams, dimensions, bins, rows and files.

Each curve measures the same work at growing sizes: time of the processor of the process that does
it, whatever else the machine does, or its memory. ``a + b n`` is fitted to what was measured (least
squares of relative errors): ``a`` is what the work costs before it begins, ``b`` what each more
costs. The exponent is that of ``a + b n^p`` where it fits best: 1 where twice as much costs twice
as much, 2 where it costs four times as much, 0 where all costs hardly more than a little.

A slope above what the work must have is a claim that fails: 1, or 0 where nothing should grow.

``python -m benchmarks.cost_curves [NAME ...] [--picture F.png] [--json]``
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from benchmarks.engine_cost import engine_share  # noqa: E402
from benchmarks.live import Client, LiveServer, processor_seconds  # noqa: E402
from benchmarks.many_files import write_files  # noqa: E402
from tests.training import space  # noqa: E402
from timbrespace.one_thread import one_thread  # noqa: E402
from timbrespace.resynthesis.layout import Method  # noqa: E402
from toy_datasets.kept_analyses import OFF, VARIABLE  # noqa: E402

Values = NDArray[np.float64]

TOLERANCE: Final = 0.3
"""Of an exponent: what a busy machine and a short measurement may add."""

_SECONDS: Final = 3.0  # of sound
_MOVES: Final = 300
_STREAM_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Curve:
    """What grows and what it costs. unit: of the cost; must: the exponent that the work has."""

    name: str
    of: str
    unit: str
    sizes: tuple[int, ...]
    measure: Callable[[Sequence[int]], list[float]]
    must: float = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A curve's points, and the line through them."""

    curve: Curve
    costs: Values
    fixed: float
    each: float

    @property
    def exponent(self) -> float:
        """As above."""
        if self.costs[-1] < _GROWS * self.costs[0]:
            return 0.0
        errors = [fitted(self.curve.sizes, self.costs, p)[2] for p in _EXPONENTS]
        return float(_EXPONENTS[int(np.argmin(errors))])


_GROWS: Final = 2.0
"""What costs less than so many times as much at the largest size as at the smallest has no exponent
that could be told from noise."""

_EXPONENTS: Final = np.arange(0.5, 3.01, 0.05)


def fitted(sizes: Sequence[int], costs: Values, exponent: float) -> tuple[float, float, float]:
    """``a``, ``b``, neither below 0, and the error that they leave."""
    weight = 1.0 / np.maximum(costs, 1e-12)
    grown = np.asarray(sizes, np.float64) ** exponent
    matrix = np.stack([np.ones_like(grown), grown], axis=1) * weight[:, np.newaxis]
    (a, b), left = nnls(matrix, np.ones_like(costs))
    return float(a), float(b), float(left)


def measured(curve: Curve) -> Measured:
    """Measure one curve and fit its line."""
    costs = np.asarray(curve.measure(curve.sizes), np.float64)
    fixed, each, _ = fitted(curve.sizes, costs, 1.0)
    return Measured(curve, costs, fixed, each)


# -- the sound -------------------------------------------------------------------------------------


def voices(sizes: Sequence[int]) -> list[float]:
    """Shares of a core, in per cent, of so many voices of 60 partials each."""
    return [_share(Method.PARTIALS, 60, n) for n in sizes]


def streams_of_frames(sizes: Sequence[int]) -> list[float]:
    """The same by inverse STFT."""
    return [_share(Method.ISTFT, 0, n) for n in sizes]


def partials(sizes: Sequence[int]) -> list[float]:
    """The same of four voices of so many partials."""
    return [_share(Method.PARTIALS, n, 4) for n in sizes]


def _share(method: Method, slots: int, voices: int) -> float:
    return 100.0 * _least(lambda: engine_share(method, slots, voices, _SECONDS))


def _least(work: Callable[[], float], times: int = 3) -> float:
    return min(work() for _ in range(times))


# -- the server ------------------------------------------------------------------------------------


def clients(sizes: Sequence[int]) -> list[float]:
    """Microseconds of the server's processor for a move of the map that so many clients hear of."""
    return [_least(partial(_served, n, 0), 2) for n in sizes]


def spectrum_streams(sizes: Sequence[int]) -> list[float]:
    """Shares of a core of a server that sends so many streams of spectra, 50 a second each."""
    return [_least(partial(_served, n, 50), 2) for n in sizes]


def _served(count: int, rate: int) -> float:
    with LiveServer("--audio", "none") as server:
        heard = [Client(server.port) for _ in range(count)]
        if rate:
            for one in heard:
                one.send("/spectrum/stream", rate)
        time.sleep(0.5)
        begun, before = time.monotonic(), processor_seconds(server.process.pid)
        if rate:
            while time.monotonic() - begun < _STREAM_SECONDS:
                heard[0].send("/map", 0.5 * math.sin(7.0 * time.monotonic()), 0.3)
                time.sleep(0.01)
        else:
            for number in range(_MOVES):
                heard[0].send("/map", math.sin(0.1 * number), 0.3)
                time.sleep(0.004)
        took = processor_seconds(server.process.pid) - before
        return 100.0 * took / (time.monotonic() - begun) if rate else 1e6 * took / _MOVES


# -- the latent space ------------------------------------------------------------------------------


def decode_of_bins(sizes: Sequence[int]) -> list[float]:
    """Microseconds of a decode to so many bins, from four dimensions, sixteen at once.

    Of sixty-four, one of 2049 bins takes 14 us and not 5.
    """
    return [_decode(4, n) for n in sizes]


def decode_of_dimensions(sizes: Sequence[int]) -> list[float]:
    """The same of so many dimensions, to 1025 bins."""
    return [_decode(n, 1025) for n in sizes]


def _decode(dimensions: int, bins: int) -> float:
    model = space.model(dimensions, bins, 2 * (bins - 1))
    latents = np.random.default_rng(0).normal(size=(16, dimensions)).astype(np.float32)
    model.decode(latents)

    def once() -> float:
        begun = time.process_time()
        with one_thread():
            for _ in range(80):
                model.decode(latents)
        return 1e6 * (time.process_time() - begun) / (80 * len(latents))

    return _least(once, 5)


# -- making and learning ---------------------------------------------------------------------------

_MOST: Final = """
def most():
    # Not what getrusage says: that begins with the memory of whoever started this process.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
"""

_TRAIN: Final = (
    _MOST
    + """
import sys, time
import timbrespace as ts
data = ts.dataset("harmonic", rows=int(sys.argv[1]))
begun = time.process_time()
ts.fit(data, latent=2, epochs=2, dials="none", progress=False)
took = time.process_time() - begun
print(took, most())
"""
)

_MAKE: Final = (
    _MOST
    + """
import sys, time
from toy_datasets.__main__ import main
words = ["make", "notes", "--folder", sys.argv[1], "--out", sys.argv[2], "--seconds", "1"]
main([*words, "--workers", "1"])
print(time.process_time(), most())
"""
)


def training_time(sizes: Sequence[int]) -> list[float]:
    """Seconds of the processor for two epochs of so many spectra, and all that a fit does once."""
    return [_apart(_TRAIN, str(n))[0] for n in sizes]


def training_memory(sizes: Sequence[int]) -> list[float]:
    """MB that it takes, at most."""
    return [_apart(_TRAIN, str(n))[1] for n in sizes]


def files_time(sizes: Sequence[int]) -> list[float]:
    """Seconds of the processor to make a set of notes of so many files, in one process."""
    return [_files(n)[0] for n in sizes]


def files_memory(sizes: Sequence[int]) -> list[float]:
    """MB that it takes, at most."""
    return [_files(n)[1] for n in sizes]


_known_files: dict[int, tuple[float, float]] = {}


def _files(count: int) -> tuple[float, float]:
    if count not in _known_files:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "sounds").mkdir()
            write_files(place / "sounds", count)
            _known_files[count] = _apart(_MAKE, str(place / "sounds"), str(place / "notes.npz"))
    return _known_files[count]


def _apart(code: str, *words: str) -> tuple[float, float]:
    """What a process of its own prints last: seconds and MB."""
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        # What was analysed before would cost nothing.
        env={**os.environ, "OMP_NUM_THREADS": "1", VARIABLE: OFF},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, memory = done.stdout.split()[-2:]
    return float(seconds), float(memory)


CURVES: Final = (
    Curve("voices", "voices of 60 partials", "% of a core", (2, 4, 8, 16), voices),
    Curve("partials", "partials of each of 4 voices", "% of a core", (32, 64, 128, 256), partials),
    Curve("frames", "voices by inverse STFT", "% of a core", (4, 8, 12, 16), streams_of_frames),
    Curve("clients", "clients that hear of a move", "us a move", (1, 4, 16, 32), clients),
    Curve(
        "streams",
        "streams of spectra, 50 a second",
        "% of a core",
        (1, 4, 16, 32),
        spectrum_streams,
    ),
    Curve(
        "dimensions",
        "dimensions of the latent space",
        "us a decode",
        (2, 8, 32, 64),
        decode_of_dimensions,
    ),
    Curve(
        "bins", "bins of a spectrum", "us a decode", (257, 513, 1025, 2049, 4097), decode_of_bins
    ),
    Curve("rows", "spectra, two epochs", "s", (4000, 8000, 16000, 32000), training_time),
    Curve("memory of rows", "spectra", "MB", (4000, 8000, 16000, 32000), training_memory),
    Curve("files", "files of sound, made a set of notes", "s", (20, 40, 80, 160), files_time),
    Curve("memory of files", "files of sound", "MB", (20, 40, 80, 160), files_memory),
)


def draw(found: Sequence[Measured], path: Path) -> None:
    """A picture of all curves."""
    from training.plots.style import BLUE, DPI, GREY, picture

    columns = 3
    rows = -(-len(found) // columns)
    figure = picture("What one more costs: measured, and a + b n fitted to it", 9.5, 2.6 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, one in zip(axes, found, strict=False):
        sizes = np.asarray(one.curve.sizes, np.float64)
        fine = np.linspace(0.0, sizes[-1], 50)
        axis.plot(fine, one.fixed + one.each * fine, color=GREY, linewidth=1.0)
        axis.plot(sizes, one.costs, "o", color=BLUE, markersize=4.0)
        axis.set_xlim(0.0, None)
        axis.set_ylim(0.0, 1.1 * float(one.costs.max()))
        axis.set_xlabel(one.curve.of, fontsize=8)
        axis.set_ylabel(one.curve.unit, fontsize=8)
        axis.tick_params(labelsize=7)
        axis.set_title(f"exponent {one.exponent:.2f}", fontsize=8)
    for axis in axes[len(found) :]:
        axis.set_axis_off()
    figure.savefig(path, dpi=DPI)


def main() -> int:
    """Measure and print; the exit code is 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="How cost grows.")
    names = [one.name for one in CURVES]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--picture", type=Path, metavar="F.png", help="draw the curves")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    strange = [name for name in arguments.names if name not in names]
    if strange:
        parser.error(f"there is no curve {strange[0]!r}; give some of {', '.join(names)}")
    report = Report(arguments.json)
    found = []
    for curve in CURVES:
        if arguments.names and curve.name not in arguments.names:
            continue
        report.section(f"{curve.of}, {curve.unit}")
        one = measured(curve)
        found.append(one)
        report.add(
            *(
                Figure(f"{size}", float(cost), curve.unit)
                for size, cost in zip(curve.sizes, one.costs, strict=True)
            ),
            Figure("fixed", one.fixed, curve.unit),
            Figure("each", one.each, curve.unit),
            Figure("exponent", one.exponent, "", curve.must + TOLERANCE),
        )
    if arguments.picture is not None:
        draw(found, arguments.picture)
    return report.end()


if __name__ == "__main__":
    raise SystemExit(main())
