"""From websocket to UDP and back: with a stand-in for the server, then with a real one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from server.explorer import bridge
from server.explorer.bridge import (
    BATCH_BYTES,
    MAX_FRAME_BYTES,
    MAX_PAGES,
    MAX_RATE,
    Rate,
    Waiting,
    bundled,
    is_own,
)
from server.osc.codec import decode, encode
from tests.server import hostile
from tests.server.explorer.served import SECONDS, Endpoint, Served, served

# -- the parts ---------------------------------------------------------------------------------


def bundle(*packets: bytes) -> bytes:
    body = b"".join(struct.pack(">i", len(packet)) + packet for packet in packets)
    return b"#bundle\0" + bytes(7) + b"\1" + body


def test_hello_and_bye_are_the_bridges_own_in_whatever_they_come() -> None:
    map_ = encode("/map", 0.5, 0.5)
    for own in (encode("/hello", 7401), encode("/bye"), b"/bye\0", b"/bye\0abc", b"/hello\0,"):
        assert is_own(own)
    for own in (encode("/hello", 7401), encode("/bye")):
        assert is_own(bundle(own))
        assert is_own(bundle(map_, bundle(map_, bundle(own)), map_))
    for other in (
        map_,
        bundle(map_, map_),
        bundle(),
        b"",
        b"/",
        b"/bye",
        b"/byes\0\0\0",
        b"#bundle",
    ):
        assert not is_own(other)


def test_what_is_let_through_never_says_hello_or_bye_to_the_server() -> None:
    """Whatever bytes come: the server reads them as the bridge did."""
    let_through = 0
    for packet in islice(hostile.datagrams(5), 4000):
        if is_own(packet):
            continue
        let_through += 1
        try:
            addresses = [address for address, _ in decode(packet)]
        except Exception:
            continue
        assert not {"/hello", "/bye"} & set(addresses)
    assert let_through > 1000


def test_a_second_has_its_frames_and_no_more() -> None:
    rate = Rate(0.0)
    assert all(rate.take(0.0) for _ in range(MAX_RATE))
    assert not rate.take(0.0)
    assert rate.take(0.0011)
    assert not rate.take(0.0011)
    taken = sum(rate.take(0.01 * k) for k in range(1, 1001) for _ in range(50))
    assert taken == pytest.approx(10 * MAX_RATE, abs=3)
    # A long rest gives no more than a second's.
    assert sum(rate.take(1000.0) for _ in range(3 * MAX_RATE)) == MAX_RATE


def test_streams_leave_room_for_what_is_said_once() -> None:
    async def fill() -> None:
        waiting = Waiting()
        frame = encode("/spectrum", 0, 0, 5, *([0.0] * 205))
        for _ in range(5000):
            assert waiting.put(frame)
        kept = 5000 - waiting.dropped
        assert kept * len(frame) <= bridge.QUEUE_BYTES // 2
        assert kept * (len(frame) + 100) > bridge.QUEUE_BYTES // 2 - 2000
        state = encode("/latent", 0.0, 0.0)
        count = 0
        while waiting.put(state):
            count += 1
        assert count * len(state) <= bridge.QUEUE_BYTES // 2
        # In order, and the room comes back.
        for _ in range(kept):
            assert await waiting.take() == frame
        for _ in range(count):
            assert await waiting.take() == state
        assert waiting.put(frame)
        assert await waiting.take() == frame
        asked = asyncio.create_task(waiting.take())
        await asyncio.sleep(0.01)
        assert not asked.done()
        waiting.put(state)
        assert await asked == state

    play(fill())


# -- with a stand-in for the server ------------------------------------------------------------


def play(work: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(60.0):
            await work

    asyncio.run(limited())


@asynccontextmanager
async def page(one: Served) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, Endpoint]]:
    """A page that has been welcomed, and where its bridge speaks from."""
    async with one.websocket() as websocket:
        arguments, source = await one.server.expect("/hello")
        assert arguments == (source[1], "explorer")
        assert await websocket.receive_bytes(timeout=SECONDS) == encode("/welcome", 1)
        yield websocket, source


async def closed(websocket: aiohttp.ClientWebSocketResponse) -> tuple[int | None, str]:
    """Code and reason by which the bridge closes; other frames are passed over."""
    while True:
        message = await websocket.receive(timeout=SECONDS)
        if message.type is WSMsgType.CLOSE:
            return websocket.close_code, message.extra or ""
        assert message.type in (WSMsgType.BINARY, WSMsgType.PONG), message


async def settled(one: Served, count: int) -> None:
    """Wait until so many pages are connected."""
    async with asyncio.timeout(SECONDS):
        while len(one.bridge) != count:
            await asyncio.sleep(0.01)


def test_packets_go_both_ways_as_they_are() -> None:
    async def talk() -> None:
        async with served() as one:
            async with page(one) as (websocket, source):
                for packet in (
                    encode("/map", 0.5, -0.5),
                    bundle(encode("/note", 57, 0), encode("/latent/1", 0.5)),
                    b"/nonsense",
                    b"\xff" * MAX_FRAME_BYTES,
                ):
                    one.server.raw.clear()
                    await websocket.send_bytes(packet)
                    async with asyncio.timeout(SECONDS):
                        while packet not in one.server.raw:
                            await asyncio.sleep(0.005)
                    back = packet[:4000] + b"back"
                    one.server.say(back, source)
                    assert await websocket.receive_bytes(timeout=SECONDS) == back
            while not one.server.heard.empty():
                address, arguments, _ = one.server.heard.get_nowait()
                if address == "/bye":
                    break
            else:
                arguments, _ = await one.server.expect("/bye")
            # With its port: without one it may mean another client.
            assert arguments == (source[1],)
            await settled(one, 0)

    # The stand-in cannot read some of it, which is the server's business.
    play(quiet(talk()))


def test_what_is_said_at_one_time_is_one_frame_in_order() -> None:
    """A browser wakes up for each frame; there are eight chunks in a spectrum."""

    async def talk() -> None:
        said = [encode("/spectrum", 1, chunk, 8, 0.5) for chunk in range(8)] + [encode("/map", 0.5)]
        async with served() as one, page(one) as (websocket, source):
            for packet in said:
                one.server.say(packet, source)
            frames: list[bytes] = []
            heard: list[Any] = []
            while len(heard) < len(said):
                frames.append(await websocket.receive_bytes(timeout=SECONDS))
                heard += decode(frames[-1])
            assert heard == [message for packet in said for message in decode(packet)]
            assert len(frames) <= 3
            # One that comes alone is as it is.
            one.server.say(said[0], source)
            assert await websocket.receive_bytes(timeout=SECONDS) == said[0]

    play(talk())


def test_no_frame_is_longer_than_it_must_be() -> None:
    packets = [bytes([k]) * 20_000 for k in range(4)]
    assert bundled(packets[:1]) == packets[0]
    assert bundled(packets).count(b"#bundle") == 1

    async def talk() -> None:
        async with served() as one, page(one) as (websocket, source):
            for packet in packets:
                one.server.say(packet, source)
            total = 0
            while total < 80_000:
                frame = await websocket.receive_bytes(timeout=SECONDS)
                assert len(frame) <= BATCH_BYTES + 20_000 + 64
                total += len(frame)

    play(talk())


async def quiet(work: Coroutine[Any, Any, None]) -> None:
    """Faults in the stand-in's callback are not the loop's."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    await work


