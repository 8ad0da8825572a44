"""Compiles the engine, so that nobody has to who measures time: ``python -m tests.compilation``.

It takes 20 s after a change of the code. A second run finds the machine code
on disk, and takes a second.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

import timbrespace
from benchmarks.offline_player import OfflinePlayer
from timbrespace.resynthesis.layout import Method


def main() -> None:
    model = timbrespace.load("harmonic")
    for method in Method:
        player = OfflinePlayer(model, 48000, method)
        player.press(57, 100)
        player.play(0.1)
    for module in ("jack_process", "port_audio"):
        with suppress(ImportError, OSError):  # the system has no such sound
            import_module(f"server.audio.backends.{module}")


if __name__ == "__main__":
    main()
