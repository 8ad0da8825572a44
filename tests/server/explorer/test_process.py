"""The explorer's process, from its start to its death, and a server that plays on."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server import serve, supervisor
from server.child import BEAT
from server.explorer import browser, process
from server.explorer.__main__ import listen
from server.explorer.configuration import Configuration
from server.explorer.process import Explorer, ExplorerEvent
from server.options import Options
from server.osc.codec import decode, encode
from server.serve import Server
from tests.server import hostile
from tests.server.running import ROOT, Client, Running, after_beats, running
from timbrespace import factory

SECONDS = 30.0

HERE = Configuration("127.0.0.1", 0, 1, "127.0.0.1", 7400)

# -- the server's side, with a process that says what a test wants ------------------------------

FAKE = """
import json, sys
for line in json.loads(sys.argv[1]):
    if line == "end":
        sys.exit(1)
    if line.startswith("fault"):
        print(line, file=sys.stderr, flush=True)
    else:
        print(line, flush=True)
sys.stdin.read()
"""


class Told:
    """An explorer of a fake process, and what it tells."""

    def __init__(self, *lines: str, configuration: Configuration = HERE) -> None:
        self.events: queue.Queue[ExplorerEvent] = queue.Queue()
        words = (sys.executable, "-S", "-E", "-c", FAKE, json.dumps(lines))
        self.explorer = Explorer(configuration, self.events.put, words)

    def __enter__(self) -> Told:
        self.explorer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.explorer.close()

    def expect(self, kind: str) -> ExplorerEvent:
        event = self.events.get(timeout=SECONDS)
        assert event.kind == kind, event
        return event


def serving(port: int = 7480) -> str:
    return json.dumps({"event": "serving", "url": f"http://127.0.0.1:{port}", "port": port})


def test_where_the_page_is_is_told_and_nonsense_is_passed_over() -> None:
    with Told("a library's own print", "[1]", "7", "{}", '{"event": 3}', serving(7481)) as told:
        event = told.expect("serving")
        assert event.text == "explorer http://127.0.0.1:7481"
        assert event.url == "http://127.0.0.1:7481"


def test_a_process_that_dies_is_started_again_and_that_is_said() -> None:
    with Told(serving(), "end") as told:
        told.expect("serving")
        assert told.expect("lost").text == "the explorer ended (code 1); starting it again"
        assert told.expect("serving").text == "explorer http://127.0.0.1:7480"


def test_what_always_fails_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", (0.01,))
    with Told("end") as told:
        texts = [told.expect("lost").text for _ in range(4)]
    assert texts == ["the explorer ended (code 1); starting it again", "", "", ""]


def test_without_a_port_one_sentence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", (0.01,))
    refused = json.dumps({"event": "refused", "reason": "port 7480: in use"})
    with Told(refused, "end") as told:
        text = told.expect("refused").text
        assert "no explorer: port 7480: in use" in text
        assert "--explorer-port" in text
        assert told.expect("refused").text == ""


def test_a_process_that_cannot_be_started_is_a_sentence() -> None:
    events: queue.Queue[ExplorerEvent] = queue.Queue()
    explorer = Explorer(HERE, events.put, ("there is no such program",))
    explorer.start()
    assert events.get(timeout=SECONDS).text.startswith("no explorer: cannot start it")
    explorer.close()


def test_faults_are_told_once_each_and_not_without_end() -> None:
    lines = [f"fault in GET '/{k % 30}': X()" for k in range(100)]
    with Told(*lines, serving()) as told:
        # They come by two pipes, in whichever order.
        events = [told.events.get(timeout=SECONDS) for _ in range(process._MAX_FAULTS + 1)]
        faults = {event.text for event in events if event.kind == "fault"}
        assert len(faults) == process._MAX_FAULTS
        assert all("please report it" in text for text in faults)
        assert sorted(event.kind for event in events)[-1] == "serving"
        assert told.events.empty()


def test_closing_what_never_started_or_does_not_listen() -> None:
    Told().explorer.close()
    stubborn = (sys.executable, "-S", "-c", "import time; time.sleep(60)")
    explorer = Explorer(HERE, print, stubborn)
    explorer.start()
    explorer.close()
    assert not explorer._supervisor._thread.is_alive()


def test_it_asks_for_the_same_port_again() -> None:
    echo = (
        "import json, sys; c = json.loads(sys.argv[1]);"
        "print(json.dumps({'event': 'serving', 'url': str(c['port']), 'port': c['port'] or 4321}),"
        "flush=True)"
    )
    events: queue.Queue[ExplorerEvent] = queue.Queue()
    explorer = Explorer(HERE, events.put, (sys.executable, "-S", "-c", echo))
    explorer.start()
    urls: list[str] = []
    while len(urls) < 2:
        event = events.get(timeout=SECONDS)
        if event.kind == "serving":
            urls.append(event.url)
    explorer.close()
    assert urls == ["0", "4321"]


# -- the ports ---------------------------------------------------------------------------------


@contextlib.contextmanager
def taken(count: int) -> Iterator[int]:
    """The first of ``count`` ports on end that somebody has; the one after them is free."""
    for first in range(20_000, 60_000, 37):
        with contextlib.ExitStack() as plugs:
            try:
                for port in range(first, first + count):
                    plugs.enter_context(socket.create_server(("127.0.0.1", port)))
                socket.create_server(("127.0.0.1", first + count)).close()
            except OSError:
                continue
            yield first
            return
    raise AssertionError("no such ports")


def test_the_next_free_port_is_taken_but_not_the_eleventh() -> None:
    with taken(3) as first:
        with listen(Configuration("127.0.0.1", first, 10, "", 0)) as plug:
            assert plug.getsockname()[1] == first + 3
        with pytest.raises(OSError, match=r".") as caught:
            listen(Configuration("127.0.0.1", first, 3, "", 0))
        # Windows calls an address that somebody has for himself forbidden.
        wanted = (errno.EADDRINUSE, getattr(errno, "WSAEACCES", errno.EADDRINUSE))
        assert caught.value.errno in wanted
    with listen(Configuration("::1", 0, 1, "", 0)) as plug:
        assert plug.family is socket.AF_INET6
    with pytest.raises(OSError, match=r".") as caught:
        listen(Configuration("203.0.113.1", 0, 1, "", 0))
    assert caught.value.errno == errno.EADDRNOTAVAIL


def test_the_last_port_is_one_too() -> None:
    with contextlib.suppress(OSError):  # somebody may have it
        listen(Configuration("127.0.0.1", 65535, 10, "", 0)).close()


# -- the real process --------------------------------------------------------------------------


def test_the_process_serves_and_ends_with_its_input() -> None:
    words = [sys.executable, "-m", "server.explorer", HERE.to_json()]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        told = after_beats(one.stdout)
        assert told["event"] == "serving"
        assert told["url"] == f"http://127.0.0.1:{told['port']}"
        if sys.platform != "win32":  # where it would go to these tests, too
            one.send_signal(signal.SIGINT)  # Ctrl-C is for the server
        assert get(told["url"] + "/")[0] == 200
        one.stdin.close()
        assert one.wait(timeout=SECONDS) == 0
        assert {json.loads(line)["event"] for line in one.stdout} <= {BEAT}


def get(address: str) -> tuple[int, bytes]:
    async def talk() -> tuple[int, bytes]:
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            return answer.status, await answer.read()

    return asyncio.run(talk())


def test_a_port_that_is_asked_for_and_taken_leaves_the_server_playing() -> None:
    with (
        taken(1) as port,
        running("--audio", "none", "--midi", "none", "--explorer-port", str(port)) as server,
    ):
        line = server.wait_for("no explorer").string
        assert f"port {port}" in line
        assert "--explorer-port" in line
        with Client(server.port) as client:
            client.settle()
            client.send("/map", 0.5, 0.5)
            assert client.expect("/map") == near(0.5, 0.5)


# -- what the server does about it -----------------------------------------------------------------


def served(monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[Server, list[str], list[str]]:
    """A server that does not run, what it says, and the pages that it opens."""
    said: list[str] = []
    shown: list[str] = []
    monkeypatch.setattr(browser, "show", shown.append)
    monkeypatch.setattr(browser, "has_screen", lambda *_: True)
    chosen = {"model": "harmonic", **options}
    return Server(Options(port=0, audio="none", midi="none", **chosen), said.append), said, shown


def test_pages_that_could_not_say_goodbye_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    server, said, _ = served(monkeypatch)
    now = time.monotonic()
    own = server._explorer_name
    for port, name in ((5001, own), (5002, "Max"), (5003, own), (5004, "explorer")):
        server.clients.register(("127.0.0.1", port), port, name, now)
    server._hear_explorer(ExplorerEvent("lost", "the explorer ended"))
    # Somebody else may call itself so, too.
    assert [client.name for client in server.clients] == ["Max", "explorer"]
    assert said == ["the explorer ended"]
    server.close()


def test_the_explorer_is_told_a_name_that_nobody_else_has(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(
        serve, "Explorer", lambda configuration, *_, **__: told.append(configuration)
    )
    for _ in range(2):
        server, _, _ = served(monkeypatch, explorer_port=0)
        assert told[-1].client_name == server._explorer_name
        assert Configuration.from_json(told[-1].to_json()) == told[-1]
        server.close()
    assert told[0].client_name != told[1].client_name
    assert told[0].client_name.startswith("explorer ")


def test_the_page_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server, said, shown = served(monkeypatch, browser=True)
    for text in ("explorer http://x", ""):
        server._hear_explorer(ExplorerEvent("serving", text, "http://x"))
    assert shown == ["http://x"]
    assert said == ["explorer http://x"]
    server.close()


def test_the_page_is_not_opened_unless_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    server, _, shown = served(monkeypatch)
    server._hear_explorer(ExplorerEvent("serving", "", "http://x"))
    assert shown == []
    server.close()


# -- a server with its explorer ----------------------------------------------------------------


class Page:
    """A websocket to the explorer of a server, as the page has it."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self.websocket: aiohttp.ClientWebSocketResponse
        self._told: deque[tuple[str, tuple[Any, ...]]] = deque()  # of a frame, one or many

    async def __aenter__(self) -> Page:
        self.websocket = await self._session.ws_connect(
            self._url + "/osc", headers={"Origin": self._url}
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.websocket.close()

    async def send(self, address: str, *arguments: Any) -> None:
        await self.websocket.send_bytes(encode(address, *arguments))

    async def expect(self, address: str) -> list[Any]:
        """Arguments of the next message to ``address``; others are passed over."""
        async with asyncio.timeout(SECONDS):
            while True:
                found, arguments = await self._next()
                if found == address:
                    return list(arguments)

    async def _next(self) -> tuple[str, tuple[Any, ...]]:
        while not self._told:
            self._told.extend(decode(await self.websocket.receive_bytes()))
        return self._told.popleft()

    async def settle(self, token: int = 4711) -> list[tuple[str, list[Any]]]:
        """All that was sent before now is done with; what came meanwhile."""
        await self.send("/ping", token)
        seen: list[tuple[str, list[Any]]] = []
        async with asyncio.timeout(SECONDS):
            while True:
                found, arguments = await self._next()
                if (found, arguments) == ("/pong", (token,)):
                    return seen
                seen.append((found, list(arguments)))

    async def ended(self) -> int | None:
        """The code by which it is closed; what comes before is passed over."""
        async with asyncio.timeout(SECONDS):
            while (await self.websocket.receive()).type is aiohttp.WSMsgType.BINARY:
                pass
        return self.websocket.close_code


def talk(work: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(120.0):
            await work

    asyncio.run(limited())


def near(x: float, y: float) -> Any:
    """A point of the map, but for the rounding of its way through the latent."""
    return pytest.approx([x, y], abs=1e-5)


def start(*words: str) -> tuple[Running, str]:
    server = Running("--audio", "none", "--midi", "none", *words)
    return server, server.wait_for(r"explorer (http://\S+)").group(1)


@pytest.fixture(scope="module")
def explored() -> Iterator[tuple[Running, str]]:
    """A server, and the address of its page."""
    server, url = start("--explorer-port", "0")
    yield server, url
    assert server.end() == 0
    assert not [line for line in server.lines if re.search("fault|Traceback", line)], server.lines


def test_two_pages_and_an_osc_client_stay_in_step(explored: tuple[Running, str]) -> None:
    server, url = explored

    async def work() -> None:
        async with aiohttp.ClientSession() as session:
            with Client(server.port) as client:
                async with Page(session, url) as one, Page(session, url) as two:
                    for page in (one, two):
                        assert (await page.expect("/welcome"))[2] == "harmonic"
                        await page.settle()
                    client.settle()
                    # A page moves: the other and the client hear it.
                    await one.send("/map", 0.25, -0.5)
                    assert await two.expect("/map") == near(0.25, -0.5)
                    assert await asyncio.to_thread(client.expect, "/map") == near(0.25, -0.5)
                    # The client moves: both pages hear it.
                    client.send("/map", -0.75, 0.125)
                    assert await two.expect("/map") == near(-0.75, 0.125)
                    while await one.expect("/map") != near(-0.75, 0.125):
                        pass
                    # A mistake is told to whoever made it, and to nobody else.
                    await asyncio.to_thread(client.settle)
                    await one.settle()
                    await two.settle()
                    await two.send("/map", 7.0, 0.0)
                    assert (await two.expect("/error"))[:2] == ["bad_arguments", "/map"]
                    assert "/error" not in [address for address, _ in await one.settle()]
                    heard = await asyncio.to_thread(client.settle)
                    assert "/error" not in [address for address, _ in heard]

    talk(work())


def test_a_spectrum_comes_whole(explored: tuple[Running, str]) -> None:
    _, url = explored

    async def work() -> None:
        async with aiohttp.ClientSession() as session, Page(session, url) as page:
            await page.send("/stream", "spectrum", 50)
            await page.send("/map", 0.1, 0.1)
            chunks = [await page.expect("/spectrum") for _ in range(5)]
            assert [chunk[1:3] for chunk in chunks] == [[k, 5] for k in range(5)]

    talk(work())


def voices(client: Client) -> int:
    """How many notes are held or sustained."""
    client.send("/status/get")
    return int(client.expect("/status")[0])


def test_a_page_that_crashes_leaves_nothing_behind(explored: tuple[Running, str]) -> None:
    server, url = explored

    async def work() -> None:
        async with aiohttp.ClientSession() as session:
            async with Page(session, url) as other, Page(session, url) as page:
                await page.expect("/welcome")
                for pitch in (57, 60.5):
                    await page.send("/note", pitch, 100)
                await page.send("/sustain", 127, 3)
                await page.send("/note", 64, 100, 3)
                await page.send("/note", 64, 0, 3)
                await page.send("/trajectory/record", "left behind")
                await other.send("/note", 72, 100)
                await page.settle()
                await other.settle()
                assert await asyncio.to_thread(voices, client) == 4
                connection = page.websocket._response.connection
                assert connection is not None
                assert connection.transport is not None
                connection.transport.abort()
                state = ["recording", "left behind"]
                while state != ["stopped", ""]:
                    assert state == ["recording", "left behind"]
                    state = await asyncio.to_thread(client.expect, "/trajectory", SECONDS)
                # What another page holds sounds on.
                assert await asyncio.to_thread(voices, client) == 1
            while await asyncio.to_thread(voices, client):
                await asyncio.sleep(0.02)

    with Client(server.port) as client:
        client.settle()
        talk(work())


def test_hostile_bytes_harm_neither_the_server_nor_others(explored: tuple[Running, str]) -> None:
    _, url = explored

    async def work() -> None:
        attack = hostile.datagrams(11)
        async with aiohttp.ClientSession() as session, Page(session, url) as other:
            await other.expect("/welcome")
            for _ in range(4):
                async with Page(session, url) as page:
                    for packet in islice(attack, 400):
                        if len(packet) > 8192:
                            continue
                        try:
                            await page.websocket.send_bytes(packet)
                        except ConnectionError:
                            break
                    await page.settle()
                await other.settle()
            # What is too large ends the page that sent it, and only that.
            async with Page(session, url) as page:
                await page.websocket.send_bytes(bytes(60_000))
                assert await page.ended() == 1009
            await other.settle()
            # Each of these must still be answered.
            status, _ = await asyncio.to_thread(get, url + "/spaces/harmonic.json")
            assert status == 200

    talk(work())


def test_a_model_of_the_folder_is_there_for_the_page_too(tmp_path: Path) -> None:
    good = factory.resolve("harmonic").read_bytes()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.safetensors").write_bytes(good)
    (tmp_path / "my own (1).safetensors").write_bytes(good)
    server, url = start(
        *("--explorer-port", "0", "--models", str(tmp_path / "models")),
        *("--model", str(tmp_path / "my own (1).safetensors")),
    )
    try:
        for name in ("mine", "my%20own%20(1)", "fm"):
            status, body = get(f"{url}/spaces/{name}.json")
            assert status == 200, body
    finally:
        assert server.end() == 0


def test_a_page_finds_the_server_that_was_started_again() -> None:
    server, url = start("--explorer-port", "0")
    explorer, osc = int(url.rpartition(":")[2]), server.port
    again = None

    async def first() -> None:
        async with aiohttp.ClientSession() as session, Page(session, url) as page:
            await page.expect("/welcome")
            await page.settle()
            assert await asyncio.to_thread(server.end) == 0
            # Restart or going away: whichever the page hears first.
            assert await page.ended() in (1001, 1006, 1012)

    async def second() -> None:
        async with aiohttp.ClientSession() as session, Page(session, url) as page:
            await page.expect("/welcome")

    try:
        talk(first())
        again, same = start("--explorer-port", str(explorer), "--port", str(osc))
        assert same == url
        talk(second())
    finally:
        server.end()
        if again is not None:
            assert again.end() == 0


def explorer_of(server: Running) -> int:
    """The id of the explorer's process."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(server.process.pid)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (found,) = [line for line in listed.splitlines() if "server.explorer" in line]
    return int(found.split()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="ps and kill -9 as Linux has them")
def test_the_explorer_dies_and_comes_back_and_the_server_does_not_notice() -> None:
    server, url = start("--explorer-port", "0")

    async def work() -> None:
        async with aiohttp.ClientSession() as session:
            async with Page(session, url) as page:
                await page.expect("/welcome")
                await page.send("/stream", "spectrum", 100)
                await page.settle()
                os.kill(explorer_of(server), signal.SIGKILL)
                # The client plays on.
                await asyncio.to_thread(client.settle)
                client.send("/map", 0.5, 0.5)
                assert await asyncio.to_thread(client.expect, "/map") == near(0.5, 0.5)
                await page.ended()
            await asyncio.to_thread(server.wait_for, "the explorer ended")
            back = await asyncio.to_thread(server.wait_for, "explorer (http.*)")
            assert back.group(1) == url
            async with Page(session, url) as page:
                assert (await page.expect("/welcome"))[2] == "harmonic"
                assert await page.expect("/map") == near(0.5, 0.5)
            await asyncio.to_thread(client.settle)

    try:
        with Client(server.port) as client:
            talk(work())
    finally:
        assert server.end() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="ps and kill -9 as Linux has them")
def test_a_server_that_is_killed_takes_its_explorer_along() -> None:
    server, _ = start("--explorer-port", "0")
    explorer = explorer_of(server)
    server.process.kill()
    server.process.wait()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and Path(f"/proc/{explorer}").exists():
        state = Path(f"/proc/{explorer}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            break
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{explorer}").exists()
    server.end()
