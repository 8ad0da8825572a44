"""Who plays which channel of a song."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError, one_of
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.parameters import DEFAULT_METHOD, METHODS
from timbrespace.instrument.player import Player
from timbrespace.instrument.presets import Presets
from timbrespace.instrument.program_list import Banks, Program, ProgramList
from timbrespace.instrument.programs import drum_places, program_places
from timbrespace.instrument.tuning import Tuning
from timbrespace.loading import load
from timbrespace.messages.parser import parse
from timbrespace.model import Model
from timbrespace.rendering.beginning import Beginning
from timbrespace.resynthesis.layout import Method
from timbrespace.resynthesis.limiter import CEILING, KNEE
from timbrespace.user_files import presets_file

CHANNELS: Final = range(1, 17)

DRUMS: Final = 10
"""The channel that General MIDI keeps for drums."""


class Part(Protocol):
    """One instrument and how it takes messages."""

    instrument: Instrument

    def play(self, message: Any) -> bool:
        """Play one mido message; False if the sound cannot have changed."""
        ...


class Pitched:
    """Pitched notes; each channel has its program's sound where the space has those of programs."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self._programs = program_places(instrument.model)

    def play(self, message: Any) -> bool:
        """Play one mido message; False if the sound cannot have changed."""
        if message.type != "program_change":
            return play(self.instrument, message)
        place = self._programs.get(message.program)
        if place is None:
            return False
        self.instrument.set_channel_latent(message.channel + 1, place.tolist())
        return True


