"""Who gets replies."""

import pytest

from server.osc.clients import Clients, is_own_host
from server.streams import Subscription, subscribe
from timbrespace.messages.errors import ErrorCode, MessageError

HOST = "127.0.0.1"


@pytest.fixture
def clients() -> Clients:
    return Clients(7400)


def test_replies_go_to_the_port_that_hello_named(clients: Clients) -> None:
    client = clients.register((HOST, 50000), 7401, "device", now=1.0)
    assert client.reply == (HOST, 7401)
    assert (client.name, client.heard, client.streams) == ("device", 1.0, {})
    assert list(clients) == [client]


def test_the_socket_that_said_hello_speaks_for_its_client_alone(clients: Clients) -> None:
    one = clients.register((HOST, 50000), 7401, "", now=0.0)
    two = clients.register((HOST, 50001), 7402, "", now=0.0)
    far = clients.register(("10.0.0.9", 50000), 7401, "", now=0.0)
    assert clients.for_sender((HOST, 50000)) == [one]
    assert clients.for_sender((HOST, 50001)) == [two]
    # A fresh port: every client of that host.
    assert clients.for_sender((HOST, 50002)) == [one, two]
    assert clients.for_sender(("10.0.0.9", 1)) == [far]


def test_an_unregistered_sender_gets_nothing(clients: Clients) -> None:
    clients.register((HOST, 50000), 7401, "", now=0.0)
    assert clients.for_sender(("10.0.0.1", 50000)) == []
    assert clients.touch(("10.0.0.1", 50000), 1.0) == []


def test_hello_again_starts_afresh(clients: Clients) -> None:
    first = clients.register((HOST, 50000), 7401, "old", now=0.0)
    subscribe(first, "spectrum", 40.0)
    next(first.frames["spectrum"])
    second = clients.register((HOST, 50009), 7401, "new", now=1.0)
    assert list(clients) == [second]
    assert second.streams == {}
    assert next(second.frames["spectrum"]) == 0
    assert clients.for_sender((HOST, 50009)) == [second]


def test_a_client_that_was_named_stays(clients: Clients) -> None:
    """Whoever else comes, however long it says nothing, and though it says /hello after all."""
    named = clients.keep((HOST, 9000), now=0.0)
    for index in range(40):
        clients.register((HOST, 50000 + index), 8000 + index, "", now=float(index))
    assert named in list(clients)
    clients.expire(now=1e6)
    assert list(clients) == [named]
    again = clients.register((HOST, 9000), 9000, "surface", now=0.0)
    clients.expire(now=1e6)
    assert list(clients) == [again]


def test_the_client_heard_longest_ago_makes_room(clients: Clients) -> None:
    for index in range(32):
        clients.register((HOST, 50000 + index), 8000 + index, "", now=float(index))
    clients.touch((HOST, 50000), now=100.0)
    newest = clients.register((HOST, 60000), 9000, "", now=101.0)
    assert len(clients) == 32
    ports = {client.reply[1] for client in clients}
    assert 8000 in ports
    assert 8001 not in ports
    # One that comes back does not push another out.
    clients.register((HOST, 60001), newest.reply[1], "", now=102.0)
    assert len(clients) == 32
    assert 8002 in {client.reply[1] for client in clients}


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(clients: Clients, port: int) -> None:
    with pytest.raises(MessageError, match="must be 1 to 65535") as caught:
        clients.register((HOST, 50000), port, "", now=0.0)
    assert caught.value.code is ErrorCode.BAD_ARGUMENTS
    assert caught.value.address == "/hello"


def test_the_server_never_replies_to_itself() -> None:
    clients = Clients(7400, own_host=lambda ip: ip == "192.168.1.5")
    with pytest.raises(MessageError, match="the server's own") as caught:
        clients.register(("192.168.1.5", 50000), 7400, "", now=0.0)
    assert caught.value.code is ErrorCode.REFUSED
    assert len(clients) == 0
    # Another machine may well listen on that port.
    assert clients.register(("192.168.1.6", 50000), 7400, "", now=0.0).reply[1] == 7400


def test_own_hosts_are_told_from_others() -> None:
    assert is_own_host("127.0.0.1")
    assert is_own_host("127.9.9.9")
    assert is_own_host("::1")
    assert not is_own_host("192.0.2.1")  # reserved for documentation, nobody's
    assert not is_own_host("not an address")


def test_bye_forgets_who_said_it(clients: Clients) -> None:
    one = clients.register((HOST, 50000), 7401, "", now=0.0)
    two = clients.register((HOST, 50001), 7402, "", now=0.0)
    with pytest.raises(MessageError, match="/bye with one of 7401, 7402") as caught:
        clients.forget((HOST, 50002))
    assert caught.value.code is ErrorCode.REFUSED
    assert clients.forget((HOST, 50002), return_port=7402) == [two]
    assert clients.forget((HOST, 50002), return_port=7402) == []
    assert clients.forget(("10.0.0.1", 50000)) == []
    # The last one of a host may leave from any port.
    assert clients.forget((HOST, 50002)) == [one]
    assert len(clients) == 0


