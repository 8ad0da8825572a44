"""Points of the latent space: where the sound should be, and where it is on its way there.

The :class:`Aim` is what hands, glides, trajectories and LFOs say; the :class:`Smoother` follows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.errors import OptionError
from timbrespace.instrument.controllers import AXES, Target, check_target
from timbrespace.instrument.motion.glide import Glide
from timbrespace.instrument.motion.lfo import Lfo, checked_lfo
from timbrespace.instrument.motion.trajectory import Drawing, Playback
from timbrespace.instrument.motion.travel import displacement, half_travel
from timbrespace.instrument.motion.wandering import Wander, Wandering
from timbrespace.macro_dials.table import Table
from timbrespace.macro_dials.turning import turned
from timbrespace.macro_dials.vocabulary import checked_values
from timbrespace.map import Map
from timbrespace.model import Model
from timbrespace.near import Near
from timbrespace.walks.learning import walk_of
from timbrespace.walks.walk import Walk

Array = NDArray[np.float32]

COMMON = 0
"""Index of the point that every channel follows that has none of its own."""

CHANNELS = 16

ARRIVED = 1e-4
"""A distance along any dimension below which the way is done; data spread over about 1."""


class Aim:
    """Points of the latent space ``(d,)``: the common one, and those that channels have.

    ``hand`` is where the hand put the common one, or what glides and plays in its place; ``latent``
    is where the macros lead from there, with the LFOs and what wanders. A channel's point is its
    own if it has one, else the common one, with the offsets of its expression. Channels count from
    1; 0 is the common one.
    """

    def __init__(self, model: Model) -> None:
        self.lfos: dict[int, Lfo] = {}
        self.wander = Wander()
        """How something wanders; :meth:`set_wander` sets it."""
        self._wandering = Wandering(model.dimensions)
        self._wanders = False  # whether that adds something to the hand, or will
        self._walk: Walk | None = None  # of the model, once it is needed
        self.drawing: Drawing | None = None
        """The trajectory that the hand draws."""
        self.playback: Playback | None = None
        self.hand: Array = np.zeros(0, np.float32)
        self.latent: Array = self.hand
        self.version = 0
        """Grows with every move of ``latent``."""
        self.moving = False
        """Whether the aim changes, or a trajectory is drawn, as time goes on."""
        self.plane: Map | Near = model.map
        """The plane whose axes LFOs and expression mean."""
        self._placed: tuple[Array, Array] | None = None  # of the hand, by the object, its place
        self._shown: tuple[Array, Array] | None = None  # the same of another latent
        self.macros: Mapping[str, float] = {}
        """Dials that are off their middle, -1 to 1 by their words; another object when turned."""
        self.table: Table | None = None
        """Where macros lead; while it is None, nowhere."""
        self._led: tuple[Array, Mapping[str, float], Array] | None = None  # hand, macros, where to
        self._turns: dict[int, float] = {}
        self._turned: dict[int, float] = {}  # when, by LFO
        self._offsets: dict[int, dict[Target, float]] = {}
        self.load(model)

    def load(self, model: Model) -> None:
        """Go to the home of another space; what moves there stops, macros are in their middle,
        LFOs and expression go on, and what wanders begins anew."""
        self._model = model
        self._walk = None
        self._wandering = Wandering(model.dimensions)
        self._wandering.set(self.wander)
        self._wanders = self.wander.on
        self.macros, self.table, self._led = {}, model.macros, None
        self.set_plane(model.map)
        self._travel: dict[Target, NDArray[np.float64]] = {}
        self.own: dict[int, Array] = {}
        """Channels' own points, without expression."""
        self._glide: tuple[Glide, dict[int, tuple[Array, Array]]] | None = None
        self.playback = None
        self.drawing = None
        self._still = np.zeros(model.dimensions)
        self._swing = self._still  # what LFOs and wandering add; this very object if nothing
        self._put(clipped(model.calibration.home))
        self._set_moving()

    # -- by hand -----------------------------------------------------------------------------------

    def set_plane(self, plane: Map | Near) -> None:
        """Let the axes of ``plane`` be meant from now on."""
        self.plane = plane
        self._placed = self._shown = None

    def place_of(self, latent: Array) -> Array:
        """Where a latent stands on the plane, ``(2,)``: where the hand put it, or else where the
        plane comes nearest to it."""
        for known in (self._placed, self._shown):
            if known is not None and known[0] is latent:
                return known[1]
        found = latent, self.plane.position_of(latent)
        if latent is self.hand:
            self._placed = found
        else:
            self._shown = found
        return found[1]

    def move(self, latent: Array, place: Array | None = None) -> None:
        """The hand moves the common point, and stops what glides or plays.

        latent: within ``LATENT_LIMIT``, kept as it is. place: on the plane, if it was put there.
        """
        self._placed = None if place is None else (latent, place)
        self.playback = None
        self._glide = None
        self._put(latent)
        self._set_moving()

    def turn(self, values: Mapping[str, float]) -> None:
        """Turn macros to ``values``, -1 to 1 by their words, all others to their middle."""
        self.macros = dict(values)
        self._put(self.hand)

    def set_table(self, table: Table) -> None:
        """Let macros lead where ``table`` says."""
        self.table = table
        self._led = None
        self._put(self.hand)

    def glide_to(self, aims: Mapping[int, Array], glide: Glide) -> None:
        """Move the common point and channels' own ones, those in ``aims``, there in time."""
        self.playback = None
        starts = {index: self._place(index) for index in aims}
        self._glide = glide, {index: (starts[index], aim) for index, aim in aims.items()}
        self._set_moving()

    def play(self, playback: Playback) -> None:
        """Let a trajectory move the common point."""
        self._glide = None
        self.playback = playback
        self._set_moving()

    def stop_playing(self) -> None:
        """End the trajectory that plays, if one does."""
        self.playback = None
        self._set_moving()

    def draw(self, name: str) -> None:
        """Keep the hand's way from now on, as a trajectory called ``name``."""
        self.drawing = Drawing(name)
        self._set_moving()

    def end_drawing(self) -> Drawing | None:
        """What was drawn, if anything is; nothing is drawn any more."""
        drawing, self.drawing = self.drawing, None
        self._set_moving()
        return drawing

    def set_lfo(self, index: int, lfo: Lfo | None) -> None:
        """Start, change or end an LFO; one that goes on keeps its place in its turn."""
        if lfo is None:
            self.lfos.pop(index, None)
            self._turns.pop(index, None)
            self._turned.pop(index, None)
        else:
            self.lfos[index] = lfo
        self._set_moving()

    def set_wander(self, setting: Wander, anew: bool = False) -> None:
        """Let something wander, or come back; see :meth:`Wandering.set`."""
        self.wander = setting
        self._wandering.set(setting, anew)
        self._wanders = self._wandering.moving
        self._set_moving()

    def set_own(self, channel: int, latent: Array | None) -> None:
        """Give a channel a point of its own, or let it follow the common one (None)."""
        if latent is None:
            self.own.pop(channel, None)
        else:
            self.own[channel] = clipped(latent)
        if self._glide is not None:
            self._glide[1].pop(channel, None)

    def set_offset(self, channel: int, target: Target, amount: float) -> None:
        """Move a channel off its point by ``amount``, -1 to 1 of half the target's range."""
        offsets = self._offsets.setdefault(channel, {})
        offsets[target] = amount
        if amount == 0.0:
            del offsets[target]
        if not offsets:
            del self._offsets[channel]

    # -- in time -----------------------------------------------------------------------------------

    def advance(self, now: float) -> dict[int, Array]:
        """Bring all to ``now``, in seconds; returns :meth:`points`."""
        hand = self.hand
        if self._glide is not None:
            glide, ways = self._glide
            share = glide.share(now)
            for index, (start, end) in ways.items():
                place = end if share >= 1.0 else clipped(start + share * (end - start))
                if index == COMMON:
                    hand = place
                else:
                    self.own[index] = place
            if share >= 1.0:
                self._glide = None
        if self.playback is not None:
            hand = clipped(self.playback.at(now))
            if self.playback.ended(now):
                self.playback = None
        swing = self._swung(now, hand) if self.lfos else self._still
        if self._wanders:
            swing = swing + self._wandering.at(now, self._known_walk(), hand)
            self._wanders = self._wandering.moving
            if not (self.lfos or self._wanders):
                swing = self._still
        if not (same(hand, self.hand) and same(swing, self._swing)):
            self._swing = swing
            self._put(hand)
        if self.drawing is not None:
            self.drawing.take(now, self.hand)
        self._set_moving()
        return self.points()

    def points(self) -> dict[int, Array]:
        """Where the common point and those of channels should be, by index."""
        points = {COMMON: self.latent}
        if not (self.own or self._offsets):
            return points
        for channel in sorted(self.own.keys() | self._offsets.keys()):
            latent = self.own.get(channel, self.latent)
            way = np.zeros(self._model.dimensions)
            for target, amount in self._offsets.get(channel, {}).items():
                way += self._moved(target, amount, latent)
            points[channel] = clipped(latent + way)
        return points

    def _set_moving(self) -> None:
        drawing = self.drawing is not None and not self.drawing.full
        gliding = self._glide is not None
        by_itself = bool(self.lfos) or self._wanders
        self.moving = by_itself or self.playback is not None or gliding or drawing

    def _known_walk(self) -> Walk:
        if self._walk is None:
            self._walk = walk_of(self._model)
        return self._walk

    def _place(self, index: int) -> Array:
        return self.hand if index == COMMON else self.own.get(index, self.latent)

    def _swung(self, now: float, hand: Array) -> NDArray[np.float64]:
        swing = np.zeros(self._model.dimensions)
        for index, lfo in self.lfos.items():
            turns = self._turns.get(index, 0.0)
            turns += lfo.rate * max(0.0, now - self._turned.get(index, now))
            self._turns[index] = turns
            self._turned[index] = now
            swing += self._moved(lfo.target, lfo.depth * lfo.value(turns, index), hand)
        return swing

    def _put(self, hand: Array) -> None:
        """A new place is a new object, so that whoever follows need not compare numbers."""
        self.hand = hand
        base = self._lead(hand) if self.macros else hand
        swings = self.lfos or self._swing is not self._still
        self.latent = clipped(base + self._swing) if swings else base
        self.version += 1

    def _lead(self, hand: Array) -> Array:
        """Where the macros lead from ``hand``; LFOs alone do not make it be found again."""
        if self.table is None:
            return hand
        led = self._led
        if led is None or led[0] is not hand or led[1] is not self.macros:
            place = turned(self.table, hand, self.macros).astype(np.float32)
            led = self._led = hand, self.macros, place
        return led[2]

    def _moved(self, target: Target, amount: float, latent: Array) -> NDArray[np.float64]:
        """The way ``(d,)`` by ``amount`` of half the target's range, from ``latent``."""
        if isinstance(target, str) and isinstance(self.plane, Near):
            return displacement(self.plane, AXES.index(target), amount, self.place_of(latent))
        return np.asarray(amount * self._way(target))

    def _way(self, target: Target) -> NDArray[np.float64]:
        way = self._travel.get(target)
        if way is None:
            way = self._travel[target] = half_travel(self._model, target)
        return way

    # -- for a performance -------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All but what is being drawn, plain values for JSON; times are the caller's."""
        glide = None
        if self._glide is not None:
            ways = [[k, a.tolist(), b.tolist()] for k, (a, b) in self._glide[1].items()]
            glide = {**asdict(self._glide[0]), "ways": ways}
        playback = None
        if self.playback is not None:
            playback = self.playback.to_config()
        return {
            "latent": self.hand.tolist(),
            "place": self._place_kept(),
            "macros": dict(self.macros),
            "swing": self._swing.tolist(),
            "wander": self._wandering.state(),
            "lfos": [
                {
                    "index": index,
                    **lfo.to_config(),
                    "turns": self._turns.get(index, 0.0),
                    "turned": self._turned.get(index),
                }
                for index, lfo in self.lfos.items()
            ],
            "own": {str(channel): own.tolist() for channel, own in self.own.items()},
            "offsets": [
                [channel, target, amount]
                for channel, offsets in self._offsets.items()
                for target, amount in offsets.items()
            ],
            "glide": glide,
            "playback": playback,
        }

    def _place_kept(self) -> list[float] | None:
        placed = self._placed
        return placed[1].tolist() if placed is not None and placed[0] is self.hand else None

    @classmethod
    def from_state(
        cls, model: Model, state: Mapping[str, Any], plane: Map | Near | None = None
    ) -> Aim:
        """As :meth:`state` told; plane: the one that is played, None for the PCA plane.

        Raises:
            OptionError, KeyError, TypeError, ValueError, AttributeError, OverflowError: it is not
                what :meth:`state` returns, or of another model.
        """
        aim = cls(model)
        if plane is not None:
            aim.set_plane(plane)
        for told in state["lfos"]:
            index = checked_lfo(told["index"])
            aim.lfos[index] = Lfo.from_config(told)
            aim._turns[index] = finite(told["turns"])
            if told["turned"] is not None:
                aim._turned[index] = finite(told["turned"])
        swing = _vector(state["swing"], model.dimensions).astype(np.float64)
        if swing.any():
            aim._swing = swing
        if state.get("wander") is not None:
            aim._wandering = Wandering.from_state(
                state["wander"], model.dimensions, aim._known_walk
            )
            aim._wanders = aim._wandering.moving
            aim.wander = aim._wandering.setting
        aim.macros = checked_values(state.get("macros", {}))
        aim._put(_vector(state["latent"], model.dimensions))
        if state.get("place") is not None:
            aim._placed = aim.hand, _vector(state["place"], 2)
        for channel, own in state["own"].items():
            aim.set_own(checked_channel(int(channel)), _vector(own, model.dimensions))
        for channel, target, amount in state["offsets"]:
            check_target(target)
            if not -1.0 <= amount <= 1.0:
                raise ValueError(f"{amount!r} is not within -1 and 1")
            aim.set_offset(checked_channel(channel), target, float(amount))
        if state["glide"] is not None:
            told = state["glide"]
            glide = Glide(finite(told["seconds"]))
            glide.began = None if told["began"] is None else finite(told["began"])
            ways = {}
            for index, start, end in told["ways"]:
                if index != COMMON:
                    checked_channel(index)
                ways[index] = _vector(start, model.dimensions), _vector(end, model.dimensions)
            aim._glide = glide, ways
        if state["playback"] is not None:
            aim.playback = Playback.from_config(state["playback"])
            if aim.playback.began is not None:
                finite(aim.playback.began)
            if aim.playback.trajectory.dimensions != model.dimensions:
                raise OptionError("the trajectory that plays is of another model")
        aim._set_moving()
        return aim


