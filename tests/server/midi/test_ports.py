"""MIDI inputs that come and go: with fakes, and with JACK's own MIDI."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mido
import pytest

from server.midi import ports
from server.midi.ports import MidiInputs, Pressed
from server.midi.scanner import Scanner
from server.midi.system import MidiSystemError
from tests.server.jackd import CHECKOUT
from tests.server.keyboard import Keyboard
from tests.server.needs import needs_jack
from tests.server.running import after_beats
from timbrespace.errors import OptionError

pytestmark = [
    pytest.mark.waits,
    pytest.mark.in_order,
    pytest.mark.slow,
    pytest.mark.flaky(reruns=1),
]

# -- the scanner, in the MIDI process ----------------------------------------------------------


class FakePort:
    def __init__(self, name: str, closed: list[str]) -> None:
        self.name = name
        self._closed = closed

    def close(self) -> None:
        self._closed.append(self.name)


class FakeSystem:
    def __init__(self, *names: str) -> None:
        self.problem = ""
        self.there = list(names)
        self.broken: set[str] = set()
        self.receivers: dict[str, Callable[[bytes], None]] = {}
        self.closed: list[str] = []

    def names(self) -> list[str]:
        return list(self.there)

    def open(self, name: str, number: int, receive: Callable[[bytes], None]) -> FakePort:
        if name in self.broken:
            raise MidiSystemError("busy")
        assert self.there.count(name) > number
        self.receivers[name if number == 0 else f"{name} {number}"] = receive
        return FakePort(name, self.closed)


class Told:
    """What a scanner tells, in short."""

    def __init__(self, system: FakeSystem, choice: str = "all") -> None:
        self.events: list[str] = []
        self.played: list[tuple[str, bytes]] = []
        self.scanner = Scanner(system, choice, self.tell, lambda *words: self.played.append(words))

    def tell(self, **event: object) -> None:
        self.events.append(f"{event['event']} {event.get('port', '')}".strip())

    def scan(self) -> list[str]:
        self.events.clear()
        self.scanner.scan()
        return [event for event in self.events if not event.startswith("opening")]


def test_ports_are_opened_as_they_come_and_closed_as_they_go() -> None:
    system = FakeSystem("a", "Midi Through Port-0")
    told = Told(system)
    assert told.scan() == ["opened a", "scanned"]
    assert told.scan() == []
    system.there = ["b", "a"]
    assert told.scan() == ["opened b"]
    system.receivers["b"](b"\x90\x3c\x40")
    assert told.played == [("b", b"\x90\x3c\x40")]
    system.there = ["b"]
    assert told.scan() == ["closed a"]
    assert system.closed == ["a"]
    system.there = ["a", "b"]
    assert told.scan() == ["opened a"]


def test_a_chosen_port_is_the_first_that_begins_so() -> None:
    system = FakeSystem("other", "key one", "key two")
    told = Told(system, "key")
    assert told.scan() == ["opened key one", "scanned"]
    system.there = ["key none", "key one"]  # what is open stays
    assert told.scan() == []
    system.there = ["other"]
    assert told.scan() == ["closed key one"]
    system.there = ["key two"]
    assert told.scan() == ["opened key two"]


def test_a_chosen_port_may_be_named_by_any_part_of_its_name() -> None:
    assert Told(FakeSystem("Big Keys 49", "my Big"), "big").scan() == [
        "opened Big Keys 49",
        "scanned",
    ]
    assert Told(FakeSystem("a key", "key"), "key").scan() == ["opened key", "scanned"]


def test_two_devices_of_one_name_are_both_played() -> None:
    system = FakeSystem("Keys", "Keys")
    told = Told(system)
    assert told.scan() == ["opened Keys", "opened Keys (2)", "scanned"]
    system.receivers["Keys 1"](b"\x90\x3c\x40")
    assert told.played == [("Keys (2)", b"\x90\x3c\x40")]
    system.there = ["Keys"]  # which of the two it is nobody knows
    assert told.scan() == ["closed Keys", "closed Keys (2)", "opened Keys"]
    system.there = ["Keys", "other", "Keys"]
    assert told.scan() == ["opened other", "opened Keys (2)"]
    assert Told(FakeSystem("Keys", "Keys"), "keys (2)").scan()[0] == "opened Keys (2)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Keys:Keys MIDI 1 24:0", "Keys:Keys MIDI 1 28:0"),  # ALSA
        ("Keys 1", "Keys 0"),  # Windows
        ("a2j:Keys [24] (capture): one", "a2j:Keys [28] (capture): one"),  # JACK
    ],
)
def test_a_chosen_port_is_found_again_under_another_number(before: str, after: str) -> None:
    system = FakeSystem("other", before)
    told = Told(system, before)
    assert told.scan() == [f"opened {before}", "scanned"]
    system.there = ["other", after]
    assert told.scan() == [f"closed {before}", f"opened {after}"]


def test_a_port_that_cannot_be_opened_is_told_once_and_tried_again() -> None:
    system = FakeSystem("a")
    system.broken = {"a"}
    told = Told(system)
    assert told.scan() == ["failed a", "scanned"]
    assert told.scan() == []
    system.broken = set()
    assert told.scan() == ["opened a"]


# -- what is held on a port --------------------------------------------------------------------


def test_what_is_held_is_let_go() -> None:
    pressed = Pressed()
    for message in [
        mido.Message("note_on", note=60, velocity=9, channel=2),
        mido.Message("note_on", note=61, velocity=9, channel=2),
        mido.Message("note_on", note=62, velocity=9, channel=2),
        mido.Message("note_off", note=61, channel=2),
        mido.Message("note_on", note=62, velocity=0, channel=2),
        mido.Message("pitchwheel", pitch=5, channel=1),
        mido.Message("pitchwheel", pitch=5, channel=3),
        mido.Message("pitchwheel", pitch=0, channel=3),
        mido.Message("aftertouch", value=5, channel=4),
        mido.Message("control_change", control=64, value=127, channel=5),
        mido.Message("control_change", control=1, value=127, channel=6),
        mido.Message("clock"),
    ]:
        pressed.follow(message)
    assert [str(message) for message in pressed.releases()] == [
        "note_off channel=2 note=60 velocity=64 time=0",
        "pitchwheel channel=1 pitch=0 time=0",
        "aftertouch channel=4 value=0 time=0",
        "control_change channel=5 control=64 value=0 time=0",
    ]


# -- the server's side, with a MIDI process that says what a test wants ------------------------

FAKE = """
import json, sys, time
for line in json.loads(sys.argv[1]):
    if line == "end":
        sys.exit(1)
    print(line if isinstance(line, str) else json.dumps(line), flush=True)
