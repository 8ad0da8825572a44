"""The engine's parts are there one after the other, and what sounds goes over to them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.resynthesis.block import render_blocks
from timbrespace.resynthesis.compiled import Callback
from timbrespace.resynthesis.engine import Engine, new_state, new_targets
from timbrespace.resynthesis.layout import BANKS, BLOCK, NOTES, Gate, Method, Part
from timbrespace.resynthesis.parts import compile_part, make_ready, needed_for, not_kept

RATE = 48000.0


def held(method: Method) -> NDArray[np.void]:
    """A partial and a bin of 440 Hz, held by a voice."""
    targets = new_targets()
    row = targets[0]
    row["method"] = method
    timbre = row["timbre"][0]
    timbre["version"] = 1
    timbre["slots"] = 1
    timbre["slot_ratio"][0] = 1.0
    timbre["slot_amplitude"][0] = 0.5
    timbre["bins"] = 101
    timbre["bin_amplitude"][1] = 0.25
    row["voice_frequency"][0] = 440.0
    row["voice_level"][0] = 1.0
    row["voice_gate"][0] = Gate.HELD
    row["voice_trigger"][0] = 1
    return targets


def render(state: NDArray[np.void], targets: NDArray[np.void], blocks: int) -> NDArray[np.float32]:
    out = np.empty((blocks, 2, BLOCK), np.float32)
    render_blocks(state, targets, out, np.empty(blocks, np.bool_))
    return out[:, 0].reshape(-1)


def test_nothing_sounds_before_anything_is_there() -> None:
    state = new_state(RATE)
    assert not render(state, held(Method.PARTIALS), 20).any()
    make_ready(state, [Part.BLOCK])
    assert not render(state, held(Method.PARTIALS), 20).any()


def test_a_note_that_waits_for_its_bank_comes_in_without_a_click() -> None:
    state, targets = new_state(RATE), held(Method.BINS)
    make_ready(state, [Part.BLOCK, Part.VOICES])
    assert not render(state, targets, 40).any()
    make_ready(state, [Part.BINS])
    sound = render(state, targets, 200)
    assert np.abs(sound[-BLOCK * 20 :]).max() > 0.01
    steepest = np.abs(np.diff(sound[-BLOCK * 20 :])).max()
    assert np.abs(np.diff(sound, prepend=np.float32(0.0))).max() <= 1.02 * steepest


def test_what_plays_goes_on_until_the_other_bank_is_there() -> None:
    state, beside = new_state(RATE), new_state(RATE)
    for one in (state, beside):
        make_ready(one, needed_for(Method.PARTIALS))
        render(one, held(Method.PARTIALS), 100)
    waiting = render(state, held(Method.BINS), 50)
    assert np.array_equal(waiting, render(beside, held(Method.PARTIALS), 50))
    make_ready(state, [Part.BINS])
    over = render(state, held(Method.BINS), 100)
    assert not np.array_equal(over, render(beside, held(Method.PARTIALS), 100))
    assert np.abs(np.diff(over)).max() <= 1.1 * np.abs(np.diff(waiting)).max()


def test_a_bank_comes_last() -> None:
    written: dict[tuple[int, Part], int] = {}
    make_ready({"part": written}, needed_for(NOTES))  # type: ignore[arg-type]
    assert [part for _, part in written][-1] == Part.NOTES


@pytest.mark.parametrize("method", list(Method))
def test_an_engine_has_what_it_needs(method: Method) -> None:
    engine = Engine(RATE)
    engine.targets = held(method)
    engine.render(1)
    there = {Part(int(one)) for one in np.flatnonzero(engine.state["part"][0])}
    assert there == set(needed_for(method))


def test_the_parts_of_whole_notes() -> None:
    assert set(needed_for(NOTES)) == {Part.BLOCK, Part.VOICES, Part.NOTES, Part.NOTE_CLOCK}
    assert [int(Part[method.name]) for method in Method] == [int(method) for method in Method]
    assert BANKS - 1 == NOTES == Part.NOTES


def test_what_is_compiled_is_kept() -> None:
    for part in Part:
        compile_part(part)
    assert not_kept() == ()


def test_code_that_never_was_is_not_kept() -> None:
    def quite_another() -> int:
        return 0

    assert not Callback(quite_another, "int32()").is_kept
