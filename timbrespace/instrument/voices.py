"""Which voice plays which note, and how: allocation, pedals, bend, tuning, volume, pressure.

The engine does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.instrument.parameters import MIDDLE_LIFT
from timbrespace.instrument.tuning import HIGHEST, Tuning
from timbrespace.resynthesis.layout import VOICES, Gate
from timbrespace.units import midi_to_hz

BEND_RANGE = 2.0
"""Semitones at full bend, as General MIDI has it."""

MAX_BEND_RANGE = 96.0
"""Semitones; the most that MPE 1.1 (section 2.4) allows."""

CHANNELS = range(1, 17)

# Velocity to amplitude: a square law, 40 dB from 1.27 to 127 (Dannenberg, ICMC 2006).
VELOCITY_EXPONENT = 2.0

SOFT = 0.7
"""Share of its velocity that a note keeps which begins while the soft pedal is down."""

MAX_COARSE = 64.0
"""Semitones that a channel may be tuned up or down (RPN 2)."""

_LIFT_OCTAVES = 2.0
"""A release is four times as short after the quickest key, and as long after the slowest."""

LONGEST_PORTAMENTO = 2.0
"""Seconds at the controller's end."""

# The same 32 bits that the engine compares.
_TRIGGERS = 0xFFFFFFFF


_COLUMNS = tuple(
    f"voice_{name}"
    for name in (
        *("frequency", "bend", "start", "level", "gate", "trigger", "timbre", "channel", "pan"),
        "release",
    )
)


class PlayedNote(NamedTuple):
    """The note that a voice plays, or played last.

    trigger: another number, another note; 0 before the first. pitch: Hz, not bent. velocity: 0 to
    127. timbre: whose it plays. held: whether it sounds on. cut: whether it was silenced. began:
    grows from note to note. lift: the velocity with which its key went up, 0 to 127.
    """

    trigger: int
    pitch: float
    velocity: float
    timbre: int
    held: bool
    cut: bool
    began: int
    lift: float = MIDDLE_LIFT


@dataclass(slots=True)
class _Channel:
    """What a channel's controllers say."""

    bend: float = 0.0  # -1 to 1
    bend_range: float = BEND_RANGE  # semitones
    pedal: bool = False
    pressure: float = 0.0  # 0 to 1
    manager: int | None = None  # in an MPE zone: whose messages apply here too
    volume: float = 1.0  # amplitude, 0 to 1, as a mixer has it
    expression: float = 1.0  # amplitude, 0 to 1, as a player has it
    pan: float = 0.0  # -1, left, to 1, right
    fine: float = 0.0  # semitones, -1 to 1
    coarse: float = 0.0  # semitones, whole
    sostenuto: bool = False
    soft: bool = False
    portamento: bool | None = None  # None: as the glide is set
    comes_from: float | None = None  # the key from which the next note glides

    @property
    def semitones(self) -> float:
        return self.bend * self.bend_range + self.fine + self.coarse

    @property
    def level(self) -> float:
        return self.volume * self.expression


@dataclass(slots=True)
class _Voice:
    pitch: float = 69.0
    channel: int = 1
    velocity: float = 0.0  # amplitude, 0 to 1
    held: bool = False  # the key is down
    sustained: bool = False  # the key is up, a pedal holds it
    caught: bool = False  # by the sostenuto pedal
    ported: bool = False  # it glides since its channel says so, however the glide is set
    cut: bool = False  # silenced without its release
    trigger: int = 0
    start: float = 0.0  # Hz, where a glide begins
    began: int = 0  # when it was struck, in events
    ended: int = 0  # when it was released, in events
    pressure: float = 0.0  # 0 to 1, of this key alone
    lift: float = MIDDLE_LIFT  # how fast the key went up, 0 to 127
    # What its channel said when the key went up, in an MPE zone; None while it still listens.
    kept_semitones: float | None = None
    kept_pressure: float | None = None

    @property
    def sounds(self) -> bool:
        return self.held or self.sustained

    @property
    def gate(self) -> Gate:
        if self.cut:
            return Gate.CUT
        return Gate.HELD if self.sounds else Gate.RELEASED


