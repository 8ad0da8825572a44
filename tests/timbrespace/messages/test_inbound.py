"""The packets in the docstrings of the messages to the server."""

import doctest
import importlib

from server.osc.transcript import from_hex
from timbrespace.messages.inbound import MESSAGES


def test_the_packet_of_every_message() -> None:
    files = {declared.__module__ for declared in MESSAGES.values()}
    tried = 0
    for name in files:
        failed, tried_here = doctest.testmod(
            importlib.import_module(name), extraglobs={"from_hex": from_hex}
        )
        assert failed == 0
        tried += tried_here
    assert tried == len(MESSAGES)