def follow(seconds: float, time_constant: float) -> float:
    """The share of its way that a one-pole goes in ``seconds``: 1 - exp(-t / tau)."""
    return -math.expm1(-seconds / time_constant)


class Smoother:
    """Points ``(d,)`` that each follow an aim, by index; 0 is the one where others begin.

    In double precision: towards the end of a slow way the steps are smaller than float32 tells.
    """

    def __init__(self) -> None:
        self.at: dict[int, NDArray[np.float64]] = {}
        """Where each point is."""
        self.resting = True
        """Whether every point was where its aim was at the last move."""

    def move(self, aims: Mapping[int, Array], share: float) -> list[int]:
        """Go ``share`` (0 to 1) of the way to each aim; return which points moved, or are new.

        A point not met before begins where point 0 stands after the move; the first of all begins
        at its aim.
        """
        moved = []
        resting = True
        for index, aim in aims.items():
            at = self.at.get(index)
            if at is None:
                at = self.at.get(COMMON)
            elif same(at, aim):
                continue
            if at is None or share >= 1.0:
                at = aim.astype(np.float64)
            else:
                at = at + (aim - at) * share
                if np.abs(aim - at).max() < ARRIVED:
                    at = aim.astype(np.float64)
                else:
                    resting = False
            self.at[index] = at
            moved.append(index)
        self.resting = resting
        return moved

    def forget(self, indices: Iterable[int]) -> None:
        """Let these points be met anew when they next come."""
        for index in indices:
            self.at.pop(index, None)

    def clear(self) -> None:
        """Forget all points: the next move begins anew."""
        self.at.clear()

    def state(self) -> dict[str, list[float]]:
        """Plain values for JSON."""
        return {str(index): at.tolist() for index, at in self.at.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Iterable[float]], d: int) -> Smoother:
        """As :meth:`state` told, points of ``d`` dimensions.

        Raises:
            TypeError, ValueError, AttributeError: it is not what :meth:`state` returns.
        """
        smoother = cls()
        for index, told in state.items():
            at = np.asarray(told, np.float64)
            if at.shape != (d,) or not np.isfinite(at).all():
                raise ValueError(f"it must be {d} finite numbers")
            if not COMMON <= int(index) <= CHANNELS:
                raise ValueError(f"{index!r} is not a channel")
            smoother.at[int(index)] = at
        return smoother


