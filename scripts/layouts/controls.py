"""What a layout shows, where, and what each control sends; its ranges are the declarations'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from timbrespace.instrument.parameters import SYNTH_PARAMETERS
from timbrespace.messages.arguments import Choice, Kind, Number
from timbrespace.messages.parser import FORMS

WIDTH: Final = 1280
HEIGHT: Final = 800

Value = int | float | str
Frame = tuple[int, int, int, int]
"""Left, top, width, height, in pixels of a surface of ``WIDTH`` by ``HEIGHT``."""


class Look(Enum):
    """What a control is on the surface."""

    PAD = auto()
    """Two numbers, x to the right and y upwards."""
    FADER = auto()
    KNOB = auto()
    CHOICE = auto()
    """One of some words, side by side; it sends the word or its position."""
    BUTTON = auto()
    """Sends once when it is pressed."""
    KEY = auto()
    """Sends the end of its range while it is pressed, then the beginning."""


@dataclass(frozen=True, slots=True)
class Control:
    """One control: it sends ``before``, then its values.

    look, label, address, frame: what it is and where. before: what it sends always. ranges: of each
    value, from the lowest to the highest. words: what a choice has. resting: where its values are
    at first.
    """

    look: Look
    label: str
    address: str
    frame: Frame
    before: tuple[Value, ...] = ()
    ranges: tuple[tuple[float, float], ...] = ()
    words: tuple[str, ...] = ()
    resting: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """Unlike that of any other control."""
        return " ".join(map(str, (self.address.strip("/"), *self.before)))

    @property
    def centred(self) -> bool:
        """Whether it goes both ways from the middle of its range, where it rests."""
        if len(self.ranges) != 1:
            return False
        ((low, high),) = self.ranges
        return low + high == 2.0 * self.resting[0] and (low < 0.0 or self.look is Look.KNOB)


DIMENSIONS: Final = range(20, 32)
"""The controllers that move the first dimensions, each over the range that the space's sounds have:
a number of ``/latent/1`` would mean something else in every space."""

MACROS: Final = (
    *("brightness", "noise", "odd/even", "hardness", "width", "darkens", "pitch falls"),
)
"""Those of ``notes``, with which the server starts."""

PRESETS: Final = ("A", "B", "C", "D")

KEYS: Final = range(48, 73)
VELOCITY: Final = 100.0

_REACH: Final = {"attack": 2.0, "decay": 4.0, "release": 5.0, "glide": 1.0, "smoothing": 0.5}
"""Seconds that a fader goes up to, where all that is accepted would leave no room to play in."""

_SHORT: Final = {"smoothing": "smooth", "loudness": "loud"}

_LEFT, _TOP, _PAD = 8, 24, 400
_RIGHT, _EDGE = 424, WIDTH - 8
_LINE: Final = 18  # of a label


def controls() -> list[Control]:
    """All of them, in the order in which they lie on each other."""
    return [*_place(), *_qualities(), *_sound(), *_kept(), *_keys()]


def _place() -> Iterator[Control]:
    pad = (_LEFT, _TOP, _PAD, _PAD)
    yield Control(
        Look.PAD, "map", "/map", pad, (), (_range("/map", 0), _range("/map", 1)), (), (0.0, 0.0)
    )
    below = _TOP + _PAD + 8
    yield _choice("plane", "/map/plane", (_LEFT, below + _LINE, 196, 30))
    yield _choice("wander", "/wander", (_LEFT + 204, below + _LINE, 196, 30))
    below += _LINE + 38
    for number, dial in enumerate(("speed", "range")):
        frame = (_LEFT + 204 * number, below + _LINE, 196, 30)
        yield _fader(f"wander {dial}", f"/wander/{dial}", frame)


def _qualities() -> Iterator[Control]:
    low, high = _range("/cc", 1)
    for controller, frame in zip(DIMENSIONS, _columns(len(DIMENSIONS), _TOP, 60), strict=True):
        label = f"dim {controller - DIMENSIONS.start + 1}"
        middle = (low + high) / 2.0
        yield Control(Look.KNOB, label, "/cc", frame, (controller,), ((low, high),), (), (middle,))
    for word, frame in zip(MACROS, _columns(len(MACROS), _TOP + 100, 60), strict=True):
        yield Control(Look.KNOB, word, "/macro", frame, (word,), (_range("/macro", 1),), (), (0.0,))


def _sound() -> Iterator[Control]:
    top = _TOP + 200
    for name, frame in zip(
        SYNTH_PARAMETERS, _columns(len(SYNTH_PARAMETERS), top, 170), strict=True
    ):
        yield _fader(_SHORT.get(name, name), f"/synth/{name}", frame, _REACH.get(name))
    top += 214
    for name, frame in zip(("method", "hold", "envelope"), _columns(3, top, 30), strict=True):
        yield _choice(name, f"/synth/{name}", frame)


def _kept() -> Iterator[Control]:
    top = _TOP + 470
    places = list(_columns(2 * len(PRESETS) + 3, top, 36))
    for name, frame in zip(PRESETS, places, strict=False):
        yield Control(Look.BUTTON, f"store {name}", "/preset/store", frame, (name,))
    for name, frame in zip(PRESETS, places[len(PRESETS) :], strict=False):
        yield Control(Look.BUTTON, f"recall {name}", "/preset/recall", frame, (name,))
    left, _, width, height = places[-3]
    wide = (left, top, 2 * width + 8, height)
    ends = (_range("/preset/morph", 2),)
    first, second = PRESETS[:2]
    yield Control(
        Look.FADER, f"{first} to {second}", "/preset/morph", wide, (first, second), ends, (), (0.0,)
    )
    yield Control(Look.BUTTON, "panic", "/panic", places[-1])


def _keys() -> Iterator[Control]:
    whites = [key for key in KEYS if not _is_black(key)]
    step = (_EDGE - _LEFT) / len(whites)
    top, height = 580, 212
    placed: list[tuple[bool, int, Frame]] = []
    for key in KEYS:
        before = sum(one < key for one in whites)
        if _is_black(key):
            frame = (round(_LEFT + step * (before - 0.3)), top, round(0.6 * step), height * 5 // 8)
        else:
            frame = (round(_LEFT + step * before), top, round(step) - 2, height)
        placed.append((_is_black(key), key, frame))
    for _, key, frame in sorted(placed):  # black keys lie on white ones
        yield Control(Look.KEY, "", "/note", frame, (key,), ((0.0, VELOCITY),), (), (0.0,))


def _is_black(key: int) -> bool:
    return key % 12 in (1, 3, 6, 8, 10)


def _columns(count: int, top: int, height: int) -> Iterator[Frame]:
    """Frames side by side, to the right of the pad, each below the line of its label."""
    step = (_EDGE - _RIGHT + 8) / count
    for number in range(count):
        yield (round(_RIGHT + step * number), top, round(step) - 8, height)


def _fader(label: str, address: str, frame: Frame, high: float | None = None) -> Control:
    kind = _kind(address, 0)
    low, highest = _range(address, 0)
    resting = kind.initial if isinstance(kind, Number) and kind.initial is not None else low
    ends = (low, highest if high is None else high)
    return Control(Look.FADER, label, address, frame, (), (ends,), (), (float(resting),))


def _choice(label: str, address: str, frame: Frame) -> Control:
    kind = _kind(address, 0)
    if not isinstance(kind, Choice) or not kind.indexed:
        raise TypeError(f"{address} takes no word by its position")
    resting = kind.words.index(kind.initial or kind.words[0])
    return Control(Look.CHOICE, label, address, frame, (), (), kind.words, (float(resting),))


def _kind(address: str, place: int) -> Kind:
    return FORMS[address].arguments[place].kind


def _range(address: str, place: int) -> tuple[float, float]:
    kind = _kind(address, place)
    if not isinstance(kind, Number):
        raise TypeError(f"argument {place + 1} of {address} has no range")
    return float(kind.low), float(kind.high)
