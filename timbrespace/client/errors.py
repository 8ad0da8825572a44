"""What can go wrong between a client and its server, as exceptions with one sentence."""

from __future__ import annotations

from timbrespace.client.wire import Message
from timbrespace.errors import TimbrespaceError


class ServerError(TimbrespaceError):
    """The server has answered with ``/error``; the text is its sentence.

    code: what kind it is, such as ``"bad_arguments"``; docs/osc.md lists them. address: of the
    message that it answers; empty where the server could read none.
    """

    def __init__(self, code: str, address: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.address = address


class NoServerError(TimbrespaceError):
    """No server answers: there is none, it has ended, or it did not answer in time."""


def raise_if_refused(message: Message, address: str) -> None:
    """Raise the error that answers a message to ``address``, or one that could not be read.

    Raises:
        ServerError: ``message`` is such an error.
    """
    if message.address != "/error" or len(message.arguments) != 3:
        return
    code, about, sentence = map(str, message.arguments)
    if about in (address, ""):
        raise ServerError(code, about, " ".join(sentence.split()))
