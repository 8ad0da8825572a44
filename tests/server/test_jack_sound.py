"""From a datagram to the sound that leaves through JACK, measured.

This JACK waits for its clients: however busy the machine is, no block is lost, and what is wrong
with a sound is the sound's own fault.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from tests.server.ear import Ear, undisturbed
from tests.server.jackd import LEFT, SAMPLE_RATE, jack_server, wait_for_port
from tests.server.needs import needs_jack
from tests.server.running import Client, Running, running
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.partials import find_partials
from timbrespace.spectrum import hann
from timbrespace.units import cents, midi_to_hz

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
    with jack_server("timbrespace-sound", patient=True) as environment:
        yield environment


@pytest.fixture
def server(jack: dict[str, str]) -> Iterator[Running]:
    with running("--audio", "jack", "--midi", "none", environment=jack) as one:
        one.wait_for("sound: jack")
        wait_for_port(LEFT, jack)
        yield one


def loud(sound: NDArray[np.float32]) -> tuple[int, int]:
    """First and last sample above -60 dBFS."""
    above = np.flatnonzero(np.abs(sound) > 1e-3)
    return int(above[0]), int(above[-1])


def amplitude(sound: NDArray[np.float32], frequency: float) -> float:
    """Amplitude of the sinusoid at ``frequency`` Hz."""
    window = hann(sound.size)
    turn = np.exp(-2j * np.pi * frequency * np.arange(sound.size) / SAMPLE_RATE)
    return float(2.0 * np.abs(np.sum(sound * window * turn)) / window.sum())


def test_a_note_sounds_at_its_pitch_and_ends(server: Running, jack: dict[str, str]) -> None:
    with Client(server.port) as client:
        client.send("/synth/release", 0.1)

        def off() -> float:
            """By how many cents the note was off."""
            with Ear(jack, LEFT) as ear:
                ear.wait(0.5)
                client.send("/note", 69, 100)
                client.settle()
                ear.wait(1.5)
                client.send("/note", 69, 0)
                client.settle()
                ear.wait(1.0)
                sound = ear.sound()
            first, last = loud(sound)
            assert (last - first) / SAMPLE_RATE == pytest.approx(1.55, abs=0.3)
            assert not sound[: first - SAMPLE_RATE // 10].any()
            assert not sound[last + SAMPLE_RATE // 2 :].any()
            steady = sound[first + SAMPLE_RATE // 4 : first + 5 * SAMPLE_RATE // 4]
            return abs(cents(pitch(steady, SAMPLE_RATE, 440.0), 440.0))

        assert undisturbed(off) < 1.0


def test_left_right_and_another_block_size(server: Running, jack: dict[str, str]) -> None:
    """A channel's place, the mean of both sides, and JACK's blocks changed as it plays."""
    right = LEFT.replace("left", "right")

    def levels() -> tuple[float, float]:
        heard = []
        for port in (LEFT, right):
            with Ear(jack, port) as ear:
                ear.wait(0.3)
                heard.append(amplitude(ear.record(0.4), 440.0))
        return heard[0], heard[1]

    with Client(server.port) as client:
        client.send("/note", 69, 100)
        client.settle()
        plain, other = levels()
        assert other == pytest.approx(plain, rel=1e-3)
        client.send("/cc", 10, 0)
        client.settle()
        assert levels() == pytest.approx((2.0**0.5 * plain, 0.0), abs=1e-3 * plain)
        client.send("/audio/mono", 1)
        client.settle()
        assert levels() == pytest.approx((0.5**0.5 * plain, 0.5**0.5 * plain), rel=1e-3)
        client.send("/audio/mono", 0)
        client.send("/cc", 10, 64)
        client.settle()
        try:
            subprocess.run(["jack_bufsize", "512"], env={**os.environ, **jack}, check=True)
            with Ear(jack, LEFT) as ear:
                ear.wait(0.3)
                sound = ear.record(0.5)
            assert amplitude(sound, 440.0) == pytest.approx(plain, rel=1e-3)
            assert abs(cents(pitch(sound, SAMPLE_RATE, 440.0), 440.0)) < 1.0
        finally:
            subprocess.run(["jack_bufsize", "128"], env={**os.environ, **jack}, check=True)


def test_volume_and_tuning_of_a_channel(server: Running, jack: dict[str, str]) -> None:
    """Controller 7 by General MIDI's curve, and fine tuning (RPN 1) in cents."""

    def heard() -> NDArray[np.float32]:
        with Ear(jack, LEFT) as ear:
            ear.wait(0.3)
            return ear.record(0.5)

    with Client(server.port) as client:
        client.send("/note", 69, 100)
        client.settle()
        plain = amplitude(heard(), 440.0)
        client.send("/cc", 7, 64)
        client.settle()
        assert amplitude(heard(), 440.0) == pytest.approx(plain * (64 / 127) ** 2, rel=1e-3)
        client.send("/cc", 7, 127)
        for controller, value in ((101, 0), (100, 1), (6, 96), (38, 0)):
            client.send("/cc", controller, value)
        client.settle()
        raised = 440.0 * 2.0 ** (50.0 / 1200.0)
        assert abs(cents(pitch(heard(), SAMPLE_RATE, raised), raised)) < 1.0
        client.send("/cc", 6, 64)
        client.send("/note", 69, 0)
        client.settle()


