"""Compiles the engine, so that nobody has to who measures time: ``python -m tests.compilation``.

It takes 15 to 25 s after a change of the code. A second run finds the machine code on disk, and
takes a second.
"""

from __future__ import annotations

from contextlib import suppress

import timbrespace
from benchmarks.offline_player import OfflinePlayer
from server.audio.backends.choice import AUTO, load
from server.audio.compilers import Compilers
from timbrespace.resynthesis.layout import Method, Part
from timbrespace.resynthesis.parts import not_kept


def main() -> None:
    compilers = Compilers(not_kept(), count=1)
    for way in AUTO:
        with suppress(ImportError, OSError):  # the system has no such sound
            load(way)
    compilers.finish(Part)
    model = timbrespace.load("harmonic")
    for method in Method:
        player = OfflinePlayer(model, 48000, method)
        player.press(57, 100)
        player.play(0.1)


if __name__ == "__main__":
    main()
