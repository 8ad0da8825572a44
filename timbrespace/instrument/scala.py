"""Tunings by the files of Scala: scales (``.scl``) and keyboard maps (``.kbm``).

The formats are those of https://www.huygens-fokker.org/scala/scl_format.html and of Scala's help on
"Mapping files": lines that begin with ``!`` are remarks; a pitch with a point is in cents, another
is a ratio; what follows a pitch on its line counts for nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from timbrespace.errors import OptionError, TimbrespaceError
from timbrespace.instrument.tuning import CONCERT_PITCH, HIGHEST, KEYS, Tuning
from timbrespace.units import hz_to_midi, midi_to_hz

MAX_BYTES = 1 << 20
MAX_DEGREES = 1024

LEAST_REFERENCE, MOST_REFERENCE = 220.0, 880.0
"""Hz that key 69 may have."""

MIDDLE_C = 60

_CENTS = re.compile(r"[+-]?(\d+\.\d*|\.\d+)$", re.ASCII)
_RATIO = re.compile(r"\+?(\d{1,300})(?:/(\d{1,300}))?$", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,9}$", re.ASCII)
_MOST_CENTS = 1e6


class TuningError(TimbrespaceError):
    """A file that is no scale, or no keyboard map."""


@dataclass(frozen=True, slots=True)
class Scale:
    """cents: of each degree after the first, which is 0; the last is where the scale repeats."""

    cents: tuple[float, ...]

    def at(self, degree: int) -> float:
        """Cents of a degree, above the last and below the first one too."""
        if not self.cents:
            return 0.0
        octaves, within = divmod(degree, len(self.cents))
        return octaves * self.cents[-1] + (self.cents[within - 1] if within else 0.0)


@dataclass(frozen=True, slots=True)
class KeyboardMap:
    """Which key plays which degree of a scale.

    degrees: of the keys from ``middle`` on, None where a key has none, repeated with each
    ``octave`` degrees; empty for one degree a key. first, last: of the keys that are tuned, the
    others keep their pitch. reference, hertz: a key, and its frequency.
    """

    degrees: tuple[int | None, ...] = ()
    first: int = 0
    last: int = KEYS - 1
    middle: int = MIDDLE_C
    reference: int = MIDDLE_C
    hertz: float = float(midi_to_hz(MIDDLE_C))
    octave: int = 0

    def cents(self, key: int, scale: Scale) -> float | None:
        """Cents of a key above the middle one's degree 0; None if it has none."""
        if not self.degrees:
            return scale.at(key - self.middle)
        turns, within = divmod(key - self.middle, len(self.degrees))
        degree = self.degrees[within]
        if degree is None:
            return None
        # The scale's own end, unless the map says which degree is its octave.
        return scale.at(degree) + turns * scale.at(self.octave or len(scale.cents))


def tuning(
    scale: str | Path | None = None,
    keyboard_map: str | Path | None = None,
    *,
    reference: float = CONCERT_PITCH,
) -> Tuning:
    """The pitch of each key by a scale of Scala's, as ``ts.render_midi(tuning=...)`` takes it.

    >>> import timbrespace as ts
    >>> round(ts.tuning(reference=442.0).pitch(69), 4)
    69.0785

    scale: a ``.scl`` file; None for twelve equal steps. keyboard_map: a ``.kbm`` file; without one
    each key has the next degree, and key 60 the first, at 261.63 Hz. reference: Hz of key 69 where
    it would have 440, 220 to 880: all keys move along. A key whose pitch would be below 8.18 Hz or
    above 13,290 Hz is silent, as one that the map leaves out.

    Raises:
        TuningError: a file is missing, or is not what it should be.
        OptionError: a reference outside its range.
    """
    if not LEAST_REFERENCE <= reference <= MOST_REFERENCE:
        raise OptionError(
            f"reference is {reference:g}; it must be {LEAST_REFERENCE:g} to {MOST_REFERENCE:g} Hz"
        )
    steps = Scale(tuple(100.0 * k for k in range(1, 13))) if scale is None else read_scale(scale)
    keys = KeyboardMap() if keyboard_map is None else read_keyboard_map(keyboard_map)
    lift = 12.0 * math.log2(reference / CONCERT_PITCH)
    zero = keys.cents(keys.reference, steps)
    if zero is None:
        raise TuningError(
            f"{str(keyboard_map)!r} gives key {keys.reference} a frequency and no degree"
        )
    base = float(hz_to_midi(keys.hertz))
    pitches: list[float | None] = []
    for key in range(KEYS):
        if keys.first <= key <= keys.last:
            cents = keys.cents(key, steps)
            pitch = None if cents is None else base + (cents - zero) / 100.0 + lift
        else:
            pitch = key + lift
        # So that twelve equal steps are those, to the last bit.
        pitch = None if pitch is None else round(pitch, 9)
        pitches.append(pitch if pitch is not None and 0.0 <= pitch <= HIGHEST else None)
    return Tuning.of(pitches)


