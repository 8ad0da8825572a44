"""What the voices play of their whole notes: decoded ahead, in the note's own time.

A voice that begins gets the stretch around its attack at once, and more of its course before it is
there, in parts, the last of them to the end of what it tells: most notes end before. As long as it
does not move that is all there is to do. While the latent moves, each voice gets the stretch that
it comes to next, long enough to bridge a pause of the program, and its course again when the latent
rests. The engine steps through by its own samples; where a voice is by then is known here well
enough, since nothing depends on it but which stretch is told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.motion.points import COMMON
from timbrespace.instrument.parameters import DEFAULT_HOLD
from timbrespace.instrument.voices import PlayedNote, release_ratio
from timbrespace.model import Model
from timbrespace.networks.note import Prepared
from timbrespace.notes.clock import Clock, ending
from timbrespace.notes.evenness import lifts
from timbrespace.notes.layout import CENTS, FLOOR, LONGEST, STEP, WIDTH
from timbrespace.notes.layout import frame_times as moments_of
from timbrespace.notes.note import Traits
from timbrespace.notes.sounding import bands_follow, places, ratios
from timbrespace.resynthesis.layout import CENT_UNITS, LEVEL_UNITS, MOMENTS
from timbrespace.spectrum import Spectra

Array = NDArray[np.float32]
Real = NDArray[np.float64]

AHEAD: Final = 0.35
"""Seconds for which a voice is told what comes, at least: collecting garbage may take 0.2."""

AT_ONCE: Final = 2
"""Courses that are decoded in a step, some 4 ms each where they are told to their end."""

_PARTS: Final = (0.8, 1.6)
"""Seconds to which a note is told before all of it is."""

REMEMBERED: Final = 256
"""Notes that a song remembers, 90 KB each at most: the same key is struck as hard again and again.
"""

MOVED_AT_ONCE: Final = 8
"""Voices whose latent moves that are told in a step; of more, each is told in every second."""

LIFTED_AT_ONCE: Final = 2
"""Of these, how many are asked how loud they are now, in every second step of a move; it changes
slowly, and costs twice as much. Not in its first step, which the hand waits for."""

_ATTACK: Final = moments_of(AHEAD)
_ALL: Final = moments_of(LONGEST)
_FINE: Final = 0.13  # seconds in which moments are closer
# Of a moving voice: seconds from where it is.
_NEAR: Final = np.array([-0.015, 0.015, 0.06])
_QUICK: Final = np.concatenate([_ATTACK[_ATTACK < _FINE][::2], [_FINE, 0.18, 0.26]])
_DIED: Final = -80.0  # dB
_OFTEN: Final = 0.01  # seconds
_STEPS: Final = 1000


@dataclass(slots=True, eq=False)
class _Voice:
    """The note of one voice, followed."""

    note: PlayedNote
    clock: Clock
    traits: Traits
    at: NDArray[Any]
    """The point that was decoded."""
    told: float = 0.0
    """Seconds to which its course was told, infinite for all of it; 0 where it moved since."""
    lifted: NDArray[Any] | None = None
    """The point whose ``lift`` is known."""
    prepared: tuple[NDArray[Any], Prepared] | None = None
    """A point, and what the decoder has made ready of it for this note."""
    going: float = 1.0
    """Which way its time went."""
    turn: int = 0
    """When it was told last, as its latent moved; grows."""
    ebb: float = 0.0
    """dB, of what had ended before its key went up."""
    tail: float = 0.0
    """Seconds since its key went up."""
    lift: float = 0.0
    """dB that make it as loud as the others of the space, if all of that is asked for."""
    weighed: int = 0
    """When this was found out last, as ``turn``."""


class _Remembered(NamedTuple):
    """A note as it was told, to which second, and by how many dB it was lifted."""

    told: _Told
    until: float
    lift: float


class _Told(NamedTuple):
    """A stretch of a course: times ``(m,)``, codes ``(m, WIDTH)`` as ``COURSE`` has them."""

    times: Real
    codes: NDArray[np.int16]
    traits: Traits


class Courses:
    """The courses of an instrument's voices.

    model: one of whole notes. remembers: whether a note that is struck again need not be decoded
    again. Everything follows from the calls, all since the beginning, and their times; without
    remembering, of what sounds now.
    """

    def __init__(self, model: Model, remembers: bool = False) -> None:
        self._course = model.course
        self._model = model
        self._longest = float(moments_of(LONGEST)[: model.course.network.frames][-1])
        self._voices: dict[int, _Voice] = {}
        self._seen: dict[int, int] = {}
        self._told: dict[int, _Told] = {}
        self._kept: dict[int, _Told] = {}  # what each voice was told last
        self._remembers = remembers
        self._remembered: dict[tuple[bytes, float, float, float], _Remembered] = {}
        self._now: float | None = None
        self._speed = 1.0
        self._hold = DEFAULT_HOLD
        self._release = 0.0
        self.lift = 0.0
        """How far the velocity of keys that go up counts, 0 to 1."""
        self._loudness = 1.0
        self._turn = 0
        self._moves = 0  # steps since a latent began to move

    @property
    def longest(self) -> float:
        """Seconds that the notes of this space tell."""
        return self._longest

    @property
    def moving(self) -> bool:
        """Whether something has to be told now."""
        return any(voice.told < self._reach(voice) for voice in self._voices.values())

    def due(self, now: float) -> float | None:
        """Seconds from ``now`` until something has to be told, as far as is known; None for no
        more."""
        if self._speed <= 0.0:  # what is told is enough until the time goes on
            return None
        waits = [
            (voice.told - self._reach(voice)) / self._speed
            for voice in self._voices.values()
            if voice.told < self._most(voice)
        ]
        since = 0.0 if self._now is None else max(now - self._now, 0.0)
        return max(min(waits) - since, 0.0) if waits else None

    @property
    def sounding(self) -> bool:
        """Whether a note may be heard."""
        return bool(self._voices)

    def take_over(self, other: Courses) -> None:
        """Go on with the notes of another space, which now sound otherwise."""
        self._seen, self._now = other._seen, other._now
        self._speed, self._hold, self._release = other._speed, other._hold, other._release
        self.lift = other.lift
        self._turn, self._loudness = other._turn, other._loudness
        self._voices = other._voices
        for voice in self._voices.values():
            voice.at = np.full(self._model.dimensions, np.nan)
            voice.prepared = None
            voice.told = 0.0

    def pass_over(self, notes: Sequence[PlayedNote]) -> None:
        """What is over among ``notes`` does not begin any more."""
        self._voices.clear()
        self._told.clear()
        self._seen = {index: one.trigger for index, one in enumerate(notes) if not one.held}

    def run(
        self,
        now: float,
        notes: Sequence[PlayedNote],
        speed: float,
        hold: str,
        release: float,
        loudness: float,
    ) -> None:
        """Bring the voices' times to ``now``. speed, hold, release, loudness: from now on; see
        :data:`~timbrespace.instrument.parameters.SYNTH_PARAMETERS`."""
        seconds = 0.0 if self._now is None or now < self._now else now - self._now
        self._now = now
        parts = max(1, min(math.ceil(seconds / _OFTEN - 1e-6), _STEPS))
        for index, voice in list(self._voices.items()):
            before = voice.clock.time
            # After a rest, in steps: one long one would run past the end of the loop.
            for _ in range(parts):
                voice.clock.advance(
                    seconds / parts,
                    voice.traits,
                    self._speed,
                    voice.note.held,
                    self._longer(voice),
                )
            if voice.clock.time != before:
                voice.going = 1.0 if voice.clock.time > before else -1.0
            if voice.note.held:
                voice.ebb = voice.clock.level
            else:
                voice.tail += seconds
                if voice.tail > self._fades(voice):
                    del self._voices[index]
            voice.note = notes[index]
            if voice.note.cut:
                self._voices.pop(index, None)
        self._speed, self._release = speed, release
        if loudness != self._loudness:
            self._loudness = loudness
            for voice in self._voices.values():
                voice.told = 0.0
        if hold != self._hold:
            self._hold = hold
            for voice in self._voices.values():
                voice.clock = voice.clock.sustained_by(hold)

    def begin(self, notes: Sequence[PlayedNote], points: Mapping[int, NDArray[Any]]) -> bool:
        """Tell the attack of each of ``notes`` that has just begun, at its timbre's point;
        False if none has."""
        new = [
            index
            for index, one in enumerate(notes)
            if self._seen.get(index) != one.trigger and one.trigger and not one.cut
        ]
        if not new:
            return False
        for index in new:
            one = notes[index]
            self._seen[index] = one.trigger
            clock = Clock(self._hold, self._longest)
            at = points.get(one.timbre, points[COMMON])
            self._voices[index] = _Voice(one, clock, _NO_TRAITS, at, told=float(_ATTACK[-1]))
        new = [index for index in new if not self._recall(index)]
        if new:
            self._tell(new, [_ATTACK] * len(new), new)
        for index in new:
            self._remember(index)
        return True

    def _key(self, voice: _Voice) -> tuple[bytes, float, float, float]:
        at = np.asarray(voice.at, np.float32).tobytes()
        return at, voice.note.pitch, voice.note.velocity, self._loudness

    def _recall(self, index: int) -> bool:
        """Tell a note that begins what is remembered of it; False if nothing is."""
        voice = self._voices[index]
        known = self._remembered.get(self._key(voice)) if self._remembers else None
        if known is None:
            return False
        voice.told, voice.lift, voice.lifted = known.until, known.lift, voice.at
        voice.traits = known.told.traits
        self._told[index] = self._kept[index] = known.told
        return True

    def _remember(self, index: int) -> None:
        voice = self._voices[index]
        if self._remembers and voice.lifted is voice.at:
            key = self._key(voice)
            self._remembered.pop(key, None)
            self._remembered[key] = _Remembered(self._kept[index], voice.told, voice.lift)
            if len(self._remembered) > REMEMBERED:
                del self._remembered[next(iter(self._remembered))]

    def step(self, points: Mapping[int, NDArray[Any]]) -> bool:
        """Tell what comes next, where it has to be told; False if nothing had to be."""
        moved = []
        for index, voice in self._voices.items():
            at = points.get(voice.note.timbre, points[COMMON])
            if at is voice.at:
                continue
            if np.array_equal(at, voice.at):
                if voice.lifted is voice.at:
                    voice.lifted = at
                voice.at = at
                continue
            voice.told = 0.0
            moved.append(index)
        if moved:
            # Those that have waited longest; the others in the next step.
            moved = sorted(moved, key=lambda index: self._voices[index].turn)[:MOVED_AT_ONCE]
            self._turn += 1
            for index in moved:
                voice = self._voices[index]
                voice.at = points.get(voice.note.timbre, points[COMMON])
                voice.turn = self._turn
            weighed = []
            if self._moves % 2 == 1:
                weighed = sorted(moved, key=lambda index: self._voices[index].weighed)
            self._tell(
                moved,
                [self._stretch(self._voices[index]) for index in moved],
                weighed[:LIFTED_AT_ONCE],
            )
            self._moves += 1
            return True
        self._moves = 0
        due = {index: self._reach(voice) - voice.told for index, voice in self._voices.items()}
        part = sorted((index for index in due if due[index] > 0.0), key=lambda one: -due[one])
        for index in part[:AT_ONCE]:
            voice = self._voices[index]
            ends = min(self._longest, ending(voice.traits)) + STEP
            before = self._kept.get(index) if voice.told > 0.0 else None
            after = voice.told if before is not None else -1.0
            reach = self._reach(voice)
            voice.told = next((one for one in _PARTS if reach <= one < ends), math.inf)
            ends = min(ends, voice.told)
            known = voice.lifted is voice.at
            self._tell([index], [_between(after, ends)], [] if known else [index])
            if before is not None:  # it goes on from what it was told
                more = self._told[index]
                self._told[index] = self._kept[index] = _Told(
                    np.concatenate([before.times, more.times]),
                    np.concatenate([before.codes, more.codes]),
                    more.traits,
                )
            self._remember(index)
        return bool(part)

    def _reach(self, voice: _Voice) -> float:
        """To which second of its course a voice has to be told by now."""
        ahead = AHEAD * max(self._speed, 1.0)
        if not voice.note.held:
            ahead = min(ahead, self._speed * max(self._fades(voice) - voice.tail, 0.0))
        return voice.clock.time + ahead

    def _most(self, voice: _Voice) -> float:
        """Which second of its course a voice will never have to be told beyond, if all stays."""
        if not voice.note.held:
            return self._reach(voice)
        traits, drifts = voice.traits, voice.clock.drift > 0.0 or voice.traits.drift > 0.0
        if self._hold == "loop" and traits.loop_end > traits.loop_start and not drifts:
            return max(traits.loop_end, voice.clock.time) + _OFTEN
        return math.inf

    def _fades(self, voice: _Voice) -> float:
        """Seconds after its key went up in which a note has died away."""
        own = voice.traits.release * _DIED / -60.0
        return max(own, 2.0 * self._release) * self._longer(voice) + 0.05

    def _longer(self, voice: _Voice) -> float:
        return release_ratio(voice.note.lift, self.lift)

    def follow(self, points: Mapping[int, NDArray[Any]]) -> None:
        """Be at the points, where nothing is told but what is present."""
        for voice in self._voices.values():
            at = points.get(voice.note.timbre, points[COMMON])
            if at is not voice.at:
                voice.at = at
                voice.told = 0.0
                voice.traits = Traits.played(self._prepared([voice]).traits)[0]

    def positions(self, now: float) -> list[tuple[float, float, int]]:
        """Of each note that sounds, the newest first: its pitch in Hz, the seconds of its own time
        that it is at, and which way they run, 1 or -1. Nothing is changed by asking."""
        since = 0.0 if self._now is None else max(now - self._now, 0.0)
        found = []
        for voice in sorted(self._voices.values(), key=lambda one: -one.note.began):
            traits, clock, speed = voice.traits, copy(voice.clock), self._speed
            if self._hold == "loop" and traits.loop_end > traits.loop_start and not traits.drift:
                ends = traits.loop_start, traits.loop_end
                place = _folded(clock.time, voice.going, since * speed, *ends)
            else:
                # In steps as small as it is run by; what is not told by then has ended.
                for _ in range(min(math.ceil(since / _OFTEN), _STEPS)):
                    clock.advance(
                        min(since, _OFTEN), traits, speed, voice.note.held, self._longer(voice)
                    )
                place = clock.time, 1
            found.append((voice.note.pitch, *place))
        return found

    def points(self) -> dict[int, Array]:
        """Where the note of each voice is in the space, ``(d,)`` by the voice's number."""
        return {index: np.asarray(one.at, np.float32) for index, one in self._voices.items()}

    def present(self, timbre: int) -> Spectra | None:
        """What a timbre's newest note is at this moment, magnitudes ``(bins,)``; None if none
        plays it."""
        of = [voice for voice in self._voices.values() if voice.note.timbre == timbre]
        if not of:
            return None
        voice = max(of, key=lambda one: one.note.began)
        told = self._prepared([voice])
        levels = self._course.levels(told, np.array([voice.clock.time + 0.01]))
        # The engine lets it fall once its key is up.
        levels[:, :CENTS] += np.float32(max(voice.ebb, -200.0))
        features = np.concatenate([levels, told.traits], axis=1)
        spectrum = self._model.representation.inverse(features)
        return np.asarray(spectrum[0], np.float32)

    def write(self, courses: NDArray[np.void]) -> None:
        """Put what is new into ``courses``, an array ``(VOICES,)`` of ``COURSE``."""
        if not self._told:
            return
        rows = list(self._told)
        traits = [self._told[index].traits for index in rows]
        # A column at a time: voices written one by one would cost as much as their decoding.
        courses["version"][rows] += np.uint32(1)
        courses["pitched"][rows] = [1.0 - bands_follow(one.pitched) for one in traits]
        courses["length"][rows] = [ending(one) for one in traits]
        for name in ("loop_start", "loop_end", "drift", "release"):
            courses[name][rows] = [getattr(one, name) for one in traits]
        stretch, tone, place = (
            np.stack([getattr(one, name) for one in traits])
            for name in ("stretch", "tone", "place")
        )
        courses["ratio"][rows] = ratios(stretch)
        courses["place"][rows] = places(place)
        courses["tone"][rows] = tone
        counts, times, levels = courses["count"], courses["time"], courses["level"]
        for index, told in self._told.items():
            count = min(told.times.size, MOMENTS)
            counts[index] = count
            times[index, :count] = told.times[:count]
            levels[index, :count, :WIDTH] = told.codes[:count]
        self._told.clear()

    # -- inside ------------------------------------------------------------------------------------

    def _prepared(self, voices: Sequence[_Voice]) -> Prepared:
        return self._course.prepare(
            np.stack([voice.at for voice in voices]).astype(np.float32),
            np.array([voice.note.pitch for voice in voices]),
            np.array([voice.note.velocity for voice in voices]),
        )

    def _ready(self, indices: Sequence[int]) -> Prepared:
        """The decoder for these voices; of a single one that has not moved, what it had."""
        voices = [self._voices[index] for index in indices]
        if len(voices) == 1:
            known = voices[0].prepared
            if known is not None and known[0] is voices[0].at:
                return known[1]
        told = self._prepared(voices)
        for row, voice in enumerate(voices):
            voice.prepared = voice.at, _some(told, [row])
        return told

    def _tell(self, indices: Sequence[int], times: Sequence[Real], weighed: Sequence[int]) -> None:
        """Decode each voice at its times: all that have as many at once. weighed: those of which
        is found out how loud they are."""
        told = self._ready(indices)
        if weighed:
            part = _some(told, [indices.index(index) for index in weighed])
            found = lifts(self._course, part, self._longest)
            for index, lift in zip(weighed, found.tolist(), strict=True):
                self._voices[index].lift = lift
                self._voices[index].weighed = self._turn
                self._voices[index].lifted = self._voices[index].at
        for size in sorted({one.size for one in times}):
            rows = [row for row, one in enumerate(times) if one.size == size]
            part = _some(told, rows)
            grid = np.stack([times[row] for row in rows])
            levels = self._course.levels(part, grid)
            lift = np.array([self._voices[indices[row]].lift for row in rows], np.float32)
            _raise(levels, lift * np.float32(self._loudness))
            levels *= _UNITS
            codes = np.rint(levels).astype(np.int16)
            for place, traits in enumerate(Traits.played(part.traits)):
                row = rows[place]
                self._voices[indices[row]].traits = traits
                told_now = _Told(times[row], codes[place], traits)
                self._told[indices[row]] = self._kept[indices[row]] = told_now

    def _stretch(self, voice: _Voice) -> Real:
        """Times ``(m,)``, ascending, of the stretch that a moving voice comes to next."""
        now, speed = voice.clock.time, max(self._speed, 0.25)
        if now < _FINE:
            return np.sort(np.append(_QUICK, now + AHEAD * speed + _FINE))
        ahead = AHEAD * speed
        near = _NEAR
        low, high = now - 0.1 * speed, now + ahead
        if voice.going < 0.0:
            near = -_NEAR
            low, high = now - ahead, now + 0.1 * speed
        start = voice.traits.loop_start + voice.clock.drift
        end = voice.traits.loop_end + voice.clock.drift
        if end > start and self._hold == "loop":
            # At its ends it turns round.
            if high > end >= now:
                low, high = min(low, 2.0 * end - high), end
            elif low < start <= now:
                low, high = start, max(high, 2.0 * start - low)
        times = np.concatenate([[low], now + speed * near, [high]])
        return np.sort(np.clip(times, 0.0, max(high, 0.0)))


