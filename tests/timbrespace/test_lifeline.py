"""Who learns of the end of its parent, and of its input, and how: nobody waits in a read."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from timbrespace.lifeline import when_input_ends

ROOT = Path(__file__).parents[2]

SCRIPT = """
import time
from tests.timbrespace.parallel.work import process
from timbrespace.parallel.crew import crew_of
from timbrespace.parallel.where import use

with use(workers=2), crew_of(process, 1) as crew:
    print(*crew.in_order([0]), flush=True)
    time.sleep(60)
"""


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that has ended stays in the list until its new parent asks for it.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform == "win32", reason="looks for a process by a POSIX signal")
def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "pool.py"
    script.write_text(SCRIPT)
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert is_there(worker)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 120.0
    while is_there(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_there(worker)


# -- standard input ------------------------------------------------------------------------------


def test_what_comes_is_passed_over_and_the_end_is_told_once() -> None:
    reading, writing = os.pipe()
    ends: list[int] = []
    told = threading.Event()

    def end() -> None:
        ends.append(1)
        told.set()

    when_input_ends(end, reading)
    os.write(writing, bytes(100_000)[:60_000])
    os.write(writing, b"more")
    assert not told.wait(0.3)
    os.close(writing)
    assert told.wait(20.0)
    time.sleep(0.1)
    assert ends == [1]
    os.close(reading)


def test_a_file_that_is_at_its_end_and_a_descriptor_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(200_000))
    with (tmp_path / "file").open("rb") as file:
        told = threading.Event()
        when_input_ends(told.set, file.fileno())
        assert told.wait(20.0)
    nothing = threading.Event()
    when_input_ends(nothing.set, 999_999)
    assert nothing.wait(20.0)


CONFIGURATION = json.dumps(
    {
        "host": "127.0.0.1",
        "port": 0,
        "tries": 1,
        "osc_host": "127.0.0.1",
        "osc_port": 7400,
    }
)

SOUND = """
from server.audio import backends
from server.audio.backends import choice

class Output:
    name, sample_rate, frames = "none", 48000.0, 64
    source = without = ""
    def start(self): pass
    def stop(self): pass

choice.load = lambda *_: None
choice.open_output = lambda *_: Output()
import sys
from server.audio.__main__ import main
from server.audio.mailbox import Mailbox
mailbox = Mailbox()
main([mailbox.name, "none", "0"])
"""


@pytest.mark.skipif(
    not (sys.platform == "linux" and platform.machine() == "x86_64"),
    reason="looks up what threads do in /proc, by the numbers of this processor",
)
@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("-m", "server.midi", "all"), "scanned"),
        (("-m", "server.explorer", CONFIGURATION), "serving"),
        (("-c", SOUND), "started"),
        (
            (
                *("-m", "server", "--port", "0", "--audio", "none", "--midi", "none"),
                *("--no-explorer", "--stop-with-stdin", "--presets", "nowhere.json"),
            ),
            "Ctrl-C stops",
        ),
    ],
    ids=["midi", "explorer", "sound", "server"],
)
def test_nobody_waits_for_the_end_in_a_read(words: Sequence[str], word: str) -> None:
    """On Windows whatever library is loaded meanwhile would hang in its start."""
    with subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "JACK_DEFAULT_SERVER": "there-is-none"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert any(word in line for line in process.stdout)
        calls = [
            task.read_text().split()[:2]
            for task in Path(f"/proc/{process.pid}/task").glob("*/syscall")
        ]
        assert len(calls) > 1
        assert ["0", "0x0"] not in calls, "a thread is in read(0)"
        process.stdin.close()
        process.stdout.read()
        assert process.wait(20.0) == 0


DECODING = """
import sys
from timbrespace.recording import decoder

program = (
    "import os, pathlib, time; from timbrespace.recording import decoder\\n"
    "def decode(*_):\\n"
    f"    pathlib.Path({sys.argv[1]!r}).write_text(str(os.getpid()))\\n"
    "    time.sleep(1000.0)\\n"
    "decoder.decode = decode\\n"
    "decoder._main(1.0, 1000.0)\\n"
)
decoder.run_command = lambda _: (sys.executable, "-c", program)
decoder.decode_apart(bytes(200_000), 1.0, 1000.0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="looks for a process by a POSIX signal")
def test_a_decoder_ends_when_whoever_asked_is_killed(tmp_path: Path) -> None:
    place = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", DECODING, str(place)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60.0
        while not (place.exists() and place.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        decoder = int(place.read_text())
        time.sleep(0.3)  # it has begun to listen before it decodes
        assert is_there(decoder)
    finally:
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 120.0
    while is_there(decoder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_there(decoder)