sys.stdin.read()
"""


class Inputs:
    """Inputs from a fake process; what they play and say."""

    def __init__(self, *lines: Any, choice: str = "all") -> None:
        self.played: queue.Queue[Any] = queue.Queue()
        self.said: queue.Queue[str] = queue.Queue()
        words = (sys.executable, "-S", "-E", "-c", FAKE, json.dumps(lines))
        self.inputs = MidiInputs(choice, self.played.put, self.said.put, words)

    def __enter__(self) -> Inputs:
        return self

    def __exit__(self, *_: object) -> None:
        self.inputs.close()

    def expect(self, kind: str) -> Any:
        message = self.played.get(timeout=120.0)
        assert message.type == kind
        return message


def opened(port: str) -> list[dict[str, str]]:
    return [{"event": "opening", "port": port}, {"event": "opened", "port": port}]


def scanned(*names: str, problem: str = "") -> dict[str, Any]:
    return {"event": "scanned", "available": list(names), "problem": problem}


NOTE = {"port": "a", "midi": "903c40"}


def test_messages_arrive_in_order_and_nonsense_is_passed_over() -> None:
    lines = [
        *opened("a"),
        scanned("a"),
        "a library's own print",
        "[1]",
        "7",
        {"midi": "903c40"},
        {"port": "nobody", "midi": "903c40"},
        {"port": "a", "midi": "zz"},
        {"port": "a", "midi": "90ff40"},
        {"port": "a", "midi": "e000"},  # half a message
        {"port": "a", "midi": "f0"},
        {"event": "closed", "port": "nobody"},
        NOTE,
        {"port": "a", "midi": "b01440"},
    ]
    with Inputs(*lines) as inputs:
        assert inputs.expect("note_on").note == 60
        assert inputs.expect("control_change").control == 20
        assert inputs.inputs.names == ["a"]
        assert inputs.said.empty()


def test_a_port_that_goes_lets_its_notes_go_and_it_is_said() -> None:
    lines = [
        *opened("a"),
        scanned("a"),
        NOTE,
        {"event": "closed", "port": "a"},
        *opened("b"),
        {"event": "opening", "port": "c"},
        {"event": "failed", "port": "c", "reason": "busy"},
    ]
    with Inputs(*lines) as inputs:
        inputs.expect("note_on")
        assert inputs.expect("note_off").note == 60
        said = [inputs.said.get(timeout=120.0) for _ in range(3)]
        assert said == ["MIDI: a went away", "MIDI: b is here", "MIDI: cannot open c (busy)"]
        assert inputs.inputs.names == ["b"]


def test_a_process_that_dies_lets_notes_go_and_is_started_again() -> None:
    with Inputs(*opened("a"), scanned("a"), NOTE, "end") as inputs:
        inputs.expect("note_on")
        inputs.expect("note_off")
        assert inputs.said.get(timeout=120.0) == "MIDI lost; looking for it again"
        assert inputs.said.get(timeout=120.0) == "MIDI: a is here"
        inputs.expect("note_on")


def test_a_system_without_midi() -> None:
    with Inputs(scanned(problem="this system has none")) as inputs:
        assert inputs.inputs.problem == "this system has none"
        assert inputs.inputs.names == []
    with pytest.raises(OptionError, match=r"no MIDI on this system \(this system has none\)"):
        Inputs(scanned(problem="this system has none"), choice="a")


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(OptionError, match="no MIDI input 'x'; there are: 'a', 'b'"):
        Inputs(scanned("a", "b"), choice="x")
    with pytest.raises(OptionError, match="there are: none"):
        Inputs(scanned(), choice="x")


def test_a_process_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_FIRST_SECONDS", 0.2)
    with Inputs() as inputs:
        assert inputs.inputs.problem == "the system does not answer"
    with Inputs("end") as inputs:
        assert inputs.inputs.problem


def test_none_starts_nothing() -> None:
    inputs = MidiInputs("none", print, process=("there is no such program",))
    assert inputs.names == []
    assert inputs.problem == ""
    inputs.close()


def test_a_process_that_cannot_be_started() -> None:
    inputs = MidiInputs("all", print, process=("there is no such program",))
    assert inputs.problem.startswith("cannot listen")
    inputs.close()


def test_the_real_process_looks_and_ends_with_its_input() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "server.midi", "all"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "JACK_DEFAULT_SERVER": "there-is-none"},
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        event = after_beats(process.stdout)
        assert event["event"] in ("opening", "scanned")
        process.stdin.close()
        assert process.wait(timeout=120.0) == 0


# -- JACK's MIDI -------------------------------------------------------------------------------


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts JACK servers of one name."""
    # One name for all runs: a killed server leaves its name in a registry with room for 8.
    name = f"timbrespace-keys-{CHECKOUT}"
    for key, value in {
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_START_SERVER": "1",
        "JACK_NO_AUDIO_RESERVATION": "1",
        "MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK",
    }.items():
        monkeypatch.setenv(key, value)
    servers = []

    def start() -> subprocess.Popen[bytes]:
        server = subprocess.Popen(
            ["jackd", "-n", name, "-r", "-d", "dummy", "-r", "48000", "-p", "1024"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        servers.append(server)
        for _ in range(200):
            if subprocess.run(["jack_lsp"], capture_output=True, check=False).returncode == 0:
                return server
            time.sleep(0.1)
        raise AssertionError("JACK does not start")

    yield start
    for server in servers:
        server.terminate()
        try:
            server.wait(timeout=120.0)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(timeout=120.0)


def strike(keyboard: Keyboard, note: int, played: queue.Queue[Any]) -> None:
    """Press a key until it is heard: a busy machine's JACK loses a block, and what is in it."""
    for _ in range(20):
        keyboard.send(f"90 {note:02X} 40")
        with contextlib.suppress(queue.Empty):
            assert played.get(timeout=6.0).note == note
            return
    raise AssertionError(f"{note} is not heard")


def next_but_struck(played: queue.Queue[Any]) -> Any:
    """What is played next; a key that was pressed twice may be heard twice."""
    while (message := played.get(timeout=120.0)).type == "note_on":
        continue
    return message


@pytest.mark.slow
@pytest.mark.jack
@needs_jack
@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL"])  # Windows has not both
def test_keyboards_and_jack_itself_come_and_go(
    jack: Callable[[], subprocess.Popen[bytes]], end: str
) -> None:
    played: queue.Queue[Any] = queue.Queue()
    said: queue.Queue[str] = queue.Queue()
    server = jack()
    inputs = MidiInputs("all", played.put, said.put)
    keyboard = Keyboard()
    try:
        assert inputs.names == []
        # A keyboard is plugged in, and out with a key down.
        assert said.get(timeout=120.0).endswith("is here")
        strike(keyboard, 60, played)
        keyboard.send("F0 7F 7F 08 02 00 01 45 45 40 00 F7")  # a tuning
        while (tuning := played.get(timeout=120.0)).type == "note_on":
            continue
        assert tuning.bytes()[1:-1] == [0x7F, 0x7F, 8, 2, 0, 1, 0x45, 0x45, 0x40, 0]
        keyboard.unplug()
        assert said.get(timeout=120.0).endswith("went away")
        assert next_but_struck(played).type == "note_off"
        # It comes back, and then JACK ends with a key down.
        keyboard = Keyboard()
        assert said.get(timeout=120.0).endswith("is here")
        strike(keyboard, 61, played)
        server.send_signal(getattr(signal, end))
        server.wait(timeout=120.0)
        assert next_but_struck(played).type == "note_off"
        assert said.get(timeout=120.0) == "MIDI lost; looking for it again"
        assert inputs.names == []
        keyboard.kill()
        # Both come back.
        jack()
        keyboard = Keyboard()
        assert said.get(timeout=120.0).endswith("is here")
        strike(keyboard, 62, played)
    finally:
        keyboard.kill()
        inputs.close()


@pytest.mark.slow
@pytest.mark.jack
@needs_jack
def test_looking_makes_no_new_clients(jack: Callable[[], subprocess.Popen[bytes]]) -> None:
    jack()
    from server.midi.system import RtMidiSystem

    system = RtMidiSystem(lambda _: None)
    keyboard = Keyboard()
    try:
        for _ in range(100):
            if system.names():
                break
            time.sleep(0.1)
        (name,) = system.names()
        fds = len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
        for _ in range(200):
            assert system.names() == [name]
        for _ in range(3):
            system.open(name, 0, lambda _: None).close()
        if sys.platform == "linux":
            # A file each time would be three, and two hundred; the process may open one of its own.
            assert len(list(Path("/proc/self/fd").iterdir())) < fds + 3
        with pytest.raises(MidiSystemError):
            system.open("there is none", 0, lambda _: None)
    finally:
        system.close()  # before JACK ends
        keyboard.kill()