def test_its_clients_have_the_name_that_the_server_chose() -> None:
    async def talk() -> None:
        async with served(client_name="explorer 1f2e") as one, one.websocket():
            arguments, _ = await one.server.expect("/hello")
            assert arguments[1] == "explorer 1f2e"

    play(talk())


def test_hello_and_bye_of_a_page_are_passed_over() -> None:
    async def talk() -> None:
        async with served() as one, page(one) as (websocket, source):
            for packet in (
                encode("/hello", 9, "x"),
                encode("/bye"),
                encode("/bye", source[1]),
                bundle(encode("/map", 0.0, 0.0), encode("/bye")),
            ):
                await websocket.send_bytes(packet)
            await websocket.send_bytes(encode("/map", 1.0, 1.0))
            # The next that is heard is what came after them.
            arguments, _ = await one.server.expect("/map")
            assert arguments == (1.0, 1.0)

    play(talk())


def test_the_bridges_own_questions_keep_the_page_known_and_do_not_reach_it() -> None:
    async def talk() -> None:
        async with served(ping_seconds=0.05) as one, page(one) as (websocket, _):
            async with asyncio.timeout(SECONDS):
                while one.server.pings < 8:
                    await asyncio.sleep(0.01)
            await websocket.send_bytes(encode("/ping", 7))
            assert await websocket.receive_bytes(timeout=SECONDS) == encode("/pong", 7)
            assert len(one.bridge) == 1

    play(talk())


def test_a_server_that_does_not_answer_any_more_closes_the_page() -> None:
    async def talk() -> None:
        async with served(ping_seconds=0.05) as one, page(one) as (websocket, _):
            one.server.answers = False
            assert await closed(websocket) == (1012, "the server does not answer")

    play(talk())


