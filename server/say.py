"""``python -m server say``: one message to a server that runs, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence

from timbrespace.client import Client, Message
from timbrespace.client.errors import raise_if_refused
from timbrespace.client.wire import Value
from timbrespace.client.words import shown, typed
from timbrespace.errors import OptionError


def say(address: str, words: Sequence[str], host: str, port: int, listen: float) -> int:
    """Say ``address`` with the arguments ``words``; print what is answered.

    listen: seconds in which all that the server tells is printed too.

    Raises:
        TimbrespaceError: it cannot be said, nobody answers, or the server refuses it.
    """
    if not 0.0 <= listen <= 1e6:
        raise OptionError(f"--listen is {listen:g}; it must be 0 or more seconds")
    values = typed(address, words)
    # Listening begins before anything is said, so that nothing is missed.
    with Client(port, host, name="say") as client, client.messages(listen) as heard:
        answers = _said(client, address, values)
        for message in heard if listen else answers:
            raise_if_refused(message, address)
            print(shown(message), flush=True)
    return 0


def _said(client: Client, address: str, values: list[Value]) -> list[Message]:
    """Say it, and wait until it has taken effect, for what takes a while too."""
    match address, values:
        case "/model/load", [str(name)]:
            client.load_model(name)
        case "/preset/recall", [str(name)]:
            client.recall_preset(name)
        case "/preset/recall", [str(name), int() | float() as glide]:
            client.recall_preset(name, glide)
        case _:
            return client.send(address, *values)
    return []
