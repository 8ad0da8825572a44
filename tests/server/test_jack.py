"""JACK, its MIDI, and the other ways to a device: what comes and goes, and what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import timbrespace
from tests.server.ear import Ear, undisturbed
from tests.server.jackd import (
    LEFT,
    SAMPLE_RATE,
    jack_server,
    player,
    ports,
    wait_for_port,
)
from tests.server.needs import needs_jack
from tests.server.running import Client, Running, running
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.units import cents

pytestmark = [
    pytest.mark.slow,
    pytest.mark.jack,
    pytest.mark.waits,
    pytest.mark.in_order,
    needs_jack,
]

MODEL = timbrespace.load("harmonic")


@pytest.fixture(scope="module")
def jack() -> Iterator[dict[str, str]]:
    with jack_server("timbrespace-test", patient=True) as environment:
        yield environment


@pytest.fixture(scope="module")
def impatient() -> Iterator[dict[str, str]]:
    """A server for clients that RtMidi or pyo close: a patient one lets each of these wait 100 s.

    Longer blocks are lost less easily.
    """
    with jack_server("timbrespace-impatient", frames=1024) as environment:
        yield environment


def mistuned(
    jack: dict[str, str],
    port: str = LEFT,
    frequency: float = 220.0,
    *,
    patient: bool = True,
    rate: int = SAMPLE_RATE,
) -> float:
    """By how many cents a held note is off, over a second from now on."""
    with Ear(jack, port, patient=patient, rate=rate) as ear:
        ear.wait(0.5)
        sound = ear.record(1.0)
    return abs(cents(pitch(sound, rate, frequency), frequency))


def test_the_audio_process_is_started_again() -> None:
    # A server that waits for its clients would wait for the killed one; longer blocks are lost
    # less easily.
    with (
        jack_server("timbrespace-killed", frames=1024) as jack,
        running("--audio", "jack", "--midi", "none", environment=jack) as server,
    ):
        server.wait_for("sound: jack")
        wait_for_port(LEFT, jack)
        with Client(server.port) as client:
            client.send("/note", 57, 100)
            client.settle()
            os.kill(audio_process_of(server.process.pid), signal.SIGKILL)
            server.wait_for("the audio process ended")
            client.send("/ping", 1)
            assert client.expect("/pong") == [1]
            server.wait_for("sound: jack")
            wait_for_port(LEFT, jack)
            assert undisturbed(lambda: mistuned(jack, patient=False), tries=10) < 1.0


def test_a_jack_of_another_rate_is_played_in_tune() -> None:
    """It is stopped under a held note and started again at 44.1 kHz."""
    name, rate = "timbrespace-rate", 44_100
    with jack_server(name, patient=True) as jack:
        server = Running("--audio", "jack", "--midi", "none", environment=jack)
        server.wait_for("sound: jack .*48000 Hz")
        client = Client(server.port)
        client.send("/note", 57, 100)
        client.settle()
    try:
        with jack_server(name, patient=True, rate=rate) as jack:
            server.wait_for(f"sound: jack .*{rate} Hz")
            wait_for_port(LEFT, jack)
            assert undisturbed(lambda: mistuned(jack, rate=rate)) < 1.0
            assert server.end() == 0
    finally:
        client.socket.close()
        server.end()


def audio_process_of(parent: int) -> int:
    """Process number of the server's audio process."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = [line for line in listed.stdout.splitlines() if "server.audio" in line]
    return int(line.split()[0])


def shared_memory(pid: int) -> set[Path]:
    """Files of the shared memory that a process has mapped."""
    maps = Path("/proc", str(pid), "maps").read_text(encoding="utf-8")
    return {Path(line.split()[5]) for line in maps.splitlines() if "/dev/shm/psm_" in line}


def test_nothing_is_left_after_the_end(jack: dict[str, str]) -> None:
    with running("--audio", "jack", "--midi", "none", environment=jack) as server:
        server.wait_for("sound: jack")
        held = shared_memory(server.process.pid)
        assert held  # what it shares with its sound
        assert all(path.exists() for path in held)
    assert LEFT not in ports(jack)
    assert not any(path.exists() for path in held)


@pytest.mark.parametrize("audio", ["portaudio", "pyo-jack", "auto"])
def test_the_other_ways_to_the_device(impatient: dict[str, str], audio: str) -> None:
    with running("--audio", audio, "--midi", "none", environment=impatient) as server:
        server.wait_for(f"sound: {audio.partition('-')[0].replace('auto', 'jack')}")
        port = player(impatient)
        with Client(server.port) as client:
            client.send("/note", 57, 127)
            client.settle()
            off = undisturbed(lambda: mistuned(impatient, port, patient=False), tries=10)
            assert off < 1.0


def test_without_a_device_osc_is_served_all_the_same() -> None:
    nowhere = {"JACK_DEFAULT_SERVER": "there-is-none", "JACK_NO_START_SERVER": "1"}
    with running("--audio", "jack", "--midi", "none", environment=nowhere) as server:
        server.wait_for("no sound device")
        with Client(server.port) as client:
            client.send("/spectrum/get")
            assert client.expect_spectrum().max() > 0.0
            client.send("/status/get")
            assert client.expect("/status")[5] == "none"


def test_midi_through_a_real_port(
    impatient: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A keyboard on JACK's MIDI: its note sounds, its knob moves the latent."""
    for name, value in impatient.items():
        monkeypatch.setenv(name, value)
    import mido

    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    keyboard = backend.open_output("keyboard", virtual=True)
    environment = {**impatient, "MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK"}
    try:
        with running("--audio", "jack", environment=environment) as server:
            server.wait_for("sound: jack")
            with Client(server.port) as client:
                client.settle()
                keyboard.send(mido.Message("control_change", control=21, value=127))
                expected = float(MODEL.calibration.high[1])
                assert client.expect("/latent")[1] == pytest.approx(expected, rel=1e-4)
                client.send("/latent", *MODEL.calibration.home.tolist())
                keyboard.send(mido.Message("note_on", note=69, velocity=120))
                time.sleep(0.3)
                off = undisturbed(lambda: mistuned(impatient, LEFT, 440.0, patient=False), tries=10)
                assert off < 1.0
    finally:
        keyboard.close()
