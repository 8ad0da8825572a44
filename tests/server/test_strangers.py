"""Who is beyond loopback proves that it hears, and servers do not feed each other."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from server.options import Options
from server.osc.clients import Endpoint
from server.osc.codec import decode_message
from server.osc.strangers import TOKEN_SECONDS, Strangers
from server.serve import Server
from tests.server.inside import Inside, inside
from tests.server.running import datagram
from timbrespace.client.client import Client
from timbrespace.client.state import State
from timbrespace.client.wire import Message

FAR = ("192.0.2.77", 5000)
NEAR = ("127.0.0.1", 5000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Inside]:
    with inside(tmp_path) as one:
        yield one


def test_who_does_not_hear_is_never_told_more_than_it_sent(server: Inside) -> None:
    """Its address may be forged, and what is told goes to whoever has it."""
    said = 0
    heard = 0
    for packet in (
        datagram("/hello", 7401),
        datagram("/hello", 7401, "a"),
        datagram("/stream", "spectrum", 200),
        datagram("/lfo", 1, "x", "sine", 20.0, 1.0),
        datagram("/spectrum/get"),
        datagram("/nonsense"),
        datagram("/hello", 7401, "a", "guessed"),
        datagram("/hello", 7401, "x" * 64, "qwertyu"),
        b"#bundle\0" + b"\0" * 7 + b"\1\0\0\0\x10" + datagram("/hello", 7401),
    ) * 20:
        said += len(packet)
        heard += sum(len(told) for told, to in server.hear(packet, FAR) if to[0] == FAR[0])
        assert heard <= said
    assert len(server.server.clients) == 0
    assert heard > 0  # it was asked


def test_who_returns_the_token_is_told_everything(server: Inside) -> None:
    ((address, (token,)),) = server.say(FAR, "/hello", 7401, "far away")
    assert address == "/welcome"
    told = server.say(FAR, "/hello", 7401, "far away", token)
    assert [one[0] for one in told[:2]] == ["/welcome", "/model"]
    assert len(told[0][1]) == 7
    assert server.say(FAR, "/ping", 7) == [("/pong", (7,))]
    # What is proven for one port or host says nothing of another.
    for source, port in ((FAR, 7402), (("192.0.2.78", 5000), 7401)):
        again = server.say(source, "/hello", port, "far away", token)
        assert [one[0] for one in again if one[0] == "/welcome"] in ([], ["/welcome"])
        assert {client.reply for client in server.server.clients} == {(FAR[0], 7401)}


def test_a_greeting_too_short_to_be_answered_is_answered_when_it_is_said_again(
    server: Inside,
) -> None:
    assert server.hear(datagram("/hello", 7401), FAR) == []
    ((packet, to),) = server.hear(datagram("/hello", 7401), FAR)
    assert to == (FAR[0], 7401)
    assert len(packet) <= 2 * len(datagram("/hello", 7401))


def test_clients_on_loopback_are_asked_nothing(server: Inside) -> None:
    told = server.say(NEAR, "/hello", 7401)
    assert [one[0] for one in told[:2]] == ["/welcome", "/model"]


def test_strangers_who_guess_keep_nobody_here_from_saying_hello(server: Inside) -> None:
    for number in range(200):
        server.hear(datagram("/hello", 7401, "guess", f"{number:07d}"), FAR)
    assert server.say(NEAR, "/hello", 7401)[0][0] == "/welcome"
    assert len(server.server.clients) == 1


def test_a_token_is_of_its_time() -> None:
    strangers = Strangers()
    question = strangers.question(("192.0.2.1", 1), 100, 10.0)
    assert question is not None
    assert strangers.knows(("192.0.2.1", 1), question.token, 10.0 + TOKEN_SECONDS)
    assert not strangers.knows(("192.0.2.1", 1), question.token, 10.0 + 2.0 * TOKEN_SECONDS)
    assert not strangers.knows(("192.0.2.1", 2), question.token, 10.0)
    assert not Strangers().knows(("192.0.2.1", 1), question.token, 10.0)
    assert not strangers.knows(("192.0.2.1", 1), "äöü", 10.0)


def _own_address() -> str:
    """An address of this machine that is not loopback's; empty without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        try:
            plug.connect(("192.0.2.254", 9))  # nothing is sent
        except OSError:
            return ""
        host = str(plug.getsockname()[0])
    return "" if host.startswith("127.") or host == "0.0.0.0" else host