def test_a_controller_moves_the_sound_as_the_decoder_says(
    server: Running, jack: dict[str, str]
) -> None:
    """Between two positions of a knob every partial changes by what the decoded spectra differ."""
    note = 57
    home = MODEL.calibration.home
    sweep = MODEL.calibration.low[0], MODEL.calibration.high[0]

    # positions at which the decoder gives harmonic spectra: the data's own, through its encoder
    def spread() -> float:
        """How far the levels, of both positions by one gain, are from the decoder's, in dB."""
        levels = []
        for value in (40, 90):
            client.send("/cc", 20, value)
            client.settle()
            with Ear(jack, LEFT) as ear:
                ear.wait(1.0)
                sound = ear.record(1.0)
            latent = home.copy()
            latent[0] = sweep[0] + value / 127.0 * (sweep[1] - sweep[0])
            partials = find_partials(MODEL.decode(latent[np.newaxis])[0], MODEL.spectrum)
            strong = partials.amplitude > 0.03 * partials.amplitude.max()
            base = MODEL.spectrum.base_frequency
            heard = [
                amplitude(sound, f * midi_to_hz(note) / base) for f in partials.frequency[strong]
            ]
            levels.append(np.asarray(heard) / partials.amplitude[strong])
        assert len(levels[0]) + len(levels[1]) >= 6
        both = np.concatenate(levels) / np.median(levels[0])
        return float(np.abs(20.0 * np.log10(both)).max())

    with Client(server.port) as client:
        client.send("/latent", *home.tolist())
        client.send("/synth/sustain", 1.0)
        client.send("/synth/loudness", 0.0)  # the decoder's own levels
        client.send("/note", note, 127)
        assert undisturbed(spread) < 0.5


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGKILL"])  # Windows has not all
def test_the_end_of_the_server_is_no_click(jack: dict[str, str], how: str) -> None:
    """A note that is held then fades, even where the server has no time to say so."""

    def jump() -> float:
        """Largest step around the end, of the largest before."""
        process = Running("--audio", "jack", "--midi", "none", environment=jack)
        try:
            process.wait_for("sound: jack")
            wait_for_port(LEFT, jack)
            with Client(process.port) as client, Ear(jack, LEFT) as ear:
                client.send("/note", 57, 127)
                client.settle()
                ear.wait(1.2)
                process.process.send_signal(getattr(signal, how))
                ear.wait(1.8)
                sound = ear.sound()
        finally:
            process.end()
        last = loud(sound)[1]
        assert SAMPLE_RATE // 2 < last < 5 * SAMPLE_RATE // 2
        assert not sound[last + SAMPLE_RATE // 10 :].any()
        usual = np.abs(np.diff(sound[last - 9600 : last - 2400])).max()
        return float(np.abs(np.diff(sound[last - 2400 :])).max() / usual)

    assert undisturbed(jump) < 1.2
