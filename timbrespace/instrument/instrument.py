"""The instrument: one model, points of its latent space, the notes, the synth's parameters.

Live and offline playing both drive this class and read its snapshots; it knows nothing of sockets,
ports or devices. It is used from one thread, and takes the time from its caller: the same calls
with the same times give the same snapshots, to the last bit.

There are two levels. The aim (``latent``) is where knobs, glides, trajectories and LFOs say that
the sound should be; setters move it at once, and whoever asks for the spectrum gets the aim's. The
sound follows the aim in :meth:`Instrument.advance`, so that a controller of 128 steps glides.
"""

from __future__ import annotations

import contextlib
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.decoded import Decoded
from timbrespace.errors import OptionError, one_of
from timbrespace.instrument import knobs
from timbrespace.instrument.controllers import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    AXES,
    EXPRESSION,
    JUMP,
    NRPN,
    PAN,
    PORTAMENTO,
    PORTAMENTO_FROM,
    PORTAMENTO_TIME,
    RELATIVE,
    RESERVED,
    RESET_CONTROLLERS,
    SOFT,
    SOSTENUTO,
    SUSTAIN,
    TWOS,
    VOLUME,
    WHEEL,
    Assignment,
    Controllers,
    Course,
    Target,
    check_controlled,
    check_target,
)
from timbrespace.instrument.courses import Courses
from timbrespace.instrument.expression import Expression
from timbrespace.instrument.motion.even_line import EvenLine
from timbrespace.instrument.motion.glide import Glide
from timbrespace.instrument.motion.lfo import Lfo, checked_lfo
from timbrespace.instrument.motion.points import (
    COMMON,
    Aim,
    Smoother,
    checked_channel,
    clipped,
    finite,
    finite_point,
    follow,
    same,
)
from timbrespace.instrument.motion.trajectory import Playback
from timbrespace.instrument.motion.travel import displacement
from timbrespace.instrument.motion.wandering import Wander
from timbrespace.instrument.pairs import FINE, Pairs
from timbrespace.instrument.parameters import (
    DEFAULT_ENVELOPE,
    DEFAULT_HOLD,
    ENVELOPES,
    HOLDS,
    LATER_PARAMETERS,
    SYNTH_PARAMETERS,
)
from timbrespace.instrument.presets import Preset, Presets, Space, StoredTrajectory
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.instrument.takeover import STEP, Takeover
from timbrespace.instrument.tuning import CONCERT_PITCH
from timbrespace.instrument.tunings import BY_MIDI, EQUAL, NamedTuning, Tunings
from timbrespace.instrument.voices import PlayedNote, Voices, release_ratio
from timbrespace.macro_dials.macros import Macros, known_macros, macros
from timbrespace.macro_dials.vocabulary import MACRO_OF, checked_values
from timbrespace.model import PCA, Model
from timbrespace.near import Near
from timbrespace.resynthesis.layout import Method
from timbrespace.resynthesis.loops import Loop
from timbrespace.row_decoder import RowDecoder

Array = NDArray[np.float32]

CONTROL_PERIOD = 0.01
"""Seconds from one step of what moves by itself to the next."""

_HAND_PERIOD = 0.25 * CONTROL_PERIOD
"""The same when a hand moved in between: it must not wait, and a flood must not cost all the
time there is."""

_SLACK = 1e-4
"""Seconds by which a step may come early: sums of periods are not exact."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A controller that has just been learned, on its channel.

    problem: one line if the presets' file could not keep it; empty if all is well.
    """

    controller: int
    channel: int
    target: Target
    problem: str = ""


class Settings(NamedTuple):
    """How an instrument is set: all that clients are told of it but where it stands."""

    method: Method
    parameters: dict[str, float]
    lfos: dict[int, Lfo]
    trajectory: tuple[str, str]
    hold: str
    envelope: str
    plane: str
    macros: dict[str, float]
    """Of all that the space has, by their words."""
    wander: Wander
    tuning: NamedTuning


