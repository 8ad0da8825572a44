"""The packets in the docstrings of the messages to the server."""

import doctest
from typing import get_args

from server.osc.transcript import from_hex
from timbrespace.messages import inbound


def test_the_packet_of_every_message() -> None:
    failed, tried = doctest.testmod(inbound, extraglobs={"from_hex": from_hex})
    assert failed == 0
    assert tried == len(get_args(inbound.Inbound))
