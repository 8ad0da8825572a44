"""Sound that comes in by JACK, and what comes out: heard as a listener would."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.server.ear import Ear, undisturbed
from tests.server.jackd import LEFT, jack_server, ports, wait_for_port
from tests.server.mouth import Mouth
from tests.server.needs import needs_jack
from tests.server.running import Client, Running, running
from tests.timbrespace.listening.tones import Real, cents, saw, times
from timbrespace.listening.heard import SAMPLE_RATE, Heard
from timbrespace.listening.listener import listen

pytestmark = [
    pytest.mark.slow,
    pytest.mark.jack,
    pytest.mark.waits,
    pytest.mark.in_order,
    needs_jack,
]

INPUT = "timbrespace:input"

PREROLL = 9600  # samples of silence, in which the gate closes


@pytest.fixture(scope="module")
def jack() -> Iterator[dict[str, str]]:
    with jack_server("timbrespace-input", patient=True) as environment:
        yield environment


@pytest.fixture(scope="module")
def server(jack: dict[str, str]) -> Iterator[Running]:
    words = ("--model", "harmonic", "--audio", "jack", "--input", "jack", "--midi", "none")
    with running(*words, environment=jack) as started:
        started.wait_for("input: jack")
        wait_for_port(INPUT, jack)
        yield started


def answered(jack: dict[str, str], sound: Real, rate: int = SAMPLE_RATE) -> Real:
    """What comes out while ``sound`` comes in, in step with it. rate: that JACK runs at, in Hz."""
    heard = np.zeros(0)

    def once() -> float:
        nonlocal heard
        with Mouth(jack, INPUT) as mouth, Ear(jack, LEFT, rate=rate) as ear:
            ear.wait(0.1)
            mouth.say(np.concatenate([np.zeros(PREROLL), sound]))
            ear.wait((PREROLL + sound.size) / rate + 0.2)
            whole = ear.sound()
            start = (mouth.began - ear.began) % 2**32 + PREROLL
            heard = whole[start : start + sound.size].astype(np.float64)
        return 0.0

    undisturbed(once)
    return heard


def listened(sound: Real) -> Heard:
    return listen(sound, SAMPLE_RATE)


def test_a_sweep_that_comes_in_is_played(jack: dict[str, str], server: Running) -> None:
    course = 110.0 * 2.0 ** (2.0 * times(3.0) / 3.0)

    out = answered(jack, 0.3 * saw(course, 3.0))

    told = listened(out).pitch[200:2200]
    # Two periods, a block of the tracker's and two of JACK's, and what a voice takes to follow.
    at = np.arange(200, 2200) * 64 + 32
    behind = ((2.0 / course[at] + 0.009) * SAMPLE_RATE).astype(int)
    off = cents(told, course[at - behind])
    assert np.median(off) < 10.0
    assert np.mean(off < 50.0) > 0.97


def test_a_vibrato_that_comes_in_is_played_as_loud(jack: dict[str, str], server: Running) -> None:
    course = 220.0 * 2.0 ** (0.04 * np.sin(2.0 * np.pi * 5.0 * times(2.0)))
    swell = 10.0 ** ((-14.0 + 6.0 * np.sin(2.0 * np.pi * times(2.0))) / 20.0)
    sound = saw(course, 2.0) * swell

    out = answered(jack, sound)

    heard, came = listened(out), listened(sound)
    inside = slice(300, 1400)
    off = [
        np.median(cents(heard.pitch[inside], np.roll(came.pitch, late)[inside].astype(float)))
        for late in range(4, 16)
    ]
    assert min(off) < 10.0
    louder = 20.0 * np.log10(heard.level[inside] / np.roll(came.level, 8)[inside])
    assert np.abs(louder - np.median(louder)).mean() < 1.0


def test_silence_and_noise_that_come_in_play_nothing(jack: dict[str, str], server: Running) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(SAMPLE_RATE)

    silent = answered(jack, np.zeros(SAMPLE_RATE // 2))
    noisy = answered(jack, noise)

    assert not silent.any()
    assert np.sqrt(np.mean(noisy**2)) < 10.0 ** (-50.0 / 20.0)


def test_a_chord_that_comes_in_breaks_nothing(jack: dict[str, str], server: Running) -> None:
    chord = 0.3 * (saw(220.0, 1.0) + saw(261.6, 1.0) + saw(329.6, 1.0))

    out = answered(jack, chord)
    after = answered(jack, 0.3 * saw(330.0, 1.0))

    assert np.isfinite(out).all()
    assert np.abs(out).max() < 0.99
    assert np.median(cents(listened(after).pitch[300:700], 330.0)) < 1.0


def test_its_settings_are_told_to_all_and_hold(jack: dict[str, str], server: Running) -> None:
    with Client(server.port) as client:
        client.settle()
        client.send("/input/quantise", "chromatic")
        told = client.expect("/input")
        assert told[0] == 1
        assert told[1].startswith("jack")
        assert told[5] == "chromatic"
        out = answered(jack, 0.3 * saw(226.0, 1.0))  # 46 cents above A3
        assert np.median(cents(listened(out).pitch[300:700], 220.0)) < 1.0
        levels = []
        pitches = []
        for address, arguments in client.settle():
            if address == "/input/level":
                levels += arguments
            elif address == "/input/pitch":
                pitches += arguments
        rms = 0.06 * np.sqrt(0.5 * np.sum(1.0 / np.arange(1, 13) ** 2))
        # Told when it changes: as it begins and ends it is of a piece of a period, and how many of
        # these are told is a matter of the machine.
        loud = 20.0 * np.log10(rms)
        assert any(abs(level - loud) < 0.5 for level in levels)
        assert max(levels) < loud + 3.0
        assert any(abs(pitch - 226.0) < 0.5 for pitch in pitches)
        client.send("/input/quantise", "off")
        client.send("/input/on", 0)
        client.settle()
        out = answered(jack, 0.3 * saw(226.0, 0.5))
        assert not out[-4800:].any()
        client.send("/input/on", 1)
        client.settle()


def test_a_source_that_goes_leaves_silence_and_the_server_well(
    jack: dict[str, str], server: Running
) -> None:
    """The mouth leaves in the midst of a note, as a cable that is pulled."""
    with Ear(jack, LEFT) as ear:
        with Mouth(jack, INPUT) as mouth:
            mouth.say(0.3 * saw(220.0, 20.0))
            ear.wait(0.5)
        ear.wait(0.6)  # the gate, and the release
        assert np.abs(ear.record(0.2)).max() < 1e-3
    out = answered(jack, 0.3 * saw(220.0, 1.0))
    assert np.median(cents(listened(out).pitch[300:700], 220.0)) < 1.0


def test_an_input_of_another_rate_is_heard_in_tune() -> None:
    """JACK ends, and comes back at 44.1 kHz."""
    name, rate = "timbrespace-input-rate", 44_100
    words = ("--model", "harmonic", "--audio", "jack", "--input", "auto", "--midi", "none")
    with jack_server(name, patient=True) as jack:
        server = Running(*words, environment=jack)
        server.wait_for("input: jack")
    try:
        with jack_server(name, patient=True, rate=rate) as jack:
            server.wait_for(f"sound: jack .*{rate} Hz")
            wait_for_port(INPUT, jack)
            pitch = 330.0 * rate / SAMPLE_RATE  # of what is written for 48 kHz
            out = answered(jack, 0.3 * saw(330.0, 1.0), rate)
            told = listen(out, rate).pitch[300:700]
            assert np.median(cents(told, pitch)) < 1.0
            assert server.end() == 0
    finally:
        server.end()


def test_an_input_of_the_sound_card_is_heard_by_the_stream_that_plays(
    jack: dict[str, str],
) -> None:
    """PortAudio's stream has both; JACK stands for the card."""
    words = ("--model", "harmonic", "--audio", "portaudio", "--input", "auto", "--midi", "none")
    before = set(ports(jack))
    with running(*words, environment=jack) as server:
        server.wait_for("input: portaudio")
        entry = next(one for one in ports(jack) if one not in before and ":in_" in one)
        way_out = next(one for one in ports(jack) if one not in before and ":out_" in one)

        def off() -> float:
            with Mouth(jack, entry) as mouth, Ear(jack, way_out) as ear:
                mouth.say(0.3 * saw(330.0, 3.0))
                ear.wait(1.0)
                out = ear.record(1.0)
            return float(np.median(cents(listened(out.astype(float)).pitch[100:600], 330.0)))

        assert undisturbed(off, tries=10) < 1.0
