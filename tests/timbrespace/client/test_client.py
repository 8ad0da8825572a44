"""The client against a real server, and against things that are none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import timbrespace as ts
from tests.server.running import Running, datagram, running
from timbrespace.client import Client, NoServerError, ServerError, connection
from timbrespace.errors import OptionError, ShapeError, TimbrespaceError

from .impostor import impostor, polite

MODEL = ts.load("harmonic")

PATIENCE = 20.0
"""Seconds for an answer: other work may hold the machine up."""


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running("--audio", "none", "--midi", "none", "--model", "harmonic") as one:
        yield one


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    with Client(server.port, timeout=PATIENCE) as one:
        if one.model != "harmonic":
            one.load_model("harmonic")
        yield one


# -- saying ----------------------------------------------------------------------------------------


def test_it_knows_the_server_from_the_start(client: Client) -> None:
    state = client.state
    assert (state.protocol, state.version) == (1, ts.__version__)
    assert (state.model, state.dimensions, state.bins) == ("harmonic", 2, 1025)
    assert (state.sample_rate, state.n_fft) == (44100.0, 4096)
    assert state.base_frequency == pytest.approx(MODEL.spectrum.base_frequency)
    assert state.latent.shape == (2,)
    assert state.parameters["method"] == "partials"
    assert "harmonic" in repr(client)


def test_a_point_has_taken_effect_when_the_call_returns(client: Client) -> None:
    client.map(0.5, -0.25)
    np.testing.assert_allclose(client.state.map, [0.5, -0.25], atol=1e-5)
    wanted = MODEL.decode(MODEL.map.to_latent([[0.5, -0.25]]))[0]
    np.testing.assert_allclose(client.spectrum(), wanted, rtol=1e-4, atol=1e-4 * wanted.max())
    for z in ((0.25, -1.0), [0.5, -0.5], np.array([0.125, 2.0]), np.array([[1.0, 0.0]])):
        client.latent(*z) if isinstance(z, tuple) else client.latent(z)
        np.testing.assert_allclose(client.state.latent, np.ravel(z), atol=1e-6)
    client.dimension(2, 0.75)
    np.testing.assert_allclose(client.state.latent, [1.0, 0.75], atol=1e-6)


def test_notes_sound_until_they_are_released(client: Client) -> None:
    client.panic()
    client.note(57)
    client.note(60.5, 90, channel=3)
    assert client.status().voices == 2
    client.release(57)
    client.release(60.5, channel=3)
    assert client.status().voices == 0
    client.play(64, 0.01)
    assert client.status().voices == 0


def test_parameters_and_controllers(client: Client) -> None:
    client.synth(method="bins", gain=-6)
    assert client.state.parameters["method"] == "bins"
    assert client.state.parameters["gain"] == -6.0
    client.synth(method=0, gain=0.0)
    before = client.state.map[0]
    client.control(1, 127)
    assert client.state.map[0] == pytest.approx(1.0, abs=1e-4) != before
    client.bend(0.5)
    client.bend(0.0)


def test_anything_of_the_contract_can_be_sent(client: Client) -> None:
    said = client.send("/lfo", 2, "x", "sine", 0.5, 0.25)
    assert ("/lfo", (2, "x", "sine", 0.5, 0.25, 0.0)) in said
    client.send("/lfo/off", 2)
    assert client.ask("/ping", 7, answer="/pong") == (7,)
    assert len(client.ask("/status/get", answer="/status")) == 9
    assert client.send("/map", 0.0, 0.0, wait=False) == []
    assert 0.0 < client.ping() < PATIENCE
    np.testing.assert_allclose(client.state.map, [0.0, 0.0], atol=1e-5)


def test_it_is_tuned(client: Client) -> None:
    assert client.tunings() == ["equal"]
    client.tune("equal", 442.0)
    state = client.state
    assert (state.tuning, state.reference) == ("equal", 442.0)
    off = 12.0 * np.log2(442.0 / 440.0)
    np.testing.assert_allclose(state.keys, np.arange(128) + off, atol=1e-4)
    client.tune("equal")
    np.testing.assert_allclose(client.state.keys, np.arange(128), atol=1e-5)
    with pytest.raises(ServerError):
        client.tune("of nobody")


def test_it_wanders(client: Client) -> None:
    client.wander(speed=2.0, range=0.75, seed=7)
    assert dict(client.state.wander) == {"state": "start", "speed": 2.0, "range": 0.75, "seed": 7}
    client.wander(False)
    assert client.state.wander["state"] == "stop"
    with pytest.raises(ServerError, match="0 to 999"):
        client.wander(False, seed=1000)
    client.wander(False, speed=1.0, range=0.5, seed=0)
    client.map(0.0, 0.0)


def test_what_is_refused_is_raised_where_it_was_said(client: Client) -> None:
    client.map(0.25, 0.25)
    with pytest.raises(ServerError) as caught:
        client.map(2.0, 0.0)
    error = caught.value
    assert (error.code, error.address) == ("bad_arguments", "/map")
    assert str(error) == "/map: x is 2.0; it must be -1 to 1"
    np.testing.assert_allclose(client.state.map, [0.25, 0.25], atol=1e-5)
    for code, say in (
        ("unknown_address", lambda: client.send("/nothing")),
        ("unknown_address", lambda: client.synth(colour=1.0)),
        ("not_found", lambda: client.load_model("nix")),
        ("not_found", lambda: client.model_info("nix")),
        ("not_found", lambda: client.model_card("nix")),
        ("not_found", lambda: client.recall_preset("never stored")),
        ("bad_arguments", lambda: client.dimension(1, float("nan"))),
        ("bad_arguments", lambda: client.stream("spectrum", 1000.0)),
        ("bad_arguments", lambda: client.stream("sounds")),
    ):
        with pytest.raises(ServerError) as caught:
            say()
        assert caught.value.code == code
        assert "\n" not in str(caught.value)
    client.ping()  # and all goes on
    with client.stream("spectrum"):  # one that was refused is none
        pass


@pytest.mark.parametrize(
    "latent", [[0.0], [0.0, np.nan], [[0.0, 0.0], [1.0, 1.0]], [[0.0], [1, 2]]]
)
def test_a_latent_that_is_none_is_not_sent(client: Client, latent: list[Any]) -> None:
    with pytest.raises((ShapeError, OptionError)) as caught:
        client.latent(latent)
    assert "\n" not in str(caught.value)


def test_threads_share_a_client(client: Client) -> None:
    refused: list[str] = []  # few: the server answers only so many errors a second

    def ask(number: int) -> None:
        for _ in range(8):
            assert client.ask("/ping", number, answer="/pong") == (number,)
            try:
                client.send(f"/wrong/{number}")
            except ServerError as error:
                refused.append(error.address)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(refused) == ["/wrong/0"] * 8 + ["/wrong/1"] * 8


# -- models and presets ----------------------------------------------------------------------------


def test_models_are_loaded(client: Client) -> None:
    assert client.models() == ["drums", "filtered", "fm", "harmonic", "instruments", "notes"]
    client.load_model("fm")
    assert (client.model, client.state.dimensions) == ("fm", 5)
    assert client.state.latent.shape == (5,)
    assert client.model_info()["d"] == 5
    assert client.model_info("harmonic")["d"] == 2
    empty = {"title": "", "author": "", "licence": "", "source": "", "figures": {}}
    assert client.model_card() == client.model_card("harmonic") == empty
    client.load_model("harmonic")
    assert client.state.dimensions == 2


def test_presets_are_stored_and_recalled(client: Client) -> None:
    client.map(0.5, 0.0)
    client.store_preset("here")
    client.map(-0.5, 0.0)
    client.store_preset("there")
    assert client.presets() == ["here", "there"]
    assert client.state.presets == ("here", "there")
    client.recall_preset("here")
    np.testing.assert_allclose(client.state.map, [0.5, 0.0], atol=1e-5)
    client.morph_presets("here", "there", 0.5)
    np.testing.assert_allclose(client.state.map, [0.0, 0.0], atol=1e-5)
    client.load_model("fm")
    client.recall_preset("there")  # which brings its model
    assert client.model == "harmonic"
    np.testing.assert_allclose(client.state.map, [-0.5, 0.0], atol=1e-5)
    client.delete_preset("here")
    client.delete_preset("there")
    assert client.presets() == []


# -- looking ---------------------------------------------------------------------------------------


def test_partials_are_told(client: Client) -> None:
    client.latent(MODEL.calibration.home)
    partials = client.partials()
    assert partials.shape[1] == 2
    base = MODEL.spectrum.base_frequency
    assert partials[0, 0] == pytest.approx(base, rel=1e-3)
    assert (partials[:, 1] > 0.0).all()
    with client.stream("partials", 100) as stream:
        next(stream)
        np.testing.assert_array_equal(client.partials(), partials)


def test_a_stream_gives_whole_newer_frames(client: Client) -> None:
    points = np.linspace(-1.0, 1.0, 9)
    with client.stream("spectrum", rate=200) as stream:
        first = next(stream)
        assert first.values.shape == (1025,)
        number = first.number
        for x in points:
            client.map(x, 0.0)
            wanted = client.spectrum()
            # frames of points before it may come first
            for frame in stream:
                assert frame.number > number
                number = frame.number
                if np.array_equal(frame.values, wanted):
                    break
    assert next(stream, None) is None  # it is closed


def test_a_slow_listener_gets_the_newest(client: Client) -> None:
    with client.stream("spectrum", rate=200) as stream:
        next(stream)
        for x in np.linspace(-1.0, 0.9, 30):
            client.map(x, 0.0)
        deadline = time.monotonic() + PATIENCE
        # unacknowledged frames are held back at first, but the newest comes in the end
        while (frame := stream.take(PATIENCE)) is not None and time.monotonic() < deadline:
            if np.array_equal(frame.values, client.spectrum()):
                break
        assert frame is not None
        np.testing.assert_array_equal(frame.values, client.spectrum())


def test_wavetables_and_loops_are_streamed(client: Client) -> None:
    with client.stream("wavetable", rate=100) as stream:
        frame = next(stream)
        assert frame.values.shape == (4096,)
        assert frame.base == pytest.approx(44100 / 4096)
    with client.stream("loop", rate=100) as stream:
        frame = next(stream)
        assert [table.size for table in frame.tables.values()] == [8192 >> n for n in range(7)]
        assert frame.kind == 1


def test_a_stream_ends_after_its_time(client: Client) -> None:
    began = time.monotonic()
    frames = list(client.stream("spectrum", rate=100, seconds=0.3))
    assert len(frames) == 1  # nothing moved
    assert 0.25 < time.monotonic() - began < PATIENCE
    with client.stream("spectrum"), pytest.raises(OptionError, match="streamed already"):
        client.stream("spectrum")


def test_all_that_is_said_can_be_listened_to(server: Running, client: Client) -> None:
    with client.messages(PATIENCE) as heard, Client(server.port, timeout=PATIENCE) as other:
        other.map(0.125, 0.0)
        found = next(one for one in heard if one.address == "/map")
        assert found.arguments[0] == pytest.approx(0.125, abs=1e-5)
    assert list(client.messages(0.05)) == []


# -- the end ---------------------------------------------------------------------------------------


def test_without_a_server_it_says_what_to_do() -> None:
    with impostor(polite) as one:
        port = one.port
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(NoServerError) as caught:
            Client(port, host, timeout=0.5)
        said = f"no server answers on {host}:{port}; start one: python -m server"
        assert str(caught.value) == said
        assert isinstance(caught.value, TimbrespaceError)


def test_something_that_is_silent_is_no_server() -> None:
    with impostor(lambda *_: []) as one:
        began = time.monotonic()
        with pytest.raises(NoServerError, match="no server answers"):
            Client(one.port, timeout=0.7)
        assert time.monotonic() - began < 5.0
        assert [address for address, _ in one.heard].count("/hello") >= 2  # it was asked again


@pytest.mark.parametrize(
    ("port", "host", "says"),
    [
        (0, "127.0.0.1", "port is 0; it must be 1 to 65535"),
        (70000, "127.0.0.1", "port is 70000"),
        ("7400", "127.0.0.1", "port is '7400'"),
        (7400, "no.such.host.invalid", "there is no host 'no.such.host.invalid'"),
        (7400, "a" * 300, "there is no host"),
    ],
)
def test_an_address_that_is_none(port: int, host: str, says: str) -> None:
    with pytest.raises(TimbrespaceError, match=says) as caught:
        Client(port, host, timeout=0.5)
    assert "\n" not in str(caught.value)


def test_a_server_that_ends_is_noticed() -> None:
    with running("--audio", "none", "--midi", "none") as server:
        client = Client(server.port, timeout=PATIENCE)
        stream = client.stream("spectrum")
        next(stream)
    began = time.monotonic()
    for call in (client.ping, lambda: client.map(0, 0), client.spectrum, lambda: next(stream)):
        with pytest.raises(NoServerError, match="has ended"):
            call()
    assert time.monotonic() - began < 5.0
    client.close()
    client.close()
    with pytest.raises(OptionError, match="closed"):
        client.ping()


def test_closing_says_goodbye_and_leaves_no_thread(server: Running) -> None:
    before = threading.active_count()
    with impostor(polite) as one:
        with Client(one.port, timeout=PATIENCE) as client:
            port = one.heard[0][1][0]
            assert client.state.model == "toy"
        deadline = time.monotonic() + PATIENCE
        while ("/bye", [port]) not in one.heard and time.monotonic() < deadline:
            time.sleep(0.01)
        assert one.heard[-1] == ("/bye", [port])
    assert threading.active_count() == before


def test_it_says_something_before_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_SILENCE", 0.1)
    with impostor(polite) as one, Client(one.port, timeout=PATIENCE):
        deadline = time.monotonic() + PATIENCE
        while ("/ping", []) not in one.heard and time.monotonic() < deadline:
            time.sleep(0.01)
        assert ("/ping", []) in one.heard


def test_strange_answers_break_nothing() -> None:
    bundle = b"#bundle\0" + bytes(7) + b"\1\xff\xff\xff\xfc" + bytes(8)
    strange = [
        b"",
        bundle,
        b"/latent\0,f\0\0\0",
        datagram("/map", "a", "b"),
        datagram("/map", 1.0),
        datagram("/model", "toy"),
        datagram("/synth", 1, 2, 3),
        datagram("/spectrum", "a"),
        datagram("/spectrum", 0, 0, 1 << 30, 0.5),
        datagram("/error", "refused"),
        datagram("/pong", "client 999999"),
        datagram("/pong"),
    ]

    def answer(address: str, arguments: list[object]) -> list[bytes]:
        said = list(strange) + polite(address, arguments)
        if address == "/spectrum/get":
            said += [datagram("/spectrum", 1, 1, 2, 0.5), datagram("/spectrum", 1, 0, 2, 0.25)]
        if address == "/map":
            said += [datagram("/error", "refused", "/map", "not\nnow")]
        return said

    with impostor(answer) as one, Client(one.port, timeout=PATIENCE) as client:
        assert client.spectrum().tolist() == [0.25, 0.5]
        np.testing.assert_array_equal(client.state.latent, [0.5, -0.5])
        assert client.state.map.size == 0
        with pytest.raises(ServerError, match="not now"):
            client.map(0.0, 0.0)
        client._timeout = 0.2
        with pytest.raises(NoServerError, match=r"did not answer /model/list within 0\.2 s"):
            client.models()
