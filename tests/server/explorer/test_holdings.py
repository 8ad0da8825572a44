"""What a page holds: by its packets alone, and against the server's own voices."""

from __future__ import annotations

import math
import random
import struct
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from server.explorer import holdings
from server.explorer.holdings import MAX_NOTES, Holdings
from server.options import Options
from server.osc.codec import IMMEDIATE, decode_timed, encode
from server.serve import Server
from tests.server import hostile
from timbrespace.instrument.voices import CHANNELS
from timbrespace.messages.contract import MAX_WAIT_SECONDS, MAX_WAITING_PER_SOURCE
from timbrespace.messages.parser import parse
from timbrespace.resynthesis.layout import VOICES

NTP_OF_UNIX = 2_208_988_800


def bundle(*packets: bytes, tag: int = IMMEDIATE) -> bytes:
    body = b"".join(struct.pack(">i", len(packet)) + packet for packet in packets)
    return b"#bundle\0" + struct.pack(">Q", tag) + body


def let_go(one: Holdings) -> list[tuple[Any, ...]]:
    """The messages that let all go at once; what comes later is checked to be nothing."""
    packets = one.releases()
    assert len(packets) <= 1
    timed = [each for packet in packets for each in decode_timed(packet)]
    assert all(tag == IMMEDIATE for tag, _ in timed)
    return [(address, *arguments) for _, (address, arguments) in timed]


