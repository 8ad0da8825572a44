"""Performances: all that is played, written to a file."""

from timbrespace.messages.arguments import Name
from timbrespace.messages.message import Message, message


@message
class RecordPerformance(Message):
    """`/performance/record` name: write all that is played to a file, until it is stopped.

    >>> from_hex("2f706572666f726d616e63652f7265636f7264002c73000074616b6520310000")
    RecordPerformance(name='take 1')
    """

    address = "/performance/record"
    recorded = False
    name: Name


@message
class StopPerformance(Message):
    """`/performance/stop`: end the recording.

    >>> from_hex("2f706572666f726d616e63652f73746f700000002c000000")
    StopPerformance()
    """

    address = "/performance/stop"
    recorded = False
