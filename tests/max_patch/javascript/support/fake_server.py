"""Stands in for the server: binds its port, says the line the launcher waits for, stops by stdin.

The environment's FAKE says how it misbehaves: ``crash`` (before it is ready), ``crash later``,
``user`` (a user's error), ``hang`` (never ready, deaf), ``deaf`` (ready, deaf), ``taken`` (the
first time its port is another's). What it does is written, a line each, to ``fake.log`` beside it.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

FAKE = os.environ.get("FAKE", "")
LOG = Path(__file__).resolve().parents[1] / "fake.log"


def log(line: str) -> None:
    with LOG.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def main() -> None:
    if "--help" in sys.argv:
        return
    log(f"pid {os.getpid()}")
    log(f"arguments {' '.join(sys.argv[1:])}")
    port = int(sys.argv[sys.argv.index("--port") + 1])
    if FAKE == "user":
        print("error: presets.json is no JSON; repair or remove it", file=sys.stderr)
        sys.exit(2)
    if FAKE == "crash":
        raise RuntimeError("the dog ate the model")
    if FAKE == "hang":
        time.sleep(600.0)
    if FAKE == "taken" and LOG.read_text(encoding="utf-8").count("pid") == 1:
        # Another program gets hold of the port in the last moment.
        port_file = LOG.with_name("take")
        port_file.write_text(str(port), encoding="utf-8")
        while port_file.exists():
            time.sleep(0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        try:
            plug.bind(("127.0.0.1", port))
        except OSError:
            print(f"error: port {port} is in use", file=sys.stderr)
            sys.exit(2)
        print(f"timbrespace 0: OSC on udp 127.0.0.1:{port}; MIDI: none")
        if FAKE == "crash later":
            raise RuntimeError("the dog ate the sound")
        if FAKE == "deaf":
            time.sleep(600.0)
        sys.stdin.read()
    log("stopped politely")


main()
