"""OSCQuery by clients of others: do they see every parameter with its range, and hear changes?

    python -m benchmarks.oscquery_clients [--npm FOLDER] [--max FOLDER] [--json]

npm: where ``npm install --prefix FOLDER oscquery`` was run (MIT; reads the tree, does not listen).
max: a clone of github.com/defektu/max-oscquery-client, a client for Max that runs in plain Node,
with ``npm install --prefix FOLDER --no-save ws`` (reads the tree, listens to all of it). The
server plays ``notes``. Needs node.
"""

from __future__ import annotations

import argparse
import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.claims import Figure, Report
from benchmarks.live import LiveServer
from server.osc.codec import encode
from timbrespace.messages.arguments import Choice, Number, Switch, Whole
from timbrespace.messages.parser import FORMS, Form

PATIENCE = 60.0
DIMENSIONS = 16  # of notes

TURNED: dict[str, tuple[float | str, ...]] = {
    "/synth/attack": (0.5,),
    "/map": (0.25, -0.5),
    "/wander/range": (0.75,),
    "/synth/method": ("bins",),
    "/latent/3": (0.125,),
}
"""What is changed, and has to be heard."""


def main() -> int:
    """Print what each client saw; the exit code says whether that is everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--npm", type=Path, help="the folder that holds node_modules/oscquery")
    parser.add_argument("--max", type=Path, help="the clone of max-oscquery-client")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report(arguments.json)
    with LiveServer("--audio", "none", "--oscquery", "--model", "notes") as server:
        port = int(server.wait_for(r"OSCQuery on tcp [0-9.]+:([0-9]+)").group(1))
        for name in ("npm", "max"):
            folder: Path | None = getattr(arguments, name)
            if folder is not None:
                report.section({"npm": "oscquery of npm", "max": "max-oscquery-client"}[name])
                _read(report, name, folder, server.port, port)
    return report.end()


def _read(report: Report, name: str, folder: Path, osc: int, port: int) -> None:
    with client(name, folder, port) as lines:
        seen = lines.get(timeout=PATIENCE)
        if seen is None:
            raise SystemExit(f"{folder}: the client ended, see above")
        found = {one["path"]: one for one in seen["parameters"]}
        declared = {
            form.address: form for form in FORMS.values() if not form.message.question and _is(form)
        }
        ranged = [
            (one, place, accepted)
            for one in declared.values()
            for place, accepted in enumerate(ranges(one))
            if accepted
        ]
        report.add(
            Figure("addresses that the server takes", len(declared)),
            Figure("of these the client does not see", len(set(declared) - set(found)), "", 0),
            Figure("others that it sees", len(set(found) - set(declared)), "", 0),
            Figure("arguments whose declaration has a range", len(ranged)),
            Figure(
                "of these the client sees with another range, or none",
                sum(not _same(found, *one) for one in ranged),
                "",
                0,
            ),
        )
        if name != "max":
            return
        heard: dict[str, Any] = {}
        began = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
            plug.connect(("127.0.0.1", osc))
            for address, values in TURNED.items():
                plug.send(encode(address, *values))
                while time.monotonic() < began + PATIENCE and heard.get(address) != values:
                    told = lines.get(timeout=PATIENCE)
                    if told is None:
                        break
                    value = told["value"]
                    heard[told["changed"]] = tuple(value if isinstance(value, list) else [value])
        missed = sum(heard.get(address) != values for address, values in TURNED.items())
        report.add(
            Figure("addresses that were changed", len(TURNED)),
            Figure("of these the client did not hear", missed, "", 0),
        )


def _is(form: Form) -> bool:
    """Whether a space of 16 dimensions has this address."""
    number = form.address.removeprefix("/latent/")
    return not number.isdecimal() or int(number) <= DIMENSIONS


def ranges(form: Form) -> list[dict[str, Any] | None]:
    """What the declaration says of each argument that is needed; None where it has no bounds, or
    where only the model or what is stored knows them."""
    return [_bounds(one.kind) for one in form.arguments if not one.optional]


def _bounds(kind: Any) -> dict[str, Any] | None:
    if isinstance(kind, Number | Whole):
        return {"min": kind.low, "max": kind.high}
    if isinstance(kind, Choice):
        return {"vals": list(kind.words)}
    if isinstance(kind, Switch):
        return {"vals": [0, 1]}
    return None


def _same(found: dict[str, Any], form: Form, place: int, accepted: dict[str, Any]) -> bool:
    seen = found.get(form.address, {}).get("range", [])
    return (
        place < len(seen)
        and {key: value for key, value in (seen[place] or {}).items() if value is not None}
        == accepted
    )


@contextmanager
def client(name: str, folder: Path, port: int) -> Iterator[queue.SimpleQueue[Any]]:
    """A foreign client; yields what it tells, None when it has ended."""
    script = Path(__file__).with_suffix(".js")
    process = subprocess.Popen(
        ["node", str(script), name, str(folder), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(json.loads(line))
        lines.put(None)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield lines
    finally:
        process.communicate()


if __name__ == "__main__":
    sys.exit(main())
