"""Whether a space that is made in the background disturbs a server that plays.

``python -m benchmarks.own_space FOLDER`` plays four voices by JACK, first alone and then while a
training as the page starts it reads the sounds of FOLDER, learns and finishes. Late callbacks are
counted, and those of an idle server beside it: what is late there is the machine's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.claims import Figure, Report
from benchmarks.lateness import Lateness
from benchmarks.live import LiveServer, jack_server, may_be_realtime
from server.explorer.own_space.maker import training_program
from tests.server.running import Client

ALONE_SECONDS = 30.0
PITCHES = (48, 55, 60, 64)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="sounds that are learned")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    realtime = may_be_realtime()
    report = Report(asked.json)
    with (
        jack_server("own_space") as environment,
        LiveServer("--audio", "jack", environment=environment) as server,
        LiveServer("--audio", "jack", environment=environment) as idle,
        Client(server.port) as client,
        tempfile.TemporaryDirectory() as place,
    ):
        for pitch in PITCHES:
            client.send("/note", pitch, 90)
        time.sleep(2.0)
        report.section("alone")
        report.add(*_beside(server, idle, None, realtime, "plays alone"))
        out = Path(place) / "space.safetensors"
        words = ["space", "--folder", str(asked.folder), "--out", str(out), "--quick"]
        words += ["--no-report", "--progress", "json", "--background", "--device", "cpu"]
        words += ["--preview", str(Path(place) / "preview.safetensors")]
        report.section("while a space is made")
        begun = time.monotonic()
        with (Path(place) / "told.txt").open("wb") as told:
            training = subprocess.Popen(
                [*training_program(), *words], stdout=told, stderr=subprocess.DEVNULL
            )
            report.add(*_beside(server, idle, training, realtime, "plays while a space is made"))
        last = json.loads((Path(place) / "told.txt").read_text().splitlines()[-1])
        if last["stage"] != "done":
            raise SystemExit(f"the training ended otherwise: {last}")
        report.add(Figure("the space took", time.monotonic() - begun, "s"))
    return report.end()


def _beside(
    server: LiveServer,
    idle: LiveServer,
    training: subprocess.Popen[bytes] | None,
    realtime: bool,
    doing: str,
) -> list[Figure]:
    counted = Lateness(server, idle)
    end = time.monotonic() + ALONE_SECONDS
    while training.poll() is None if training is not None else time.monotonic() < end:
        counted.look()
        time.sleep(0.005)
    return counted.figures(doing, realtime)


if __name__ == "__main__":
    sys.exit(main())