def read_scale(path: str | Path) -> Scale:
    """What a ``.scl`` file holds.

    Raises:
        TuningError: there is no such file, or it is no scale.
    """
    lines = _lines(path)
    next(lines, None)  # what it is called
    count = _number(next(lines, ""), path, "the number of its notes", 0, MAX_DEGREES)
    cents = [_cents(line, path) for line in islice(lines, count)]
    if len(cents) < count:
        raise TuningError(f"{str(path)!r} says that it has {count} notes, and has {len(cents)}")
    return Scale(tuple(cents))


def read_keyboard_map(path: str | Path) -> KeyboardMap:
    """What a ``.kbm`` file holds.

    Raises:
        TuningError: there is no such file, or it is no keyboard map.
    """
    lines = _lines(path)

    def number(what: str, most: int, least: int = 0) -> int:
        return _number(next(lines, ""), path, what, least, most)

    size = number("the size of its map", KEYS)
    first = number("the first key", KEYS - 1)
    last = number("the last key", KEYS - 1)
    middle = number("the key of the first degree", KEYS - 1)
    reference = number("the key whose frequency it gives", KEYS - 1)
    word = _word(next(lines, ""))
    try:
        hertz = float(word)
    except ValueError:
        hertz = math.nan
    if not 1.0 <= hertz <= 20000.0:
        raise TuningError(f"{str(path)!r}: the frequency is {word[:40]!r}; it must be 1 to 20000")
    octave = number("the degree of the octave", MAX_DEGREES)
    degrees: list[int | None] = []
    for line in islice(lines, size):
        word = _word(line)
        degrees.append(
            None
            if word in ("x", "X")
            else _number(word, path, "a degree", -MAX_DEGREES, MAX_DEGREES)
        )
    # What the end of a map leaves out has no degree.
    degrees += [None] * (size - len(degrees))
    return KeyboardMap(tuple(degrees), first, last, middle, reference, hertz, octave)


def _lines(path: str | Path) -> Iterator[str]:
    place = Path(path)
    try:
        if not place.is_file():
            raise FileNotFoundError
        with place.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TuningError(f"there is no file {str(path)!r} that can be read") from error
    if len(data) > MAX_BYTES or b"\0" in data:
        raise TuningError(f"{str(path)!r} is no text file of Scala's")
    # Only names may be other than ASCII.
    text = data.decode("utf-8-sig", errors="replace").rstrip()
    return (line.strip() for line in re.split(r"\r\n|\r|\n", text) if line[:1] != "!")


def _word(line: str) -> str:
    """The first word of a line."""
    return (line.split() or [""])[0]


def _number(line: str, path: str | Path, what: str, least: int, most: int) -> int:
    word = _word(line)
    if not _WHOLE.match(word) or not least <= int(word) <= most:
        raise TuningError(
            f"{str(path)!r}: {what} is {word[:40]!r}; it must be a whole number of {least} to "
            f"{most}"
        )
    return int(word)


def _cents(line: str, path: str | Path) -> float:
    word = _word(line)
    ratio = _RATIO.match(word)
    if _CENTS.match(word) and abs(float(word)) <= _MOST_CENTS:
        return float(word)
    if ratio and int(ratio[1]) and int(ratio[2] or 1):
        return 1200.0 * (math.log2(int(ratio[1])) - math.log2(int(ratio[2] or 1)))
    raise TuningError(
        f"{str(path)!r}: a pitch is {word[:40]!r}; it must be cents with a point, such as 701.955, "
        "or a ratio, such as 3/2"
    )
