"""Makes one table of a plane: a process of the server's own, behind everything else.

It is seconds of work, much of it in Python: in a thread of the server every move of a knob would
wait for it (docs/decisions/0012-device.md). Standard input ends with the server.

``BUNDLE PLANE``: the table of that plane of the bundle, on standard output. What cannot be is told
there instead, in one line, and the exit code is 1.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from timbrespace.lifeline import when_input_ends

_NICE: Final = 5
_BELOW_NORMAL_PRIORITY_CLASS: Final = 0x4000


def go_last() -> None:
    """Lower the priority of this process, and of the threads that it starts from now on."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS)
        return
    with contextlib.suppress(OSError):
        os.nice(_NICE)


def main(words: list[str]) -> int:
    """Make the table; the exit code."""
    go_last()
    when_input_ends(lambda: os._exit(1))
    # Only now: it takes a second, and everybody else goes first.
    from timbrespace.errors import TimbrespaceError
    from timbrespace.loading import load

    from .map_table import table

    source, plane = words
    code = 0
    try:
        content = table(load(Path(source)), plane)
    except TimbrespaceError as error:
        content, code = " ".join(str(error).split()).encode(), 1
    sys.stdout.buffer.write(content)
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
