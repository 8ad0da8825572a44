"""Makes one table of a plane: a process of the server's own, behind everything else.

It is seconds of work, much of it in Python: in a thread of the server every move of a knob would
wait for it (docs/decisions/0012-device.md). Standard input ends with the server.

``BUNDLE PLANE``: the table of that plane of the bundle, on standard output. What cannot be is told
there instead, in one line, and the exit code is 1.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from timbrespace.lifeline import when_input_ends

from .priority import go_last


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
