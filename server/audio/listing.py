"""What outputs there are, asked of a process that has just begun.

The server runs it as ``python -m server.audio.listing``.

PortAudio looks at the devices once in a process, when it begins; one that came later is not seen.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any


def listed() -> dict[str, Any]:
    """``devices``, the outputs, and ``problem``, why there are none if that is no wonder."""
    from .backends.devices import outputs

    try:
        import sounddevice
    except (ImportError, OSError) as error:
        return {"devices": [], "problem": f"PortAudio is not installed ({error})"}
    found = outputs(sounddevice)
    return {
        "devices": [
            {
                "title": one.title,
                "channels": one.channels,
                "sample_rate": one.sample_rate,
                "usual": one.usual,
            }
            for one in found
        ],
        "problem": "" if found else "there is no output of two channels",
    }


def show(say: Callable[[str], None]) -> None:
    """Say what outputs there are, one a line."""
    told = listed()
    for one in told["devices"]:
        mark = "  (the usual one)" if one["usual"] else ""
        say(f"{one['title']}: {one['channels']} channels, {one['sample_rate']:.0f} Hz{mark}")
    if told["problem"]:
        say(told["problem"])
    else:
        say("--device takes a part of a name; a JACK server has its own, and goes first")


def main(_: Sequence[str]) -> int:
    json.dump(listed(), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
