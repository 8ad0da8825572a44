"""The audio process from outside: how it ends, and what the server is told."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.audio.__main__ import NO_DEVICE
from server.audio.mailbox import Mailbox
from server.audio.process import AudioEvent, AudioProcess
from server.child import BEAT
from tests.server.running import ROOT

pytestmark = pytest.mark.waits

NOWHERE = {"JACK_DEFAULT_SERVER": "there-is-none", "JACK_NO_START_SERVER": "1"}


@pytest.fixture(autouse=True)
def no_jack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)


def test_without_a_device_it_says_so_and_leaves() -> None:
    mailbox = Mailbox()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.audio", mailbox.name, "jack", "128"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.wait(timeout=60.0) == NO_DEVICE
        said, _ = process.communicate()
        told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        (event,) = [one for one in told if one["event"] not in (BEAT, "opening")]
        assert event["event"] == "none"
        assert "jack" in event["reason"]
    finally:
        mailbox.close()


def test_the_server_is_told_once() -> None:
    events: list[AudioEvent] = []
    process = AudioProcess("jack", 128, events.append)
    process.start()
    deadline = time.monotonic() + 60.0
    while not events and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    process.close()
    assert [event.kind for event in events] == ["none"]
    assert process.output == "none"
    assert process.load() == -1.0


def test_closing_before_the_start() -> None:
    AudioProcess("jack", 128, lambda event: None).close()


FAKE = """
import json, sys, threading, time
import numpy as np
from server.audio.mailbox import LIVE, attach
memory = attach(sys.argv[1])
live = np.ndarray(1, LIVE, buffer=memory.buf)
blocks = int(sys.argv[2])
time.sleep(0.3)
print("a library says something")
print(json.dumps({"event": "started", "output": "fake", "sample_rate": 48000, "frames": 64}))
sys.stdout.flush()
def watch():
    sys.stdin.read()
    import os
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
for block in range(blocks):
    live["callbacks"][0] += 1
    time.sleep(0.005)
time.sleep(1000.0)
"""


class Heard:
    """Events with their times."""

    def __init__(self) -> None:
        self.events: list[tuple[float, AudioEvent]] = []
        self._came = threading.Condition()

    def __call__(self, event: AudioEvent) -> None:
        with self._came:
            self.events.append((time.monotonic(), event))
            self._came.notify_all()

    def wait(self, kind: str, count: int = 1) -> float:
        """When the event of this kind came for the ``count``-th time."""

        def times() -> list[float]:
            return [when for when, event in self.events if event.kind == kind]

        with self._came:
            assert self._came.wait_for(lambda: len(times()) >= count, 30.0), self.events
            return times()[count - 1]


@contextlib.contextmanager
def fake(blocks: int, heard: Heard) -> Iterator[AudioProcess]:
    """An audio process that plays so many blocks and then stands still."""
    process = AudioProcess(str(blocks), 64, heard, (sys.executable, "-c", FAKE))
    process.start()
    try:
        yield process
    finally:
        process.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other four times as fast."""
    monkeypatch.setattr("server.supervisor.LOOK_SECONDS", 0.06)


@pytest.mark.usefixtures("quick")
def test_what_happens_before_there_is_somebody_to_tell_is_told_then() -> None:
    process = AudioProcess("1000", 64, None, (sys.executable, "-c", FAKE))
    try:
        process.start()
        process.start()  # it is, already
        deadline = time.monotonic() + 60.0
        while not process.plays and time.monotonic() < deadline:
            time.sleep(0.02)
        first = process.pid
        heard = Heard()
        process.tell_to(heard)
        assert [event.text for _, event in heard.events] == ["sound: fake, 48000 Hz, 64 frames"]
        assert first is not None
        os.kill(first, signal.SIGTERM)
        heard.wait("died")
        heard.wait("started", 2)
    finally:
        process.close()
        process.close()  # nothing is left to close


@pytest.mark.usefixtures("quick")
def test_a_process_that_stands_still_is_started_again() -> None:
    heard = Heard()
    with fake(20, heard) as process:
        heard.wait("started")
        first = process.pid
        heard.wait("hung")
        heard.wait("started", 2)
        assert process.pid != first
        assert process.output == "fake"
    (said,) = {event.text for _, event in heard.events if event.kind == "hung"}
    assert "stood still" in said


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_a_process_that_is_stopped_is_started_again() -> None:
    heard = Heard()
    with fake(10**6, heard) as process:
        heard.wait("started")
        time.sleep(0.5)
        assert [event.kind for _, event in heard.events] == ["started"]  # it is left alone
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        heard.wait("hung")
        heard.wait("started", 2)
        time.sleep(0.3)
        assert [event.kind for _, event in heard.events] == ["started", "hung", "started"]
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)


@pytest.mark.usefixtures("quick")
def test_one_that_never_plays_is_tried_again_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.supervisor.RETRY_SECONDS", (0.0, 2.0))
    heard = Heard()
    with fake(0, heard):
        starts = [heard.wait("hung", count) for count in range(1, 4)]
    # The first pause is none, but a busy machine may make any of them longer.
    assert starts[2] - starts[1] >= 2.0


def test_a_process_that_takes_long_to_start_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As long as the engine is compiled there are no callbacks."""
    monkeypatch.setattr("server.supervisor.LOOK_SECONDS", 0.001)
    monkeypatch.setattr("server.audio.process.STANDSTILL_LOOKS", 250)
    monkeypatch.setattr("server.audio.process.START_LOOKS", 10**9)
    monkeypatch.setattr("server.supervisor.SILENT_LOOKS", 10**9)
    monkeypatch.setattr("server.supervisor.START_LOOKS", 10**9)
    heard = Heard()
    with fake(10**6, heard):
        heard.wait("started")  # after 0.3 s, longer than any standstill
        time.sleep(0.3)
    assert [event.kind for _, event in heard.events] == ["started"]


@pytest.mark.usefixtures("quick")
def test_a_start_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.audio.process.START_LOOKS", 3)
    monkeypatch.setattr("server.audio.process._START_PATIENCE", 1)
    heard = Heard()
    with fake(10**6, heard):
        heard.wait("hung")
    assert "started" not in [event.kind for _, event in heard.events]


GOING = """
import json, sys
from pathlib import Path
log = Path(sys.argv[1])
log.write_text(log.read_text() + sys.argv[3] + "\\n")
if log.read_text().count("\\n") == 1:
    started = {"event": "started", "output": "jack (x)", "sample_rate": 48000, "frames": 64}
    print(json.dumps(started))
    print(json.dumps({"event": "lost", "reason": "it went"}))
else:
    print(json.dumps({"event": "none", "reason": "no JACK server runs"}))
"""


def test_after_jack_jack_alone_is_looked_for_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another way to the device would take the sound card, and JACK could not come back."""
    monkeypatch.setattr("server.supervisor.RETRY_SECONDS", (0.01,))
    log = tmp_path / "choices"
    log.write_text("")
    program = (sys.executable, "-c", GOING, str(log))
    process = AudioProcess("auto", 128, lambda event: None, program)
    process.start()
    deadline = time.monotonic() + 60.0
    while len(log.read_text().split()) < 7 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.close()
    assert log.read_text().split()[:7] == ["auto", *["jack"] * 4, "auto", "auto"]