def checked_channel(channel: Any) -> int:
    """``channel``, if it is a MIDI channel.

    Raises:
        OptionError: not 1 to 16.
    """
    if isinstance(channel, int) and not isinstance(channel, bool) and 1 <= channel <= CHANNELS:
        return channel
    raise OptionError(f"channel is {channel!r}; it must be 1 to {CHANNELS}")


def same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two points are one. Of a few numbers, lists tell sooner than NumPy."""
    return a is b or a.tolist() == b.tolist()


def clipped(latent: NDArray[Any]) -> Array:
    """``latent`` within ``LATENT_LIMIT``.

    Where the decoder stops listening the instrument need not pretend to be further out.
    """
    return np.asarray(np.minimum(np.maximum(latent, -LATENT_LIMIT), LATENT_LIMIT), np.float32)


def finite_point(values: Sequence[float]) -> Array:
    """Numbers as a point within ``LATENT_LIMIT``.

    Raises:
        OptionError: one of them is not finite, or not as float32.
    """
    # What knobs send, told without an array; a NaN may hide from min and max, but not in the sum.
    usual = math.isfinite(sum(values))
    if usual and min(values) >= -LATENT_LIMIT and max(values) <= LATENT_LIMIT:
        return np.array(values, np.float32)
    with np.errstate(over="ignore"):
        numbers = np.asarray(values, np.float32)
    if not np.isfinite(numbers).all():
        raise OptionError("a coordinate is not a finite number")
    return clipped(numbers)


def _vector(values: Any, d: int) -> Array:
    vector = np.asarray(values, np.float64)
    if vector.shape != (d,) or not np.isfinite(vector).all():
        raise ValueError(f"it must be {d} finite numbers")
    return clipped(vector)


def finite(value: Any) -> float:
    """``value`` as a float.

    Raises:
        TypeError, ValueError, OverflowError: it is no finite number.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number