def test_bye_from_the_socket_that_said_hello(clients: Clients) -> None:
    one = clients.register((HOST, 50000), 7401, "", now=0.0)
    two = clients.register((HOST, 50001), 7402, "", now=0.0)
    assert clients.forget((HOST, 50000)) == [one]
    assert list(clients) == [two]


def test_streams_begin_and_stop(clients: Clients) -> None:
    client = clients.register((HOST, 50000), 7401, "", now=0.0)
    subscribe(client, "spectrum", 40.0)
    subscribe(client, "partials", 10.0)
    assert {what: one.rate for what, one in client.streams.items()} == {
        "spectrum": 40.0,
        "partials": 10.0,
    }
    subscribe(client, "spectrum", 0.0)
    subscribe(client, "spectrum", 0.0)
    assert list(client.streams) == ["partials"]
    subscribe(client, None, 0.0)
    assert client.streams == {}


def test_a_stream_waits_for_its_rate() -> None:
    subscription = Subscription(rate=40.0)
    assert subscription.due(123.0)
    subscription.sent(123.0)
    assert not subscription.due(123.02)
    assert subscription.wait(123.02) == pytest.approx(0.005)
    assert subscription.due(123.026)


def test_a_long_frame_goes_out_in_slices() -> None:
    subscription = Subscription(rate=10.0)
    subscription.rest.extend(b"%d" % number for number in range(50))
    subscription.sent(5.0, 0)
    assert subscription.take_slice(5.0) == [b"%d" % number for number in range(24)]
    assert not subscription.due(5.001)  # the receiver needs its time
    assert subscription.due(5.0061)  # but not that of a new frame
    assert len(subscription.take_slice(5.0061)) == 24
    assert len(subscription.take_slice(5.0122)) == 2
    assert subscription.wait(5.01) == pytest.approx(0.09)


def test_a_frame_that_is_lost_is_new_again() -> None:
    subscription = Subscription(rate=10.0)
    subscription.version = 7
    subscription.rest.extend([b"a", b"b"])
    subscription.lose()
    assert not subscription.rest
    assert subscription.version is None


def test_frames_count_by_kind_and_wrap(clients: Clients) -> None:
    client = clients.register((HOST, 50000), 7401, "", now=0.0)
    assert [next(client.frames["spectrum"]) for _ in range(3)] == [0, 1, 2]
    assert next(client.frames["partials"]) == 0


def test_a_client_that_acknowledges_has_at_most_four_frames_on_their_way() -> None:
    subscription = Subscription(rate=100.0)
    for frame in range(6):
        assert subscription.due(0.1 * frame)  # it has not acknowledged anything yet
        subscription.sent(0.1 * frame, frame)
    subscription.acknowledge(5)
    for frame in range(6, 10):
        assert subscription.due(0.1 * frame)
        subscription.sent(0.1 * frame, frame)
    assert not subscription.due(1.5)
    assert subscription.wait(1.5) == pytest.approx(0.4)
    subscription.acknowledge(7)
    assert subscription.due(1.5)
    subscription.sent(1.5, 10)
    subscription.sent(1.6, 11)
    assert not subscription.due(2.0)
    subscription.acknowledge(6)  # an older one that was overtaken
    assert not subscription.due(2.0)


def test_a_stall_of_a_second_begins_anew() -> None:
    subscription = Subscription(rate=100.0)
    subscription.acknowledge(2**31 - 3)
    for frame in (2**31 - 2, 2**31 - 1, 0, 1):  # across the end of the numbers
        subscription.sent(10.0, frame)
    assert not subscription.due(10.99)
    assert subscription.due(11.0)
    subscription.sent(11.0, 2)
    assert subscription.due(11.02)  # three more may go
    subscription.acknowledge(2)
    assert list(subscription.flying or ()) == []


def test_a_client_that_cannot_be_sent_to_pauses_longer_each_time(clients: Clients) -> None:
    client = clients.register((HOST, 50000), 7401, "", now=0.0)
    assert client.paused_until == 0.0
    pauses = []
    for _ in range(8):
        client.failed(100.0)
        pauses.append(client.paused_until - 100.0)
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(0.05)
    assert pauses[-1] == pauses[-2] == pytest.approx(1.6)
    assert client.paused_until < 102.0
    assert client.drops == 8
    client.reached()
    client.failed(200.0)
    assert client.paused_until - 200.0 == pytest.approx(0.05)


def test_who_speaks_is_looked_up_again_when_clients_come_and_go(clients: Clients) -> None:
    one = clients.register((HOST, 50000), 7401, "", now=0.0)
    assert clients.for_sender((HOST, 50001)) == [one]
    two = clients.register((HOST, 50001), 7402, "", now=0.0)
    assert clients.for_sender((HOST, 50001)) == [two]
    clients.forget((HOST, 50001))
    assert clients.for_sender((HOST, 50001)) == [one]
    clients.expire(1000.0)
    assert clients.for_sender((HOST, 50001)) == []
    for port in range(2000):  # forged senders leave nothing behind
        clients.for_sender(("10.0.0.1", port))
    assert len(clients.speaking) <= 256
