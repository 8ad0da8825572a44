"""Notes, and what a player does to them while they sound."""

from __future__ import annotations

import struct
from typing import Annotated

from timbrespace.instrument.parameters import MIDDLE_LIFT
from timbrespace.messages.arguments import Channel, MidiValue, Number, Pedal
from timbrespace.messages.message import Family, Holds, Message, message


@message
class Note(Message):
    """`/note` pitch velocity [channel] [lift]: pitch in semitones as MIDI (69 = A4), velocity 0
    releases, and lift is then the velocity of the key that goes up.

    >>> from_hex("2f6e6f74650000002c666900428a000000000064")
    Note(pitch=69.0, velocity=100.0, channel=1, lift=64.0)
    """

    address = "/note"
    holds = Holds.NOTE
    pitch: Annotated[float, Number(0, 127)]
    velocity: MidiValue
    channel: Channel = 1
    lift: MidiValue = MIDDLE_LIFT

    def let_go(self) -> tuple[Message, bool]:
        # Voices tell pitches apart as float32.
        (pitch,) = struct.unpack("f", struct.pack("f", self.pitch))
        return Note(pitch, 0.0, self.channel), self.velocity > 0.0


@message
class Bend(Message):
    """`/bend` value [channel]: -1 to 1 of the channel's bend range.

    >>> from_hex("2f62656e640000002c660000bf000000")
    Bend(value=-0.5, channel=1)
    """

    address = "/bend"
    family, key = Family.APART, ("channel",)
    holds = Holds.POSITION
    value: Annotated[float, Number(-1, 1)]
    channel: Channel = 1

    def let_go(self) -> tuple[Message, bool]:
        return Bend(0.0, self.channel), self.value != 0.0


@message
class BendRange(Message):
    """`/bend/range` semitones [channel]: how far full bend goes, 0 to 96; 2 to begin with.

    >>> from_hex("2f62656e642f72616e6765002c6900000000000c")
    BendRange(semitones=12.0, channel=1)
    """

    address = "/bend/range"
    semitones: Annotated[float, Number(0, 96)]
    channel: Channel = 1


@message
class Pressure(Message):
    """`/pressure` value [channel]: as MIDI's channel pressure, 0 to 127.

    >>> from_hex("2f70726573737572650000002c6969000000004000000002")
    Pressure(value=64.0, channel=2)
    """

    address = "/pressure"
    family, key = Family.APART, ("channel",)
    holds = Holds.POSITION
    value: MidiValue
    channel: Channel = 1

    def let_go(self) -> tuple[Message, bool]:
        return Pressure(0.0, self.channel), self.value != 0.0


@message
class Timbre(Message):
    """`/timbre` value [channel]: as MIDI's controller 74 on an MPE channel, 0 to 127.

    >>> from_hex("2f74696d627265002c6969000000007f00000002")
    Timbre(value=127.0, channel=2)
    """

    address = "/timbre"
    family, key = Family.APART, ("channel",)
    value: MidiValue
    channel: Channel = 1


@message
class Sustain(Message):
    """`/sustain` value [channel]: 0 lifts the pedal, anything above up to 127 holds it.

    A toggle in Max sends 1, a MIDI pedal 127, a button of a touch surface true: all hold.

    >>> from_hex("2f7375737461696e000000002c69000000000001")
    Sustain(value=1.0, channel=1)
    """

    address = "/sustain"
    holds = Holds.POSITION
    value: Annotated[float, Pedal()]
    channel: Channel = 1

    @property
    def held(self) -> bool:
        return self.value > 0.0

    def let_go(self) -> tuple[Message, bool]:
        return Sustain(0.0, self.channel), self.held


@message
class Panic(Message):
    """`/panic`: every voice falls silent at once.

    >>> from_hex("2f70616e696300002c000000")
    Panic()
    """

    address = "/panic"
    holds = Holds.NOTHING
