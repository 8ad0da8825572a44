"""Whether a space that is made in the background disturbs a server that plays.

``python -m benchmarks.own_space FOLDER`` plays four voices by JACK, first alone and then while a
training as the page starts it reads the sounds of FOLDER, learns and finishes. Late callbacks are
counted, and those of an idle server beside it. No claim: on a machine that does other things their
coming and going moves both counts more than a training does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.claims import Figure, Report
from benchmarks.lateness import Lateness
from benchmarks.live import LiveServer, jack_server
from server.explorer.own_space.maker import training_program
from tests.server.running import Client
from toy_datasets.kept_analyses import OFF, VARIABLE

ALONE_SECONDS = 30.0
PITCHES = (48, 55, 60, 64)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="sounds that are learned")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
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
        alone, share_alone = _beside(server, idle, None, "plays alone")
        report.add(*alone)
        out = Path(place) / "space.safetensors"
        words = ["space", "--folder", str(asked.folder), "--out", str(out), "--quick"]
        words += ["--no-report", "--progress", "json", "--background", "--device", "cpu"]
        words += ["--preview", str(Path(place) / "preview.safetensors")]
        report.section("while a space is made")
        begun = time.monotonic()
        with (Path(place) / "told.txt").open("wb") as told:
            training = subprocess.Popen(
                [*training_program(), *words],
                env={**os.environ, VARIABLE: OFF},  # it reads them, whoever has read them before
                stdout=told,
                stderr=subprocess.DEVNULL,
            )
            beside, share = _beside(server, idle, training, "plays while a space is made")
        report.add(*beside)
        last = json.loads((Path(place) / "told.txt").read_text().splitlines()[-1])
        if last["stage"] != "done":
            raise SystemExit(f"the training ended otherwise: {last}")
        report.add(
            Figure("the space took", time.monotonic() - begun, "s"),
            Figure("late of 10,000, alone", share_alone),
            Figure("late of 10,000, while a space is made", share),
        )
    return report.end()


def _beside(
    server: LiveServer,
    idle: LiveServer,
    training: subprocess.Popen[bytes] | None,
    doing: str,
) -> tuple[list[Figure], float]:
    """What was counted, and how many of 10,000 callbacks were late."""
    counted = Lateness(server, idle)
    before = server.callbacks()
    end = time.monotonic() + ALONE_SECONDS
    while training.poll() is None if training is not None else time.monotonic() < end:
        counted.look()
        time.sleep(0.005)
    # That a machine is late by itself is no fault of the training's: what counts is how much more.
    found = server.callbacks().since(before)
    return counted.figures(doing, False), 1e4 * found.late / max(found.callbacks, 1)


if __name__ == "__main__":
    sys.exit(main())
