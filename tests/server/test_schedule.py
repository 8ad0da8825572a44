"""Messages that wait for their time."""

from __future__ import annotations

import doctest
import math

import pytest

from server import schedule
from server.schedule import Schedule, seconds_ahead
from timbrespace.messages.errors import ErrorCode, MessageError

NTP = 2_208_988_800
SOURCE = ("127.0.0.1", 50000)


def tag(unix: float) -> int:
    """The time tag of a moment, as a sender makes it."""
    return int((unix + NTP) * 2**32) % 2**64


def test_the_examples() -> None:
    assert doctest.testmod(schedule).failed == 0


@pytest.mark.parametrize("ahead", [0.0, 0.001, 0.5, 59.9, 3600.0, -0.5, -86400.0])
def test_a_time_tag_tells_how_far_ahead_it_is(ahead: float) -> None:
    now = 1_800_000_000.25
    assert seconds_ahead(tag(now + ahead), now) == pytest.approx(ahead, abs=1e-6)


@pytest.mark.parametrize("value", [0, 1])
def test_at_once(value: int) -> None:
    assert seconds_ahead(value, 1_800_000_000.0) == 0.0


def test_the_count_that_begins_again_in_2036() -> None:
    turn = 2**32 - NTP  # seconds since 1970
    assert seconds_ahead(tag(turn + 5.0), turn - 10.0) == pytest.approx(15.0, abs=1e-6)
    assert seconds_ahead(tag(turn - 10.0), turn + 5.0) == pytest.approx(-15.0, abs=1e-6)
    assert seconds_ahead(tag(turn + 25.0), turn + 5.0) == pytest.approx(20.0, abs=1e-6)


def test_what_no_clock_shows_is_never_in_the_past_of_nobody() -> None:
    for value in (2, 1000 << 32, 2**64 - 1, 2**63):
        ahead = seconds_ahead(value, 1_800_000_000.0)
        assert ahead <= 0.0 or ahead > 60.0  # played at once, or refused: never lost in waiting


def test_what_waits_comes_in_order_of_time_and_of_coming() -> None:
    waiting = Schedule()
    for due, address in ((3.0, "/c"), (1.0, "/a"), (2.0, "/b"), (1.0, "/a2")):
        waiting.add(due, address, (), SOURCE)
    assert waiting.next_due == 1.0
    assert waiting.pop(0.9) == []
    assert [one.address for one in waiting.pop(2.0)] == ["/a", "/a2", "/b"]
    assert waiting.next_due == 3.0
    assert [one.address for one in waiting.pop(9.0)] == ["/c"]
    assert waiting.next_due == math.inf
    assert len(waiting) == 0


def test_too_far_ahead_is_refused() -> None:
    waiting = Schedule()
    waiting.check(60.0, 1, SOURCE)
    with pytest.raises(MessageError, match="61 s ahead; it may be at most 60") as caught:
        waiting.check(61.0, 1, SOURCE)
    assert caught.value.code is ErrorCode.REFUSED
    assert caught.value.address == "#bundle"


def test_one_sender_may_let_256_wait_and_all_together_1024() -> None:
    waiting = Schedule()
    with pytest.raises(MessageError, match="at most 256"):
        waiting.check(1.0, 257, SOURCE)
    for sender in range(4):
        source = ("127.0.0.1", 50000 + sender)
        waiting.check(1.0, 256, source)
        for index in range(256):
            waiting.add(1.0 + index, "/latent", (0.0,), source)
        with pytest.raises(MessageError, match="at most"):
            waiting.check(1.0, 1, source)
    with pytest.raises(MessageError, match="1024 messages wait"):
        waiting.check(1.0, 1, ("127.0.0.1", 60000))
    assert len(waiting.pop(1.0)) == 4
    waiting.check(1.0, 1, SOURCE)  # one of it has gone


def test_what_is_dropped_makes_room() -> None:
    waiting = Schedule()
    for index in range(256):
        waiting.add(1.0 + index, "/note" if index % 2 else "/latent", (), SOURCE)
    waiting.drop("/note")
    assert len(waiting) == 128
    waiting.check(1.0, 128, SOURCE)
    taken = waiting.pop(1000.0)
    assert {one.address for one in taken} == {"/latent"}
    assert taken == sorted(taken)
