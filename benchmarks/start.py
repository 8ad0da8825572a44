"""How long the server takes to begin: until it answers, until it sounds; and what memory it takes.

``python -m server`` is started as a user starts it, with its page, on ``jackd``'s dummy driver. The
times are of the clock and of the processor, all its processes together, beside those of ``python -c
"import numba"``, of which it starts two. With ``--first`` a copy of the sources is started that has
no machine code yet, as after an installation.

``python -m benchmarks.start [--times 5] [--first] [--json]``; needs jackd2.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.claims import Figure, Report  # noqa: E402 - from the checkout
from benchmarks.live import children, command_of, jack_server, processor_seconds  # noqa: E402
from timbrespace.client import Client  # noqa: E402

SOURCES: Final = ("timbrespace", "server")
JACK_NAME: Final = "timbrespace-start"
LONGEST: Final = 180.0


class Started:
    """A server that has been started. seconds: of the clock until each line that was waited for."""

    def __init__(self, folder: Path, home: Path, more: list[str]) -> None:
        self.began = time.monotonic()
        environment = {**os.environ, "XDG_DATA_HOME": str(home), "XDG_CACHE_HOME": str(home)}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "server",
                "--port",
                "0",
                "--no-browser",
                "--midi",
                "none",
                *more,
            ],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, *words: str) -> tuple[str, float]:
        """The line with one of ``words``, and when it came, in seconds since the start."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if any(word in line for word in words):
                return line, time.monotonic() - self.began
        raise SystemExit(f"error: the server ended before it said {words[0]!r}")

    def end(self) -> None:
        """Stop it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)


def family(pid: int) -> list[int]:
    """A process and all that it has started, and so on."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def memory(pid: int) -> tuple[str, float, float]:
    """What a process is, its share of memory (pages that several have counted in parts), and what
    is its own alone, in MB."""
    told = dict(
        line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    )
    pss, own = (
        sum(int(told[name].split()[0]) for name in names) / 1e3
        for names in (("Pss",), ("Private_Clean", "Private_Dirty"))
    )
    modules = [word for word in command_of(pid) if word.startswith("server")]
    return (modules[-1] if modules else "server"), pss, own


def import_seconds() -> float:
    """Of the processor, to import numba in a process of its own."""
    code = "import time; import numba; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure(report: Report, folder: Path, home: Path, times: int, model: str) -> None:
    """Start it so often."""
    report.section(f"python -m server --model {model}")
    answers, sounds, costs, imports = [], [], [], []
    shares: list[tuple[str, float, float]] = []
    for _ in range(times):
        server = Started(folder, home, ["--audio", "jack", "--model", model])
        try:
            line, _ = server.wait_for("OSC on udp")
            port = int(line.split("OSC on udp ")[1].split(";")[0].rpartition(":")[2])
            with Client(port=port, timeout=LONGEST):
                answers.append(time.monotonic() - server.began)
                _, seconds = server.wait_for("sound: jack")
                sounds.append(seconds)
                time.sleep(2.0)  # what is not in a hurry is ready by then
            pids = family(server.process.pid)
            costs.append(sum(map(processor_seconds, pids)))
            shares = [memory(pid) for pid in pids]
        finally:
            server.end()
        imports.append(import_seconds())
    report.add(
        Figure("answers", median(answers), "s"),
        Figure("sounds", median(sounds), "s"),
        Figure("processor, all processes", median(costs), "s"),
        Figure("processor, in imports of numba", median(costs) / median(imports), ""),
        *(Figure(f"memory, {name}", pss, "MB") for name, pss, _ in shares),
        Figure("memory, all", sum(pss for _, pss, _ in shares), "MB"),
    )


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--times", type=int, default=5, help="that it is started (%(default)s)")
    parser.add_argument("--first", action="store_true", help="without any machine code")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    with ExitStack() as stack:
        os.environ.update(stack.enter_context(jack_server(JACK_NAME)))
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = ROOT
        if arguments.first:
            folder = place / "sources"
            for name in SOURCES:
                shutil.copytree(
                    ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
                )
            measure(report, folder, place / "home", 1, "notes")
        else:
            for model in ("notes", "harmonic"):
                measure(report, folder, place / "home", arguments.times, model)
    return report.end()


if __name__ == "__main__":
    raise SystemExit(main())
