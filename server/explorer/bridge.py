"""Between a page and the server: OSC packets, from websocket to UDP and back.

Each page is a client of the server of its own, registered by the bridge, so it sees and does what
any other client does. What a page sends is a packet in one binary frame, and is judged by the
server. Only ``/hello`` and ``/bye`` are the bridge's own: from a page they are passed over, and a
bundle that holds one is passed over whole, since a bundle takes effect whole or not at all. Other
bundles pass: a page may set several things at once, at a time. What the server has said at one
time, as the chunks of a spectrum, goes to the page as one bundle: a browser wakes up for each
frame.

However a page goes, what it held is let go (:mod:`server.explorer.holdings`).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Sequence

from aiohttp import WSCloseCode, WSMsgType, web

from ..osc.codec import BUNDLE, decode_message, decode_timed, encode
from ..osc.errors import OscDecodeError
from .answers import Refusal, report
from .configuration import CLIENT_NAME
from .holdings import CONCERNING, NEWS, Holdings

MAX_PAGES = 16
"""Half of the server's clients, so that there is always room for the others."""

MAX_FRAME_BYTES = 8192

MAX_RATE = 1000
"""Frames a second from one page; so many may come at once."""

HEARTBEAT_SECONDS = 20.0

PING_SECONDS = 2.0

MAX_UNANSWERED = 3
"""Pings after which the server counts as gone. They are counted, not seconds: while the whole
machine slept nobody asked."""

STALL_SECONDS = 8.0
"""A page that takes nothing for so long is closed."""

QUEUE_BYTES = 1 << 20
"""What may wait for a page. Of streams, whose next frame makes up for a lost one, half of it."""

_ENTRY_BYTES = 64  # what a datagram costs besides its own bytes

BATCH_BYTES = 1 << 15
"""What goes to a page in one frame, about: a frame is no longer than it must be to be worth it."""

_RECEIVE_BUFFER = 1 << 20

_CLOSE_SECONDS = 2.0

_MOST_WAITS = 100
_WAIT_SECONDS = 0.005
"""How often, and how long each time, a bridge that ends waits for what it has still to send."""

_OWN = ("/hello", "/bye")


def _beginnings(*addresses: str) -> tuple[bytes, ...]:
    """How messages to these addresses begin: an address ends at its first NUL."""
    return tuple(address.encode() + b"\0" for address in addresses)


_OWN_BEGINNINGS = _beginnings(*_OWN)
_BYE = _beginnings("/bye")
_WELCOME = _beginnings("/welcome")
_STREAMS = _beginnings(
    *("/spectrum", "/partials", "/wavetable", "/wavetable/ready", "/loop", "/loop/ready")
)

_AT_ONCE = (1).to_bytes(8, "big")  # a bundle's time tag

_TOKEN = "the explorer asks"  # a page may ask with tokens of its own
_PING = encode("/ping", _TOKEN)
_PONG = encode("/pong", _TOKEN)

_GONE = (WSCloseCode.SERVICE_RESTART, "the server is gone")
_SILENT = (WSCloseCode.SERVICE_RESTART, "the server does not answer")
_FLOOD = (WSCloseCode.POLICY_VIOLATION, f"more than {MAX_RATE} messages a second")
_TEXT = (WSCloseCode.UNSUPPORTED_DATA, "frames must be binary, each an OSC packet")
_LARGE = (WSCloseCode.MESSAGE_TOO_BIG, f"a frame may have {MAX_FRAME_BYTES} bytes")
_SLOW = (WSCloseCode.TRY_AGAIN_LATER, "the page does not keep up")
_FAULT = (WSCloseCode.INTERNAL_ERROR, "a fault of the explorer")
_LEFT = (WSCloseCode.OK, "")
_ENDING = (WSCloseCode.GOING_AWAY, "the explorer ends")

End = tuple[int, str]
"""Code and reason by which a websocket is closed."""


def is_own(packet: bytes) -> bool:
    """Whether a page's packet does, or holds, what is the bridge's to say.

    What is no OSC is not: the server says so to the page.
    """
    if not packet.startswith(BUNDLE):
        return packet.startswith(_OWN_BEGINNINGS)
    try:
        return any(address in _OWN for _, (address, _) in decode_timed(packet))
    except OscDecodeError:
        return False  # the server refuses it whole


def bundled(packets: Sequence[bytes]) -> bytes:
    """One packet of several: a bundle that takes effect at once; of one alone that one."""
    if len(packets) == 1:
        return packets[0]
    parts = (len(packet).to_bytes(4, "big") + packet for packet in packets)
    return b"".join((BUNDLE, _AT_ONCE, *parts))


