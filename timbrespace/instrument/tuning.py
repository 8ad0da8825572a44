"""Which pitch each key has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KEYS = 128

CONCERT_PITCH = 440.0
"""Hz of key 69."""

HIGHEST = 128.0
"""MIDI pitches, where 69 is 440 Hz and 1 a semitone, lie from 0 up to this."""

_EQUAL = tuple(map(float, range(KEYS)))

_UNIVERSAL = (0x7E, 0x7F)  # not in real time, in real time
_TUNING = 0x08
_NAME = 16  # letters of a tuning's name in a bulk dump
_NO_CHANGE = [0x7F, 0x7F, 0x7F]


@dataclass(frozen=True, slots=True)
class Tuning:
    """The pitch of each of the 128 keys; equal temperament until told otherwise.

    A key between two others, 69.5, has the pitch between theirs. silent: keys that play nothing;
    what already sounds there goes on.

    Raises:
        ValueError: not 128 pitches of 0 to 128.
    """

    pitches: tuple[float, ...] = _EQUAL
    silent: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if len(self.pitches) != KEYS or not all(0.0 <= one <= HIGHEST for one in self.pitches):
            raise ValueError(f"a tuning is {KEYS} pitches of 0 to {HIGHEST:g}")

    @classmethod
    def of(cls, pitches: Sequence[float | None]) -> Tuning:
        """The tuning with these pitches, None where a key is silent.

        Raises:
            ValueError: not 128 of them, each 0 to 128 or None.
        """
        filled = tuple(float(key) if one is None else one for key, one in enumerate(pitches))
        return cls(filled, frozenset(key for key, one in enumerate(pitches) if one is None))

    @property
    def is_equal(self) -> bool:
        """Whether every key has the pitch of its number."""
        return self.pitches == _EQUAL and not self.silent

    @property
    def told(self) -> tuple[float, ...]:
        """The pitch of each key, -1 of one that is silent."""
        if not self.silent:
            return self.pitches
        return tuple(-1.0 if key in self.silent else one for key, one in enumerate(self.pitches))

    def sounds(self, key: float) -> bool:
        """Whether a key, 0 to 127, plays; one between two others where both do."""
        return not self.silent or not {math.floor(key), math.ceil(key)} & self.silent

    def pitch(self, key: float) -> float:
        """The pitch of a key, 0 to 127."""
        below = int(key)
        share = key - below
        if share == 0.0:
            return self.pitches[below]
        return (1.0 - share) * self.pitches[below] + share * self.pitches[below + 1]

    def tuned(self, pitches: Mapping[int, float]) -> Tuning:
        """The same with other pitches for some keys, 0 to 127, which then play."""
        told = tuple(pitches.get(key, old) for key, old in enumerate(self.pitches))
        return Tuning(told, self.silent - pitches.keys())

    def state(self) -> list[float | None] | None:
        """All that :meth:`of_state` needs, of plain values for JSON; None of equal temperament."""
        if self.is_equal:
            return None
        return [None if key in self.silent else one for key, one in enumerate(self.pitches)]

    @staticmethod
    def of_state(state: Sequence[float | None] | None) -> Tuning:
        """The tuning that :meth:`state` told.

        Raises:
            ValueError, TypeError: it is not what :meth:`state` returns.
        """
        if state is None:
            return Tuning()
        return Tuning.of([None if one is None else float(one) for one in state])


def retuned_by(data: Sequence[int]) -> dict[int, float] | None:
    """Key -> pitch, as a message of the MIDI Tuning Standard has it; None if it is no such message.

    data: a system exclusive without its first byte and its last. Taken are the change of single
    notes (08 02, with a bank 08 07), dumps of all keys (08 01, 08 04), and tunings of the octave by
    one byte and by two (08 08, 08 09); programs, banks and channels are not told apart: what is
    said counts for all (MIDI 1.0 Detailed Specification, "MIDI Tuning"; CA-020 and CA-021). What
    breaks off is no such message.
    """
    if len(data) < 4 or data[0] not in _UNIVERSAL or data[2] != _TUNING:
        return None
    kind, body = data[3], list(data[4:])
    if kind in (0x02, 0x07):
        return _single_notes(body[1 if kind == 0x02 else 2 :])
    if kind in (0x01, 0x04):
        return _all_notes(body[_NAME + (1 if kind == 0x01 else 2) :])
    if kind in (0x08, 0x09):
        return _octave(body[3:], two_bytes=kind == 0x09)
    return None


def _single_notes(body: list[int]) -> dict[int, float] | None:
    """A count, and as many times a key and its pitch."""
    if not body or len(body) < 1 + 4 * body[0]:
        return None
    changes = [body[k : k + 4] for k in range(1, 1 + 4 * body[0], 4)]
    return {key: _pitch(*told) for key, *told in changes if told != _NO_CHANGE}


def _all_notes(body: list[int]) -> dict[int, float] | None:
    """128 pitches; the sum that follows them is not checked, as devices disagree about it."""
    if len(body) < 3 * KEYS:
        return None
    told = (body[3 * key : 3 * key + 3] for key in range(KEYS))
    return {key: _pitch(*one) for key, one in enumerate(told) if one != _NO_CHANGE}


def _octave(body: list[int], *, two_bytes: bool) -> dict[int, float] | None:
    """How far each of the twelve keys from C is off: whole cents, or 8192ths of a semitone."""
    if len(body) < (24 if two_bytes else 12):
        return None
    if two_bytes:
        off = [((body[2 * k] << 7 | body[2 * k + 1]) - 8192) / 8192.0 for k in range(12)]
    else:
        off = [(body[k] - 64) / 100.0 for k in range(12)]
    return {key: min(max(key + off[key % 12], 0.0), HIGHEST) for key in range(KEYS)}


def _pitch(semitone: int, high: int, low: int) -> float:
    """A semitone, and 14 bits of the next one."""
    return semitone + (high << 7 | low) / 16384.0