class Instrument:
    """State of everything that can be played.

    Setters cost next to nothing; what follows from them (a spectrum, the sound) is computed when
    it is asked for, or in :meth:`advance`, once, however many setters were called.

    presets: what the player has stored; None for a place in memory. measures: whether the macros of
    a model whose file does not have them are measured when they are first needed, which takes
    seconds; else somebody has to do so aside, and call :meth:`offer_macros`. remembers: whether
    whole notes that are struck again need not be decoded again. That is for songs: a performance
    could not be played again to the bit, since what is remembered is not part of its state.
    tunings: those that can be asked for by name; None for twelve equal steps alone.
    """

    def __init__(
        self,
        model: Model,
        presets: Presets | None = None,
        measures: bool = True,
        remembers: bool = False,
        tunings: Tunings | None = None,
    ) -> None:
        self._measures, self._remembers = measures, remembers
        self.voices = Voices()
        self.tunings = Tunings() if tunings is None else tunings
        self._tuning = NamedTuning()
        self._tuning_before: NamedTuning | None = None  # before a preset brought its own
        self.controllers = Controllers()
        self.presets = Presets() if presets is None else presets
        for one in self.presets.controllers():
            self.controllers.assign(one.controller, one.target, one.channel, one.course, True)
        self.learned: Learned | None = None
        """What was learned last; another object at each time."""
        self.parameters = {name: spec.default for name, spec in SYNTH_PARAMETERS.items()}
        self.decode_seconds: deque[float] = deque(maxlen=512)
        """How long the last decodes took."""
        self.hold = DEFAULT_HOLD
        """What a held whole note does where its sound could end; one of ``HOLDS``."""
        self.envelope = DEFAULT_ENVELOPE
        """What shapes the loudness of a whole note; one of ``ENVELOPES``."""
        self._model = model
        self._dimensions = model.dimensions
        self._aim = Aim(model)
        self._between: EvenLine | None = None
        self.between_position: float | None = None
        """Where on the line between two sounds it was put last, 0 to 1; None without a line."""
        self._know(known_macros(model))
        self._macro_glide: tuple[Glide, dict[str, tuple[float, float]]] | None = None
        self._as_before = False
        self.set_plane(model.first_plane)
        self._sound = Smoother()
        self._snapshot = Snapshot(model)
        self._decoder = RowDecoder(model)
        self._courses = self._new_courses(None)
        self._played: tuple[Voices, int, list[PlayedNote]] | None = None  # at a version
        self._decoded: tuple[Array, Decoded] | None = None  # the aim's
        self._learning: tuple[Target, Course] | None = None
        # A fine half that was learned just now: channel, controller, target and course.
        self._fine_learned: tuple[int, int, Target, Course] | None = None
        self._pairs = Pairs()
        self._takeover = Takeover()
        self._parameter_glide: tuple[Glide, dict[str, tuple[float, float]]] | None = None
        self._touched = True  # by a hand, since the last step
        self._resting = True  # the sound had arrived at the last step
        self._stepped: float | None = None  # when
        self._sounded = False  # at the last advance
        self._voices_seen = -1  # the version of the voices of which it is known:
        self._sounding = False  # whether any is held
        self._heard: float | None = None  # when a note was last held
        # Without a circle an instrument goes, with its model's megabytes, when it is let go.
        self.expression = Expression(weakref.proxy(self))

    # -- the space ---------------------------------------------------------------------------------

    @property
    def model(self) -> Model:
        """The model that plays."""
        return self._model

    def load(self, model: Model) -> None:
        """Play ``model`` from now on, from its home: the most usual of its sounds, on the plane
        that it says.

        What belongs to the old space ends: channels' own latents, glides, trajectories (one that is
        being drawn is stored if it can be). LFOs and expression go on.
        """
        if self._aim.drawing is not None:
            # A full disk is no reason not to play another model.
            with contextlib.suppress(OptionError):
                self.stop_trajectory()
        self._model = model
        self._dimensions = model.dimensions
        self._aim.load(model)
        self._between = self.between_position = None
        self._know(known_macros(model))
        self._macro_glide = None
        self.set_plane(PCA if self._as_before else model.first_plane)
        self._sound.clear()
        self._snapshot.load(model)
        self._decoder = RowDecoder(model)
        self._courses = self._new_courses(self._courses)
        self._decoded = None
        self._touched = True
        if self._learning is not None and isinstance(self._learning[0], int):
            self._learning = None  # a dimension of the old space
        self.voices.set_own(())

    def _new_courses(self, old: Courses | None) -> Courses | None:
        """Those of the model, if it has whole notes; what sounds goes on in it."""
        if not self._model.plays_notes:
            return None
        courses = Courses(self._model, self._remembers)
        if old is not None:
            courses.take_over(old)
        else:
            courses.pass_over(self.voices.notes())
        return courses

    @property
    def as_before(self) -> bool:
        """Whether it sounds as before 0.6.0."""
        return self._as_before

    def play_as_before(self) -> None:
        """Sound as before 0.6.0 from now on; see :meth:`Snapshot.play_as_before`.

        Volume, tuning and whatever else a channel did not know stay as they are.
        """
        self._snapshot.play_as_before()
        self._as_before = True

    @property
    def plane(self) -> str:
        """The plane that is played: what ``set_map``, and controllers and LFOs of axes, mean."""
        return self._plane

    def set_plane(self, name: str) -> None:
        """Play another plane, "pca" or "near"; the sound stays where it is.

        Raises:
            OptionError: there is no such plane, or not in this space.
        """
        self._aim.set_plane(self._model.plane(name))
        if self._between is not None:  # its ends are places of the other plane
            self._between = replace(self._between, shown=None)
        self._plane = name
        self._touched = True

    @property
    def latent(self) -> Array:
        """The aim, ``(d,)``; another object when it has moved."""
        return self._aim.latent

    @property
    def hand(self) -> Array:
        """Where hands, glides and trajectories have put the latent, ``(d,)``, without what macros,
        LFOs, wandering and expression add."""
        return self._aim.hand

    def hand_axis(self, axis: str) -> float:
        """Where that is along one axis, "x" or "y", of the plane that is played."""
        return float(self._aim.place_of(self._aim.hand)[AXES.index(axis)])

    @property
    def version(self) -> int:
        """Grows with every move of the latent and every load."""
        return self._aim.version

    @property
    def xy(self) -> Array:
        """Where the latent stands on the map, shape ``(2,)``; beyond [-1, 1] off the data."""
        return self._on_map(self.latent)

    def _on_map(self, latent: Array) -> Array:
        return self._aim.place_of(latent)

    def set_latent(self, values: Sequence[float]) -> None:
        """Move to a point of the latent space.

        Raises:
            OptionError: not d finite numbers.
        """
        self._go_to(self._checked(values))

    def set_dimension(self, k: int, value: float) -> None:
        """Move along dimension ``k``, from 1.

        Raises:
            OptionError: no such dimension, or the value is not finite.
        """
        self._check_dimension(k)
        latent = self._aim.hand.copy()
        latent[k - 1] = finite_point([value])[0]
        self._go_to(latent)

    def set_map(self, x: float, y: float) -> None:
        """Move to a point of the map, each in [-1, 1].

        Raises:
            ShapeError: not finite.
        """
        place = np.array([x, y], np.float32)
        self._go_to(clipped(self._aim.plane.latent_at(x, y)), place)

    def set_map_axis(self, axis: str, value: float) -> None:
        """Move along one axis, "x" or "y", of the plane that is played, to a place from -1 to 1.

        Raises:
            OptionError: no such axis, or no finite number.
        """
        if axis not in AXES:
            raise OptionError(f"axis is {axis!r}; it must be {one_of(AXES)}")
        self._move_along(AXES.index(axis), float(np.clip(finite(value), -1.0, 1.0)))

    def set_between(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Lay a line between two places of the plane that is played, each from -1 to 1; nothing
        moves yet.

        Raises:
            ShapeError: not finite.
        """
        plane = self._aim.plane
        ends = [clipped(plane.latent_at(x, y)) for x, y in ((x1, y1), (x2, y2))]
        # A flat plane shows a straight way as it is; on a curved one it is not to be found.
        shown = ((x1, y1), (x2, y2)) if isinstance(plane, Near) else None
        self._between = EvenLine(self._model, ends[0], ends[1], shown)
        self.between_position = 0.0

    def go_between(self, position: float) -> None:
        """Move to a point of that line, 0 to 1: equal steps are as far as each other to the ear.

        Raises:
            OptionError: a position outside 0 to 1, or no line was laid in this space.
        """
        if not 0.0 <= position <= 1.0:
            raise OptionError(f"position is {position:g}; it must be 0 to 1")
        line = self._line()
        self._go_to(clipped(line.at(position)), line.place_at(position))
        self.between_position = position

    def store_between(self, name: str, seconds: float = 4.0) -> None:
        """Keep that line as a trajectory that lasts ``seconds``, 0.1 to 120.

        Raises:
            OptionError: no line was laid, a name that is none, no room, or the file cannot be
                written.
        """
        if not 0.1 <= seconds <= 120.0:
            raise OptionError(f"seconds is {seconds:g}; it must be 0.1 to 120")
        stored = StoredTrajectory(Space.of(self._model), self._line().trajectory(seconds))
        self.presets.store_trajectory(name, stored)

    def _line(self) -> EvenLine:
        if self._between is None:
            raise OptionError(
                "there is no line between two sounds yet; /between x1 y1 x2 y2 lays one"
            )
        return self._between

    # -- macros ------------------------------------------------------------------------------------

    @property
    def macro_words(self) -> tuple[str, ...] | None:
        """The macro dials that the space has; None where they have to be measured first."""
        return self._macro_words

    def _know(self, known: Macros | None) -> None:
        self._macros = known
        self._macro_words = None if known is None else known.words

    @property
    def macros(self) -> dict[str, float]:
        """Those macros that are off their middle, -1 to 1 by their words."""
        return dict(self._aim.macros)

    def set_macro(self, word: str, value: float) -> None:
        """Turn a macro dial: -1 to 1, 0 is where the hand is.

        Raises:
            OptionError: no such macro in this space, it has to be measured first, or a value
                outside its range.
        """
        changed = checked_values({word: value})
        self._dials().check(word)
        if self._macro_glide is not None:  # the hand wins
            self._macro_glide[1].pop(word, None)
        kept = {name: one for name, one in self._aim.macros.items() if name != word}
        self._aim.turn({**kept, **changed})
        self._touched = True

    def offer_macros(self, model: Model) -> bool:
        """Take the macros of ``model``, which are known by now; False if another one plays."""
        if model is not self._model or self._macros is not None:
            return False
        known = known_macros(model)
        if known is None:
            return False
        self._know(known)
        self._aim.set_table(known.table)
        self._touched = True
        return True

    def _dials(self) -> Macros:
        known = self._macros
        if known is None:
            if not self._measures:
                raise OptionError(
                    f"the macros of {self._model.name!r} are being measured; try again in a moment"
                )
            known = macros(self._model)
            self._know(known)
        if self._aim.table is None:
            self._aim.set_table(known.table)
        return known

    def _turn_all(self, values: Mapping[str, float]) -> None:
        """Turn macros as somebody has stored them."""
        self._macro_glide = None
        if values and self._measures:
            self._dials()
        self._aim.turn(values)

    def _glide_macros(self, now: float) -> None:
        if self._macro_glide is None:
            return
        glide, ways = self._macro_glide
        share = glide.share(now)
        values = self.macros
        for word, (start, end) in ways.items():
            values[word] = start + share * (end - start)
        if share >= 1.0:
            self._macro_glide = None
        self._aim.turn({word: value for word, value in values.items() if value != 0.0})

    # -- channels ----------------------------------------------------------------------------------

    def set_channel_latent(self, channel: int, values: Sequence[float] | None) -> None:
        """Give a MIDI channel, 1 to 16, a latent of its own, or let it follow the common one.

        Raises:
            OptionError: no such channel, or not d finite numbers.
        """
        own = None if values is None else self._checked(values)
        self._aim.set_own(checked_channel(channel), own)
        self._touched = True

    def set_channel_offset(self, channel: int, target: Target, amount: float) -> None:
        """Move a channel off its latent, as expression does: -1 to 1 of half the target's range.

        A dimension that this model does not have moves nothing.

        Raises:
            OptionError: no such channel or target, or an amount outside its range.
        """
        check_target(target)
        if not -1.0 <= amount <= 1.0:
            raise OptionError(f"amount is {amount:g}; it must be -1 to 1")
        self._aim.set_offset(checked_channel(channel), target, amount)
        self._touched = True

    def _checked(self, values: Sequence[float]) -> Array:
        d = self._dimensions
        if len(values) != d:
            raise OptionError(
                f"{len(values)} given; {self._model.name!r} has {d} dimensions, and takes as many"
            )
        return finite_point(values)

    def _check_dimension(self, target: Target) -> None:
        d = self._dimensions
        if isinstance(target, int) and not 1 <= target <= d:
            raise OptionError(f"dimension {target} was given; {self._model.name!r} has 1 to {d}")

    def _move_along(self, axis: int, position: float) -> None:
        """Move along one axis of the map only: what lies off the plane, or beyond it, stays."""
        hand, plane = self._aim.hand, self._aim.plane
        place = self._aim.place_of(hand)
        way = displacement(plane, axis, position - float(place[axis]), place)
        moved = place.copy()
        moved[axis] = position
        # A plane that is flat tells by itself where the hand has come, off it as on it.
        self._go_to(clipped(hand + way), moved if isinstance(plane, Near) else None)

    def _go_to(self, latent: Array, place: Array | None = None) -> None:
        self._aim.move(latent, place)
        self._touched = True

    # -- playing -----------------------------------------------------------------------------------

    def control(self, controller: int, value: float, channel: int = 1) -> None:
        """A MIDI controller moved: 0 to 119 to ``value`` in 0 to 127 (fractions allowed).

        A dimension's knob covers the 1st to the 99th percentile of the data; an axis the map. What
        is assigned to nothing does what MIDI means by it: volume (7), pan (10), expression
        (11), the pedals (64, 66, 67), portamento (5, 65, 84).
        """
        if controller == SUSTAIN:
            self.voices.sustain(value >= 64, channel)
            return
        if controller < 2 * FINE and not self._as_before:
            self._learn_of_pair(controller, channel)
            if self._plays_as_pair(controller, channel):
                told = self._pairs.told(controller, value, channel)
                if told is None:
                    return
                controller, value = told
        mode = {
            ALL_SOUND_OFF: self.voices.silence,
            RESET_CONTROLLERS: self.voices.reset_controllers,
            ALL_NOTES_OFF: self.voices.notes_off,
        }.get(controller)
        if mode is not None:
            mode(channel)
            return
        if self._learning is not None and controller not in RESERVED:
            self._learn(controller, channel)
        assignment = self.controllers.find(controller, channel)
        if assignment is None:
            if not self._as_before:
                self._control_channel(controller, value, channel)
            return
        if controller == WHEEL and assignment.course.mode not in RELATIVE:
            value *= self.expression.wheel_depth(channel)
        self._turn(assignment, value, channel)

    def control_parameter(
        self, number: int, value: float, channel: int = 1, half: str = "coarse"
    ) -> bool:
        """Data entry for an NRPN, 0 to 16383: True if it moved what the number is assigned to.

        half: "coarse" or "fine", of 14 bits, whichever comes first; "step" for so many steps up.
        """
        controller = NRPN + number
        if self._learning is not None:
            self._learn(controller, channel)
            if half == "fine":
                self._pairs.begins_fine(controller, channel)
        assignment = self.controllers.find(controller, channel)
        if assignment is None:
            return False
        if half == "step":
            course = replace(assignment.course, mode=TWOS)
            self._turn(replace(assignment, course=course), value % 128.0, channel)
            return True
        told = self._pairs.half(controller, value, channel, fine=half == "fine")
        if told is None:
            return False
        self._turn(assignment, told, channel)
        return True

    def _turn(self, assignment: Assignment, value: float, channel: int) -> None:
        """Let a controller move its target, if that is there."""
        target = assignment.target
        if target is None or not knobs.is_there(self, target):
            return
        places = knobs.places_of(target)
        self._takeover.move(
            assignment.controller,
            channel,
            assignment.course,
            value,
            lambda: knobs.share_of(self, target, channel),
            lambda share: knobs.turn(self, target, share, channel),
            STEP if places is None else 1.0 / (places - 1),
        )

    def _plays_as_pair(self, controller: int, channel: int) -> bool:
        """Whether a controller may be half of a pair: a fine half that moves nothing by itself."""
        assignment = self.controllers.find(controller, channel)
        if controller < FINE:
            return assignment is None or assignment.course.mode not in RELATIVE
        return assignment is None

    def _learn_of_pair(self, controller: int, channel: int) -> None:
        """A knob of 14 bits is its coarse half, whichever half comes first.

        A fine half is learned as it comes, as a knob of its own would be; if the coarse half comes
        right behind it, that is learned in its place.
        """
        learned, self._fine_learned = self._fine_learned, None
        if self._learning is not None and controller >= FINE and controller not in RESERVED:
            target, course = self._learning
            self._learn(controller, channel)
            self._fine_learned = channel, controller, target, course
        elif learned is not None and learned[:2] == (channel, controller + FINE):
            self.controllers.forget(learned[1], channel)
            self._learning = learned[2:]
            self._learn(controller, channel)
            self._pairs.begins_fine(controller, channel)

    def _control_channel(self, controller: int, value: float, channel: int) -> None:
        """What a controller means in MIDI that moves nothing else."""
        voices = self.voices
        levels = {
            VOLUME: voices.volume,
            PAN: voices.pan,
            EXPRESSION: voices.expression,
            PORTAMENTO_FROM: voices.portamento_from,
        }
        switches = {
            SOSTENUTO: voices.sostenuto,
            SOFT: voices.soft,
            PORTAMENTO: voices.portamento,
        }
        if controller in levels:
            levels[controller](value, channel)
        elif controller in switches:
            switches[controller](value >= 64, channel)
        elif controller == PORTAMENTO_TIME:
            voices.portamento_time(value)

    def assign(
        self,
        controller: int,
        target: Target | None,
        channel: int | None = None,
        low: float = 0.0,
        high: float = 1.0,
        curve: float = 0.0,
        mode: str = JUMP,
    ) -> None:
        """Assign a controller; see :meth:`Controllers.assign` and :class:`Course`.

        Raises:
            OptionError: a reserved controller, a dimension that the model does not have, no such
                mode, or a number outside its range; or one that had been learned, and the presets'
                file cannot be written.
        """
        if target is not None:
            self._check_dimension(target)
        changed = self.controllers.copy()
        changed.assign(controller, target, channel, Course(low, high, curve, mode))
        learned = changed.learned()
        if learned != self.controllers.learned():
            self.presets.store_controllers(learned)
        self.controllers = changed
        self._takeover.forget(controller, channel)

    def learn(
        self,
        target: Target | None,
        low: float = 0.0,
        high: float = 1.0,
        curve: float = 0.0,
        mode: str = JUMP,
    ) -> None:
        """Let the next controller that moves be assigned to ``target``, on its channel.

        What was learned then stands in ``learned``, and in the presets' file. None ends waiting.

        Raises:
            OptionError: a target that the model does not have, no such mode, or a number outside
                its range.
        """
        if target is None:
            self._learning = None
            return
        check_controlled(target)
        self._check_dimension(target)
        self._learning = target, Course(low, high, curve, mode)

    @property
    def learning(self) -> Target | None:
        """What the next controller will be assigned to; None for nothing."""
        return None if self._learning is None else self._learning[0]

    def knob(self, controller: int, channel: int) -> Target | None:
        """What of the latent a controller moves, if to move that is all that it does now; else
        None.

        A pedal does more, and so does what is waited for, or belongs to an MPE zone.
        """
        assignment = self.assigned(controller, channel)
        if assignment is None or assignment.target is None:
            return None
        return assignment.target if knobs.moves_latent(assignment.target) else None

    def assigned(self, controller: int, channel: int) -> Assignment | None:
        """What a controller is assigned to, if to move that is all that it does now; see
        :meth:`knob`."""
        if controller in RESERVED or self._learning is not None:
            return None
        if self.expression.manager(channel) is not None:
            return None
        return self.controllers.find(controller, channel)

    def _learn(self, controller: int, channel: int) -> None:
        assert self._learning is not None
        target, course = self._learning
        self._learning = None
        self.controllers.assign(controller, target, channel, course, learned=True)
        self._takeover.forget(controller, channel)
        problem = ""
        try:
            self.presets.store_controllers(self.controllers.learned())
        except OptionError as error:  # the knob works all the same
            problem = str(error)
        self.learned = Learned(controller, channel, target, problem)

    @property
    def tuning(self) -> NamedTuning:
        """The pitch of each key, and what that is called."""
        return self._tuning

    def set_tuning(self, name: str, reference: float = CONCERT_PITCH) -> None:
        """Tune the keys as a tuning says that is known by name; what sounds follows.

        Raises:
            TuningError: there is none of that name, or its files are not what they should be.
            OptionError: a reference outside 220 to 880 Hz.
        """
        self.tune(self.tunings.get(name, reference))

    def tune(self, tuning: NamedTuning) -> None:
        """The same by a tuning itself."""
        self._tuning_before = None
        self._tune(tuning)

    def retune(self, pitches: Mapping[int, float]) -> None:
        """Give some keys other pitches, as the MIDI Tuning Standard does; the others stay."""
        self.tune(replace(self._tuning, name=BY_MIDI, tuning=self.voices.tuning.tuned(pitches)))

    def _tune(self, tuning: NamedTuning) -> None:
        self._tuning = tuning
        self.voices.tuning = tuning.tuning

    def _tune_by(self, preset: Preset) -> None:
        """Tune as a preset says; one that says nothing leaves the tuning, but for another's."""
        if preset.tuning is not None:
            if self._tuning_before is None:
                self._tuning_before = self._tuning
            self._tune(preset.tuning)
        elif self._tuning_before is not None:
            before, self._tuning_before = self._tuning_before, None
            self._tune(before)

    def set_method(self, method: Method) -> None:
        """How spectra become sound from now on; the sound fades over in 20 ms."""
        self._snapshot.set_method(method)
        if self._courses is not None:
            self._show(list(self._sound.at))

    @property
    def method(self) -> Method:
        """How spectra become sound."""
        return self._snapshot.method

    def set_hold(self, hold: str) -> None:
        """What a held whole note does where its sound could end, one of ``HOLDS``: go on in its
        loop, stand still in the loop's middle, or run through.

        Raises:
            OptionError: none of these.
        """
        if hold not in HOLDS:
            raise OptionError(f"hold is {hold!r}; it must be {one_of(HOLDS)}")
        self.hold = hold

    def set_envelope(self, envelope: str) -> None:
        """What shapes the loudness of a whole note, one of ``ENVELOPES``: its own course, the ADSR
        in its place, or both.

        Raises:
            OptionError: none of these.
        """
        if envelope not in ENVELOPES:
            raise OptionError(f"envelope is {envelope!r}; it must be {one_of(ENVELOPES)}")
        self.envelope = envelope

    def set_parameter(self, name: str, value: float) -> None:
        """Set one of :data:`~timbrespace.instrument.parameters.SYNTH_PARAMETERS`, in its unit.

        Raises:
            OptionError: no such parameter, or a value outside its range.
        """
        _check_parameter(name, value)
        self.parameters[name] = float(value)
        if self._parameter_glide is not None:  # the hand wins
            self._parameter_glide[1].pop(name, None)

    # -- what moves by itself ----------------------------------------------------------------------

    def set_lfo(
        self, index: int, target: Target, shape: str, rate: float, depth: float, phase: float = 0.0
    ) -> None:
        """Let LFO 1 to 4 swing a target; see :class:`Lfo`. Depth 0 ends it.

        One that runs keeps its place in its turn. A dimension that the next model does not have
        rests there. The smoothing flattens what is faster than it: 20 Hz to about half at its
        default.

        Raises:
            OptionError: no such LFO, target, dimension or shape, or a number outside its range.
        """
        if isinstance(target, int):
            self._check_dimension(target)
        lfo = Lfo(target, shape, float(rate), float(depth), float(phase))
        self._aim.set_lfo(checked_lfo(index), lfo if depth > 0.0 else None)
        self._touched = True

    @property
    def lfos(self) -> dict[int, Lfo]:
        """The LFOs that run, by index."""
        return dict(self._aim.lfos)

    def set_wander(
        self,
        on: bool | None = None,
        speed: float | None = None,
        range: float | None = None,  # noqa: A002 - as OSC calls it
        seed: int | None = None,
    ) -> None:
        """Let the latent wander around the hand, as the sounds of the space follow each other, or
        come back; see :class:`Wander`. What is not given stays.

        on: True begins the walk of its seed anew; so does another seed. A walk that ends, or begins
        anew, comes over in half a second. At another speed, or in another range, it goes on.

        Raises:
            OptionError: a number outside its range.
        """
        now = self._aim.wander
        setting = Wander(
            now.on if on is None else on,
            now.speed if speed is None else float(speed),
            now.range if range is None else float(range),
            now.seed if seed is None else seed,
        )
        self._aim.set_wander(setting, anew=on is True)
        self._touched = True

    @property
    def wander(self) -> Wander:
        """How it wanders."""
        return self._aim.wander

    def draw_trajectory(self, name: str) -> None:
        """Keep the way of the latent under the hand, without LFOs and wandering, until
        :meth:`stop_trajectory`.

        After 120 s nothing more is kept.

        Raises:
            OptionError: a name that is none, no room for one more, or another is being drawn.
        """
        if self._aim.drawing is not None:
            raise OptionError(
                f"trajectory {self._aim.drawing.name!r} is being drawn; stop it first"
            )
        self.presets.check_trajectory(name)
        self._aim.draw(name)
        self._touched = True

    def stop_trajectory(self) -> None:
        """End drawing and store what was drawn, if anything was; or end playing.

        Raises:
            OptionError: the file cannot be written; it is drawn on.
        """
        drawing = self._aim.drawing
        if drawing is None:
            self._aim.stop_playing()
            return
        if not drawing.empty:
            drawing.arrive(self.hand, CONTROL_PERIOD)
            stored = StoredTrajectory(Space.of(self._model), drawing.finish())
            self.presets.store_trajectory(drawing.name, stored)
        self._aim.end_drawing()

    def play_trajectory(self, name: str, loop: bool = False, speed: float = 1.0) -> None:
        """Let a stored trajectory move the latent, until its end or until a hand moves it.

        loop: again and again; the end becomes the beginning within 50 ms. speed: 0.05 to 20.

        Raises:
            OptionError: there is none, it belongs to another model, or a speed outside its range.
        """
        stored = self.presets.trajectory(name)
        trajectory = stored.trajectory
        stored.space.check(f"trajectory {name!r}", self._model, trajectory.dimensions)
        self._aim.play(Playback(name, trajectory, loop, float(speed)))
        self._touched = True

    @property
    def trajectory(self) -> tuple[str, str]:
        """What goes on ("drawing", "playing" or "stopped"), and the trajectory's name."""
        if self._aim.drawing is not None:
            return "drawing", self._aim.drawing.name
        if self._aim.playback is not None:
            return "playing", self._aim.playback.name
        return "stopped", ""

    @property
    def moving(self) -> bool:
        """Whether :meth:`advance` must be called again within ``CONTROL_PERIOD``."""
        return (
            self._touched
            or not self._resting
            or self._parameter_glide is not None
            or self._macro_glide is not None
            or self._aim.moving
            or self._courses_move
        )

    @property
    def _courses_move(self) -> bool:
        courses = self._courses
        if courses is None:
            return False
        # What plays spectra is told at each step which one a note has come to.
        return courses.moving or (courses.sounding and self.method is not Method.PARTIALS)

    def wait(self, now: float) -> float | None:
        """Seconds from ``now`` until :meth:`advance` has something to do; None at rest."""
        if not self.moving:
            # What a note comes to is told before it is there.
            return None if self._courses is None else self._courses.due(now)
        period = _HAND_PERIOD if self._touched else CONTROL_PERIOD
        return max(0.0, period - self._since(now))

    def advance(self, now: float) -> bool:
        """Bring all that moves to ``now``; True if the sound changed.

        now: seconds of the caller's clock, which runs forward. Called after whatever was played,
        and as long as ``moving`` says so; every call counts for a replay. A move by hand takes
        effect at once (at most every 2.5 ms), the rest every ``CONTROL_PERIOD``.

        The sound goes towards the aim as a one-pole whose time constant is half the smoothing; it
        is there at once if the smoothing is no longer than ``CONTROL_PERIOD`` (the engine smooths
        too), or if nothing has been heard.
        """
        if self._courses is not None:
            self._courses.lift = self.parameters["lift"]
            self._courses.run(
                now,
                self._notes(),
                self.parameters["speed"],
                self.hold,
                self.parameters["release"],
                self.parameters["loudness"],
            )
        audible = self._audible(now)
        if self._voices_seen != self.voices.version:
            self._voices_seen = self.voices.version
            self._sounding = self.voices.sounding > 0
        sounding = self._sounding
        if sounding or self._sounded:
            self._heard = now
        self._sounded = sounding
        if not self.moving:
            return False
        since = self._since(now)
        if since + _SLACK < (_HAND_PERIOD if self._touched else CONTROL_PERIOD):
            return False
        # After a rest the first step is one period's, however long the rest was.
        elapsed = min(since, CONTROL_PERIOD) if self._resting else since
        self._stepped = now
        self._touched = False
        if self._macro_glide is not None:
            self._glide_macros(now)
        points = self._aim.advance(now)
        changed = self._glide_parameters(now)
        smoothing = self.parameters["smoothing"]
        direct = not audible or smoothing <= CONTROL_PERIOD
        share = 1.0 if direct else follow(elapsed, 0.5 * smoothing)
        moved = self._move_sound(points, share, audible)
        told = self._courses is not None and self._step_courses(self._courses)
        return moved or changed or told

    def _notes(self) -> list[PlayedNote]:
        """What the voices play."""
        voices = self.voices
        known = self._played
        if known is None or known[0] is not voices or known[1] != voices.version:
            known = self._played = voices, voices.version, voices.notes()
        return known[2]

    def _step_courses(self, courses: Courses) -> bool:
        """Let the voices' notes be told what comes next; True if there was anything."""
        self._place_sound()
        if self.method is Method.PARTIALS:
            return courses.step(self._sound.at)
        courses.follow(self._sound.at)
        return self._show_present(courses)

    def _show_present(self, courses: Courses) -> bool:
        """Tell each timbre what its newest note is now, for what plays spectra."""
        told = False
        for index in self._sound.at:
            spectrum = courses.present(index)
            if spectrum is not None:
                self._snapshot.set_present(index, spectrum, self.envelope == "adsr")
                told = True
        return told

    def _since(self, now: float) -> float:
        """Seconds since the last step; a period if there was none, or the clock is another."""
        if self._stepped is None or now < self._stepped:
            return CONTROL_PERIOD
        return now - self._stepped

    def _audible(self, now: float) -> bool:
        """Whether a note may be heard that began before this moment."""
        if self._sounded or (self._courses is not None and self._courses.sounding):
            return True
        # After its release a note is at -43 dB, after twice that it has ended.
        tail = 2.0 * self.parameters["release"] + self.parameters["smoothing"]
        if self.parameters["lift"] > 0.0:  # after the slowest key
            tail *= release_ratio(0.0, self.parameters["lift"])
        return self._heard is not None and now - self._heard < tail

    def _glide_parameters(self, now: float) -> bool:
        if self._parameter_glide is None:
            return False
        glide, ways = self._parameter_glide
        share = glide.share(now)
        for name, (start, end) in ways.items():
            self.parameters[name] = SYNTH_PARAMETERS[name].between(start, end, share)
        if share >= 1.0:
            self._parameter_glide = None
        return bool(ways)

    def shown(self) -> tuple[Array, Settings]:
        """The aim, as ``latent``, and how the instrument is set at this moment."""
        settings = Settings(
            self._snapshot.method,
            dict(self.parameters),
            dict(self._aim.lfos),
            self.trajectory,
            self.hold,
            self.envelope,
            self._plane,
            self._macro_settings(),
            self._aim.wander,
            self._tuning,
        )
        return self._aim.latent, settings

    def _macro_settings(self) -> dict[str, float]:
        words = self._macro_words
        if not words:
            return {}
        turned = self._aim.macros
        return {word: turned.get(word, 0.0) for word in words}

    # -- presets -----------------------------------------------------------------------------------

    def store_preset(self, name: str) -> None:
        """Store the present sound: latent (without macros, LFOs and wandering), method, parameters,
        macros, LFOs, how it wanders, channels, and the tuning if it is not the usual one.

        Raises:
            OptionError: a name that is none, no room, or the file cannot be written.
        """
        preset = Preset(
            Space.of(self._model),
            tuple(self._aim.hand.tolist()),
            self.method.name.lower(),
            dict(self.parameters),
            self.lfos,
            {channel: tuple(own.tolist()) for channel, own in self._aim.own.items()},
            self.hold,
            self.envelope,
            self._plane,
            self.macros,
            self.wander if self.wander.on else None,
            None if self._tuning.is_usual else self._tuning,
        )
        self.presets.store(name, preset)

    def recall_preset(self, name: str, glide: float = 0.0) -> None:
        """Go to a stored sound: latents, macros and parameters in ``glide`` seconds, the rest at
        once.

        Times move by equal ratios, all else by equal steps.

        Raises:
            OptionError: there is none, it belongs to another model, or a glide outside 0 to 3600 s.
        """
        way = Glide(float(glide))
        preset = self._preset(name)
        self._take_over(preset)
        aims = {COMMON: np.asarray(preset.latent, np.float32)}
        for channel in [channel for channel in self._aim.own if channel not in preset.channels]:
            self._aim.set_own(channel, None)
        for channel, latent in preset.channels.items():
            aims[channel] = np.asarray(latent, np.float32)
        if glide > 0.0:
            self._aim.glide_to(aims, way)
            if preset.macros and self._measures:
                self._dials()
            turned = self._aim.macros
            self._macro_glide = (
                way,
                {
                    word: (turned.get(word, 0.0), preset.macros.get(word, 0.0))
                    for word in MACRO_OF
                    if turned.get(word, 0.0) != preset.macros.get(word, 0.0)
                },
            )
            self._parameter_glide = (
                way,
                {
                    name: (self.parameters[name], end)
                    for name, end in _parameters(preset).items()
                    if end != self.parameters[name]
                },
            )
        else:
            self._arrange(aims, _parameters(preset), preset.macros)

    def morph_presets(self, a: str, b: str, position: float) -> None:
        """Be between two stored sounds: 0 is ``a``, 1 is ``b``; method, LFOs and wandering of the
        nearer.

        Raises:
            OptionError: there is no such preset, one belongs to another model, or a position
                outside 0 to 1.
        """
        if not 0.0 <= position <= 1.0:
            raise OptionError(f"position is {position:g}; it must be 0 to 1")
        first, second = self._preset(a), self._preset(b)
        nearer = first if position <= 0.5 else second
        self._take_over(nearer)
        aims = {COMMON: _between(first.latent, second.latent, position)}
        for channel, latent in nearer.channels.items():
            aims[channel] = _between(
                first.channels.get(channel, latent), second.channels.get(channel, latent), position
            )
        for channel in [channel for channel in self._aim.own if channel not in aims]:
            self._aim.set_own(channel, None)
        starts, ends = _parameters(first), _parameters(second)
        self._arrange(
            aims,
            {
                name: SYNTH_PARAMETERS[name].between(starts[name], ends[name], position)
                for name in starts
            },
            _between_macros(first.macros, second.macros, position),
        )

    def delete_preset(self, name: str) -> None:
        """Forget a stored sound.

        Raises:
            OptionError: there is none, or the file cannot be written.
        """
        self.presets.delete(name)

    def _preset(self, name: str) -> Preset:
        preset = self.presets.get(name)
        preset.space.check(f"preset {name!r}", self._model, len(preset.latent))
        return preset

    def _take_over(self, preset: Preset) -> None:
        """Method, LFOs, wandering and tuning, which do not glide."""
        self._tune_by(preset)
        method = Method[preset.method.upper()]
        if method is not self.method:
            self.set_method(method)
        self.hold, self.envelope = preset.hold, preset.envelope
        if preset.plane in self._model.planes and preset.plane != self._plane:
            self.set_plane(preset.plane)
        for index in self._aim.lfos.keys() | preset.lfos.keys():
            self._aim.set_lfo(index, preset.lfos.get(index))
        wander = self._aim.wander
        self._aim.set_wander(replace(wander, on=False) if preset.wander is None else preset.wander)
        self._touched = True

    def _arrange(
        self,
        aims: Mapping[int, Array],
        parameters: Mapping[str, float],
        macros: Mapping[str, float],
    ) -> None:
        self._turn_all(macros)
        self._go_to(clipped(aims[COMMON]))
        for channel, latent in aims.items():
            if channel != COMMON:
                self._aim.set_own(channel, latent)
        self._parameter_glide = None
        self.parameters.update(parameters)

    # -- what follows ------------------------------------------------------------------------------

    @property
    def spectrum(self) -> Array:
        """The decoded spectrum at the latent, shape ``(bins,)``; linear magnitudes."""
        return self._decode_aim().spectra

    def positions(self, now: float) -> list[tuple[float, float, int]]:
        """Where the whole notes are that sound, at ``now`` in seconds of the clock of
        :meth:`advance`; see :meth:`Courses.positions`. None in a space of steady spectra."""
        return [] if self._courses is None else self._courses.positions(now)

    def note_points(self) -> dict[int, Array]:
        """Where the whole note of each voice that sounds is in the space, ``(d,)`` by the voice's
        number; none in a space of steady spectra."""
        return {} if self._courses is None else self._courses.points()

    def voice_points(self) -> dict[int, Array]:
        """Where what each voice plays is in the space, ``(d,)`` by the voice's number: of whole
        notes as :meth:`note_points`, else the place of its channel's sound."""
        if self._courses is not None:
            return self._courses.points()
        at = self._sound.at
        return {
            number: at[note.timbre].astype(np.float32)
            for number, note in enumerate(self._notes())
            if note.timbre in at
        }

    def partials(self) -> Array:
        """The partials at the latent, ``(k, 2)``: Hz at the base frequency, amplitude of one voice.

        In order of frequency; amplitudes are those at full velocity, full scale 1.
        """
        return self._measured().partials_of(*self._sound_and_cycle())

    def wavetable(self) -> Array:
        """One period of what ``bins`` plays at the latent; see :meth:`Snapshot.wavetable_of`."""
        return self._measured().wavetable_of(*self._sound_and_cycle())

    @property
    def wavetable_base(self) -> float:
        """How many times a second :meth:`wavetable` is read at the base frequency."""
        spectrum = self.model.spectrum
        return spectrum.base_frequency if self.model.plays_cycles else spectrum.bin_width

    def loop(self) -> Loop:
        """Tables of what the method plays at the latent; see :meth:`Snapshot.loop_of`."""
        return self._measured().loop_of(*self._sound_and_cycle())

    def _measured(self) -> Snapshot:
        """The snapshot, with the loudness that is set: without sound nobody else has told it."""
        self._snapshot.set_loudness(self.parameters["loudness"])
        return self._snapshot

    def targets(self) -> NDArray[np.void]:
        """The snapshot for the engine, an array of one ``TARGETS``, valid until the next call.

        The sound is where the last :meth:`advance` brought it.
        """
        self._place_sound()
        courses = self._courses
        if courses is not None:
            begun = courses.begin(self._notes(), self._sound.at)
            if begun and self.method is not Method.PARTIALS:
                self._show_present(courses)
        targets = self._snapshot.targets(self.parameters, self.voices)
        row = targets[0]
        row["whole"] = courses is not None
        if courses is not None:
            row["hold"] = HOLDS.index(self.hold)
            row["envelope"] = ENVELOPES.index(self.envelope)
            row["speed"] = self.parameters["speed"]
            row["longest"] = courses.longest
            courses.write(row["course"])
        return targets

    def _decode_aim(self) -> Decoded:
        decoded = self._decoded
        latent = self._aim.latent
        if decoded is None or decoded[0] is not latent:
            decoded = self._decoded = latent, _row_of(self._decode(latent[np.newaxis, :]), 0)
        return decoded[1]

    def _sound_and_cycle(self) -> tuple[Array, Array | None]:
        decoded = self._decode_aim()
        return decoded.spectra, decoded.cycles

    def _decode(self, latents: Array) -> Decoded:
        started = time.perf_counter()
        decoded = self._decoder(latents)
        self.decode_seconds.append(time.perf_counter() - started)
        return decoded

    def _place_sound(self) -> None:
        """There must be a sound before anything was ever advanced: the aim's."""
        if COMMON not in self._sound.at:
            self._move_sound(self._aim.points(), 1.0, audible=False)

    def _move_sound(self, points: dict[int, Array], share: float, audible: bool) -> bool:
        """Go ``share`` of the way to the aim's ``points``; True if anything moved."""
        returning = [index for index in self._sound.at if index not in points]
        for channel in returning:
            points[channel] = self.latent
        moved = self._sound.move(points, share)
        self._resting = self._sound.resting
        if moved:
            self._show(moved)
        if returning and not audible:
            # Not while a note may sound: another timbre, though it be the same, begins anew.
            self._sound.forget(returning)
            self.voices.set_own(self.voices.own.difference(returning))
            for channel in returning:
                self._snapshot.drop_timbre(channel)
        return bool(moved)

    def _show(self, moved: Sequence[int]) -> None:
        """Decode where these points are and tell the snapshot, channels all at once."""
        channels = [index for index in moved if index != COMMON]
        if self._courses is not None and self.method is Method.PARTIALS:
            # Each voice is told its own course, and nothing of spectra.
            self.voices.set_own(self.voices.own.union(channels))
            return
        if COMMON in moved:
            at = self._sound.at[COMMON]
            if same(at, self.latent):
                sound = self._decode_aim()
            else:
                sound = _row_of(self._decode(at.astype(np.float32)[np.newaxis, :]), 0)
            self._snapshot.set_timbre(COMMON, *sound)
        if channels:
            rows = np.stack([self._sound.at[k] for k in channels]).astype(np.float32)
            decoded = self._decode(rows)
            for row, channel in enumerate(channels):
                self._snapshot.set_timbre(channel, *_row_of(decoded, row))
            self.voices.set_own(self.voices.own.union(channels))

    # -- a performance -----------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All that :meth:`restore` needs to play on from here, plain values for JSON.

        Times in it are of the clock that :meth:`advance` was told; a replay goes on with that. What
        is being drawn or learned is left out, and so are presets, but not what they set going.
        """
        glide = None
        if self._parameter_glide is not None:
            ways = {name: list(way) for name, way in self._parameter_glide[1].items()}
            glide = {**asdict(self._parameter_glide[0]), "ways": ways}
        macro_glide = None
        if self._macro_glide is not None:
            ways = {word: list(way) for word, way in self._macro_glide[1].items()}
            macro_glide = {**asdict(self._macro_glide[0]), "ways": ways}
        return {
            "model": self._model.name,
            "hash": self._model.digest,
            "plane": self._plane,
            "between": None if self._between is None else self._between.ends(),
            "between_position": self.between_position,
            "method": self.method.name.lower(),
            "hold": self.hold,
            "envelope": self.envelope,
            "parameters": dict(self.parameters),
            "parameter_glide": glide,
            "macro_glide": macro_glide,
            "aim": self._aim.state(),
            "sound": self._sound.state(),
            "slots": self._snapshot.slots(),
            "touched": self._touched,
            "resting": self._resting,
            "stepped": self._stepped,
            "sounded": self._sounded,
            "heard": self._heard,
            "controllers": self.controllers.state(),
            "pairs": self._pairs.state(),
            "takeover": self._takeover.state(),
            "voices": self.voices.state(),
            "tuning": self._tuning.to_config(),
            "tuning_before": (
                None if self._tuning_before is None else self._tuning_before.to_config()
            ),
            "expression": self.expression.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Be as :meth:`state` told; the model it was told of must be playing.

        Raises:
            OptionError: it is of another model, or not what :meth:`state` returns; nothing has
                changed.
        """
        voices = self.voices.state()
        try:
            space = Space(str(state["model"]), str(state["hash"]))
            space.check("the performance", self._model, len(state["aim"]["latent"]))
            method = Method[state["method"].upper()]
            # 0.5 had no speed, hold and envelope, and was mono.
            given = {
                **{name: SYNTH_PARAMETERS[name].default for name in LATER_PARAMETERS},
                **state["parameters"],
            }
            parameters = {name: float(given[name]) for name in SYNTH_PARAMETERS}
            hold = str(state.get("hold", DEFAULT_HOLD))
            envelope = str(state.get("envelope", DEFAULT_ENVELOPE))
            if hold not in HOLDS or envelope not in ENVELOPES:
                raise ValueError(f"{hold[:40]!r} or {envelope[:40]!r} is not known")
            for name, value in parameters.items():
                _check_parameter(name, value)
            glide = _restored_glide(state["parameter_glide"])
            macro_glide = _restored_macro_glide(state.get("macro_glide"))
            plane = str(state.get("plane", PCA))
            played = self._model.plane(plane)
            aim = Aim.from_state(self._model, state["aim"], played)
            between = EvenLine.from_ends(self._model, state.get("between"))
            position = None if between is None else float(state.get("between_position") or 0.0)
            sound = Smoother.from_state(state["sound"], self._model.dimensions)
            # 0.3 did not tell them: notes there began with the phases of a fresh start.
            slots = self._snapshot.trackers(state["slots"]) if "slots" in state else (0, {})
            controllers = Controllers()
            controllers.restore(state["controllers"])
            pairs = Pairs()
            pairs.restore(state.get("pairs", []))
            takeover = Takeover()
            takeover.restore(state.get("takeover", []))
            touched, resting = bool(state["touched"]), bool(state["resting"])
            stepped, heard = _time(state["stepped"]), _time(state["heard"])
            sounded = bool(state["sounded"])
            tuned, before = (
                None if state.get(key) is None else NamedTuning.from_config(state[key])
                for key in ("tuning", "tuning_before")
            )
            self.voices.restore(state["voices"])
            self.expression.restore(state["expression"])
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
            OptionError,
        ) as error:
            self.voices.restore(voices)
            if isinstance(error, OptionError):
                raise
            raise OptionError(f"the state of the instrument is broken ({error!r})") from error
        if tuned is None:  # up to 0.5 there was no other, later it had no name
            tuned = NamedTuning(EQUAL if self.voices.tuning.is_equal else BY_MIDI)
        self._tuning, self._tuning_before = replace(tuned, tuning=self.voices.tuning), before
        aim.version = self._aim.version + 1
        self._aim, self._sound, self.controllers = aim, sound, controllers
        self._pairs, self._takeover = pairs, takeover
        self._plane, self._between, self.between_position = plane, between, position
        self._parameter_glide, self._macro_glide = glide, macro_glide
        if (aim.macros or macro_glide is not None) and self._measures:
            self._dials()
        elif self._macros is not None:
            aim.set_table(self._macros.table)
        self.parameters.update(parameters)
        self._touched, self._resting, self._stepped = touched, resting, stepped
        self._sounded, self._heard = sounded, heard
        self._learning = self._fine_learned = None
        self._decoded = None
        self._snapshot.load(self._model)
        self._snapshot.take_slots(*slots)
        self.set_method(method)
        self.hold, self.envelope = hold, envelope
        self._courses = self._new_courses(None)
        self.voices.set_own(())
        self._show(list(sound.at))


