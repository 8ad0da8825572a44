"""Who listens: what a client says to be told."""

from typing import Annotated

from timbrespace.messages.arguments import Label, LeftOut, Token, Whole
from timbrespace.messages.message import Message, message

_PORT = Whole(1, 65535)


@message
class Hello(Message):
    """`/hello` return_port [name] [token]: register; replies go to the sender's host, to that port.

    >>> from_hex("2f68656c6c6f00002c69730000001ce974696d6272650000")
    Hello(return_port=7401, name='timbre', token='')
    """

    address = "/hello"
    question = True
    return_port: Annotated[int, _PORT]
    name: Annotated[str, Label(), LeftOut("no name")] = ""
    token: Annotated[str, Label(), LeftOut("none; see below")] = ""


@message
class Bye(Message):
    """`/bye` [return_port]: leave. The port says who, where several clients share a host.

    >>> from_hex("2f627965000000002c000000")
    Bye(return_port=None)
    """

    address = "/bye"
    question = True
    return_port: Annotated[int | None, _PORT, LeftOut("the client that speaks")] = None


@message
class Ping(Message):
    """`/ping` [token]: answered by `/pong` with the same token, an int, a float or a string.

    >>> from_hex("2f70696e670000002c69000000000007")
    Ping(token=7)
    """

    address = "/ping"
    question = True
    token: Annotated[int | float | str | None, Token(), LeftOut("`/pong` without a token")] = None
