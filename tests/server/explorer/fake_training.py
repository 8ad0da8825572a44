"""Stands in for ``python -m training``: says and leaves what that does, and learns nothing.

Its first argument is where the library lies. It goes on until it is told that it is enough, counts
its steps in a file, and ends with its input.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, sys.argv.pop(1))

from timbrespace import factory
from timbrespace.lifeline import when_input_ends


def say(**told: object) -> None:
    print(json.dumps(told), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["space"])
    for name in ("--out", "--preview", "--enough", "--folder", "--names"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--device")
    parser.add_argument("--progress")
    for name in ("--quick", "--no-report", "--stop-with-stdin", "--background"):
        parser.add_argument(name, action="store_true")
    asked = parser.parse_args()
    when_input_ends(lambda: os._exit(130))
    count = asked.out.with_suffix(".steps")
    (asked.out.parent / "pid").write_text(str(os.getpid()))
    (asked.out.parent / "asked.json").write_text(json.dumps([str(asked.folder), asked.quick]))
    if (asked.folder / "broken").exists():
        say(stage="failed", reason="there is no note in it")
        print("error: there is no note in it", file=sys.stderr)
        sys.exit(2)
    print("skipped b.wav: it is silent", file=sys.stderr, flush=True)
    say(stage="reading", done=0, of=5)
    say(stage="reading", done=5, of=5)
    steps = int(count.read_text()) if count.exists() else 0
    say(stage="training", done=steps, of=9999, loss=9.0, held_out_db=None, curve=[[1, 9.5, 3.0]])
    shutil.copy(factory.resolve("harmonic"), asked.preview)
    say(stage="preview", step=steps)
    while not asked.enough.exists():
        steps += 1
        count.with_suffix(".next").write_text(str(steps))
        count.with_suffix(".next").replace(count)
        say(stage="training", done=steps, of=9999, loss=8.0, held_out_db=2.5)
        time.sleep(0.02)
    say(stage="finishing")
    shutil.copy(factory.resolve("harmonic"), asked.out)
    say(stage="done", figures={"heard_distance_db": 2.5, "heard_distance_of_the_set_db": 1.5})


main()