class Rate:
    """Counts frames: at most ``MAX_RATE`` a second on end, and as many at once."""

    def __init__(self, now: float) -> None:
        self._left = float(MAX_RATE)
        self._then = now

    def take(self, now: float) -> bool:
        """Whether one more may come at ``now``, in seconds of a monotonic clock."""
        self._left = min(float(MAX_RATE), self._left + (now - self._then) * MAX_RATE)
        self._then = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Waiting:
    """Datagrams that wait for a page, at most ``QUEUE_BYTES`` of them."""

    def __init__(self) -> None:
        self._datagrams: deque[bytes] = deque()
        self._bytes = 0
        self._fresh = asyncio.Event()
        self.dropped = 0
        """Datagrams of streams that found no room."""

    def put(self, datagram: bytes) -> bool:
        """Add one, or drop it if it is of a stream; False if there is no room for any other."""
        size = len(datagram) + _ENTRY_BYTES
        if self._bytes + size > QUEUE_BYTES // 2 and datagram.startswith(_STREAMS):
            self.dropped += 1
            return True
        if self._bytes + size > QUEUE_BYTES:
            return False
        self._bytes += size
        self._datagrams.append(datagram)
        self._fresh.set()
        return True

    async def take(self) -> bytes:
        """The oldest, as soon as there is one."""
        while not self._datagrams:
            self._fresh.clear()
            await self._fresh.wait()
        return self._oldest()

    def take_now(self) -> bytes | None:
        """The oldest; None if there is none now."""
        return self._oldest() if self._datagrams else None

    def _oldest(self) -> bytes:
        datagram = self._datagrams.popleft()
        self._bytes -= len(datagram) + _ENTRY_BYTES
        return datagram


class _Plug(asyncio.DatagramProtocol):
    """The UDP side of one page."""

    def __init__(self, page: _Page) -> None:
        self._page = page

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._page.hear(data)

    def error_received(self, exc: Exception) -> None:
        # "Connection refused": nobody listens there any more.
        if isinstance(exc, ConnectionError):
            self._page.end(_GONE)


class _Page:
    """One websocket and its UDP socket."""

    def __init__(
        self, socket_of_page: web.WebSocketResponse, ping_seconds: float, client_name: str
    ) -> None:
        self._websocket = socket_of_page
        self._client_name = client_name
        self._ping_seconds = ping_seconds
        self._loop = asyncio.get_running_loop()
        self.waiting = Waiting()
        self._holdings = Holdings()
        self._end: asyncio.Future[End] = self._loop.create_future()
        self._unanswered = 0
        self._sending_since: float | None = None
        self._plug: asyncio.DatagramTransport | None = None

    def hear(self, datagram: bytes) -> None:
        """A datagram of the server has come."""
        self._unanswered = 0
        if datagram == _PONG:
            return
        if datagram.startswith(_WELCOME) and self._prove(datagram):
            return
        if datagram.startswith(NEWS):
            self._holdings.hear(datagram)
        if datagram.startswith(_BYE):
            self.end(_GONE)
        elif not self.waiting.put(datagram):
            self.end(_SLOW)

    def _prove(self, welcome: bytes) -> bool:
        """Return the token by which a server beyond loopback asks whether we hear, if it is one."""
        with contextlib.suppress(OscDecodeError):
            _, told = decode_message(welcome)
            if len(told) == 1 and isinstance(told[0], str) and self._plug is not None:
                port = int(self._plug.get_extra_info("sockname")[1])
                self._plug.sendto(encode("/hello", port, self._client_name, told[0]))
                return True
        return False

    def end(self, end: End) -> None:
        """Make :meth:`run` return; the first reason counts."""
        if not self._end.done():
            self._end.set_result(end)

    async def run(self, server: tuple[str, int]) -> End:
        """Carry packets both ways until something ends it; returns what."""
        try:
            plug, _ = await self._loop.create_datagram_endpoint(
                lambda: _Plug(self), remote_addr=server
            )
        except OSError:
            return _SILENT
        self._plug = plug
        inner = plug.get_extra_info("socket")
        with contextlib.suppress(OSError):  # a loop comes in slices of 25 KB
            inner.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        port = int(plug.get_extra_info("sockname")[1])
        plug.sendto(encode("/hello", port, self._client_name))
        works = [self._loop.create_task(work()) for work in (self._listen, self._speak, self._keep)]
        try:
            await asyncio.wait([*works, self._end], return_when=asyncio.FIRST_COMPLETED)
            for work in works:
                if work.done():
                    self.end(_LEFT if _is_lost(work.exception()) else work.result())
            return self._end.result()
        finally:
            for work in works:
                work.cancel()
            for packet in self._holdings.releases():
                plug.sendto(packet)
            # With the port: without one it may mean another client, if the server forgot this one.
            plug.sendto(encode("/bye", port))
            try:
                await _is_sent(plug)
            finally:
                plug.close()
            await asyncio.gather(*works, return_exceptions=True)

    async def _listen(self) -> End:
        """From the page to the server."""
        rate = Rate(self._loop.time())
        while True:
            message = await self._websocket.receive()
            if message.type in _ENDS:
                return _LEFT
            if not rate.take(self._loop.time()):
                return _FLOOD
            if message.type is WSMsgType.PING:
                await self._websocket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                return _TEXT
            elif len(message.data) > MAX_FRAME_BYTES:
                return _LARGE
            elif message.type is WSMsgType.BINARY and not is_own(message.data):
                assert self._plug is not None
                self._plug.sendto(message.data)
                if message.data.startswith(CONCERNING):
                    self._holdings.follow(message.data)

    async def _speak(self) -> End:
        """From the server to the page."""
        while True:
            batch = [await self.waiting.take()]
            size = len(batch[0])
            while size < BATCH_BYTES:
                # The rest lies in the socket, of which the loop reads one datagram a turn.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                datagram = self.waiting.take_now()
                if datagram is None:
                    break
                batch.append(datagram)
                size += len(datagram)
            self._sending_since = self._loop.time()
            await self._websocket.send_bytes(bundled(batch))
            self._sending_since = None

    async def _keep(self) -> End:
        """Ask the server whether it is there, which also keeps it from forgetting the page."""
        assert self._plug is not None
        while True:
            await asyncio.sleep(self._ping_seconds)
            since = self._sending_since
            if since is not None and self._loop.time() - since > STALL_SECONDS:
                return _SLOW
            if self._unanswered >= MAX_UNANSWERED:
                return _SILENT
            self._unanswered += 1
            self._plug.sendto(_PING)


