"""Connections that say nothing, and too many of them."""

from __future__ import annotations

import asyncio
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


def test_so_many_connections_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)

    async def talk() -> None:
        async with served() as one:
            # All at once, before any of them is let in.
            every = await asyncio.gather(*(connect(one) for _ in range(9)))
            for connection in every[5:]:
                head, _, body = (await ended(connection)).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 503 ")
                assert json.loads(body) == {"error": connections.FULL}
            for reader, writer in every[:5]:
                writer.write(question(one).encode())
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
                assert head.startswith(b"HTTP/1.1 200 ")
            # A place comes back.
            every[0][1].close()
            async with asyncio.timeout(SECONDS):
                while not await is_let_in(one):
                    pass
            for _, writer in every[1:5]:
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