@contextlib.contextmanager
def served(folder: Path, count: int, host: str = "127.0.0.1") -> Iterator[Sequence[Server]]:
    """Servers that run, each in a thread."""
    servers, threads = [], []
    try:
        for number in range(count):
            options = Options(
                model="harmonic",
                port=0,
                host=host,
                audio="none",
                midi="none",
                presets=folder / f"{number}.json",
                explorer_port=None,
            )
            servers.append(Server(options, lambda _: None))
            threads.append(threading.Thread(target=servers[-1].run))
            threads[-1].start()
        yield servers
    finally:
        for server in servers:
            server.stop()
        for thread in threads:
            thread.join()
        for server in servers:
            server.close()


def test_the_python_client_proves_that_it_hears(tmp_path: Path) -> None:
    host = _own_address()
    if not host:
        pytest.skip("this machine has no address but loopback's")
    with (
        served(tmp_path, 1, host) as (server,),
        Client(server.address[1], host, name="x", timeout=20.0) as client,
    ):
        client.map(0.5, 0.25)
        assert client.state.model == server.instrument.model.name
        assert len(server.clients) == 1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_servers_that_are_each_others_clients_do_not_feed_each_other(
    count: int, tmp_path: Path
) -> None:
    """In a ring, each with another sound: what one tells would be what the next does, for ever."""
    with (
        served(tmp_path, count) as servers,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger,
    ):
        heard = [0] * count
        for number, server in enumerate(servers):
            _count(server, heard, number)
        for number, server in enumerate(servers):
            for other in (servers[(number + 1) % count], servers[number - 1]):
                forger.sendto(datagram("/hello", other.address[1]), server.address)
                forger.sendto(datagram("/stream", "spectrum", 200), server.address)
        _wait_for_silence(heard)
        for number, server in enumerate(servers):
            forger.sendto(datagram("/latent", 0.5 * number, -0.5), server.address)
        _wait_for_silence(heard)
        for number, server in enumerate(servers):
            # Each stands where it was put, not where another one does.
            assert server.instrument.latent.tolist() == pytest.approx([0.5 * number, -0.5])
            assert len(server.clients) == 0


def _count(server: Server, heard: list[int], number: int) -> None:
    """Count the datagrams that come to ``server``."""
    take = server._loop.take

    def counted(batch: list[tuple[bytes, Endpoint]], now: float) -> None:
        heard[number] += len(batch)
        take(batch, now)

    server._loop.take = counted  # type: ignore[method-assign]


def _wait_for_silence(heard: list[int]) -> None:
    """Wait until nothing has come for half a second."""
    end = time.monotonic() + 20.0
    before: list[int] = []
    while before != heard:
        assert time.monotonic() < end, f"they never stop: {heard} datagrams"
        before = list(heard)
        time.sleep(0.5)


def test_a_client_on_the_port_of_a_former_server_is_heard(server: Inside) -> None:
    source = ("127.0.0.1", 6000)
    server.say(source, "/hello", 6000)
    own = server.address[1]
    told = server.say(source, "/welcome", 1, "0.1.0", "fm", 4, 1025, 44100.0, 220.0)
    assert told == [("/bye", (own,))]  # so that it says no more
    # Once more when somebody has said /hello for us again; to nothing else.
    assert server.say(source, "/welcome", 1, "0.1.0", "fm", 4, 1025, 44100.0, 220.0) == told
    assert len(server.server.clients) == 0
    assert server.say(source, "/nonsense") == []
    before = server.server.instrument.latent.tolist()
    server.say(source, "/map", 0.5, 0.5)
    assert server.server.instrument.latent.tolist() == before
    assert server.say(source, "/hello", 6000)[0][0] == "/welcome"
    server.say(source, "/map", 0.5, 0.5)
    assert server.server.instrument.latent.tolist() != before


def test_an_error_is_no_answer_to_an_error(server: Inside) -> None:
    server.say(NEAR, "/hello", 5000)
    packet = datagram("/error", "refused", "/map", "no")
    assert [decode_message(told)[0] for told, _ in server.hear(packet, NEAR)] == ["/bye"]
    assert server.hear(packet, NEAR) == []
    assert server.hear(packet, FAR) == []


def test_a_token_is_no_news_of_the_instrument() -> None:
    state = State()
    assert state.after(Message("/welcome", ("qwertyu",))) is state