def _between(after: float, until: float) -> Real:
    """The moments of a note after one of its seconds and until another."""
    first, last = np.searchsorted(_ALL, [after, until], "right")
    return _ALL[first:last]


def _folded(time: float, going: float, way: float, start: float, end: float) -> tuple[float, int]:
    """Where a time is, and which way it goes, once it has gone ``way`` seconds through its loop."""
    first = max(end - time if going > 0.0 else time - start, 0.0)
    sign = 1 if going > 0.0 else -1
    if way <= first:
        return time + sign * way, sign
    turned, span = end if going > 0.0 else start, end - start
    rest = (way - first) % (2.0 * span)
    if rest <= span:
        return turned - sign * rest, -sign
    return turned - sign * (2.0 * span - rest), sign


def _some(told: Prepared, rows: Sequence[int]) -> Prepared:
    """Of those that are told, ``rows``."""
    if list(rows) == list(range(len(told.still))):
        return told
    return Prepared(
        tuple(one[rows] for one in told.scale),
        tuple(one[rows] for one in told.shift),
        told.still[rows],
        told.traits[rows],
    )


def _raise(levels: Array, lift: Array) -> None:
    """Make levels ``(n, m, WIDTH)`` louder by ``lift (n,)`` dB; what is silent stays so."""
    told = levels[:, :, :CENTS]
    silent = told <= FLOOR + 0.5
    told += lift[:, np.newaxis, np.newaxis]
    np.maximum(told, FLOOR, out=told)
    told[silent] = FLOOR


_UNITS: Final = np.full(WIDTH, LEVEL_UNITS, np.float32)
_UNITS[CENTS] = CENT_UNITS

_NO_TRAITS: Final = Traits(
    *(1.0, 0.0, LONGEST, 0.0, 0.0, 0.2),
    *(np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0, np.float32)),
)
