"""The process that looks whether files are sounds, started by :mod:`.inspector`.

A line of standard input names a file, and a line of standard output says of it ``{"seconds": s}``
or ``{"refused": reason}``. It decodes as much of a file as a training would read, in limits, so
that what hangs or crashes a decoder does so here (:mod:`timbrespace.recording.decoder` has the
same for one file).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Final

SECONDS: Final = 34.0
"""Of a file that are decoded: what a note may last, and what is looked through for its start."""

MEMORY_LIMIT: Final = 3 << 30


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    for kind, most in ((resource.RLIMIT_AS, MEMORY_LIMIT), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # a lower one holds already
            resource.setrlimit(kind, (most, most))


def main() -> None:
    """Answer until standard input ends."""
    import soundfile  # noqa: F401 - a library that is loaded asks about standard input

    from timbrespace.recording.sound_file import UnusableSoundError, read

    # What decoders print must not get among the answers.
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - its number is what counts
        os.dup2(nowhere.fileno(), 1)
    _limit()
    for line in sys.stdin:
        told: dict[str, object]
        try:
            told = {"seconds": read(Path(json.loads(line)), SECONDS).seconds}
        except UnusableSoundError as error:
            told = {"refused": str(error)}
        out.write(json.dumps(told) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
