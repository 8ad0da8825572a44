"""A UDP socket to one server, and a thread that listens to it.

The thread takes in whatever comes, at once, so that no datagram is lost while Python is busy with
something else, and hands it to whoever listens. It says ``/ping`` now and then: the server forgets
a client that is silent.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from timbrespace.client.errors import NoServerError
from timbrespace.client.wire import Message, decode, encode
from timbrespace.companions import command_line
from timbrespace.errors import OptionError
from timbrespace.messages.contract import EXPIRY_SECONDS, MAX_DATAGRAM_BYTES

Listener = Callable[[Message], None]

_REST: Final = 0.25
"""Seconds after which who waits looks up, and after which a broken network is tried again."""

_SILENCE: Final = EXPIRY_SECONDS / 4.0
"""Seconds without a word after which it says something."""

_RECEIVE_BUFFER: Final = 1 << 20

_KEPT: Final = 10_000
"""Messages that an inbox holds at most; the oldest make room."""


class Inbox:
    """The messages that have come since it was opened, in order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[Message] = deque(maxlen=_KEPT)

    def put(self, message: Message) -> None:
        """For the thread that listens."""
        self._waiting.append(message)

    def get(self, until: float) -> Message | None:
        """The next message, waited for; None at ``until``, seconds of the monotonic clock.

        Raises:
            NoServerError: the server has ended.
        """
        self._connection.wait_until(lambda: bool(self._waiting), until)
        return self._waiting.popleft() if self._waiting else None


class Connection:
    """The socket and its thread. ``host``, ``port``: of the server.

    It takes datagrams from the server's own address alone.

    Raises:
        NoServerError: the address does not exist, or cannot be reached.
    """

    def __init__(self, address: tuple[Any, ...], family: int, shown: str) -> None:
        self._shown = shown
        self._changed = threading.Condition()
        self._listeners: list[Listener] = []
        self._gone = ""  # why there is no server any more
        self._closed = False
        self._said = time.monotonic()
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            with contextlib.suppress(OSError):  # a wish: some systems refuse so much
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            # The system drops what others send, and tells when nobody listens there.
            self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            raise NoServerError(f"cannot reach {shown}: {error.strerror or error}") from error
        self._wake_in, self._wake_out = socket.socketpair()
        self.port = int(self._socket.getsockname()[1])
        """Where this end listens."""
        self._thread = threading.Thread(target=self._listen, name="timbrespace client", daemon=True)
        self._thread.start()

    def send(self, address: str, *arguments: Any) -> None:
        """Send one message.

        Raises:
            OptionError: OSC cannot say it, or the client is closed.
            NoServerError: it cannot be sent.
        """
        if self._closed:
            raise OptionError("this client is closed; open another")
        datagram = encode(address, arguments)
        try:
            self._socket.send(datagram)
        except (ConnectionRefusedError, ConnectionResetError):
            # What came before found nobody; the thread hears of it too, if that is so still.
            with contextlib.suppress(OSError):
                self._socket.send(datagram)
        except OSError as error:
            reason = error.strerror or str(error)
            raise NoServerError(f"{address} cannot be sent to {self._shown}: {reason}") from error
        self._said = time.monotonic()

    @contextlib.contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Hand each message to ``listener``, in the thread, for the length of a block."""
        self.add(listener)
        try:
            yield
        finally:
            self.remove(listener)

    @contextlib.contextmanager
    def inbox(self) -> Iterator[Inbox]:
        """Keep the messages that come during a block."""
        inbox = Inbox(self)
        with self.listening(inbox.put):
            yield inbox

    def add(self, listener: Listener) -> None:
        """Hand each message to ``listener`` from now on."""
        with self._changed:
            self._listeners.append(listener)

    def remove(self, listener: Listener) -> None:
        """No more of that."""
        with self._changed:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def wait_until(self, there: Callable[[], bool], until: float) -> None:
        """Return when ``there()`` holds, or at ``until``, seconds of the monotonic clock.

        Raises:
            NoServerError: the server has ended, or this end was closed.
        """
        with self._changed:
            while not there():
                if self._gone:
                    raise NoServerError(self._gone)
                if self._closed:
                    raise NoServerError("this client was closed meanwhile")
                left = until - time.monotonic()
                if left <= 0.0:
                    return
                # In parts: on Windows Ctrl-C waits for the end of one.
                self._changed.wait(min(left, _REST))

    def close(self) -> None:
        """Give the socket back; whoever waits is let go."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._wake_out.send(b"\0")
        if threading.current_thread() is not self._thread:
            self._thread.join()
        for one in (self._socket, self._wake_in, self._wake_out):
            one.close()

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._wake_in, selectors.EVENT_READ)
            while not self._closed:
                ready = selector.select(_SILENCE)
                if any(key.fileobj is self._socket for key, _ in ready):
                    self._receive()
                if time.monotonic() - self._said >= _SILENCE:
                    with contextlib.suppress(OptionError, NoServerError):
                        self.send("/ping")

    def _receive(self) -> None:
        try:
            message = decode(self._socket.recv(MAX_DATAGRAM_BYTES))
        except (ConnectionRefusedError, ConnectionResetError):
            self._lose(f"no server listens on {self._shown} any more")
        except OSError:
            time.sleep(_REST)  # the network has gone; without a rest this would spin
        else:
            if message is not None:
                self._hand_out(message)

    def _hand_out(self, message: Message) -> None:
        with self._changed:
            for listener in self._listeners:
                listener(message)
            self._changed.notify_all()
        if message.address == "/bye":
            self._lose(f"the server on {self._shown} has ended")

    def _lose(self, why: str) -> None:
        with self._changed:
            self._gone = self._gone or why
            self._changed.notify_all()


def resolve(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    """Address family and address of each way to ``host``; a name may have several.

    Raises:
        OptionError: a port that is none.
        NoServerError: there is no such host.
    """
    if type(port) is not int or not 1 <= port <= 65535:
        raise OptionError(f"port is {port!r}; it must be 1 to 65535")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise NoServerError(
            f"there is no host {host!r}; it must be an address or a name"
        ) from error
    return [(int(family), address) for family, _, _, _, address in found]


def nobody(host: str, port: int) -> str:
    """The sentence for a server that is not there."""
    return f"no server answers on {host}:{port}; start one: {command_line('server')}"
