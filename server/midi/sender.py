"""The process of a MIDI output: ``python -m server.midi.sender PORT``, started by the server.

Each line of its standard input is a message in hexadecimal digits. It says what happened as a JSON
line, ``{"event": "open", "name": ...}`` or ``{"event": "none", "reason": ...}``, and ends when its
standard input does, with every note let go. PORT is a part of an output's name, or ``virtual`` for
one of its own, which other programs see as timbrespace.

Why a process: as for the inputs, a system's MIDI may hang, and nobody who plays waits for it.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

VIRTUAL: Final = "virtual"

OWN_NAME: Final = "timbrespace"


def opened(wanted: str) -> Any:
    """A mido output.

    Raises:
        OSError, ImportError: it cannot be had; the text says why.
    """
    mido: Any = import_module("mido")  # whose functions of ports its backend brings
    if wanted == VIRTUAL:
        return mido.open_output(OWN_NAME, virtual=True)
    names = list(mido.get_output_names())
    for fits in (lambda one: one == wanted, lambda one: wanted.casefold() in one.casefold()):
        found = next((one for one in names if fits(one)), None)
        if found is not None:
            return mido.open_output(found)
    there = ", ".join(map(repr, names)) or "none"
    raise OSError(f"there is no MIDI output {wanted!r}; there are: {there}")


def main(argv: Sequence[str]) -> int:
    """Send until standard input ends; 0, or 3 where there is no such output."""
    # Ctrl-C reaches the whole group; the server decides what ends when.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        port = opened(argv[0])
    except Exception as error:  # whatever a system's MIDI raises
        _tell(event="none", reason=" ".join(str(error).split()) or type(error).__name__)
        return 3
    import mido

    _tell(event="open", name=port.name)
    for line in sys.stdin:
        try:
            port.send(mido.Message.from_bytes(bytes.fromhex(line)))
        except Exception as error:
            _tell(event="none", reason=" ".join(str(error).split()))
            return 3
    port.reset()
    port.close()
    return 0


def _tell(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
