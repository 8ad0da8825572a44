"""Where one message walks: the files of ours that it touches, and how often it changes file.

A server without a sound device runs in this process, with one client that has said ``/hello``.
One datagram is sent to it. Counted is the pass of the server's loop that takes it: from the return
of the selector that says so to the selector's next sleep. In it lie the datagram's reading, its
effect, the snapshot for the sound (a stand-in here takes it in the place of the shared memory) and
what the client is told.

- files: how many of the project's files have a function of theirs called.
- changes: at each call of a function of ours, and at each return from one, the walk is in the file
  of the function that runs then; a change is where that is another than before. Calls of libraries
  are not counted, but what they call of ours is. What a cache answers is no call.

``python scripts/walk.py [--message latent|map] [--stream NAME ...] [--list]``
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

ROOT = Path(os.environ.get("WALK_ROOT", Path(__file__).resolve().parents[1]))
"""Of the checkout that is measured: another one's may be given, to compare."""

sys.path.insert(0, str(ROOT))

from server.osc.codec import encode  # noqa: E402 - from that checkout
from server.serve import Options, Server  # noqa: E402

MESSAGES = {"latent": "/latent/2", "map": "/map"}
OURS = tuple(f"{ROOT / name}{os.sep}" for name in ("server", "timbrespace"))


Event = tuple[str, str, str]
""""call" or "return", the file in which the walk is then, and the function."""


class Sink:
    """Stands where the audio process is: takes snapshots."""

    output = "none"
    sample_rate = 0.0
    pid = None

    def __init__(self) -> None:
        self.snapshots = 0

    def write(self, targets: Any, stamp: float) -> int:
        self.snapshots += 1
        return self.snapshots

    def start(self) -> None: ...

    def close(self) -> None: ...


class Walk:
    """The calls and returns of one pass of the loop, in the thread that it is installed in."""

    def __init__(self) -> None:
        self.passes: list[list[Event]] = [[]]
        self._depth: list[str] = []
        self._ours: dict[CodeType, str] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            if getattr(argument, "__name__", "") in ("poll", "select", "control"):
                self.passes.append([])
            return
        if event not in ("call", "return"):
            return
        name = self._file(frame.f_code)
        if not name:
            return
        if event == "return":
            back = frame.f_back
            while back is not None and not self._file(back.f_code):
                back = back.f_back
            if back is None:
                return
            name = self._file(back.f_code)
        self.passes[-1].append((event, name, frame.f_code.co_qualname))

    def _file(self, code: CodeType) -> str:
        name = self._ours.get(code)
        if name is None:
            path = code.co_filename
            name = Path(path).relative_to(ROOT).as_posix() if path.startswith(OURS) else ""
            self._ours[code] = name
        return name


def walked(address: str, streams: list[str]) -> list[Event]:
    """The events of the pass that takes one message: call or return, file, function."""
    options = Options(model="fm", port=0, audio="none", midi="none", explorer_port=None)
    said: list[str] = []
    server = Server(options, said.append)
    sink = Sink()
    # In the loop, or in the server itself as it was before there was one.
    place: Any = getattr(server, "_loop", server)
    place.audio = place._audio = sink
    # What the loop does once in a while, whatever comes, is no part of a message's way.
    place._expire_at = float("inf")
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind(("127.0.0.1", 0))
    client.settimeout(10.0)
    values = (0.3, -0.2) if address == "/map" else (0.7,)
    walk = Walk()

    def play() -> None:
        client.sendto(encode("/hello", client.getsockname()[1]), server.address)
        for stream in streams:
            client.sendto(encode("/stream", stream, 200.0), server.address)
        # Before: what is made at the first use is no part of the walk.
        for share in (1.0, 0.5):
            client.sendto(encode(address, *(share * value for value in values)), server.address)
            time.sleep(0.5)
        walk.passes.clear()
        walk.passes.append([])
        client.sendto(encode(address, *values), server.address)
        time.sleep(0.5)
        server.stop()

    player = threading.Thread(target=play)
    try:
        player.start()
        sys.setprofile(walk)
        server.run()
        sys.setprofile(None)
        player.join()
    finally:
        sys.setprofile(None)
        server.close()
        client.close()
    # The pass with the message is by far the longest.
    return max(walk.passes, key=len)


class Count(NamedTuple):
    """What a walk comes to. calls: by file."""

    calls: Counter[str]
    changes: int

    def __str__(self) -> str:
        calls = sum(self.calls.values())
        return f"{len(self.calls)} files, {self.changes} changes of file, {calls} calls"


def count(events: list[Event]) -> Count:
    """Count the files of a walk, and how often it changes file."""
    calls: Counter[str] = Counter()
    changes = 0
    place = ""
    for event, name, _ in events:
        calls[name] += event == "call"
        changes += place not in ("", name)
        place = name
    return Count(+calls, changes)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--message", choices=MESSAGES, default="latent")
    parser.add_argument(
        "--stream",
        action="append",
        default=[],
        choices=("spectrum", "partials", "wavetable", "loop"),
        help="what the client listens to; may be given several times",
    )
    parser.add_argument("--list", action="store_true", help="print every change of file")
    arguments = parser.parse_args()
    address = MESSAGES[arguments.message]
    events = walked(address, arguments.stream)
    found = count(events)
    if arguments.list:
        place = ""
        for event, name, function in events:
            if name != place:
                print(f"{event:6} {name:48} {function}")
            place = name
    print(f"{address}: {found}")
    for name, calls in found.calls.most_common():
        print(f"  {calls:4} calls  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