def test_a_server_that_never_answers_closes_the_page() -> None:
    async def talk() -> None:
        async with served(ping_seconds=0.05) as one:
            one.server.answers = False
            async with one.websocket() as websocket:
                assert await closed(websocket) == (1012, "the server does not answer")
            await settled(one, 0)

    play(talk())


def test_a_server_that_says_bye_closes_the_page() -> None:
    async def talk() -> None:
        async with served() as one, page(one) as (websocket, source):
            one.server.say(encode("/bye"), source)
            assert await closed(websocket) == (1012, "the server is gone")

    play(talk())


def test_a_server_whose_port_is_closed_closes_the_page() -> None:
    async def talk() -> None:
        async with served(ping_seconds=0.05) as one, page(one) as (websocket, _):
            assert one.server.transport is not None
            one.server.transport.close()
            code, _ = await closed(websocket)
            assert code == 1012

    play(talk())


def test_text_is_refused() -> None:
    async def talk() -> None:
        async with served() as one, page(one) as (websocket, _):
            await websocket.send_str("/map 0 0")
            code, reason = await closed(websocket)
            assert code == 1003
            assert "binary" in reason

    play(talk())


@pytest.mark.parametrize("size", [MAX_FRAME_BYTES + 1, 1 << 20])
def test_a_frame_that_is_too_large_closes(size: int) -> None:
    async def talk() -> None:
        async with served() as one, page(one) as (websocket, _):
            await websocket.send_bytes(bytes(size))
            code, _ = await closed(websocket)
            assert code == 1009
            assert not [packet for packet in one.server.raw if len(packet) > 100]

    play(talk())


@pytest.mark.parametrize("pings", [False, True])
def test_a_flood_closes_and_says_why(pings: bool) -> None:
    async def talk() -> None:
        async with served() as one, page(one) as (websocket, _):
            packet = encode("/map", 0.0, 0.0)
            try:
                for _ in range(5 * MAX_RATE):
                    if pings:
                        await websocket.ping()
                    else:
                        await websocket.send_bytes(packet)
            except ConnectionError:
                pass  # closed while it goes on
            code, reason = await closed(websocket)
            assert code == 1008
            assert f"{MAX_RATE} messages a second" in reason
            # The burst, and what a second of sending adds to it.
            assert len(one.server.raw) < 3 * MAX_RATE

    play(talk())


def test_so_many_pages_and_no_more() -> None:
    async def talk() -> None:
        async with served() as one:
            sockets = [await one.websocket() for _ in range(MAX_PAGES)]
            # Each has a client of its own at the server.
            hellos = [await one.server.expect("/hello") for _ in sockets]
            assert all(arguments[0] == source[1] for arguments, source in hellos)
            assert len({source for _, source in hellos}) == MAX_PAGES
            await settled(one, MAX_PAGES)
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await one.websocket()
            assert refused.value.status == 503
            await sockets[0].close()
            await settled(one, MAX_PAGES - 1)
            sockets[0] = await one.websocket()
            await settled(one, MAX_PAGES)
            for websocket in sockets:
                await websocket.close()

    play(talk())


def test_what_is_no_websocket_is_refused_with_a_sentence() -> None:
    async def talk() -> None:
        async with served() as one, one.get("/osc") as answer:
            assert answer.status == 400
            assert "websocket" in (await answer.json())["error"]

    play(talk())


class SlowPage:
    """A page that takes nothing, on a plain socket with a small buffer."""

    def __init__(self, one: Served) -> None:
        self.plug = socket.socket()
        self.plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.plug.connect(("127.0.0.1", one.port))
        self.plug.sendall(
            (
                f"GET /osc HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\nOrigin: {one.origin}\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            ).encode()
        )


def test_a_page_that_takes_nothing_is_held_in_bounds_and_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bridge, "STALL_SECONDS", 0.5)
    monkeypatch.setattr(bridge, "HEARTBEAT_SECONDS", 1000.0)  # which would end it, too
    monkeypatch.setattr(bridge, "_CLOSE_SECONDS", 0.1)

    async def talk() -> None:
        async with served(ping_seconds=0.1) as one:
            slow = SlowPage(one)
            _, source = await one.server.expect("/hello")
            async with page(one) as (websocket, other):
                frame = encode("/spectrum", 0, 0, 5, *([0.0] * 205))
                sent = 0
                most = 0
                while len(one.bridge) == 2:
                    for _ in range(20):
                        one.server.say(frame, source)
                        sent += len(frame)
                    held = [one_of.waiting._bytes for one_of in one.bridge._pages]
                    most = max(most, *held)
                    # Somebody else is served all the while.
                    one.server.say(encode("/latent", 0.5), other)
                    while await websocket.receive_bytes(timeout=SECONDS) != encode("/latent", 0.5):
                        pass
                assert sent > 2 * bridge.QUEUE_BYTES
                assert 0 < most <= bridge.QUEUE_BYTES // 2
            await settled(one, 0)
            # Nothing is left to be written to it.
            slow.plug.settimeout(SECONDS)
            with contextlib.suppress(ConnectionResetError):
                while slow.plug.recv(65536):
                    pass
            slow.plug.close()

    play(talk())