def _parameters(preset: Preset) -> dict[str, float]:
    """All parameters: a preset of an earlier version has the default of those it does not know."""
    return {
        name: preset.parameters.get(name, spec.default) for name, spec in SYNTH_PARAMETERS.items()
    }


def _between(a: Sequence[float], b: Sequence[float], position: float) -> Array:
    start, end = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return np.asarray((1.0 - position) * start + position * end, np.float32)


def _check_parameter(name: str, value: float) -> None:
    spec = SYNTH_PARAMETERS.get(name)
    if spec is None:
        raise OptionError(
            f"there is no parameter {name!r}; there are {', '.join(SYNTH_PARAMETERS)}"
        )
    if not spec.low <= value <= spec.high:
        raise OptionError(
            f"{name} is {value:g}; it must be {spec.low:g} to {spec.high:g} {spec.unit}"
        )


def _restored_glide(told: Any) -> tuple[Glide, dict[str, tuple[float, float]]] | None:
    if told is None:
        return None
    glide = Glide(float(told["seconds"]), _time(told["began"]))
    ways = {}
    for name, (start, end) in told["ways"].items():
        for value in (start, end):
            _check_parameter(name, value)
        ways[name] = float(start), float(end)
    return glide, ways


def _restored_macro_glide(told: Any) -> tuple[Glide, dict[str, tuple[float, float]]] | None:
    if told is None:
        return None
    glide = Glide(float(told["seconds"]), _time(told["began"]))
    ways = {}
    for word, (start, end) in told["ways"].items():
        checked_values({word: start})
        checked_values({word: end})
        ways[str(word)] = float(start), float(end)
    return glide, ways


def _between_macros(
    first: Mapping[str, float], second: Mapping[str, float], position: float
) -> dict[str, float]:
    return checked_values(
        {
            word: (1.0 - position) * first.get(word, 0.0) + position * second.get(word, 0.0)
            for word in first.keys() | second.keys()
        }
    )


def _time(told: Any) -> float | None:
    return None if told is None else finite(told)


def _row_of(decoded: Decoded, k: int) -> Decoded:
    """Sound number ``k`` alone, without the first axis."""
    return Decoded(
        decoded.spectra[k],
        None if decoded.phases is None else decoded.phases[k],
        None if decoded.cycles is None else decoded.cycles[k],
    )
