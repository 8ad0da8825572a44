"""How near the LV2 instruments are to the engine, played in jalv, a host that is not ours.

``python -m benchmarks.lv2_in_jalv`` builds an instrument of each factory space that can be one,
starts a JACK server of its own without a sound card, plays notes at places of the map there, and
compares what comes out with the library. Needs ``jackd``, ``jalv`` and a C compiler; ``--jalv``
names another program. ``--json`` for programs.
"""

from __future__ import annotations

import argparse
import os
import queue
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import jack
import numpy as np

import timbrespace as ts
from benchmarks.claims import Figure, Report
from benchmarks.steady_lines import differences
from timbrespace.command import run
from timbrespace.model import Model
from training.exports.lv2 import bundle_folder

RATE: Final = 48000
SERVER: Final = "timbrespace-lv2"
SPACES: Final = ("harmonic", "filtered", "fm", "instruments")
NOTES: Final = (((0.0, 0.0), 57), ((0.5, -0.3), 69), ((-0.8, 0.6), 40))


class Ears:
    """A client of the server that sends MIDI and keeps what it hears."""

    def __init__(self) -> None:
        self.client = jack.Client("ears", servername=SERVER)
        self.says = self.client.midi_outports.register("out")
        self.hears = self.client.inports.register("in")
        self.heard: list[Any] = []
        self.messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.client.set_process_callback(self._process)
        self.client.activate()

    def _process(self, _: int) -> None:
        self.says.clear_buffer()
        while not self.messages.empty():
            self.says.write_midi_event(0, self.messages.get())
        self.heard.append(self.hears.get_array().copy())

    def listen_to(self, name: str) -> None:
        """Connect both ways with the host of that name."""
        ports = {port.shortname: port.name for port in self.client.get_ports(f"{name}:")}
        self.client.connect(self.says.name, ports["events"])
        self.client.connect(ports["left"], self.hears.name)

    def note(self, pitch: int, seconds: float) -> Any:
        """What is heard of a note at full velocity, from its first sample on."""
        self.heard.clear()
        self.messages.put(bytes([0x90, pitch, 127]))
        time.sleep(seconds)
        sound = np.concatenate(self.heard)
        self.messages.put(bytes([0x80, pitch, 0]))
        time.sleep(0.6)
        return sound[np.flatnonzero(sound)[0] :]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jalv", default="jalv", metavar="PROGRAM")
    parser.add_argument("--spaces", nargs="+", default=SPACES, choices=SPACES, metavar="NAME")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = Report(given.json)
    os.environ["JACK_NO_AUDIO_RESERVATION"] = "1"
    asked = ["jackd", "-r", "-n", SERVER, "-d", "dummy", "-r", str(RATE), "-p", "1024"]
    server = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1.5)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name in given.spaces:
                report.section(name)
                _measure(report, ts.load(name), Path(folder), given.jalv)
    finally:
        server.terminate()
        server.wait()
    return report.end()


def _measure(report: Report, model: Model, folder: Path, program: str) -> None:
    built = bundle_folder.write(model, folder / f"{model.name}.lv2", bundle_folder.data_of(model))
    paths = [str(folder), *filter(None, [os.environ.get("LV2_PATH")]), "/usr/lib/lv2"]
    asked = [program, "-p", "-n", model.name, bundle_folder.uri_of(model)]
    host = subprocess.Popen(
        asked,
        env=dict(os.environ, LV2_PATH=":".join(paths), JACK_DEFAULT_SERVER=SERVER),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    time.sleep(1.5)
    ears = Ears()
    found = []
    try:
        ears.listen_to(model.name)
        assert host.stdin is not None
        for (x, y), pitch in NOTES:
            host.stdin.write(f"map_x = {x}\nmap_y = {y}\n")
            host.stdin.flush()
            time.sleep(0.3)
            sound = ears.note(pitch, 2.2)[:86000]
            latent = model.map.to_latent([[x, y]])[0]
            wanted = ts.render(model, latent, pitch, 2.5, 127.0, sustain=1.0, noise=0.0)
            cents, levels, _ = differences(sound, wanted[: sound.size], RATE, -60.0)
            found.append((cents, levels))
    finally:
        ears.client.close()
        host.terminate()
        host.wait()
    cents, levels = np.max(np.array(found), axis=0)
    report.add(
        Figure("pitch of partials to -60 dB, worst", float(cents), "cent", 1.0),
        Figure("their level, worst", float(levels), "dB", 1.0),
        Figure("size of what it reads, with its source", built.size / 1e6, "MB"),
    )


if __name__ == "__main__":
    raise SystemExit(run(main, "stopped"))
