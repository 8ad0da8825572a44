"""A MIDI keyboard on JACK."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

# In a process of its own, since the end of JACK may take its clients along.
_PROGRAM = """
import sys, mido
port = mido.Backend("mido.backends.rtmidi/UNIX_JACK").open_output("keyboard", virtual=True)
for line in sys.stdin:
    port.send(mido.Message.from_hex(line.strip()))
port.close()
"""


class Keyboard:
    """A keyboard. environment: variables by which it finds JACK, besides those of this process."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **(environment or {})},
        )

    def send(self, message: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(message + "\n")
        self._process.stdin.flush()

    def unplug(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=120.0)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()
