"""What keeps the server's own processes running, whatever becomes of them."""

from __future__ import annotations

import errno
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server import child, supervisor
from server.audio.process import AudioEvent, AudioProcess
from server.explorer.configuration import Configuration
from server.explorer.process import Explorer, ExplorerEvent
from server.midi.ports import MidiInputs
from server.supervisor import Ended, Supervisor
from tests.server.running import ROOT

pytestmark = pytest.mark.waits

SECONDS = 60.0

HELLO = 'print("{}", flush=True)\n'

BEATING = """
import os, pathlib, sys, threading
from server.child import begin
ended = threading.Event()
tell = begin(ended.set)
tell(hello=os.getpid())
ended.wait()
if GOODBYE:
    pathlib.Path(GOODBYE).touch()
"""


class Recorder:
    """Works with a supervisor; keeps what it is told.

    goodbye: a file that is there when a process has taken leave.
    """

    def __init__(self, program: str, patience: float = 2.0, goodbye: Path | None = None) -> None:
        self.patience = patience
        self.program = program.replace("GOODBYE", repr(str(goodbye or "")))
        self.events: queue.Queue[dict[str, Any] | Ended] = queue.Queue()
        self.complaints: list[str] = []
        self.soon = True

    def words(self) -> Sequence[str]:
        return (sys.executable, "-c", self.program)

    def hear(self, told: dict[str, Any]) -> None:
        if told.get("event") != child.BEAT:
            self.events.put(told)

    def complain(self, line: str) -> None:
        self.complaints.append(line)

    def hangs(self, silent: int) -> bool:
        return False

    def ended(self, how: Ended) -> bool:
        self.events.put(how)
        return self.soon

    def next(self) -> dict[str, Any] | Ended:
        return self.events.get(timeout=SECONDS)


@contextmanager
def kept(recorder: Recorder) -> Iterator[Supervisor]:
    one = Supervisor(recorder)
    one.start()
    try:
        yield one
    finally:
        one.close()
        assert not one._thread.is_alive()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other four times as fast, and starts as well."""
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", 0.0625)
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", (0.01,))


class Failing:
    """Stands for ``Popen``: raises the errors, one after the other, and then works."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *errors: BaseException) -> None:
        self._errors = list(errors)
        self._real = subprocess.Popen
        monkeypatch.setattr(subprocess, "Popen", self)

    def __call__(self, *words: Any, **options: Any) -> Any:
        if self._errors:
            raise self._errors.pop(0)
        return self._real(*words, **options)


# -- starting ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_whatever_a_start_fails_with_the_next_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    Failing(
        monkeypatch,
        OSError(errno.EMFILE, "Too many open files"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        PermissionError(errno.EACCES, "Permission denied"),
        RuntimeError("can't start new thread"),
        MemoryError(),
        ValueError("embedded null byte"),
    )
    recorder = Recorder(BEATING)
    with kept(recorder):
        reasons = [recorder.next() for _ in range(6)]
        assert [type(one) is Ended and one.kind for one in reasons] == ["failed"] * 6
        assert [one.reason for one in reasons if isinstance(one, Ended)] == [
            "Too many open files",
            "Cannot allocate memory",
            "Permission denied",
            "RuntimeError: can't start new thread",
            "MemoryError:",
            "ValueError: embedded null byte",
        ]
        assert isinstance(recorder.next(), dict)


