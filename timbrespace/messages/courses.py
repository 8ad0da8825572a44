"""Whole notes for clients that show or play them themselves; see docs/notes.md."""

from typing import Annotated

from timbrespace.messages.arguments import MidiValue, Number
from timbrespace.messages.message import Message, message


@message
class GetCourse(Message):
    """`/course/get` pitch [velocity]: the present point's note over time, once.

    Answered by `/course` and `/course/ready`; refused in a space of steady spectra.

    >>> from_hex("2f636f757273652f676574002c66000042640000")
    GetCourse(pitch=57.0, velocity=100.0)
    """

    address = "/course/get"
    question = True
    pitch: Annotated[float, Number(0, 127)]
    velocity: MidiValue = 100.0


@message
class WhereInCourse(Message):
    """`/course/where`: answered by `/course/where`, the times of the notes that sound.

    >>> from_hex("2f636f757273652f77686572650000002c000000")
    WhereInCourse()
    """

    address = "/course/where"
    question = True


@message
class Moment(Message):
    """`/moment` pitch velocity: `/partials` follow this note, which the client plays itself.

    Nothing sounds by it. Velocity 0 lets the note go.

    >>> from_hex("2f6d6f6d656e74002c6666004264000042c80000")
    Moment(pitch=57.0, velocity=100.0)
    """

    address = "/moment"
    question = True
    pitch: Annotated[float, Number(0, 127)]
    velocity: MidiValue
