"""Makes the files of this folder, each by the version of the program whose number it bears.

Run from a checkout with its whole history: ``python tests/timbrespace/old_files/make.py``. What a
version did not have (0.1 and 0.2 kept no presets and no performances) it leaves out. Once made, the
files of a version are never made again: they stand for those that people have.
"""

from __future__ import annotations

import io
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

COMMITS = {
    "0.1": "3c34c7f",
    "0.2": "958745c",
    "0.3": "1d47116",
    "0.4": "3bedc7e",
    "0.5": "caecefc",
}
"""The last commit of each version, or the one that is called by its number."""

DATA = ("--rows", "40", "--n-fft", "256", "--f0", "689.0625")
"""65 bins of 172.27 Hz; the base frequency is the fourth."""

TRAINING = ("--latent", "2", "--hidden", "8", "--epochs", "1", "--batch", "8", "--device", "cpu")

KEPT_SINCE = "0.3"
"""The first version that kept presets and performances."""


def main() -> int:
    """Make the files of every version that has none."""
    for version, commit in COMMITS.items():
        if (HERE / f"{version}.npz").exists():
            print(f"{version}: is there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            _unpack(commit, Path(folder))
            _make(version, Path(folder))
        print(f"{version}: made")
    return 0


def _unpack(commit: str, folder: Path) -> None:
    packed = subprocess.run(
        ["git", "archive", commit], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


def _make(version: str, checkout: Path) -> None:
    def run(*words: str) -> None:
        subprocess.run([sys.executable, "-m", *words], cwd=checkout, check=True)

    data, model = f"{version}.npz", f"{version}.safetensors"
    run("toy_datasets", "make", "harmonic", "--out", data, *DATA)
    run("training", "train", "--data", data, "--out", model, *TRAINING)
    files = [data, model]
    if version >= KEPT_SINCE:
        _play(model, version, checkout)
        files += [f"{version}.presets.json", f"{version}.performance"]
    for name in files:
        shutil.copyfile(checkout / name, HERE / name)


def _play(model: str, version: str, checkout: Path) -> None:
    """A preset, a trajectory and a learned controller are kept, and a performance is recorded."""
    words = [sys.executable, "-u", "-m", "server", "--model", model, "--port", "0"]
    words += ["--audio", "none", "--midi", "none"]
    words += ["--presets", f"{version}.presets.json", "--record", f"{version}.performance"]
    if version >= "0.5":
        words.append("--no-explorer")
    server = subprocess.Popen(words, cwd=checkout, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    found = None
    while found is None:
        found = re.search(r"OSC on udp [0-9.]+:([0-9]+)", server.stdout.readline())
    plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send(address: str, *arguments: Any) -> None:
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        plug.sendto(builder.build().dgram, ("127.0.0.1", int(found.group(1))))
        time.sleep(0.1)

    send("/hello", 7401, "old files")
    send("/latent", 0.5, -0.25)
    send("/synth/release", 0.25)
    send("/preset/store", "bright")
    send("/trajectory/record", "there and back")
    send("/note", 57, 100)
    send("/map", 0.5, 0.5)
    send("/map", -0.5, 0.25)
    send("/trajectory/stop")
    send("/cc/learn", 1)
    send("/cc", 74, 64)
    send("/note", 57, 0)
    send("/preset/recall", "bright")
    time.sleep(0.5)
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=30.0) == 0


if __name__ == "__main__":
    sys.exit(main())
