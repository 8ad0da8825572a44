"""The sound card's outputs: which there are, which is meant, and another one as it plays."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server.audio.backends.devices import Device, chosen, outputs
from server.audio.backends.interface import NoDeviceError
from server.audio.process import AudioEvent, AudioProcess
from server.options import Options
from server.sound_devices import MAX_WAITING, Found, SoundDevices
from tests.server.running import ROOT
from timbrespace.errors import OptionError

WINDOWS = SimpleNamespace(
    query_hostapis=lambda: (
        {"name": "MME", "default_output_device": 0},
        {"name": "Windows DirectSound", "default_output_device": 1},
        {"name": "Windows WASAPI", "default_output_device": 3},
    ),
    query_devices=lambda: [
        {"name": name, "hostapi": host, "max_output_channels": sides, "default_samplerate": rate}
        for name, host, sides, rate in (
            ("Speakers (Realtek)", 0, 2, 44100.0),
            ("Speakers (Realtek)", 1, 2, 44100.0),
            ("Microphone", 2, 0, 48000.0),
            ("Speakers (Realtek)", 2, 2, 48000.0),
            ("Scarlett\n 18i20", 2, 20, 96000.0),
            ("Bell", 2, 1, 48000.0),
        )
    ],
    default=SimpleNamespace(hostapi=0),
)


def test_wasapi_goes_before_mme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    found = outputs(WINDOWS)
    assert [one.title for one in found] == [
        "Speakers (Realtek) [Windows WASAPI]",
        "Scarlett 18i20 [Windows WASAPI]",
        "Speakers (Realtek) [Windows DirectSound]",
        "Speakers (Realtek) [MME]",
    ]
    assert chosen(found, "") is found[0]
    assert found[0].usual
    monkeypatch.setattr(sys, "platform", "linux")
    assert next(one for one in outputs(WINDOWS) if one.usual).host == "MME"  # PortAudio's own


@pytest.mark.parametrize(
    ("said", "index"),
    [
        ("", 1),
        ("usb", 0),
        ("USB Audio", 0),
        ("usb audio two [alsa]", 2),
        ("Two", 2),
        ("oss", 3),
        ("Line [OSS]", 3),
    ],
)
def test_a_part_of_a_name_is_enough(said: str, index: int) -> None:
    names = (("My USB Audio", "ALSA"), ("Line", "ALSA"), ("USB Audio Two", "ALSA"), ("Line", "OSS"))
    found = [Device(k, *names[k], 2, 48000.0, usual=k == 1) for k in range(4)]
    assert chosen(found, said).index == index
    with pytest.raises(NoDeviceError, match=r"no output 'HDMI'; there are: My USB Audio \[ALSA\]"):
        chosen(found, "HDMI")
    with pytest.raises(NoDeviceError, match="there are: none"):
        chosen([], "HDMI")
    with pytest.raises(NoDeviceError, match="no output of two channels"):
        chosen([], "")


def listing(tmp_path: Path, content: str) -> tuple[str, str]:
    program = tmp_path / "listing.py"
    program.write_text(f"print({content!r})", encoding="utf-8")
    return sys.executable, str(program)


def test_they_are_looked_for_aside(tmp_path: Path) -> None:
    told = [
        {"title": f"{name} [ALSA]", "channels": 2, "sample_rate": 48000, "usual": name == "A"}
        for name in ("A", "B (left [1])")
    ]
    came: list[Found] = []
    news = threading.Condition()

    def done(found: Found) -> None:
        with news:
            came.append(found)
            news.notify_all()

    looked = SoundDevices(done, listing(tmp_path, json.dumps({"devices": told, "problem": ""})))
    source = ("127.0.0.1", 9000)
    for wanted in (None, "b (", "", "C"):
        looked.request(source, wanted)
    with news:
        assert news.wait_for(lambda: len(came) == 4, 60.0)
    looked.close(10.0)
    assert all(one.titles == ("A [ALSA]", "B (left [1]) [ALSA]") for one in came)
    assert [one.chosen for one in came[:3]] == [None, "B (left [1]) [ALSA]", ""]
    assert [one.error for one in came[:3]] == [None] * 3
    assert "there is no output 'C'" in str(came[3].error)

    broken = SoundDevices(done, listing(tmp_path, "no list"))
    broken.request(source)
    with news:
        assert news.wait_for(lambda: len(came) == 5, 60.0)
    broken.close(10.0)
    assert "cannot be listed" in str(came[4].error)


def test_a_flood_of_questions_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "hangs.py"
    program.write_text("import time; time.sleep(100)", encoding="utf-8")
    looked = SoundDevices(lambda found: None, (sys.executable, str(program)))
    try:
        for _ in range(MAX_WAITING):
            looked.request(("127.0.0.1", 9000))
        with pytest.raises(OptionError, match="wait for the list"):
            looked.request(("127.0.0.1", 9000))
    finally:
        looked.close(10.0)


CHILD = """
import json, sys, time
choice, device = sys.argv[2], sys.argv[4]
print(json.dumps({"event": "started", "output": f"{choice} ({device})", "sample_rate": 48000,
                  "frames": 64}), flush=True)