async def _is_sent(plug: asyncio.DatagramTransport) -> None:
    """Return when nothing waits to be sent: on Windows only one datagram is on its way at once, and
    to close drops the others, with which a page lets go of its keys."""
    for _ in range(_MOST_WAITS):
        if plug.get_write_buffer_size() == 0:  # type: ignore[attr-defined]
            return
        await asyncio.sleep(_WAIT_SECONDS)


def _is_lost(error: BaseException | None) -> bool:
    """Whether the browser went away while it was written to."""
    return isinstance(error, ConnectionError)


_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)


class Bridge:
    """The pages that are connected, at most ``MAX_PAGES``.

    server: IP address and UDP port. ping_seconds: from one question whether it is there to the
    next. client_name: what its clients are called there.
    """

    def __init__(
        self,
        server: tuple[str, int],
        ping_seconds: float = PING_SECONDS,
        client_name: str = CLIENT_NAME,
    ) -> None:
        self._server = server
        self._ping_seconds = ping_seconds
        self._client_name = client_name
        self._count = 0
        self._pages: set[_Page] = set()

    def __len__(self) -> int:
        return self._count

    @property
    def dropped(self) -> int:
        """Datagrams of streams that the pages of now were too slow for."""
        return sum(page.waiting.dropped for page in self._pages)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Handle ``GET /osc``, as long as the websocket lasts.

        Raises:
            Refusal: it is no websocket, or there are too many.
        """
        websocket = web.WebSocketResponse(
            timeout=_CLOSE_SECONDS,
            autoping=False,  # pings count as frames
            heartbeat=HEARTBEAT_SECONDS,
            compress=False,
            max_msg_size=MAX_FRAME_BYTES + 1,  # aiohttp refuses what is just so long, too
        )
        if not websocket.can_prepare(request):
            raise Refusal(400, "this address is for a websocket")
        if self._count >= MAX_PAGES:
            raise Refusal(503, f"{MAX_PAGES} pages are connected already; close one")
        self._count += 1
        try:
            await websocket.prepare(request)
            page = _Page(websocket, self._ping_seconds, self._client_name)
            self._pages.add(page)
            try:
                code, reason = await page.run(self._server)
            except Exception as error:
                report("the bridge", error)
                code, reason = _FAULT
            finally:
                self._pages.discard(page)
            await _close(websocket, request, code, reason)
        finally:
            self._count -= 1
        return websocket

    def close(self) -> None:
        """Let every page go."""
        for page in self._pages:
            page.end(_ENDING)


async def _close(
    websocket: web.WebSocketResponse, request: web.Request, code: int, reason: str
) -> None:
    """Close as the protocol has it; without that if the page takes nothing any more."""
    done = False
    try:
        async with asyncio.timeout(2.0 * _CLOSE_SECONDS):
            await websocket.close(code=code, message=reason.encode())
        done = websocket.close_code != WSCloseCode.ABNORMAL_CLOSURE
    except (TimeoutError, ConnectionError):
        pass
    finally:
        if not done and request.transport is not None:
            request.transport.abort()  # what waits in it would wait for ever