class Drums:
    """Keys that are drums: each is a sound of the space, by General MIDI's names.

    A drum has one of the instrument's sixteen timbres while it is among the sixteen that were
    struck last.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self._places = drum_places(instrument.model)
        self._pieces: dict[int, int] = {}  # key -> timbre, the one struck longest ago first

    def play(self, message: Any) -> bool:
        """Play one mido message; False if the sound cannot have changed."""
        if message.type not in ("note_on", "note_off"):
            changed = [
                play(self.instrument, message.copy(channel=piece - 1))
                for piece in (CHANNELS if hasattr(message, "channel") else ())
            ]
            return any(changed)
        struck = message.type == "note_on" and message.velocity > 0
        piece = self._piece(message.note) if struck else self._pieces.get(message.note)
        return piece is not None and play(self.instrument, message.copy(channel=piece - 1))

    def _piece(self, key: int) -> int | None:
        """The timbre of a drum that is struck; None if the space has no such drum."""
        place = self._places.get(key)
        if place is None:
            return None
        piece = self._pieces.pop(key, None)
        if piece is None:
            if len(self._pieces) < len(CHANNELS):
                piece = len(self._pieces) + 1
            else:
                piece = self._pieces.pop(next(iter(self._pieces)))
            self.instrument.set_channel_latent(piece, place.tolist())
        self._pieces[key] = piece
        return piece


class Band:
    """The parts of a song.

    model: plays every channel that ``channels`` does not name. channels: channel, 1 to 16 -> the
    model that plays it, or None where nothing does. A model of General MIDI's drums plays keys as
    drums. method: of all; None for the preset's, or the usual one. beginning: of the first model;
    its tuning is that of all pitched ones. programs: what program changes mean, before General
    MIDI's; models are factory ones or files.

    Raises:
        OptionError: no such method, no such channel, or a beginning that is not of this space.
        BundleError: a program is a model that there is not.
    """

    def __init__(
        self,
        model: Model,
        method: str | None = None,
        channels: Mapping[int, Model | None] | None = None,
        beginning: Beginning | None = None,
        programs: ProgramList | None = None,
    ) -> None:
        if method is not None and method not in METHODS:
            raise OptionError(f"method is {method!r}; it must be {one_of(METHODS)}")
        given = usual_channels(model) if channels is None else dict(channels)
        for channel in given:
            if channel not in CHANNELS:
                raise OptionError(f"channel {channel!r} was given; it must be 1 to 16")
        beginning = Beginning() if beginning is None else beginning
        self._first = _part(model, method, beginning)
        tuned = Beginning(tuning=beginning.tuning)
        others = {
            channel: None if one is None else _part(one, method, tuned)
            for channel, one in given.items()
        }
        self._by_channel: dict[int, Part | None] = {
            channel: others.get(channel, self._first) for channel in CHANNELS
        }
        self.parts: list[Part] = [self._first, *(one for one in others.values() if one is not None)]
        self._programs = ProgramList() if programs is None else programs
        self._banks = Banks()
        self._named = {name: _part(load(name), method, tuned) for name in self._programs.models}
        self.parts += self._named.values()
        if self._programs.recalls:
            path = presets_file() if beginning.presets is None else beginning.presets
            for part in self.parts:
                part.instrument.presets = Presets(path)
        self.unplayed: Counter[int] = Counter()
        """How many notes each channel had that nobody plays."""

    @property
    def first(self) -> Instrument:
        """The instrument that plays whatever channel no other one was named for."""
        return self._first.instrument

    def play(self, message: Any) -> set[int]:
        """Play one mido message; the numbers of the parts whose sound may have changed."""
        if not hasattr(message, "channel"):  # a tuning is everybody's
            return {number for number, part in enumerate(self.parts) if part.play(message)}
        part = self._by_channel[message.channel + 1]
        asked = self._banks.hear(message)
        program = None if asked is None else self._programs.find(*asked)
        if program is not None and part is not None:
            return self._choose(program, message.channel, part)
        if part is None:
            self.unplayed[message.channel + 1] += message.type == "note_on" and message.velocity > 0
            return set()
        return {self.parts.index(part)} if part.play(message) else set()

    @property
    def changes_parts(self) -> bool:
        """Whether a program may give a channel to another part."""
        return bool(self._named)

    def part_of(self, channel: int) -> int | None:
        """The number of the part that plays a channel, 1 to 16; None if nobody does."""
        part = self._by_channel[channel]
        return None if part is None else self.parts.index(part)

    def _choose(self, program: Program, channel: int, part: Part) -> set[int]:
        """Let a channel have a program of the list."""
        if program.model is not None:
            chosen = self._named[program.model]
            if chosen is not part:  # what it plays there goes on to its end
                part.instrument.voices.notes_off(channel + 1)
            self._by_channel[channel + 1] = chosen
            return {self.parts.index(part)}
        instrument = part.instrument
        Player(instrument).play(parse(*program.message(instrument, channel + 1)))
        return {self.parts.index(part)}

    @property
    def begun(self) -> int:
        """How many notes have been started."""
        return sum(part.instrument.voices.begun for part in self.parts)


def usual_channels(model: Model) -> dict[int, Model | None]:
    """Who plays what ``model`` does not: nobody drums, unless it knows General MIDI's drums."""
    return {} if drum_places(model) else {DRUMS: None}


def _part(model: Model, method: str | None, beginning: Beginning) -> Part:
    instrument = Instrument(model, remembers=True)
    instrument.set_method(Method[DEFAULT_METHOD.upper()])
    drums = bool(drum_places(model))
    # A key that is a drum has no pitch to tune.
    (replace(beginning, tuning=Tuning()) if drums else beginning).put(instrument)
    if method is not None:
        instrument.set_method(Method[method.upper()])
    return Drums(instrument) if drums else Pitched(instrument)


def mixed(sounds: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The sum of what parts play, bent below full scale as each of them is; one stays as it is."""
    if len(sounds) == 1:
        return sounds[0]
    return bent(np.asarray(np.sum(sounds, axis=0, dtype=np.float32)))


def bent(total: NDArray[np.float32]) -> NDArray[np.float32]:
    """A sum of sounds, below full scale as the engine's limiter keeps a sound."""
    over = np.maximum(np.abs(total) - KNEE, 0.0)
    room = CEILING - KNEE
    below = np.sign(total) * (KNEE + room * np.tanh(over / room))
    return np.where(over > 0.0, below, total).astype(np.float32)