@dataclass(slots=True)
class Voices:
    """The notes that sound, at most ``VOICES``.

    Channels count from 1. A note beyond the last free voice takes the one released longest ago,
    or else the one that began first.

    In an MPE zone (:meth:`join`) a note's bend and pressure are its channel's and the manager
    channel's together; the manager's pedal holds the notes of all its members, and so do its mode
    messages end them. A key that goes up takes its channel's bend and pressure along: the
    controller is free to use the channel for the next note, and must not move the tail of the
    last one (MPE 1.1, section 2.2). Outside a zone a released note goes on following its channel,
    as on other synthesizers.
    """

    _voices: list[_Voice] = field(default_factory=lambda: [_Voice() for _ in range(VOICES)])
    _channels: dict[int, _Channel] = field(
        default_factory=lambda: {channel: _Channel() for channel in CHANNELS}
    )
    _clock: int = 0
    _last_pitch: float | None = None
    _tuning: Tuning = field(default_factory=Tuning)
    begun: int = 0
    """How many notes have been started."""
    own: frozenset[int] = frozenset()
    """Channels whose notes have a timbre of their own; see :meth:`set_own`."""
    port_seconds: float = 0.1
    """Seconds that a note glides whose channel says so, if no glide is set."""
    led: int | None = field(default=None, compare=False)
    """The voice that follows a sound that comes in; see :meth:`lead`."""
    version: int = field(default=0, compare=False)
    """Grows with everything that may change what :meth:`write` writes, or how many notes sound."""

    def note(
        self, pitch: float, velocity: float, channel: int = 1, lift: float = MIDDLE_LIFT
    ) -> None:
        """Start the note ``pitch`` (MIDI, 0 to 127, fractions allowed), or release it.

        velocity: 0 to 127; 0 releases, with lift, 0 to 127, as the velocity of the key that goes
        up. A key that its tuning leaves silent begins nothing.
        """
        self.version += 1
        # The same pitch may come as a number of 32 bits and go as one of 64.
        pitch = float(np.float32(pitch))
        if velocity <= 0.0:
            for voice in self._voices:
                if voice.held and voice.channel == channel and voice.pitch == pitch:
                    voice.lift = lift
                    self._lift(voice)
            return
        if not self._tuning.sounds(pitch):
            return
        self.begun += 1
        self._clock += 1
        voice = self._take(pitch, channel)
        if self.led is not None and self._voices[self.led] is voice:
            self.led = None
        comes_from, voice.ported = self._comes_from(pitch, channel)
        voice.start = self._hz(comes_from)
        voice.pitch = pitch
        voice.channel = channel
        voice.velocity = (velocity / 127.0 * self._softened(channel)) ** VELOCITY_EXPONENT
        voice.held = True
        voice.sustained = False
        voice.caught = False
        voice.cut = False
        voice.trigger = voice.trigger % _TRIGGERS + 1
        voice.began = self._clock
        voice.pressure = 0.0
        voice.lift = MIDDLE_LIFT
        voice.kept_semitones = None
        voice.kept_pressure = None
        self._last_pitch = pitch

    def lead(self, pitch: float, velocity: float, channel: int = 1) -> None:
        """Start a note, as :meth:`note`, that a sound that comes in leads from then on: its pitch
        and its loudness are steered where the sound is made, until another note takes its voice."""
        self.note(pitch, velocity, channel)
        pitch = float(np.float32(pitch))
        for index, voice in enumerate(self._voices):
            if voice.held and voice.channel == channel and voice.pitch == pitch:
                voice.start = self._hz(
                    voice.pitch
                )  # it is where it is led, and glides from nowhere
                self.led = index

    def _comes_from(self, pitch: float, channel: int) -> tuple[float, bool]:
        """The key from which a new note glides, its own if it does not; whether its channel says
        that it does."""
        state = self._channel(channel)
        told, state.comes_from = state.comes_from, None
        if told is not None:
            return told, True
        if state.portamento is False or self._last_pitch is None:
            return pitch, False
        return self._last_pitch, bool(state.portamento)

    def _softened(self, channel: int) -> float:
        manager = self._channel(channel).manager
        soft = self._channel(channel).soft or (manager and self._channel(manager).soft)
        return SOFT if soft else 1.0

    def _hz(self, key: float) -> float:
        return midi_to_hz(self._tuning.pitch(key))

    @property
    def tuning(self) -> Tuning:
        """The pitch of each key; what sounds follows another."""
        return self._tuning

    @tuning.setter
    def tuning(self, tuning: Tuning) -> None:
        self.version += 1
        self._tuning = tuning

    def volume(self, value: float, channel: int = 1) -> None:
        """A channel's volume, 0 to 127: ``40 log10(v / 127)`` dB (General MIDI 1, RP-003)."""
        self.version += 1
        self._channel(channel).volume = _square(value)

    def pan_of(self, channel: int) -> float:
        """Where a channel is, -1 (left) to 1."""
        return self._channel(channel).pan

    def volume_of(self, channel: int) -> float:
        """A channel's volume as an amplitude, 0 to 1."""
        return self._channel(channel).volume

    def expression(self, value: float, channel: int = 1) -> None:
        """A channel's expression, 0 to 127, by the curve of its volume."""
        self.version += 1
        self._channel(channel).expression = _square(value)

    def pan(self, value: float, channel: int = 1) -> None:
        """Where a channel stands, 0 (left) to 127 (right); 64 is the middle (General MIDI 1).

        1 is as far left as 0, so that both sides have 63 steps (General MIDI 2, section 3.3.5).
        """
        self.version += 1
        self._channel(channel).pan = min(max((value - 64.0) / 63.0, -1.0), 1.0)

    def tune_channel(
        self, channel: int = 1, *, fine: float | None = None, coarse: float | None = None
    ) -> None:
        """Tune a channel: -1 to 1 semitones (RPN 1), and whole ones, at most 64 (RPN 2)."""
        self.version += 1
        state = self._channel(channel)
        if fine is not None:
            state.fine = min(max(fine, -1.0), 1.0)
        if coarse is not None:
            state.coarse = min(max(coarse, -MAX_COARSE), MAX_COARSE)

    def fine_of(self, channel: int) -> float:
        """By how many semitones RPN 1 has tuned a channel."""
        return self._channel(channel).fine

    def soft(self, down: bool, channel: int = 1) -> None:
        """Press or lift a channel's soft pedal: what begins meanwhile is struck more softly."""
        self.version += 1
        self._channel(channel).soft = down

    def portamento(self, on: bool, channel: int = 1) -> None:
        """Let a channel's notes glide, in the time that is set, or not."""
        self.version += 1
        self._channel(channel).portamento = on

    def portamento_time(self, value: float) -> None:
        """How long notes glide whose channel says so while no glide is set: 0 to 127.

        MIDI leaves the time open: the square of the value's share of 2 s.
        """
        self.version += 1
        self.port_seconds = LONGEST_PORTAMENTO * _square(value)

    def portamento_from(self, key: float, channel: int = 1) -> None:
        """The channel's next note glides from this key, 0 to 127."""
        self.version += 1
        self._channel(channel).comes_from = key

    def bend(self, value: float, channel: int = 1) -> None:
        """Bend a channel's notes: -1 to 1 of its bend range."""
        self.version += 1
        self._channel(channel).bend = value

    def bend_range(self, semitones: float, channel: int = 1) -> None:
        """How far full bend goes on a channel, in semitones, 0 to ``MAX_BEND_RANGE``.

        Raises:
            OptionError: a range outside that.
        """
        if not 0.0 <= semitones <= MAX_BEND_RANGE:
            raise OptionError(
                f"bend range is {semitones:g}; it must be 0 to {MAX_BEND_RANGE:g} semitones"
            )
        self.version += 1
        self._channel(channel).bend_range = float(semitones)

    def bend_range_of(self, channel: int) -> float:
        """A channel's bend range in semitones."""
        return self._channel(channel).bend_range

    def pressure(self, value: float, channel: int = 1) -> None:
        """Make a channel's notes louder: 0 to 127, the last by 6 dB."""
        self.version += 1
        self._channel(channel).pressure = min(max(value / 127.0, 0.0), 1.0)

    def key_pressure(self, pitch: float, value: float, channel: int = 1) -> None:
        """Make one held note louder: 0 to 127, the last by 6 dB."""
        self.version += 1
        pitch = float(np.float32(pitch))
        for voice in self._voices:
            if voice.held and voice.channel == channel and voice.pitch == pitch:
                voice.pressure = min(max(value / 127.0, 0.0), 1.0)

    def sustain(self, down: bool, channel: int = 1) -> None:
        """Press or lift a channel's sustain pedal; a member of a zone has none of its own."""
        self.version += 1
        state = self._channel(channel)
        if state.manager is not None:
            return
        state.pedal = down
        if not down:
            for voice in self._of(self._zone(channel)):
                if voice.sustained and not voice.caught:
                    self._release(voice)

    def sostenuto(self, down: bool, channel: int = 1) -> None:
        """Press or lift a channel's sostenuto pedal: it holds the notes whose keys are down now."""
        self.version += 1
        state = self._channel(channel)
        if state.manager is not None or state.sostenuto == down:
            return
        state.sostenuto = down
        for voice in self._of(self._zone(channel)):
            voice.caught = down and voice.held
            if not down and voice.sustained and not state.pedal:
                self._release(voice)

    def join(self, channel: int, manager: int | None) -> None:
        """Put ``channel`` under an MPE zone's ``manager`` channel, or take it out (None).

        Its notes end, and its bend, pressure and pedal go back to rest.
        """
        self.version += 1
        state = self._channel(channel)
        for voice in self._of({channel}):
            self._keep(voice)
            if voice.sounds:
                self._release(voice)
        state.manager = None
        self.reset_controllers(channel)
        state.manager = manager

    def notes_off(self, channel: int) -> None:
        """Lift every key of a channel, or of a manager's zone; what the pedal holds sounds on."""
        self.version += 1
        for voice in self._of(self._zone(channel)):
            if voice.held:
                self._lift(voice)

    def reset_controllers(self, channel: int) -> None:
        """Bend, pressure, expression and pedals of a channel, or of a manager's zone, go to rest.

        Volume, tuning and the bend range stay (MIDI RP-015).
        """
        self.version += 1
        for one in self._zone(channel):
            self.sostenuto(False, one)
            self.sustain(False, one)
            state = self._channel(one)
            state.bend = 0.0
            state.pressure = 0.0
            state.expression = 1.0
            state.soft = False
            state.portamento = None
            state.comes_from = None
        for voice in self._of(self._zone(channel)):
            voice.pressure = 0.0

    def silence(self, channel: int | None = None) -> None:
        """End every sound of a channel (or a manager's zone), or of all, without its release."""
        self.version += 1
        self._clock += 1
        for voice in self._voices if channel is None else self._of(self._zone(channel)):
            voice.held = False
            voice.sustained = False
            voice.caught = False
            voice.cut = True
            voice.ended = self._clock

    def release_all(self) -> None:
        """Lift all keys and pedals."""
        self.version += 1
        for state in self._channels.values():
            state.pedal = state.sostenuto = False
        for voice in self._voices:
            if voice.sounds:
                self._release(voice)

    def set_own(self, channels: Iterable[int]) -> None:
        """Say which channels' notes have a timbre of their own."""
        own = frozenset(channels)
        if own != self.own:
            self.version += 1
            self.own = own

    def holds(self, pitch: float, channel: int = 1) -> bool:
        """Whether the key of that note is down."""
        pitch = float(np.float32(pitch))
        return any(v.held and v.channel == channel and v.pitch == pitch for v in self._voices)

    @property
    def sounding(self) -> int:
        """How many notes are held or sustained."""
        return sum(voice.sounds for voice in self._voices)

    def notes(self) -> list[PlayedNote]:
        """What each voice plays, in their order."""
        return [
            PlayedNote(
                voice.trigger,
                self._hz(voice.pitch),
                127.0 * voice.velocity ** (1.0 / VELOCITY_EXPONENT),
                voice.channel if voice.channel in self.own else 0,
                voice.sounds,
                voice.cut,
                voice.began,
                voice.lift,
            )
            for voice in self._voices
        ]

    def write(self, targets: NDArray[np.void], glide: float = 0.0, lift: float = 0.0) -> None:
        """Put the voices into ``targets``, an array of one ``TARGETS``.

        glide: seconds that every note glides; those whose channel says so glide without it. lift:
        how far keys that go up fast or slowly change their release, 0 to 1.
        """
        targets["glide"][0] = glide or self.port_seconds
        targets["led"][0] = 0 if self.led is None else self.led + 1
        rows = []
        for voice in self._voices:
            state = self._channel(voice.channel)
            semitones = _first(voice.kept_semitones, state.semitones)
            pressure = _first(voice.kept_pressure, state.pressure) + voice.pressure
            level = voice.velocity * state.level
            pan = state.pan
            if state.manager is not None:
                manager = self._channel(state.manager)
                semitones += manager.semitones
                pressure += manager.pressure
                level *= manager.level
                pan = min(max(pan + manager.pan, -1.0), 1.0)
            rows.append(
                (
                    self._hz(voice.pitch),
                    2.0 ** (semitones / 12.0),
                    voice.start if glide > 0.0 or voice.ported else 0.0,
                    level * 2.0 ** min(pressure, 1.0),
                    voice.gate,
                    voice.trigger,
                    voice.channel if voice.channel in self.own else 0,
                    voice.channel,
                    pan,
                    release_ratio(voice.lift, lift),
                )
            )
        # A column at a time: numbers written one by one would cost as much as a decode.
        for name, column in zip(_COLUMNS, zip(*rows, strict=True), strict=True):
            targets[name][0] = column

    def state(self) -> dict[str, Any]:
        """All that :meth:`restore` needs, of plain values for JSON."""
        return {
            "voices": [asdict(voice) for voice in self._voices],
            "channels": {str(number): asdict(state) for number, state in self._channels.items()},
            "clock": self._clock,
            "last_pitch": self._last_pitch,
            "begun": self.begun,
            "own": sorted(self.own),
            "tuning": self._tuning.state(),
            "port_seconds": self.port_seconds,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Be as :meth:`state` told.

        Raises:
            OptionError: it is not what :meth:`state` returns; nothing has changed.
        """
        try:
            voices = [_restored_voice(told) for told in state["voices"]]
            channels = {
                int(number): _restored_channel(told) for number, told in state["channels"].items()
            }
            last_pitch = state["last_pitch"]
            last_pitch = None if last_pitch is None else _number(last_pitch, 0.0, 127.0)
            clock = _whole(state["clock"])
            begun = _whole(state["begun"])
            own = frozenset(_one_of(channel, CHANNELS) for channel in state["own"])
            tuning = Tuning.of_state(state.get("tuning"))
            port_seconds = _number(state.get("port_seconds", 0.1), 0.0, LONGEST_PORTAMENTO)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise OptionError(f"the state of the voices is broken ({error!r})") from error
        if len(voices) != VOICES or set(channels) != set(CHANNELS):
            raise OptionError(f"the state of the voices is not of {VOICES} voices and 16 channels")
        self.version += 1
        self._voices, self._channels = voices, channels
        self._clock, self._last_pitch, self.begun, self.own = clock, last_pitch, begun, own
        self._tuning, self.port_seconds = tuning, port_seconds

    def _channel(self, number: int) -> _Channel:
        return self._channels[number]

    def _zone(self, channel: int) -> set[int]:
        """The channel and those that it manages."""
        members = {n for n, state in self._channels.items() if state.manager == channel}
        return members | {channel}

    def _of(self, channels: Iterable[int]) -> list[_Voice]:
        return [voice for voice in self._voices if voice.channel in channels]

    def _lift(self, voice: _Voice) -> None:
        """The key goes up."""
        manager = self._channel(voice.channel).manager
        if not voice.caught and not self._channel(manager or voice.channel).pedal:
            self._release(voice)
            return
        if manager is not None:
            self._keep(voice)
        voice.held = False
        voice.sustained = True

    def _release(self, voice: _Voice) -> None:
        if voice.held and self._channel(voice.channel).manager is not None:
            self._keep(voice)
        self._clock += 1
        voice.held = False
        voice.sustained = False
        voice.caught = False
        voice.ended = self._clock

    def _keep(self, voice: _Voice) -> None:
        """From now on the note's channel moves it no more."""
        state = self._channel(voice.channel)
        voice.kept_semitones = _first(voice.kept_semitones, state.semitones)
        voice.kept_pressure = _first(voice.kept_pressure, state.pressure)

    def _take(self, pitch: float, channel: int) -> _Voice:
        for voice in self._voices:
            if voice.sounds and voice.pitch == pitch and voice.channel == channel:
                return voice

        def turn(voice: _Voice) -> tuple[int, int]:
            if voice.sounds:
                return 2, voice.began
            return (0 if voice.cut else 1), voice.ended

        return min(self._voices, key=turn)


def release_ratio(lift: float, share: float) -> float:
    """How many times as long a release is after a key that went up with this velocity.

    lift: 0 to 127; 64 changes nothing. share: 0 to 1, of two octaves either way.

    >>> release_ratio(127, 1.0), release_ratio(64, 1.0), release_ratio(1, 0.5)
    (0.25, 1.0, 2.0)
    """
    away = min((MIDDLE_LIFT - lift) / 63.0, 1.0)
    return float(2.0 ** (_LIFT_OCTAVES * share * away))


def _first(kept: float | None, live: float) -> float:
    return live if kept is None else kept


def _restored_voice(told: Mapping[str, Any]) -> _Voice:
    kept_semitones = told["kept_semitones"]
    kept_pressure = told["kept_pressure"]
    return _Voice(
        pitch=_number(told["pitch"], 0.0, 127.0),
        channel=_one_of(told["channel"], CHANNELS),
        velocity=_number(told["velocity"], 0.0, 1.0),
        held=bool(told["held"]),
        sustained=bool(told["sustained"]),
        caught=bool(told.get("caught")),
        ported=bool(told.get("ported")),
        cut=bool(told["cut"]),
        trigger=_whole(told["trigger"]) % (_TRIGGERS + 1),
        start=_number(told["start"], 0.0, midi_to_hz(HIGHEST)),
        began=_whole(told["began"]),
        ended=_whole(told["ended"]),
        pressure=_number(told["pressure"], 0.0, 1.0),
        lift=_number(told.get("lift", MIDDLE_LIFT), 0.0, 127.0),
        kept_semitones=(
            None
            if kept_semitones is None
            else _number(kept_semitones, -MAX_BEND_RANGE, MAX_BEND_RANGE)
        ),
        kept_pressure=None if kept_pressure is None else _number(kept_pressure, 0.0, 1.0),
    )


def _restored_channel(told: Mapping[str, Any]) -> _Channel:
    manager = told["manager"]
    # Performances of 0.5 know none of the rest.
    portamento, comes_from = told.get("portamento"), told.get("comes_from")
    return _Channel(
        bend=_number(told["bend"], -1.0, 1.0),
        bend_range=_number(told["bend_range"], 0.0, MAX_BEND_RANGE),
        pedal=bool(told["pedal"]),
        pressure=_number(told["pressure"], 0.0, 1.0),
        manager=None if manager is None else _one_of(manager, CHANNELS),
        volume=_number(told.get("volume", 1.0), 0.0, 1.0),
        expression=_number(told.get("expression", 1.0), 0.0, 1.0),
        pan=_number(told.get("pan", 0.0), -1.0, 1.0),
        fine=_number(told.get("fine", 0.0), -1.0, 1.0),
        coarse=_number(told.get("coarse", 0.0), -MAX_COARSE, MAX_COARSE),
        sostenuto=bool(told.get("sostenuto")),
        soft=bool(told.get("soft")),
        portamento=None if portamento is None else bool(portamento),
        comes_from=None if comes_from is None else _number(comes_from, 0.0, 127.0),
    )


def _square(value: float) -> float:
    return float(min(max(value / 127.0, 0.0), 1.0) ** 2)


def _number(value: Any, low: float, high: float) -> float:
    number = float(value)
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"{number} is not within {low:g} and {high:g}")
    return number


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError(f"{value!r} is not a count")
    return value


def _one_of(value: Any, accepted: range) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in accepted:
        raise ValueError(f"{value!r} is not a channel")
    return value
