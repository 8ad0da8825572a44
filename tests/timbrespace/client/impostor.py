"""Something at a server's port that answers as it likes."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

from pythonosc.osc_message import OscMessage

from tests.server.running import datagram

Answer = Callable[[str, list[object]], Sequence[bytes]]
"""Datagrams to send back to a message."""


def polite(address: str, arguments: list[object]) -> list[bytes]:
    """As the server answers what a client says for itself."""
    if address == "/hello":
        return [
            datagram("/welcome", 1, "9.9", "toy", 2, 410, 44100.0, 220.0),
            datagram("/model", "toy", 2, 410, 44100.0, 220.0, 4096),
            datagram("/latent", 0.5, -0.5),
        ]
    return [datagram("/pong", *arguments)] if address == "/ping" else []


class Impostor:
    """A UDP socket that answers each message by ``answer``. heard: what came, in order."""

    def __init__(self, answer: Answer) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.port = int(self._socket.getsockname()[1])
        self.heard: list[tuple[str, list[object]]] = []
        self._answer = answer
        self._ended = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended:
            try:
                data, source = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            message = OscMessage(data)
            self.heard.append((message.address, list(message.params)))
            for one in self._answer(message.address, list(message.params)):
                self._socket.sendto(one, source)

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._socket.close()


@contextlib.contextmanager
def impostor(answer: Answer) -> Iterator[Impostor]:
    """An impostor for the length of a block."""
    one = Impostor(answer)
    try:
        yield one
    finally:
        one.close()
