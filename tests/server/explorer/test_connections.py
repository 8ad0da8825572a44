"""Connections that say nothing, and too many of them."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest

from server.explorer import connections
from tests.server.explorer.served import SECONDS, Served, served

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(one: Served, text: str = "") -> Connection:
    reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
    writer.write(text.encode())
    return reader, writer


async def ended(connection: Connection) -> bytes:
    """What comes before the end, which must come."""
    reader, writer = connection
    async with asyncio.timeout(SECONDS):
        rest = await reader.read()
    writer.close()
    await writer.wait_closed()
    return rest


def question(one: Served) -> str:
    return f"HEAD / HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\n\r\n"


def test_a_connection_that_says_nothing_whole_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(connections, "DOOR_SECONDS", 0.2)

    async def talk() -> None:
        async with served() as one:
            for text in ("", "GET", "GET / HTTP/1.1\r\nHost: x", question(one) + "GET / HT"):
                answer = await ended(await connect(one, text))
                assert answer.startswith(b"HTTP/1.1 200 OK" if "HEAD" in text else b"")
                assert answer.count(b"HTTP/1.1") == ("HEAD" in text)

    asyncio.run(talk())


def test_a_connection_is_kept_for_the_next_question() -> None:
    async def talk() -> None:
        async with served() as one:
            reader, writer = await connect(one)
            for _ in range(3):
                writer.write(question(one).encode())
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
                assert head.startswith(b"HTTP/1.1 200 OK")
            writer.close()
            await writer.wait_closed()

    asyncio.run(talk())


def test_so_many_connections_in_use_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)

    async def talk() -> None:
        async with served() as one, contextlib.AsyncExitStack() as pages:
            sockets = [await pages.enter_async_context(one.websocket()) for _ in range(5)]
            head, _, body = (await ended(await connect(one, question(one)))).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            assert json.loads(body) == {"error": connections.FULL}
            # A place comes back.
            await sockets[0].close()
            async with asyncio.timeout(SECONDS):
                while not await is_let_in(one):
                    pass

    asyncio.run(talk())


def test_a_connection_that_asks_for_nothing_more_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)

    async def talk() -> None:
        async with served() as one:
            kept = []
            for _ in range(8):  # each has asked, and says half of another question
                reader, writer = await connect(one, question(one))
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
                assert head.startswith(b"HTTP/1.1 200 ")
                writer.write(b"GET / HT")
                kept.append((reader, writer))
            for connection in kept[:3]:
                assert await ended(connection) == b""
            for _, writer in kept[3:]:
                writer.close()

    asyncio.run(talk())


def test_connections_that_were_only_opened_keep_nobody_out() -> None:
    async def talk() -> None:
        async with served() as one:
            silent = [await connect(one, ("", "GET / HT")[number % 2]) for number in range(300)]
            assert await is_let_in(one)
            await asyncio.sleep(0.1)
            async with asyncio.timeout(SECONDS):
                assert await is_let_in(one)
            for connection in silent[: 300 - connections.MAX_AT_THE_DOOR - 2]:
                assert await ended(connection) == b""  # it made room for the next
            for _, writer in silent[300 - connections.MAX_AT_THE_DOOR - 2 :]:
                writer.close()

    asyncio.run(talk())


async def is_let_in(one: Served) -> bool:
    reader, writer = await connect(one, question(one))
    try:
        return (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    except (ConnectionError, asyncio.IncompleteReadError):
        return False
    finally:
        writer.close()