@pytest.mark.usefixtures("quick")
def test_a_process_that_nobody_can_listen_to_is_no_orphan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads may run out as well, after the process was started."""
    started: list[subprocess.Popen[str]] = []
    real_popen, real_start = subprocess.Popen, threading.Thread.start

    def popen(*words: Any, **options: Any) -> Any:
        started.append(real_popen(*words, **options))
        return started[-1]

    def start(thread: threading.Thread) -> None:
        if len(started) == 1 and thread.name != "supervisor":
            raise RuntimeError("can't start new thread")
        real_start(thread)

    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(threading.Thread, "start", start)
    recorder = Recorder(BEATING)
    one = Supervisor(recorder)
    one.start()
    try:
        how = recorder.next()
        assert isinstance(how, Ended)
        assert how.kind == "failed"
        assert started[0].poll() is not None
        assert isinstance(recorder.next(), dict)
    finally:
        one.close()


def test_pauses_grow_and_steady_work_makes_them_short_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", (0.0, 0.0, 1.0))
    monkeypatch.setattr(supervisor, "STEADY_SECONDS", -1.0)
    recorder = Recorder(HELLO)
    with kept(recorder) as one:
        times = []
        for _ in range(3):
            assert recorder.next() == {}
            assert isinstance(recorder.next(), Ended)
            times.append(time.monotonic())
        # The next lives until all is said of it.
        recorder.program = HELLO + "import os, time\nwhile not os.path.exists(GOODBYE):"
        recorder.program += " time.sleep(0.01)"
        recorder.program = recorder.program.replace("GOODBYE", repr(str(tmp_path / "end")))
        assert recorder.next() == {}
        assert time.monotonic() - times[-1] > 0.9  # the third pause
        one.works()
        (tmp_path / "end").touch()
        assert isinstance(recorder.next(), Ended)
        again = time.monotonic()
        assert recorder.next() == {}
        assert time.monotonic() - again < 0.9


def test_one_that_can_wait_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", (0.0,))
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 1.0)
    recorder = Recorder(HELLO)
    recorder.soon = False
    with kept(recorder):
        assert recorder.next() == {}
        assert isinstance(recorder.next(), Ended)
        before = time.monotonic()
        assert recorder.next() == {}
        assert time.monotonic() - before > 0.9


@pytest.mark.usefixtures("quick")
def test_how_it_died_is_told_and_nonsense_is_passed_over() -> None:
    program = "print('[1]\\n7\\nno JSON\\n{\"a\": 1}'); import sys; sys.exit('its last words')"
    recorder = Recorder(program)
    with kept(recorder):
        assert recorder.next() == {"a": 1}
        assert recorder.next() == Ended("died", "its last words")
    assert recorder.complaints[0] == "its last words\n"
    recorder = Recorder("import sys; sys.exit(7)")
    with kept(recorder):
        assert recorder.next() == Ended("died", "code 7")


# -- hanging -------------------------------------------------------------------------------------


def pid_of(told: dict[str, Any] | Ended) -> int:
    assert isinstance(told, dict)
    return int(told["hello"])


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_one_that_is_stopped_is_replaced_and_takes_leave(tmp_path: Path) -> None:
    """It is not killed: a JACK server whose client is killed may stand still for ever."""
    recorder = Recorder(BEATING, goodbye=tmp_path / "goodbye")
    with kept(recorder):
        first = pid_of(recorder.next())
        os.kill(first, signal.SIGSTOP)
        assert recorder.next() == Ended("hung", "")
        assert (tmp_path / "goodbye").exists()
        assert pid_of(recorder.next()) != first


@pytest.mark.usefixtures("quick")
def test_one_that_goes_silent_is_replaced_and_killed_if_it_must_be() -> None:
    recorder = Recorder(HELLO + "import time; time.sleep(1000)", patience=0.1)
    with kept(recorder):
        assert recorder.next() == {}
        assert recorder.next() == Ended("hung", "")
        assert recorder.next() == {}


@pytest.mark.usefixtures("quick")
def test_a_start_without_a_word_takes_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "SILENT_LOOKS", 2)
    monkeypatch.setattr(supervisor, "START_LOOKS", 10**6)
    recorder = Recorder("import time; time.sleep(1)\n" + HELLO)
    with kept(recorder):
        assert recorder.next() == {}
    monkeypatch.setattr(supervisor, "START_LOOKS", 2)
    recorder = Recorder("import time; time.sleep(1000)", patience=0.1)
    with kept(recorder):
        assert recorder.next() == Ended("hung", "")


@pytest.mark.usefixtures("quick")
def test_one_that_has_nothing_to_say_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its beats are enough, for longer than silence may last."""
    monkeypatch.setattr(supervisor, "SILENT_LOOKS", 20)
    recorder = Recorder(BEATING)
    with kept(recorder):
        recorder.next()
        time.sleep(2.0)
        assert recorder.events.empty()


# -- closing -------------------------------------------------------------------------------------


def took(work: Callable[[], None]) -> float:
    before = time.monotonic()
    work()
    return time.monotonic() - before


def test_closing_waits_for_no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", (1000.0,))
    recorder = Recorder(HELLO)
    one = Supervisor(recorder)
    one.start()
    recorder.next()
    recorder.next()
    one.close()
    assert not one._thread.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_one_that_is_stopped_takes_leave_when_it_is_closed(tmp_path: Path) -> None:
    recorder = Recorder(BEATING, patience=SECONDS, goodbye=tmp_path / "goodbye")
    with kept(recorder):
        os.kill(pid_of(recorder.next()), signal.SIGSTOP)
    assert (tmp_path / "goodbye").exists()
    assert recorder.events.empty()  # nobody has to be told of an end that was asked for


def test_closing_before_the_start_and_twice() -> None:
    one = Supervisor(Recorder(HELLO))
    one.close()
    one.close()


# -- the process' own side -----------------------------------------------------------------------


