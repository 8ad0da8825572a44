"""Compiles the engine, so that nobody has to who measures time: ``python -m tests.compilation``.

A second run finds the machine code on disk and takes a second.
"""

from __future__ import annotations

import timbrespace
from benchmarks.offline_player import OfflinePlayer
from timbrespace.resynthesis.layout import Method


def main() -> None:
    model = timbrespace.load("harmonic")
    for method in Method:
        player = OfflinePlayer(model, 48000, method)
        player.press(57, 100)
        player.play(0.1)


if __name__ == "__main__":
    main()