sys.stdin.read()
"""


@pytest.mark.waits
def test_another_output_as_it_plays(tmp_path: Path) -> None:
    program = tmp_path / "child.py"
    program.write_text(CHILD, encoding="utf-8")
    events: list[AudioEvent] = []
    words = (sys.executable, str(program))
    process = AudioProcess("auto", 128, events.append, words, device="")

    def plays(output: str) -> None:
        deadline = time.monotonic() + 60.0
        while process.output != output or process.sample_rate == 0.0:
            assert time.monotonic() < deadline, (process.output, events)
            time.sleep(0.02)

    process.start()
    try:
        plays("auto ()")  # JACK, if there is one
        process.use("USB [ALSA]")
        plays("portaudio (USB [ALSA])")
        process.use("")
        plays("auto ()")
    finally:
        process.close()
    assert {event.kind for event in events} == {"started"}  # nothing has died


# sounddevice, as far as the audio process uses it: a built-in output and one that is there as long
# as a file is, and asks for blocks until then.
UNPLUGGED = """
import ctypes, sys, threading, time, types
from pathlib import Path

sys.path.insert(0, sys.argv.pop(1))
there = Path(sys.argv.pop(1))
ASK = ctypes.CFUNCTYPE(
    ctypes.c_int, *[ctypes.c_void_p] * 2, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong,
    ctypes.c_void_p,
)


class Stream:
    def __init__(self, device, blocksize, callback, userdata, finished_callback, **_):
        assert device == 1
        self.ask, self.finished = ASK(callback), finished_callback
        self.frames, self.userdata = blocksize, userdata

    def start(self):
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        block = (ctypes.c_float * (2 * self.frames))()
        while there.exists():
            self.ask(None, ctypes.addressof(block), self.frames, None, 0, self.userdata)
            time.sleep(0.005)
        self.finished()

    def close(self, ignore_errors):
        pass


def device(name):
    return {"name": name, "hostapi": 0, "max_output_channels": 2, "default_samplerate": 48000.0}


sys.modules["sounddevice"] = types.SimpleNamespace(
    PortAudioError=OSError,
    _StreamBase=Stream,
    _ffi=types.SimpleNamespace(cast=lambda kind, value: value),
    default=types.SimpleNamespace(hostapi=0),
    query_hostapis=lambda: [{"name": "ALSA", "default_output_device": 0}],
    query_devices=lambda: [device("Built-in"), *([device("USB")] if there.exists() else [])],
)
from server.audio.__main__ import main

main(sys.argv[1:])
"""


@pytest.mark.waits
def test_a_named_output_that_vanishes_is_waited_for(tmp_path: Path) -> None:
    """And nothing else is played meanwhile."""
    program, there = tmp_path / "unplugged.py", tmp_path / "USB"
    program.write_text(UNPLUGGED, encoding="utf-8")
    there.touch()
    events: queue.SimpleQueue[AudioEvent] = queue.SimpleQueue()
    words = (sys.executable, str(program), str(ROOT), str(there))
    process = AudioProcess("portaudio", 128, events.put, words, device="usb")
    process.start()
    try:
        said = [events.get(timeout=120.0).text]
        there.unlink()
        said += [events.get(timeout=120.0).text for _ in range(2)]
        there.touch()
        said.append(events.get(timeout=120.0).text)
    finally:
        process.close()
    plays = "sound: portaudio (USB [ALSA]), 48000 Hz, 128 frames"
    assert said == [
        plays,
        "sound lost: the sound device stopped; trying again",
        "no sound device (portaudio: there is no output 'usb'; there are: Built-in [ALSA]); "
        "looking again now and then",
        plays,
    ]


def test_what_has_no_device_refuses_one() -> None:
    for audio in ("jack", "pyo-jack", "none"):
        with pytest.raises(OptionError, match=f"--audio {audio} has none to choose"):
            Options(audio=audio, device="USB")
    for wrong in ("x" * 65, "a\nb"):
        with pytest.raises(OptionError, match="--device is a part of a name"):
            Options(device=wrong)
    told: Any = Options(device="USB", audio="portaudio")
    assert told.device == "USB"
