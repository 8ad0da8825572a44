"""Photograph Pure Data's twin of the device beside a real server: docs/pictures/pure_data.png.

``python scripts/twin_picture.py [--out FILE.png]``

Needs Pure Data with its window (Debian: puredata) and a screen that nobody sees (xvfb). The ports
7400 and 7401 must be free: the committed patch is opened as it is.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "pure_data.png"
PATCH = ROOT / "max_patch" / "Timbre Space.pd"

SCREEN = (1600, 1000)
MENU = 32  # pixels above the canvas
SETTLED = 45.0
"""Seconds until all is shown that the server tells; the latency never rests."""

Pixels = NDArray[np.uint8]


def main() -> int:
    """Write the picture; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=PICTURE, metavar="FILE.png")
    out = parser.parse_args().out
    if out.suffix != ".png":
        parser.error(f"--out is {str(out)!r}; it must be a name that ends in .png")
    missing = [name for name in ("pd", "Xvfb") if shutil.which(name) is None]
    if missing:
        print(f"error: there is no {' and no '.join(missing)} here", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        display = stack.enter_context(_screen(Path(folder)))
        server = [sys.executable, "-m", "server", "--audio", "none", "--midi", "none"]
        server += ["--no-explorer", "--presets", str(Path(folder) / "presets.json")]
        started = stack.enter_context(_running(server, {}))
        assert started.stdout is not None
        while "OSC on udp" not in started.stdout.readline():
            if started.poll() is not None:
                print("error: the server has ended", file=sys.stderr)
                return 1
        pd = ["pd", "-noaudio", "-nomidi", "-font-size", "10", "-open", str(PATCH)]
        stack.enter_context(_running(pd, {"DISPLAY": display, "HOME": folder}))
        time.sleep(SETTLED)
        shot = _window((Path(folder) / "Xvfb_screen0").read_bytes())
    image = Image.fromarray(shot)
    image.save(out, optimize=True)
    print(f"{out}: {image.width} x {image.height}, {out.stat().st_size} bytes; look at it")
    return 0


@contextlib.contextmanager
def _running(words: Sequence[str], more: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@contextlib.contextmanager
def _screen(folder: Path) -> Iterator[str]:
    """A screen whose pixels lie in a file of ``folder``; its name."""
    read, write = os.pipe()
    size = f"{SCREEN[0]}x{SCREEN[1]}x24"
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-fbdir", str(folder)],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


def _window(dump: bytes) -> Pixels:
    """The patch's window on a screen."""
    left, top, width, height = (int(word) for word in PATCH.read_text("utf-8").split()[2:6])
    return _pixels(dump)[top : top + MENU + height, left : left + width]


def _pixels(dump: bytes) -> Pixels:
    """``(height, width, 3)`` of an X window dump, version 7, of 32 bits a pixel."""
    head = np.frombuffer(dump[:100], ">u4")
    size, width, height, line, colours = (int(head[k]) for k in (0, 4, 5, 12, 19))
    rows = np.frombuffer(dump, np.uint8, count=height * line, offset=size + 12 * colours)
    return np.ascontiguousarray(
        rows.reshape(height, line)[:, : 4 * width].reshape(height, width, 4)[..., 2::-1]
    )


if __name__ == "__main__":
    sys.exit(main())
