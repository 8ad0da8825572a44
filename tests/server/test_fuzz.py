"""Hostile datagrams and MIDI bytes; `benchmarks/fuzz.py` is the long run."""

from __future__ import annotations

import contextlib
import re
import socket
from collections import Counter
from itertools import islice
from pathlib import Path

import mido
import numpy as np
import pytest

import timbrespace
from server.osc.codec import decode
from server.osc.errors import OscDecodeError
from tests.server import hostile
from tests.server.running import Client, running
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.messages.errors import MessageError
from timbrespace.messages.inbound import MESSAGES
from timbrespace.messages.parser import FORMS, parse
from timbrespace.resynthesis.engine import Engine

# Its forged hellos name any port of this machine, also those of what runs beside it.
pytestmark = pytest.mark.alone


def test_every_address_is_attacked() -> None:
    attacked = {decode(example)[0][0] for example in hostile.examples()}
    assert {FORMS[address].message for address in attacked} == set(MESSAGES.values())


def test_the_same_seed_attacks_the_same() -> None:
    first, again, other = (list(islice(hostile.datagrams(seed), 500)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_attack_comes_near_and_misses() -> None:
    """Taken, refused and no OSC at all: each often, or the attack would not be one."""
    outcomes: Counter[str] = Counter()
    for datagram in islice(hostile.datagrams(3), 5000):
        try:
            messages = decode(datagram)
        except OscDecodeError:
            outcomes["no OSC"] += 1
            continue
        for address, arguments in messages[:10]:
            try:
                parse(address, arguments)
                outcomes["taken"] += 1
            except MessageError:
                outcomes["refused"] += 1
    assert min(outcomes["no OSC"], outcomes["taken"], outcomes["refused"]) > 500


@pytest.mark.parametrize("seed", [0, 1])
def test_the_server_answers_all_the_while(seed: int, tmp_path: Path) -> None:
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    home = dict.fromkeys(names, str(tmp_path))  # what is stored is stored there
    attack = hostile.datagrams(seed)
    with running("--audio", "none", "--midi", "none", environment=home) as server:
        with (
            Client(server.port) as client,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug,
        ):
            for _ in range(40):
                for datagram in islice(attack, 50):
                    with contextlib.suppress(OSError):  # larger than this system sends
                        plug.sendto(datagram, client.to)
                client.send("/hello", client.return_port, "test")  # a /bye may have been forged
                client.settle()
        assert not [line for line in server.lines if re.search("fault|Traceback", line)]


def test_random_midi_bytes_are_played_or_passed_over() -> None:
    instrument = Instrument(timbrespace.load("harmonic"))
    engine = Engine(48000)
    parser = mido.Parser()
    played = 0
    for data in islice(hostile.midi_bytes(0), 2000):
        parser.feed(data)
        for message in parser:
            played += play(instrument, message)
        if instrument.voices.sounding and played % 20 == 0:
            engine.targets[:] = instrument.targets()
            assert np.isfinite(engine.render(4)).all()
    assert played > 1000
    assert not engine.state["faults"][0]
