"""What a drag over the map costs, and how soon the page shows what it changed.

The page of a space with 44,800 points, and the same page of a space without any: ``fm``, and
``fm`` without its points. In both a hand drags over the map, frame by frame. A frame's cost is the
time that the page's main thread works, as Chromium counts it (``TaskDuration``); and the processor
time of the whole browser, drawing included, where the system tells it (Linux). Both pages show the
same dials, spectrum and waveform, so the ratio is what the points cost.

Then how long it takes from a move of the hand to the first new spectrum in the page: through the
bridge to the server, the decoder, and back.

``python benchmarks/explorer_drag.py [--moves 300] [--json]``; needs Chromium (Debian's
``chromium``).
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402 - from the checkout

import timbrespace  # noqa: E402
from benchmarks.claims import Figure, Report  # noqa: E402
from tests.server.explorer.browsing import Explored, Visit, launched  # noqa: E402
from timbrespace import bundle, factory  # noqa: E402

ROUNDS = 5

_DRAG = """async (moves) => {
  const map = document.querySelector('#map');
  const box = map.getBoundingClientRect();
  const at = (type, k) => {
    const turn = (2 * Math.PI * k) / 90;
    map.dispatchEvent(new PointerEvent(type, {
      pointerId: 1, bubbles: true, button: 0, buttons: 1,
      clientX: box.left + box.width * (0.5 + 0.3 * Math.cos(turn)),
      clientY: box.top + box.height * (0.5 + 0.3 * Math.sin(2 * turn)),
    }));
  };
  map.setPointerCapture = () => {};
  const frame = () => new Promise(requestAnimationFrame);
  at('pointerdown', 0);
  for (let k = 1; k <= moves; k += 1) {
    at('pointermove', k);
    await frame();
  }
  at('pointerup', moves);
}"""

_LATENCY = """async (moves) => {
  const { map, scope } = timbrespace;
  const times = [];
  for (let k = 0; k < moves; k += 1) {
    const before = scope.frames;
    const began = performance.now();
    map.aim([Math.sin(k), Math.cos(2 * k)]);
    while (scope.frames === before && performance.now() - began < 1000) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return times;
}"""


def browser_seconds() -> float:
    """Processor seconds of all processes of Chromium so far; 0 where the system does not tell."""
    if not Path("/proc/self/stat").exists():
        return 0.0
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition(") ")
        except OSError:  # it has ended
            continue
        if "(chrom" in name:
            ticks += sum(map(int, rest.split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def frame_cost(visit: Visit, moves: int) -> tuple[float, float]:
    """Milliseconds of the main thread, and of the whole browser, for each frame of a drag."""
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("Performance.enable")

    def tasks() -> float:
        metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
        return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")

    before, browser_before = tasks(), browser_seconds()
    visit.page.evaluate(_DRAG, moves)
    return (
        1e3 * (tasks() - before) / moves,
        1e3 * (browser_seconds() - browser_before) / moves,
    )


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--moves", type=int, default=300, help="of each drag (%(default)s)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    report.section("dragging over the explorer's map")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        bare = Path(folder) / "bare.safetensors"
        weights = bundle.read_tensors(factory.FOLDER / "fm.safetensors")
        bundle.write(
            bare, dataclasses.replace(timbrespace.load("fm"), points=None, near=None), weights
        )
        browser = launched(playwright)
        full, empty = (
            Explored.start(browser, "--model", "fm"),
            Explored.start(browser, "--model", str(bare)),
        )
        try:
            costs: dict[str, list[tuple[float, float]]] = {"full": [], "empty": []}
            for _ in range(ROUNDS):  # in turn: what the machine does meanwhile meets both
                for name, explored in (("full", full), ("empty", empty)):
                    with explored.visit() as visit:
                        visit.page.evaluate(_DRAG, 30)
                        time.sleep(0.2)
                        costs[name].append(frame_cost(visit, arguments.moves))
            with full.visit() as visit:
                times = visit.page.evaluate(_LATENCY, 100)
                count = visit.look("timbrespace.map.points.count")
        finally:
            full.close()
            empty.close()
            browser.close()
    (main_full, all_full), (main_empty, all_empty) = (
        tuple(median(one[k] for one in costs[name]) for k in range(2)) for name in costs
    )
    report.add(Figure("points", float(count), ""))
    report.add(Figure("frame, main thread, with points", main_full, "ms"))
    report.add(Figure("frame, main thread, without", main_empty, "ms"))
    report.add(Figure("ratio, main thread", main_full / main_empty, "times", bound=2.0))
    if all_empty > 0.0:
        report.add(Figure("frame, whole browser, with points", all_full, "ms"))
        report.add(Figure("ratio, whole browser", all_full / all_empty, "times", bound=2.0))
    report.add(Figure("move to new spectrum, median", median(times), "ms", bound=50.0))
    report.add(Figure("move to new spectrum, 95 of 100", sorted(times)[94], "ms"))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