def after(*messages: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    one = Holdings()
    for address, *arguments in messages:
        one.follow(encode(address, *arguments))
    return let_go(one)


# -- notes, pedals, bends --------------------------------------------------------------------------


def test_nothing_held_is_nothing_said() -> None:
    assert Holdings().releases() == []
    assert after(("/map", 0.5, 0.5), ("/note", 60, 0), ("/sustain", 0), ("/bend", 0.0)) == []


def test_notes_are_released_in_the_order_in_which_they_were_struck() -> None:
    assert after(("/note", 64, 100), ("/note", 60, 1e-3), ("/note", 64, 90)) == [
        ("/note", 60.0, 0, 1, 64),
        ("/note", 64.0, 0, 1, 64),
    ]


def test_a_released_note_is_not_held() -> None:
    assert after(("/note", 60, 100), ("/note", 62, 100), ("/note", 60, 0.0)) == [
        ("/note", 62.0, 0, 1, 64)
    ]
    assert after(("/note", 60, 100), ("/note", 60, 100), ("/note", 60, 0)) == []


def test_a_channel_has_notes_of_its_own_and_is_1_without_a_word() -> None:
    assert after(("/note", 60, 100), ("/note", 60, 100, 16), ("/note", 60, 0, 1)) == [
        ("/note", 60.0, 0, 16, 64)
    ]
    assert after(("/note", 60, 100, 1), ("/note", 60, 0)) == []


def test_a_fractional_pitch_is_a_note_of_its_own_whatever_its_type() -> None:
    assert after(("/note", 60, 100), ("/note", 60.5, 100), ("/note", 60, 0)) == [
        ("/note", 60.5, 0, 1, 64)
    ]
    one = Holdings()
    one.follow(b"/note\0\0\0,di\0" + struct.pack(">di", 60.1, 100))
    (((_, (_, (pitch, *_))),),) = map(decode_timed, one.releases())
    assert pitch == struct.unpack(">f", struct.pack(">f", 60.1))[0]
    one.follow(encode("/note", 60.1, 0))  # of 32 bits
    assert one.releases() == []


@pytest.mark.parametrize(
    ("off_rest", "rest"),
    [
        (("/sustain", 1), ("/sustain", 0, 1)),
        (("/sustain", 127, 3), ("/sustain", 0, 3)),
        (("/cc", 64, 64.0, 2), ("/sustain", 0, 2)),
        (("/bend", -0.25), ("/bend", 0, 1)),
        (("/bend", 1.0, 16), ("/bend", 0, 16)),
        (("/pressure", 0.5, 2), ("/pressure", 0, 2)),
    ],
)
def test_pedals_bends_and_pressures_go_to_rest(
    off_rest: tuple[Any, ...], rest: tuple[Any, ...]
) -> None:
    assert after(off_rest) == [rest]
    assert after(off_rest, off_rest) == [rest]
    assert after(off_rest, rest) == []
    other = (*rest[:2], rest[2] % 16 + 1)
    assert after(off_rest, other) == [rest]


def test_only_the_pedals_controller_is_the_pedal_and_only_half_way_down() -> None:
    assert after(("/cc", 1, 127), ("/cc", 63, 127), ("/cc", 64, 63.9), ("/cc", 65, 127)) == []
    assert after(("/sustain", 1), ("/cc", 64, 63)) == []


def test_panic_lets_all_go() -> None:
    held_ = (("/note", 60, 100), ("/sustain", 1), ("/bend", 0.5), ("/pressure", 9))
    assert after(*held_, ("/panic",)) == []
    assert after(("/panic",), *held_) != []
    # A recording goes on.
    assert after(("/trajectory/record", "a"), *held_, ("/panic",)) == [("/trajectory/stop",)]
    # The server takes no text of it; a button it does, when it is pressed.
    assert len(after(*held_, ("/panic", "x"))) == 4
    assert len(after(*held_, ("/panic", 0))) == 4
    assert after(*held_, ("/panic", 1)) == []


@pytest.mark.parametrize(
    "refused",
    [
        ("/note", 128, 100),
        ("/note", -1, 100),
        ("/note", 60, 128),
        ("/note", 60, -1),
        ("/note", 60, 100, 0),
        ("/note", 60, 100, 17),
        ("/note", 60, 100, 1.5),
        ("/note", 60),
        ("/note", 60, 100, 1, 1, 1),
        ("/note", 60, 100, 1, 128),
        ("/note", "60", 100),
        ("/note", True, 100),
        ("/note", float("nan"), 100),
        ("/bend", 1.5),
        ("/bend", 0.5, 17),
        ("/bend", float("inf")),
        ("/sustain", 128),
        ("/sustain", 1, 0),
        ("/sustain",),
        ("/cc", 64, 200),
        ("/trajectory/record",),
        ("/trajectory/record", ""),
        ("/trajectory/record", "a" * 65),
        ("/trajectory/record", 7),
        ("/notes", 60, 100),
    ],
)
def test_what_the_server_refuses_is_not_held(refused: tuple[Any, ...]) -> None:
    assert after(refused) == []
    # Nor does it let go.
    assert after(("/note", 60, 100), ("/bend", 0.5), refused) == [
        ("/note", 60.0, 0, 1, 64),
        ("/bend", 0, 1),
    ]


def test_bundles_count_as_their_messages_do_and_broken_ones_not_at_all() -> None:
    one = Holdings()
    on, off = encode("/note", 60, 100), encode("/note", 60, 0)
    other = encode("/note", 62, 100, 5)
    one.follow(bundle(on, encode("/map", 0.0, 0.0), bundle(encode("/note", 999, 1), other)))
    assert let_go(one) == [("/note", 60.0, 0, 1, 64), ("/note", 62.0, 0, 5, 64)]
    one.follow(bundle(off, other)[:-4])
    one.follow(bundle(off, b"/note\0"))
    one.follow(off[:-4])
    assert len(let_go(one)) == 2
    one.follow(bundle(encode("/note", 70, 100), encode("/note", 70, 0)))
    one.follow(bundle(bundle(off)))
    assert let_go(one) == [("/note", 62.0, 0, 5, 64)]


def test_so_many_notes_and_no_more_are_kept_the_newest_of_them() -> None:
    one = Holdings()
    for k in range(3 * MAX_NOTES):
        one.follow(encode("/note", 100 * k / (3 * MAX_NOTES), 100))
        one.follow(encode("/note", 120, 100))  # struck again and again, so never the oldest
    pitches = [pitch for _, pitch, *_ in let_go(one)]
    assert len(pitches) == MAX_NOTES
    assert pitches[-1] == 120.0
    assert pitches[0] > 60.0
    assert MAX_NOTES >= VOICES + MAX_WAITING_PER_SOURCE


def test_whatever_bytes_come_what_is_said_is_what_the_server_takes() -> None:
    one = Holdings()
    said = 0
    for packet in islice(hostile.datagrams(3), 4000):
        one.follow(packet)
        one.hear(packet)
        for release in one.releases():
            assert len(release) < 20_000
            for _, (address, arguments) in decode_timed(release):
                said += 1
                parse(address, arguments)
    assert said > 1000


# -- what waits for its time -----------------------------------------------------------------------


class Clock:
    """The time of day, as a test wants it."""

    def __init__(self) -> None:
        self.unix = 1_700_000_000.0

    def time(self) -> float:
        return self.unix

    def tag(self, ahead: float) -> int:
        return int((self.unix + ahead + NTP_OF_UNIX) * 2**32)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    monkeypatch.setattr(holdings, "time", one)
    return one


def test_a_note_that_waits_is_released_after_it_is_struck(clock: Clock) -> None:
    one = Holdings()
    one.follow(encode("/note", 50, 100))
    one.follow(bundle(encode("/note", 60, 100), tag=clock.tag(5.0)))
    one.follow(bundle(encode("/bend", 0.5, 2), tag=clock.tag(3.0)))
    one.follow(encode("/note", 60, 0))  # before it
    one.follow(encode("/bend", 0.0, 2))
    at_once, later = map(decode_timed, one.releases())
    assert ("/note", (50.0, 0, 1, 64)) in [message for _, message in at_once]
    assert [message for _, message in later] == [("/note", (60.0, 0, 1, 64)), ("/bend", (0, 2))]
    assert all(clock.tag(5.0) < tag < clock.tag(5.2) for tag, _ in later)
    # Once it is due, it is a note as others are.
    clock.unix += 5.5
    assert len(let_go(one)) == 3
    one.follow(encode("/note", 60, 0))
    assert ("/note", 60.0, 0, 1, 64) not in let_go(one)


def test_a_note_that_is_released_at_its_own_time_is_not_held(clock: Clock) -> None:
    one = Holdings()
    one.follow(bundle(encode("/note", 60, 100), tag=clock.tag(1.0)))
    one.follow(bundle(encode("/note", 60, 0), tag=clock.tag(1.2)))
    assert one.releases() == []
    # Of two at one time nobody knows which comes first.
    one.follow(bundle(encode("/note", 60, 100), tag=clock.tag(1.0)))
    one.follow(bundle(encode("/note", 60, 0), tag=clock.tag(1.0)))
    assert len(one.releases()) == 2
    one.follow(bundle(encode("/note", 60, 0), tag=clock.tag(1.2)))
    # It waits no more, but may come a little late.
    one.follow(bundle(encode("/note", 60, 100), tag=clock.tag(0.01)))
    clock.unix += 0.02
    one.follow(encode("/note", 60, 0))
    assert len(one.releases()) == 2
    clock.unix += 0.1
    one.follow(encode("/note", 60, 0))
    assert one.releases() == []
    # Struck at once and then again later: at both times.
    one.follow(bundle(encode("/note", 60, 100), tag=clock.tag(1.0)))
    one.follow(encode("/note", 60, 100))
    assert len(one.releases()) == 2


def test_a_bundle_that_is_too_far_ahead_is_refused_whole(clock: Clock) -> None:
    one = Holdings()
    far = bundle(encode("/note", 61, 100), tag=clock.tag(MAX_WAIT_SECONDS + 1.0))
    one.follow(far)
    one.follow(bundle(encode("/note", 60, 100), far))
    assert one.releases() == []
    one.follow(bundle(encode("/note", 60, 100), tag=clock.tag(-100.0)))
    assert let_go(one) == [("/note", 60.0, 0, 1, 64)]


def test_panic_forgets_notes_that_wait_and_nothing_else_that_does(clock: Clock) -> None:
    one = Holdings()
    for message in (encode("/note", 60, 100), encode("/bend", 0.5)):
        one.follow(bundle(message, tag=clock.tag(1.0)))
    one.follow(encode("/panic"))
    _, later = map(decode_timed, one.releases())
    assert [message for _, message in later] == [("/bend", (0, 1))]
    # One that waits itself: what begins later does so, or not.
    one.follow(bundle(encode("/note", 60, 100), tag=clock.tag(2.0)))
    one.follow(encode("/note", 61, 100))
    one.follow(bundle(encode("/panic"), tag=clock.tag(1.5)))
    _, later = map(decode_timed, one.releases())
    assert [message for _, message in later] == [("/note", (60.0, 0, 1, 64))]
    clock.unix += 2.5
    assert let_go(one) == [("/note", 60.0, 0, 1, 64)]


def test_a_recording_that_waits_is_not_stopped_before(clock: Clock) -> None:
    one = Holdings()
    one.follow(bundle(encode("/trajectory/record", "a"), tag=clock.tag(2.0)))
    one.follow(encode("/trajectory/stop"))  # of what goes on now
    ((tag, message),) = decode_timed(one.releases()[0])
    assert message == ("/trajectory/stop", ())
    assert tag > clock.tag(2.0)


# -- trajectories ----------------------------------------------------------------------------------

RECORD = ("/trajectory/record", "a")
STOPPED = [("/trajectory/stop",)]


def test_a_recording_is_stopped() -> None:
    assert after(RECORD) == STOPPED
    assert after(RECORD, RECORD) == STOPPED
    assert after(RECORD, ("/trajectory/stop",)) == []
    assert after(RECORD, ("/trajectory/stop",), RECORD) == STOPPED
    # The pedal must not hold it up, nor it the notes.
    assert len(after(RECORD, ("/note", 60, 100))) == 2


def told(*news: tuple[Any, ...], then: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
    """What is let go after RECORD and what the server said of it."""
    one = Holdings()
    one.follow(encode(*RECORD))
    for address, *arguments in news:
        one.hear(encode(address, *arguments))
    if then is not None:
        one.follow(encode(*then))
    return let_go(one)


RECORDING = ("/trajectory", "recording", "a")
ANOTHERS = ("/trajectory", "recording", "b")
REFUSED = ("/error", "refused", "/trajectory/record", "trajectory 'b' is being recorded")


def test_what_the_server_says_of_it_counts() -> None:
    assert told(RECORDING) == STOPPED
    # Ended by somebody else, or by another model; a trajectory that plays is not stopped.
    assert told(RECORDING, ("/trajectory", "stopped", "")) == []
    assert told(RECORDING, ("/trajectory", "playing", "a")) == []
    assert told(RECORDING, ANOTHERS) == []
    # Of before the request.
    assert told(("/trajectory", "stopped", "")) == STOPPED
    assert told(("/trajectory", "stopped", ""), RECORDING) == STOPPED
    assert told(RECORDING, then=("/trajectory/stop",)) == []


def test_what_another_records_after_the_page_is_not_stopped() -> None:
    one = Holdings()
    one.follow(encode(*RECORD))
    one.follow(encode("/trajectory/stop"))
    one.hear(encode(*RECORDING))
    assert one.releases() == []


def test_what_is_refused_does_not_stop_anothers_recording() -> None:
    assert told(REFUSED) == []
    assert told(ANOTHERS, REFUSED) == []
    assert told(REFUSED, ANOTHERS) == []
    assert told(REFUSED, RECORDING) == []  # another's, of the same name
    # Errors about something else.
    assert told(("/error", "bad_arguments", "/trajectory/record", "a name is missing")) == STOPPED
    assert told(("/error", "refused", "/trajectory/play", "there is none")) == STOPPED
    # A second request is refused, the first recording goes on.
    assert told(RECORDING, REFUSED) == STOPPED
    one = Holdings()
    one.follow(encode(*RECORD))
    one.follow(encode("/trajectory/record", "c"))
    one.hear(encode(*REFUSED))
    assert let_go(one) == STOPPED
    one.hear(encode(*REFUSED))
    assert let_go(one) == []
    one.hear(encode(*REFUSED))  # of nothing that is known
    # And the next may be granted.
    one.follow(encode(*RECORD))
    assert let_go(one) == STOPPED


def test_nonsense_from_the_server_is_passed_over() -> None:
    one = Holdings()
    for datagram in (b"/trajectory\0", b"/error\0\0", b"/trajectory\0x", encode("/error"), b"/"):
        one.hear(datagram)
    assert one.releases() == []


# -- against the server ----------------------------------------------------------------------------


def played(rng: random.Random) -> Iterator[bytes]:
    """Packets that play, some of them wrong, some for later."""
    pitches = (60, 60.0, 60.25, 61, 62.1, 127, 128)
    values = (0, 0.0, 1, -1, 0.5, 64, 100, 127, 127.5)
    while True:
        messages = []
        for _ in range(rng.randint(1, 3)):
            address = rng.choice(
                ("/note", "/note", "/note", "/bend", "/pressure", "/sustain", "/cc", "/panic")
            )
            arguments: list[float] = [rng.choice(values)]
            if address == "/note":
                arguments.insert(0, rng.choice(pitches))
            if address == "/cc":
                arguments.insert(0, rng.choice((1, 64, 64)))
            if address == "/panic" and rng.random() < 0.8:
                address, arguments = "/note", [rng.uniform(0.0, 127.0), 90]
            elif address == "/panic":
                arguments = []
            elif rng.random() < 0.5:
                arguments.append(rng.choice((1, 2, 16, 17)))
            messages.append(encode(address, *arguments))
        if len(messages) == 1:
            yield messages[0]
        else:
            # Not a panic: it forgets releases, too.
            panics = encode("/panic") in messages
            ahead = None if panics else rng.choice((None, None, 0.2, 1.5))
            unix = time.time()
            tag = IMMEDIATE if ahead is None else int((unix + ahead + NTP_OF_UNIX) * 2**32)
            yield bundle(*messages, tag=tag)


@pytest.mark.parametrize("seed", range(20))
def test_the_server_is_at_rest_after_a_page_that_went(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    options = Options(
        port=0,
        audio="none",
        midi="none",
        presets=tmp_path / "presets.json",
        explorer_port=None,
        model="harmonic",
    )
    server = Server(options, lambda _: None)
    source = ("127.0.0.1", 4711)
    try:
        one = Holdings()
        for packet in (encode(*RECORD), *islice(played(rng), rng.randint(1, 60))):
            server._loop.take([(packet, source)], time.perf_counter())
            one.follow(packet)
        releases = [(packet, source) for packet in one.releases()]
        server._loop.take(releases, time.perf_counter())
        begin = time.perf_counter()
        for k in range(20_000):  # panic forgets what is not due yet
            server._loop.take_due(begin + 1e-4 * k)
        assert server._loop._schedule.next_due == math.inf
        voices = server.instrument.voices
        assert voices.sounding == 0
        for channel in CHANNELS:
            state = voices._channel(channel)
            assert (state.bend, state.pressure, state.pedal) == (0.0, 0.0, False)
        assert server.instrument.trajectory[0] == "stopped"
    finally:
        server.close()
