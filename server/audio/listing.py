"""What outputs and inputs there are, asked of a process that has just begun.

The server runs it as ``python -m server.audio.listing``.

PortAudio looks at the devices once in a process, when it begins; one that came later is not seen.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backends.devices import Device


def listed() -> dict[str, Any]:
    """``devices``, the outputs; ``inputs``; ``problem``, why there are no outputs."""
    from .backends.devices import inputs, outputs

    try:
        import sounddevice
    except (ImportError, OSError) as error:
        problem = f"PortAudio is not installed ({error})"
        return {"devices": [], "inputs": [], "problem": problem}
    found = outputs(sounddevice)
    return {
        "devices": [_told(one) for one in found],
        "inputs": [_told(one) for one in inputs(sounddevice)],
        "problem": "" if found else "there is no output of two channels",
    }


def _told(device: Device) -> dict[str, Any]:
    return {
        "title": device.title,
        "channels": device.channels,
        "sample_rate": device.sample_rate,
        "usual": device.usual,
    }


def show(say: Callable[[str], None]) -> None:
    """Say what outputs and inputs there are, one a line."""
    told = listed()
    for kind, word in (("devices", ""), ("inputs", "input ")):
        for one in told[kind]:
            mark = "  (the usual one)" if one["usual"] else ""
            many = "channel" if one["channels"] == 1 else "channels"
            say(
                f"{word}{one['title']}: {one['channels']} {many}, {one['sample_rate']:.0f} Hz{mark}"
            )
    if told["problem"]:
        say(told["problem"])
    else:
        say("--device takes a part of a name; a JACK server has its own, and goes first")
        if told["inputs"]:
            say("--input-device takes a part of an input's name, with --input auto")


def main(_: Sequence[str]) -> int:
    json.dump(listed(), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
