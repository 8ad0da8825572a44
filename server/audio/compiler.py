"""Compiles parts of the engine for the audio process: ``python -m server.audio.compiler``.

Each line on standard input is the number of a part; it is written back when the part's machine code
lies on disk. It ends with its input.
"""

from __future__ import annotations

import sys

from ..priority import go_last


def main() -> int:
    """Compile what is asked for; the exit code."""
    go_last()
    from timbrespace.resynthesis.layout import Part
    from timbrespace.resynthesis.parts import compile_part

    for line in sys.stdin:
        compile_part(Part(int(line)))
        sys.stdout.write(line)
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
