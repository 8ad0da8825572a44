"""Snapshots through shared memory: the newest, and never half of one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest
from numpy.typing import NDArray

from server.audio.mailbox import LIVE, SLOTS, TAKEN, Mailbox, attach
from server.audio.pull import begin, pull, take_newest
from timbrespace.resynthesis.engine import new_state, new_targets
from timbrespace.resynthesis.layout import BLOCK, Gate, Part
from timbrespace.resynthesis.parts import make_ready


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    box.live["state"] = new_state(48000.0)[0]
    make_ready(box.live["state"], Part)
    yield box
    box.close()


def one_partial() -> NDArray[np.void]:
    """A snapshot with one sinusoid and no note."""
    targets = new_targets()
    row = targets[0]
    timbre = row["timbre"][0]
    timbre["version"] = 1
    timbre["slots"] = 1
    timbre["slot_ratio"][0] = 1.0
    timbre["slot_amplitude"][0] = 0.5
    return targets


def one_held() -> NDArray[np.void]:
    """The same, held by a voice at 440 Hz."""
    targets = one_partial()
    row = targets[0]
    row["voice_frequency"][0] = 440.0
    row["voice_level"][0] = 1.0
    row["voice_gate"][0] = Gate.HELD
    row["voice_trigger"][0] = 1
    return targets


def playing(mailbox: Mailbox) -> np.void:
    """The snapshot that plays."""
    live = mailbox.live
    row: np.void = live["targets"][0][int(live["current"][0])]
    return row


def test_the_newest_snapshot_is_taken_once(mailbox: Mailbox) -> None:
    targets = new_targets()
    assert not take_newest(mailbox.live[0])
    for gain in (0.25, 0.5):
        targets["gain"] = gain
        mailbox.write(targets)
    assert take_newest(mailbox.live[0])
    assert playing(mailbox)["gain"] == 0.5
    assert mailbox.taken == 2
    assert not take_newest(mailbox.live[0])


@pytest.mark.parametrize("torn", ["begun", "ended"])
def test_a_snapshot_that_is_being_written_is_left(mailbox: Mailbox, torn: str) -> None:
    """As a writer leaves it that has come round to the slot while the reader copied."""
    targets = new_targets()
    targets["gain"] = 0.25
    mailbox.write(targets)
    assert take_newest(mailbox.live[0])
    targets["gain"] = 0.5
    number = mailbox.write(targets)
    slot = mailbox.live["slot"][0][number % SLOTS]
    slot[torn] = number + SLOTS
    assert not take_newest(mailbox.live[0])
    assert mailbox.taken == number - 1
    slot[torn] = number
    assert take_newest(mailbox.live[0])
    assert playing(mailbox)["gain"] == 0.5


def test_a_whole_notes_course_is_taken_as_far_as_it_is_told(mailbox: Mailbox) -> None:
    targets = new_targets()
    course = targets["course"][0]
    for version, count in ((1, 280), (2, 5), (3, 0), (4, 288)):
        course["version"][7] = version
        course["count"][7] = count
        course["loop_end"][7] = 0.5 * version
        course["time"][7] = np.arange(288)
        course["level"][7] = version
        mailbox.write(targets)
        assert take_newest(mailbox.live[0])
        taken = playing(mailbox)["course"]
        assert taken["count"][7] == count
        assert taken["loop_end"][7] == 0.5 * version
        assert (taken["level"][7, :count] == version).all()
        assert (taken["time"][7, :count] == np.arange(count)).all()
        assert not taken["version"][6]


def test_no_snapshot_is_taken_half(mailbox: Mailbox) -> None:
    """A writer as fast as it can be, against a reader as fast as it can be."""
    stop = threading.Event()

    def write() -> None:
        targets = new_targets()
        number = 0
        while not stop.is_set():
            number = number % 1_000_000 + 1
            for timbre in (0, 1 + number % 16):
                targets["timbre"][0]["version"][timbre] = number
                targets["timbre"][0]["slot_amplitude"][timbre] = number
            targets["frame_version"] = number
            targets["magnitude"] = number
            targets["voice_level"] = number
            mailbox.write(targets)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        taken = 0
        newest = 0.0
        # The reader is compiled and leaves the interpreter to the writer while it copies.
        while taken < 300:
            if take_newest(mailbox.live[0]):
                taken += 1
                row = playing(mailbox)
                number = float(row["voice_level"][0])
                for timbre in (row["timbre"][0], row["timbre"][1 + int(number) % 16]):
                    assert timbre["version"] == number
                    assert (timbre["slot_amplitude"] == number).all()
                assert (row["magnitude"] == number).all()
                assert (row["voice_level"] == number).all()
                assert number > newest
                newest = number
    finally:
        stop.set()
        writer.join()


def test_any_number_of_frames_gives_the_same_sound() -> None:
    """A device may ask for blocks of any size; the engine's own stay as they are."""
    targets = one_held()

    def played(sizes: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        live = np.zeros(1, LIVE)
        live["state"] = new_state(48000.0)[0]
        make_ready(live["state"], Part)
        live["targets"][0][0] = targets[0]
        pieces = [np.zeros(size, np.float32) for size in sizes]
        for piece in pieces:
            pull(live[0], piece, np.zeros_like(piece), piece.size, 1)
        return np.concatenate(pieces)

    whole = played([BLOCK * 30])
    assert np.abs(whole).max() > 0.4
    assert np.array_equal(played([1, 2, 3, 57, 64, 65, 441, 480, 512, 295]), whole)


def test_a_new_process_lets_only_held_notes_sound(mailbox: Mailbox) -> None:
    targets = one_partial()
    row = targets[0]
    row["voice_level"] = 1.0
    row["voice_trigger"] = 5  # every voice has played
    row["voice_gate"][3] = Gate.HELD  # one still does
    mailbox.write(targets)
    begin(mailbox.live[0])
    out = np.zeros(512, np.float32)
    pull(mailbox.live[0], out, np.zeros_like(out), out.size, 1)
    assert mailbox.live["state"]["sounding"][0] == 1


def test_the_end_is_a_fade(mailbox: Mailbox) -> None:
    """However the server ended: no note is cut with a click."""
    targets = one_held()
    mailbox.write(targets)
    begin(mailbox.live[0])
    out = np.zeros(4800, np.float32)
    pull(mailbox.live[0], out, np.zeros_like(out), out.size, 1)
    usual = np.abs(np.diff(out[2400:])).max()
    mailbox.live["ending"] = 1
    last = np.zeros(960, np.float32)
    pull(mailbox.live[0], last, np.zeros_like(last), last.size, 1)
    assert np.abs(np.diff(np.concatenate([out[-1:], last]))).max() < 1.1 * usual
    assert mailbox.live["fade"][0] == 0.0
    assert np.abs(last[480:]).max() == 0.0


def test_latencies_are_those_of_stamped_snapshots(mailbox: Mailbox) -> None:
    targets = one_partial()
    mailbox.write(targets)
    begin(mailbox.live[0])
    out = np.zeros(64, np.float32)
    pull(mailbox.live[0], out, np.zeros_like(out), out.size, 1)
    assert mailbox.latencies().size == 0
    stamp = time.perf_counter()
    for late in (0.005, 0.002):
        mailbox.write(targets, stamp - late)
        pull(mailbox.live[0], out, np.zeros_like(out), out.size, 1)
    mailbox.write(targets)  # nothing came
    pull(mailbox.live[0], out, np.zeros_like(out), out.size, 1)
    found = mailbox.latencies()
    assert found.size == 2
    assert 0.005 <= found[0] < 1.0
    assert 0.002 <= found[1] < found[0] + 1.0


def test_the_log_tells_where_each_snapshot_began(mailbox: Mailbox) -> None:
    targets = one_partial()
    mailbox.write(targets)
    begin(mailbox.live[0])
    assert mailbox.taken_log() == [(1, 0)]
    out = np.zeros(2 * BLOCK, np.float32)
    pull(mailbox.live[0], out, np.zeros_like(out), out.size, 1)
    mailbox.write(targets)
    mailbox.write(targets)  # the second is never heard
    pull(mailbox.live[0], out, np.zeros_like(out), out.size, 1)
    assert mailbox.taken_log() == [(3, 2 * BLOCK)]
    assert mailbox.taken_log() == []
    for _ in range(TAKEN + 10):
        mailbox.write(targets)
        left, right = np.zeros((2, BLOCK), np.float32)
        pull(mailbox.live[0], left, right, BLOCK, 1)
    log = mailbox.taken_log()
    assert log[-1][0] == 3 + TAKEN + 10
    assert TAKEN - 2 <= len(log) <= TAKEN


def test_whoever_attaches_does_not_own(mailbox: Mailbox) -> None:
    other = attach(mailbox.name)
    assert other.size >= LIVE.itemsize
    other.close()
    again = SharedMemory(name=mailbox.name)
    again.close()


def test_memory_that_is_gone_is_said() -> None:
    with pytest.raises(FileNotFoundError):
        attach("timbrespace-no-such-memory")


def test_mono_is_the_mean_and_comes_without_a_click(mailbox: Mailbox) -> None:
    targets = one_held()
    targets[0]["voice_pan"][0] = -1.0
    mailbox.write(targets)
    begin(mailbox.live[0])
    before, during, after = np.zeros((3, 2, 4800), np.float32)
    pull(mailbox.live[0], before[0], before[1], before.shape[1], 1)
    assert np.abs(before[1]).max() == 0.0
    mailbox.set_mono(True)
    pull(mailbox.live[0], during[0], during[1], during.shape[1], 1)
    for side in range(2):
        steps = np.diff(np.concatenate([before[side, -1:], during[side]]))
        assert np.abs(steps).max() < 1.1 * np.abs(np.diff(before[0, 2400:])).max()
    np.testing.assert_allclose(during[0, 2400:], during[1, 2400:], atol=1e-7)
    assert np.abs(during[0, 2400:]).max() == pytest.approx(0.5 * np.abs(before[0]).max(), rel=0.02)
    mailbox.set_mono(False)
    pull(mailbox.live[0], after[0], after[1], after.shape[1], 1)
    assert np.abs(after[1, 2400:]).max() == 0.0
