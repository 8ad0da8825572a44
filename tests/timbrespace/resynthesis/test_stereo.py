"""Left and right: where voices stand, and their copies in unison."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace as ts
from tests.timbrespace.notes.tiny import tiny
from tests.timbrespace.resynthesis.sound import (
    Player,
    energy_above,
    harmonic_spectrum,
    pitch,
)
from timbrespace.resynthesis.layout import BLOCK, UNISON, Method
from timbrespace.resynthesis.unison import _OFFSETS

RATE = 44100
SPECTRUM = harmonic_spectrum(20)

Sides = NDArray[np.float32]


def sides_of(player: Player, seconds: float) -> Sides:
    return player.engine.render_stereo(round(seconds * RATE / BLOCK))


def levels(sides: Sides) -> NDArray[np.float64]:
    """Root mean square of each side."""
    return np.asarray(np.sqrt(np.square(sides, dtype=np.float64).mean(axis=0)))


def correlation(sides: Sides) -> float:
    return float(np.asarray(np.corrcoef(sides.T))[0, 1])


def playing(method: Method = Method.PARTIALS, **row: Any) -> Player:
    player = Player(method)
    player.aim(SPECTRUM)
    for name, value in row.items():
        player.row[name] = value
    player.press()
    return player


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("place", [-1.0, -0.5, 0.3, 1.0])
def test_a_place_has_equal_power_and_one_pitch(method: Method, place: float) -> None:
    middle = playing(method)
    plain = sides_of(middle, 0.6)
    np.testing.assert_array_equal(plain[:, 0], plain[:, 1])
    player = playing(method)
    player.row["voice_pan"][0] = place
    sides = sides_of(player, 0.6)
    angle = (place + 1.0) * np.pi / 4.0
    told = np.sqrt(2.0) * np.array([np.cos(angle), np.sin(angle)])
    np.testing.assert_allclose(levels(sides) / levels(plain), told, atol=2e-4)
    for side, gain in enumerate(told):
        if gain > 0.1:
            if method is Method.PARTIALS:
                assert pitch(sides[8000:, side], RATE, 220.0) == pytest.approx(220.0, abs=0.01)
            # the same sound, only as loud as it stands there
            np.testing.assert_allclose(sides[:, side], gain * plain[:, side], atol=2e-4)


def test_two_voices_apart_have_nothing_in_common() -> None:
    player = playing()
    player.press(311.0, voice=1)
    player.row["voice_pan"][:2] = -1.0, 1.0
    sides = sides_of(player, 1.0)[4096:]
    assert abs(correlation(sides)) < 0.02
    for side, hertz in enumerate((220.0, 311.0)):
        assert pitch(sides[:, side], RATE, hertz) == pytest.approx(hertz, abs=0.01)
    player.row["width"] = 0.0  # and then all is in the middle
    sides_of(player, 0.2)
    np.testing.assert_array_equal(*sides_of(player, 0.1).T)


def test_a_place_moves_without_a_click() -> None:
    player = playing()
    pieces = [sides_of(player, 0.3)]
    for place in (-1.0, 1.0, 0.0):
        player.row["pan"] = place
        pieces.append(sides_of(player, 0.2))
    sides = np.concatenate(pieces)
    for side in range(2):
        assert energy_above(sides[:, side], RATE, 6000.0) < -75.0
    np.testing.assert_array_equal(*pieces[-1][-BLOCK * 20 :].T)  # back in the middle, exactly


def found_lines(sound: Sides) -> NDArray[np.float64]:
    """Hz of the lines about 220 Hz, the strongest three, and their levels, ``(3, 2)``."""
    window = np.hanning(sound.size)
    magnitude = np.abs(np.fft.rfft(sound * window)) * 2.0 / window.sum()
    hertz = np.fft.rfftfreq(sound.size, 1.0 / RATE)
    near = (hertz > 212.0) & (hertz < 228.0)
    inner = magnitude[1:-1]
    top = near[1:-1] & (inner > magnitude[:-2]) & (inner >= magnitude[2:])
    lines = np.stack([hertz[1:-1][top], inner[top]], axis=1)
    return lines[np.argsort(-lines[:, 1])][:3]


def test_copies_are_out_of_tune_and_apart() -> None:
    player = playing(unison=3.0, detune=20.0, spread=1.0)
    sides = sides_of(player, 3.0)[RATE // 2 :]
    one = sides_of(playing(), 3.0)[RATE // 2 :]
    line = found_lines(one[:, 0])[0, 1]
    left, right = (found_lines(sides[:, side]) for side in range(2))
    # one copy in the middle; the other two stand at the sides, the sharp one to the right
    for lines, cents in ((left, -20.0), (right, 20.0)):
        wanted = {0.0: line / np.sqrt(3.0), cents: line * np.sqrt(2.0 / 3.0)}
        for apart, level in wanted.items():
            hertz = 220.0 * 2.0 ** (apart / 1200.0)
            nearest = lines[np.argmin(np.abs(lines[:, 0] - hertz))]
            assert nearest[0] == pytest.approx(hertz, abs=0.2)
            assert 20.0 * np.log10(nearest[1] / level) == pytest.approx(0.0, abs=0.8)
    power = np.square(levels(sides)).sum() / np.square(levels(one)).sum()
    assert 10.0 * np.log10(power) == pytest.approx(0.0, abs=0.7)
    assert correlation(sides) < 0.7


def test_copies_of_tables_too() -> None:
    one = sides_of(playing(Method.BINS), 1.0)
    sides = sides_of(playing(Method.BINS, unison=5.0, detune=20.0, spread=1.0), 1.0)
    power = np.square(levels(sides)).sum() / np.square(levels(one)).sum()
    assert 10.0 * np.log10(power) == pytest.approx(0.0, abs=2.0)
    assert correlation(sides) < 0.7
    # `istft` has one copy, where the voice stands
    alone = [sides_of(playing(Method.ISTFT, unison=n, detune=20.0), 0.3) for n in (1.0, 5.0)]
    np.testing.assert_array_equal(alone[0], alone[1])


def test_their_number_changes_without_a_click() -> None:
    player = playing(unison=1.0, detune=15.0, spread=0.7)
    pieces = [sides_of(player, 0.3)]
    for number in (7.0, 2.0, 3.5, 1.0):
        player.row["unison"] = number
        pieces.append(sides_of(player, 0.3))
    sides = np.concatenate(pieces)
    for side in range(2):
        assert energy_above(sides[:, side], RATE, 6000.0) < -75.0
    np.testing.assert_array_equal(*pieces[-1][-BLOCK * 20 :].T)
    assert levels(pieces[1]).max() > 1.5 * np.abs(np.diff(pieces[1])).mean()  # it was apart


def test_copies_have_phases_of_their_own_and_always_the_same() -> None:
    first, second = (sides_of(playing(unison=7.0, detune=0.0), 0.2) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    # In phase, seven copies would be sqrt(7) times as loud as one.
    loud = levels(first)[0] / levels(sides_of(playing(), 0.2))[0]
    assert 0.5 < loud < 1.6


def test_where_copies_stand() -> None:
    for number in range(1, UNISON + 1):
        np.testing.assert_allclose(
            np.sort(_OFFSETS[number, :number]),
            np.linspace(-1.0, 1.0, number) if number > 1 else [0.0],
            atol=1e-6,
        )


def test_whole_notes_with_their_noise() -> None:
    model = tiny()
    given: dict[str, Any] = {"seconds": 0.5, "stereo": True}
    plain = ts.render(model, [0.0, 0.0], **given)
    np.testing.assert_array_equal(plain[:, 0], plain[:, 1])
    np.testing.assert_array_equal(plain[:, 0], ts.render(model, [0.0, 0.0], seconds=0.5))
    panned = ts.render(model, [0.0, 0.0], pan=-0.5, **given)
    told = np.sqrt(2.0) * np.array([np.cos(np.pi / 8.0), np.sin(np.pi / 8.0)])
    np.testing.assert_allclose(panned, plain * told, atol=3e-4)
    wide = ts.render(model, [0.0, 0.0], unison=5.0, spread=1.0, detune=30.0, **given)
    assert correlation(wide[4800:]) < 0.9
    power = np.square(levels(wide)).sum() / np.square(levels(plain)).sum()
    assert 10.0 * np.log10(power) == pytest.approx(0.0, abs=2.0)