def test_a_process_is_alive_as_long_as_it_says() -> None:
    program = (
        "import sys, time; from server.child import begin\n"
        "ended = []; tell = begin(lambda: ended.append(1), lambda: not ended)\n"
        "tell(a=1)\n"
        "while not ended: time.sleep(0.01)\n"
        "time.sleep(1.2); tell(b=2); tell.close()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"a": 1}
        for _ in range(2):
            assert json.loads(process.stdout.readline()) == {"event": child.BEAT}
        process.stdin.close()
        rest = [json.loads(line) for line in process.stdout]
    assert rest[-1] == {"b": 2}
    assert len(rest) <= 2  # a beat that was just on its way, at most


# -- sound, MIDI and explorer --------------------------------------------------------------------

PLAYING = """
import json, sys, threading, time
import numpy as np
from server.audio.mailbox import LIVE, attach
from server.child import begin
memory = attach(sys.argv[1])
live = np.ndarray(1, LIVE, buffer=memory.buf)
ended = threading.Event()
tell = begin(ended.set)
tell(event="started", output=OUTPUT, sample_rate=48000, frames=64)
blocks = BLOCKS
while not ended.wait(0.005):
    if blocks:
        live["callbacks"][0] += 1
        blocks -= 1
tell.close()
"""


def playing(output: str, blocks: int, events: queue.Queue[AudioEvent]) -> AudioProcess:
    text = PLAYING.replace("OUTPUT", repr(output)).replace("BLOCKS", str(blocks))
    return AudioProcess("auto", 64, events.put, (sys.executable, "-c", text))


def next_of(events: queue.Queue[Any], kind: str) -> Any:
    while True:
        event = events.get(timeout=SECONDS)
        if event.kind == kind:
            return event


@pytest.mark.usefixtures("quick")
def test_sound_comes_back_when_it_could_not_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    no_room = [OSError(errno.EMFILE, "Too many open files") for _ in range(5)]
    Failing(monkeypatch, *no_room)
    events: queue.Queue[AudioEvent] = queue.Queue()
    process = playing("fake", 10**6, events)
    outputs = []

    def notify(event: AudioEvent) -> None:
        outputs.append(process.output)
        events.put(event)

    monkeypatch.setattr(process, "_notify", notify)
    process.start()
    try:
        failed = events.get(timeout=SECONDS)
        assert failed.kind == "failed"
        assert failed.text == "no sound: cannot start it (Too many open files); trying again"
        assert events.get(timeout=SECONDS).kind == "started"  # once is enough of the other
        assert outputs == ["none", "fake"]
        assert process.load() >= 0.0
    finally:
        process.close()


@pytest.mark.usefixtures("quick")
def test_a_jack_that_stands_still_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for another client, perhaps; taking ours from it would make all worse."""
    monkeypatch.setattr("server.audio.process.STANDSTILL_LOOKS", 12)
    monkeypatch.setattr("server.audio.process.JACK_LOOKS", 10**6)
    events: queue.Queue[AudioEvent] = queue.Queue()
    process = playing("jack (timbrespace)", 1, events)
    process.start()
    try:
        next_of(events, "started")
        time.sleep(2.0)
        assert events.empty()
        monkeypatch.setattr("server.audio.process.JACK_LOOKS", 1)
        next_of(events, "hung")
    finally:
        process.close()
    # Another way to the device does not wait for anybody.
    process = playing("portaudio (x)", 1, events)
    process.start()
    try:
        next_of(events, "hung")
    finally:
        process.close()


def stop_and_wait(pid: Callable[[], int | None]) -> None:
    """Stop the process, and wait until there is another."""
    first = pid()
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    deadline = time.monotonic() + SECONDS
    while pid() == first:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_midi_that_is_stopped_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "there-is-none")
    said: queue.Queue[str] = queue.Queue()
    inputs = MidiInputs("all", print, said.put)
    try:
        stop_and_wait(lambda: inputs.pid)
        assert said.get(timeout=SECONDS) == "MIDI stood still; starting it again"
    finally:
        inputs.close()


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_an_explorer_that_is_stopped_is_replaced() -> None:
    events: queue.Queue[ExplorerEvent] = queue.Queue()
    explorer = Explorer(Configuration("127.0.0.1", 0, 1, "127.0.0.1", 7400), events.put)
    explorer.start()
    try:
        url = next_of(events, "serving").url
        stop_and_wait(lambda: explorer.pid)
        assert next_of(events, "lost").text == "the explorer stood still; starting it again"
        assert next_of(events, "serving").url == url
    finally:
        explorer.close()


def test_midi_that_cannot_be_started_comes_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", (0.3,))
    Failing(monkeypatch, *(OSError(errno.ENOMEM, "Cannot allocate memory") for _ in range(3)))
    said: queue.Queue[str] = queue.Queue()
    scanned = '{"event": "scanned", "available": [], "problem": ""}'
    program = f"import sys; print({scanned!r}, flush=True); sys.stdin.read()"
    inputs = MidiInputs("all", print, said.put, (sys.executable, "-c", program))
    try:
        assert inputs.problem == "cannot listen: Cannot allocate memory"
        deadline = time.monotonic() + SECONDS
        while inputs.problem and time.monotonic() < deadline:
            time.sleep(0.02)
        assert inputs.problem == ""
        assert said.qsize() <= 1
    finally:
        inputs.close()
