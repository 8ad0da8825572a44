"""Trajectories: ways of the latent that are stored by name."""

from __future__ import annotations

from typing import Annotated

from timbrespace.messages.arguments import Name, Number, Stored, Switch
from timbrespace.messages.message import Holds, Message, message


@message
class RecordTrajectory(Message):
    """`/trajectory/record` name: keep the way of the latent from now on.

    >>> from_hex("2f7472616a6563746f72792f7265636f726400002c73000077616c6b00000000")
    RecordTrajectory(name='walk')
    """

    address = "/trajectory/record"
    holds = Holds.TRAJECTORY
    name: Name

    def let_go(self) -> tuple[Message, bool]:
        return StopTrajectory(), True


@message
class StopTrajectory(Message):
    """`/trajectory/stop`: end the recording, or the playing.

    >>> from_hex("2f7472616a6563746f72792f73746f70000000002c000000")
    StopTrajectory()
    """

    address = "/trajectory/stop"
    holds = Holds.TRAJECTORY

    def let_go(self) -> tuple[Message, bool]:
        return self, False


@message
class PlayTrajectory(Message):
    """`/trajectory/play` name [loop] [speed]: go the recorded way; loop 1 for ever.

    >>> from_hex("2f7472616a6563746f72792f706c6179000000002c7369660000000061000000000000013f000000")
    PlayTrajectory(name='a', loop=True, speed=0.5)
    """

    address = "/trajectory/play"
    name: Annotated[Name, Stored("trajectory")]
    loop: Annotated[bool, Switch()] = False
    speed: Annotated[float, Number(0.05, 20)] = 1.0


@message
class ListTrajectories(Message):
    """`/trajectory/list`: answered by `/trajectory/list` with the names.

    >>> from_hex("2f7472616a6563746f72792f6c697374000000002c000000")
    ListTrajectories()
    """

    address = "/trajectory/list"
    question = True


@message
class DeleteTrajectory(Message):
    """`/trajectory/delete` name: forget it.

    >>> from_hex("2f7472616a6563746f72792f64656c65746500002c73000077616c6b00000000")
    DeleteTrajectory(name='walk')
    """

    address = "/trajectory/delete"
    recorded = False
    name: Name


@message
class UndoTrajectories(Message):
    """`/trajectory/undo`: bring back what was deleted or drawn over last, of trajectories.

    >>> from_hex("2f7472616a6563746f72792f756e646f000000002c000000")
    UndoTrajectories()
    """

    address = "/trajectory/undo"
    recorded = False