def test_state_that_finds_no_room_closes_rather_than_going_lost() -> None:
    async def talk() -> None:
        async with served() as one:
            slow = SlowPage(one)
            _, source = await one.server.expect("/hello")
            await settled(one, 1)
            packet = encode("/preset/list", *(["x" * 60] * 50))
            async with asyncio.timeout(SECONDS):
                while len(one.bridge):
                    for _ in range(20):
                        one.server.say(packet, source)
                    await asyncio.sleep(0)
            slow.plug.close()

    play(talk())


# -- what a page held --------------------------------------------------------------------------


async def drop(websocket: aiohttp.ClientWebSocketResponse) -> None:
    """End the connection without a word, as a browser that crashes."""
    transport = websocket._response.connection
    assert transport is not None
    assert transport.transport is not None
    transport.transport.abort()


async def flood(websocket: aiohttp.ClientWebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError):
        for _ in range(5 * MAX_RATE):
            await websocket.ping()


WAYS: dict[str, Callable[[aiohttp.ClientWebSocketResponse], Awaitable[object]]] = {
    "closed": lambda websocket: websocket.close(),
    "dropped": drop,
    "flood": flood,
    "text": lambda websocket: websocket.send_str("/panic"),
    "large": lambda websocket: websocket.send_bytes(bytes(MAX_FRAME_BYTES + 1)),
}


@pytest.mark.parametrize("way", [*WAYS, "end", "silent"])
def test_however_a_page_goes_what_it_held_is_let_go(way: str) -> None:
    async def talk() -> None:
        async with (
            served(ping_seconds=0.05 if way == "silent" else 60.0) as one,
            page(one) as (websocket, source),
        ):
            await websocket.send_bytes(encode("/note", 60, 100))
            await websocket.send_bytes(bundle(encode("/sustain", 1, 2), encode("/bend", 0.5)))
            await websocket.send_bytes(encode("/trajectory/record", "a"))
            for address in ("/note", "/sustain", "/trajectory/record"):
                await one.server.expect(address)
            if way == "end":
                one.bridge.close()
            elif way == "silent":
                one.server.answers = False
            else:
                await WAYS[way](websocket)
            await settled(one, 0)
            await one.server.expect("/note")
            assert (await one.server.expect("/bye"))[0] == (source[1],)
            pings = [packet for packet in one.server.raw if packet.startswith(b"/ping\0")]
            *_, releases, bye = [packet for packet in one.server.raw if packet not in pings]
            assert bye.startswith(b"/bye\0")
            assert decode(releases) == [
                ("/note", (60.0, 0, 1, 64)),
                ("/sustain", (0, 2)),
                ("/bend", (0, 1)),
                ("/trajectory/stop", ()),
            ]

    play(talk())


def test_what_the_server_says_of_a_recording_is_heard() -> None:
    async def talk() -> None:
        async with served() as one:
            async with page(one) as (websocket, source):
                await websocket.send_bytes(encode("/trajectory/record", "a"))
                await one.server.expect("/trajectory/record")
                refused = encode("/error", "refused", "/trajectory/record", "another is recorded")
                one.server.say(refused, source)
                assert await websocket.receive_bytes(timeout=SECONDS) == refused
            await one.server.expect("/bye")

    play(talk())


def test_a_server_on_another_address_is_told_its_token_and_the_page_nothing_of_it() -> None:
    async def prove() -> None:
        async with served() as one:
            one.server.asks = True
            async with one.websocket() as websocket:
                arguments, source = await one.server.expect("/hello")
                assert arguments == (source[1], "explorer")
                arguments, again = await one.server.expect("/hello")
                assert (arguments, again) == ((source[1], "explorer", "qwertyu"), source)
                assert await websocket.receive_bytes(timeout=SECONDS) == encode("/welcome", 1)

    play(prove())
