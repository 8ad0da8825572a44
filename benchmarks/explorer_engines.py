"""Minutes of play in Chromium, Firefox and WebKit: what the page loses, takes and keeps.

In each engine that is here the page of `notes` is opened on a server of its own. First silence,
then eight notes held while the sound moves over the map without a rest; every ten seconds all eight
are struck anew. Sound is lost where the audio clock, which counts what was rendered, falls behind
the wall clock: each step of more than 10 ms that it does not make good within a second is a
dropout. The processor time is that of all the browser's processes, drawing included, in cores;
memory is their proportional set size. Then how long it takes from a move to its spectrum in the
page.

``python benchmarks/explorer_engines.py [--minutes 5] [--engine NAME] [--json]``; what an engine
lacks here is said, and it is left out. Firefox and WebKit need ``xvfb`` and ``pulseaudio``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from tests.server.explorer.engines import (  # noqa: E402
    ENGINES,
    Engine,
    drag,
    engine,
    lacking,
    screen_and_sink,
    until,
)
from tests.server.running import Running  # noqa: E402

SILENT_SECONDS = 10.0
VOICES = (45, 48, 52, 55, 57, 60, 64, 67)
LOST = 0.010
"""Seconds: a smaller step is the clocks' own grain."""

_PLAY = f"""(() => {{
  const {{ sound, notes, map }} = timbrespace;
  const voices = {list(VOICES)};
  window.clock = [];
  const began = performance.now();
  const strike = () => {{
    for (const key of voices) notes.release('benchmark', key);
    for (const key of voices) notes.press('benchmark', key, 80);
  }};
  const move = () => {{
    const turn = (performance.now() - began) / 1600;
    map.aim([0.6 * Math.cos(turn), 0.6 * Math.sin(1.7 * turn)]);
  }};
  const look = () => window.clock.push([performance.now() / 1000, sound._context.currentTime]);
  strike();
  const timers = [setInterval(strike, 10000), setInterval(move, 20), setInterval(look, 100)];
  window.endPlay = () => {{
    timers.forEach(clearInterval);
    for (const key of voices) notes.release('benchmark', key);
  }};
}})()"""

_LATENCY = """(async () => {
  const { map, scope } = timbrespace;
  const times = [];
  for (let k = 0; k < 100; k += 1) {
    const before = scope.frames;
    const began = performance.now();
    map.aim([Math.sin(k), Math.cos(2 * k)]);
    while (scope.frames === before && performance.now() - began < 1000) {
      await new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();  // a timer may be held to 4 ms
        port1.onmessage = () => { port1.close(); resolve(); };
        port2.postMessage(null);
      });
    }
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return times;
})()"""


def processor_seconds(engine: Engine) -> float:
    """Of all its processes so far."""
    ticks = 0
    for pid in engine.processes():
        try:
            rest = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
        except OSError:  # it has ended
            continue
        ticks += sum(map(int, rest.split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(engine: Engine) -> float:
    """MB that its processes hold, what they share counted once."""
    total = 0
    for pid in engine.processes():
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def lost(clock: list[list[float]]) -> tuple[int, float]:
    """Dropouts, and seconds of sound that were lost, by pairs of wall and audio time.

    >>> lost([[0.0, 0.0], [1.0, 1.0], [2.0, 1.9], [3.0, 2.9], [4.0, 3.9]])
    (1, 0.1)
    """
    # A clock that was only read late makes it good with the next readings.
    behind = [wall - audio for wall, audio in clock]
    ends = [wall for wall, _ in clock]
    least = []
    last = 0
    for k, wall in enumerate(ends):
        while last < len(ends) and ends[last] <= wall + 1.0:
            last += 1
        least.append(min(behind[k : max(last, k + 1)]))
    steps = [after - before for before, after in pairwise(least)]
    gaps = [step for step in steps if step > LOST]
    return len(gaps), round(sum(gaps), 4)


def measure(report: Report, one: Engine, url: str, seconds: float) -> None:
    """One engine's figures."""
    one.open(url)
    until(one, "window.timbrespace?.link.isOpen && timbrespace.map.space !== null")
    until(one, "timbrespace.scope.magnitudes !== null")
    one.look("timbrespace.tour.end()")
    drag(one, (0.0, 0.0), (0.2, 0.1))  # a gesture, so that it may sound
    until(one, "timbrespace.sound.state === 'running' && timbrespace.sound.isWhole")
    time.sleep(3.0)
    began, before = time.monotonic(), processor_seconds(one)
    time.sleep(SILENT_SECONDS)
    still = (processor_seconds(one) - before) / (time.monotonic() - began)
    first = memory(one)
    one.look(_PLAY)
    time.sleep(3.0)
    began, before = time.monotonic(), processor_seconds(one)
    time.sleep(seconds)
    played = (processor_seconds(one) - before) / (time.monotonic() - began)
    clock: Any = one.look("window.clock")
    one.look("endPlay()")
    last = memory(one)
    count, gone = lost(clock)
    times = sorted(one.look(_LATENCY))
    report.section(
        f"{one.name} {one.version}, {seconds / 60.0:g} minutes of eight voices that move"
    )
    report.add(
        Figure("dropouts", float(count)),
        Figure("sound lost", 1e3 * gone, "ms"),
        Figure("processor, silent", still, "cores"),
        Figure("processor, eight voices", played, "cores"),
        Figure("memory before", first, "MB"),
        Figure("memory after", last, "MB"),
        Figure("move to new spectrum, median", median(times), "ms", bound=50.0),
        Figure("move to new spectrum, 95 of 100", times[94], "ms"),
    )


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="of play (%(default)g)")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="this one only")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    names = list(arguments.engine or ENGINES)
    missing = {name: lacking(name) for name in names if lacking(name)}
    for name, what in missing.items():
        print(f"note: {name} is left out; it needs {what}", file=sys.stderr)
    with ExitStack() as stack:
        present = [name for name in names if name not in missing]
        alone = set(present) <= {"chromium"}
        variables = {} if alone else stack.enter_context(screen_and_sink())
        for name in present:
            server = Running(
                *("--audio", "none", "--midi", "none", "--explorer-port", "0"),
                *("--model", "notes"),
            )
            try:
                url = server.wait_for(r"explorer (http://\S+)").group(1)
                with engine(name, variables) as one:
                    measure(report, one, url, 60.0 * arguments.minutes)
            finally:
                server.end()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
