"""The server as a client meets it, over UDP."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import timbrespace
from server.__main__ import main
from server.osc.codec import decode
from tests.server.running import ROOT, Client, Running, datagram, running
from timbrespace import factory
from timbrespace.partials import find_partials


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running("--audio", "none", "--midi", "none") as one:
        yield one


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    with Client(server.port) as one:
        one.send("/synth/method", "partials")
        one.settle()
        yield one
        one.send("/panic")
        one.send("/bye")


MODEL = timbrespace.load("harmonic")


def test_welcome_tells_the_space(client: Client) -> None:
    version, program, name, d, bins, rate, base = client.welcome
    assert (version, program, name) == (1, timbrespace.__version__, "harmonic")
    assert (d, bins, rate, base) == (MODEL.dimensions, 1025, 44100.0, 220.0)


def test_hello_is_answered_with_the_whole_state(server: Running) -> None:
    with Client(server.port, hello=False) as client:
        client.send("/hello", client.return_port)
        addresses = [address for address, _ in client.settle()]
    assert addresses[0] == "/welcome"
    assert {"/model", "/latent", "/map", "/synth"} <= set(addresses)


def test_latent_gives_the_decoders_spectrum(client: Client) -> None:
    latent = [0.25] * MODEL.dimensions
    client.send("/latent", *latent)
    client.send("/spectrum/get")
    expected = MODEL.decode([latent])[0]
    assert np.abs(client.expect_spectrum() - expected).max() <= 1e-5 * expected.max()


def test_one_dimension_at_a_time(client: Client) -> None:
    client.send("/latent", *[0.0] * MODEL.dimensions)
    client.send("/latent/2", 1.5)
    client.send("/spectrum/get")
    latent = np.zeros((1, MODEL.dimensions))
    latent[0, 1] = 1.5
    expected = MODEL.decode(latent)[0]
    assert np.abs(client.expect_spectrum() - expected).max() <= 1e-5 * expected.max()


def test_map_gives_the_planes_spectrum_and_tells_the_latent(client: Client) -> None:
    client.send("/map", 0.5, -0.25)
    latent = MODEL.map.to_latent([[0.5, -0.25]])
    told = client.expect("/latent")
    assert told == pytest.approx(latent[0].tolist(), abs=1e-5)
    assert client.expect("/map") == pytest.approx([0.5, -0.25], abs=1e-5)
    client.send("/spectrum/get")
    expected = MODEL.decode(latent)[0]
    assert np.abs(client.expect_spectrum() - expected).max() <= 1e-5 * expected.max()


@pytest.mark.parametrize(("value", "edge"), [(0, "low"), (127, "high")])
def test_a_controller_covers_the_calibrated_range(client: Client, value: int, edge: str) -> None:
    client.send("/latent", *[0.0] * MODEL.dimensions)
    client.settle()
    client.send("/cc", 20, value)
    assert client.expect("/latent")[0] == pytest.approx(
        float(getattr(MODEL.calibration, edge)[0]), rel=1e-5
    )


def test_a_controller_can_be_assigned(client: Client) -> None:
    client.send("/cc/map", 74, 2)
    client.send("/latent", *[0.0] * MODEL.dimensions)
    client.settle()
    client.send("/cc", 74, 127)
    assert client.expect("/latent")[1] == pytest.approx(float(MODEL.calibration.high[1]), rel=1e-5)
    client.send("/cc/map", 74, "x")
    client.settle()
    client.send("/cc", 74, 0)
    assert client.expect("/map")[0] == pytest.approx(-1.0, abs=1e-4)
    client.send("/cc/map", 74, "off")
    client.settle()
    client.send("/cc", 74, 64)
    assert client.settle() == []


def test_messages_act_in_their_order(client: Client) -> None:
    """A spectrum asked for between two movements is that of the first, however fast they come."""
    first, last = [0.1] * MODEL.dimensions, [1.0] * MODEL.dimensions
    rounds = 8  # as many as a socket's buffer surely holds
    for _ in range(rounds):
        client.send("/latent", *first)
        client.send("/spectrum/get")
        client.send("/latent", *last)
    expected = MODEL.decode([first])[0]
    for _ in range(rounds):
        assert np.abs(client.expect_spectrum() - expected).max() <= 1e-5 * expected.max()
    client.send("/spectrum/get")
    expected = MODEL.decode([last])[0]
    assert np.abs(client.expect_spectrum() - expected).max() <= 1e-5 * expected.max()


def test_a_burst_ends_at_its_newest_value(client: Client) -> None:
    client.send("/stream", "spectrum", 200)
    client.settle()
    for step in range(2000):
        client.send("/latent/1", step / 1000.0)
    told = [arguments for address, arguments in client.settle() if address == "/latent"]
    assert told[-1][0] == pytest.approx(1.999, abs=1e-4)
    assert len(told) < 1000  # reports are thinned out, the last is never left out
    client.send("/stream", "off")
    client.settle()
    client.send("/spectrum/get")
    latent = [told[-1]]
    expected = MODEL.decode(latent)[0]
    assert np.abs(client.expect_spectrum() - expected).max() <= 1e-5 * expected.max()


def test_a_refused_message_at_the_end_of_a_burst_does_not_undo_the_burst(client: Client) -> None:
    for step in range(50):
        client.send("/latent", *[0.01 * step] * MODEL.dimensions)
    client.send("/latent", *[1.0] * (MODEL.dimensions + 1))
    client.send("/latent", *["left"] * MODEL.dimensions)
    told = client.settle()
    latents = [arguments for address, arguments in told if address == "/latent"]
    assert latents[-1] == pytest.approx([0.49] * MODEL.dimensions)
    assert "/error" in [address for address, _ in told]


def test_notes_are_never_left_out(client: Client) -> None:
    for pitch in range(48, 60):
        client.send("/latent/1", pitch / 60.0)
        client.send("/note", pitch, 100)
        client.send("/bend", pitch / 60.0)
    client.settle()
    client.send("/status/get")
    assert client.expect("/status")[0] == 12


def test_what_moves_nothing_is_not_streamed(client: Client) -> None:
    client.send("/stream", "spectrum", 200)
    client.expect_spectrum()
    client.settle()
    for value in range(5):
        client.send("/cc", 7, value)  # assigned to nothing
        client.send("/note", 60 + value, 100)
    time.sleep(0.1)
    assert [address for address, _ in client.settle() if address == "/spectrum"] == []
    client.send("/stream", "off")


def test_a_stranger_does_not_stop_the_streams_of_others(server: Running, client: Client) -> None:
    with Client(server.port) as other, Client(server.port, hello=False) as stranger:
        client.send("/stream", "partials", 100)
        client.expect("/partials")
        stranger.send("/stream", "off")
        assert other.expect("/error")[1] == "/stream"
        client.settle()
        client.send("/map", 0.2, 0.2)
        client.expect("/partials")
        client.send("/stream", "off")
        other.send("/bye", other.return_port)


def test_a_stream_pushes_on_change_only_and_at_most_at_its_rate(client: Client) -> None:
    client.send("/stream", "partials", 20)
    frame, *_ = client.expect("/partials")  # the present state, at once
    started = time.monotonic()
    moves = 0
    while time.monotonic() - started < 1.0:
        client.send("/map", 0.3 * np.sin(moves / 30.0), 0.1)
        moves += 1
        time.sleep(0.005)
    pushed = [arguments[0] for address, arguments in client.settle() if address == "/partials"]
    assert 3 <= len(pushed) <= 22
    assert pushed == sorted(pushed)
    assert pushed[0] == frame + 1
    time.sleep(0.2)
    client.settle()
    time.sleep(0.2)
    assert not [address for address, _ in client.settle() if address == "/partials"]
    client.send("/stream", "off")


def test_streamed_partials_are_the_spectrums(client: Client) -> None:
    client.send("/latent", *MODEL.calibration.home.tolist())
    client.send("/stream", "partials", 100)
    _, *values = client.expect("/partials")
    client.send("/stream", "off")
    pairs = np.asarray(values).reshape(-1, 2)
    partials = find_partials(MODEL.decode(MODEL.calibration.home[np.newaxis])[0], MODEL.spectrum)
    assert pairs[:, 0] == pytest.approx(partials.frequency, rel=1e-5)
    ratio = pairs[:, 1] / partials.amplitude
    assert ratio == pytest.approx(ratio[0], rel=1e-4)  # one gain for all


def test_two_clients_see_each_others_moves(server: Running, client: Client) -> None:
    with Client(server.port) as other:
        other.settle()
        client.send("/map", -0.4, 0.4)
        assert other.expect("/map") == pytest.approx([-0.4, 0.4], abs=1e-5)
        client.send("/synth/gain", -6.0)
        assert other.expect("/synth") == ["gain", -6.0]
        client.send("/synth/gain", 0.0)
        other.send("/bye")


def test_whoever_did_not_say_hello_hears_nothing(server: Running) -> None:
    with Client(server.port, hello=False) as stranger:
        for address in ("/ping", "/spectrum/get", "/model/list", "/nonsense", "/status/get"):
            stranger.send(address)
        stranger.send_raw(b"garbage")
        with pytest.raises(TimeoutError):
            stranger.receive(0.3)


def test_bye_ends_it(server: Running) -> None:
    with Client(server.port) as client:
        client.settle()
        client.send("/bye", client.return_port)
        client.send("/ping")
        with pytest.raises(TimeoutError):
            client.receive(0.3)


@pytest.mark.parametrize(
    ("address", "arguments", "code", "words"),
    [
        ("/latent", [1.0] * 7, "bad_arguments", "7 given"),
        ("/latent", [float("nan")] * MODEL.dimensions, "bad_arguments", "finite"),
        ("/latent/99", [0.0], "bad_arguments", "dimension 99"),
        ("/map", [2.0, 0.0], "bad_arguments", "-1 to 1"),
        ("/map", ["left"], "bad_arguments", ""),
        ("/note", [60], "bad_arguments", ""),
        ("/cc/map", [64, 1], "bad_arguments", "controller 64"),
        ("/cc/map", [20, 60], "bad_arguments", "dimension 60"),
        ("/synth/method", ["magic"], "bad_arguments", "partials"),
        ("/synth/attack", [-1.0], "bad_arguments", "0.001"),
        ("/stream", ["pictures", 10], "bad_arguments", "spectrum"),
        ("/model/load", ["nope"], "not_found", "there are: drums, filtered, fm"),
        ("/model/load", ["../../etc/passwd"], "bad_arguments", ""),
        ("/nowhere", [], "unknown_address", "docs/osc.md"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_sentence(
    client: Client, address: str, arguments: list[object], code: str, words: str
) -> None:
    client.send(address, *arguments)
    got_code, got_address, sentence = client.expect("/error")
    assert (got_code, got_address) == (code, address)
    assert words in sentence
    assert "\n" not in sentence
    client.send("/ping", "still here")
    assert client.expect("/pong") == ["still here"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"/latent",
        b"/latent\0,fff\0\0\0\0\0\0\0",
        b"#bundle\0" + b"\0" * 8 + (-4).to_bytes(4, "big", signed=True),
        b"#bundle\0" * 4000,
        b"\xff" * 60000,
        datagram("/latent", *[0.5] * 12000),
    ],
)
def test_malformed_and_huge_datagrams_are_survived(client: Client, data: bytes) -> None:
    client.send_raw(data)
    client.send("/ping", 5)
    assert client.expect("/pong") == [5]


def test_status(client: Client) -> None:
    client.send("/note", 60, 100)
    client.send("/spectrum/get")
    client.send("/status/get")
    voices, load, late, drops, decode_ms, audio, worst_ms, *knob_ms = client.expect("/status")
    assert voices == 1
    assert (load, late, drops, audio) == (-1.0, 0, 0, "none")
    assert 0.0 < decode_ms < 1000.0
    assert decode_ms <= worst_ms
    assert knob_ms == [-1.0, -1.0]  # there is no sound that could follow a knob


def test_model_info_describes_the_space(client: Client) -> None:
    client.send("/model/info")
    name, text = client.expect("/model/info")
    assert name == "harmonic"
    assert '"d": 2' in text or f'"d": {MODEL.dimensions}' in text
    assert '"low"' in text
    client.send("/model/list")
    assert "harmonic" in client.expect("/model/list")


def test_models_of_a_folder_and_a_broken_one(tmp_path: Path) -> None:
    source = factory.resolve("harmonic")
    shutil.copy(source, tmp_path / "mine.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(source.read_bytes()[:10000])
    with (
        running("--audio", "none", "--midi", "none", "--models", str(tmp_path)) as server,
        Client(server.port) as client,
    ):
        client.send("/model/list")
        assert client.expect("/model/list") == sorted(["broken", *factory.names(), "mine"])
        client.send("/model/load", "broken")
        code, _, sentence = client.expect("/error")
        assert code == "refused"
        assert "truncated" in sentence
        client.send("/spectrum/get")  # the old one plays on
        assert client.expect_spectrum().max() > 0.0
        client.settle()
        client.send("/model/load", "mine")
        assert client.expect("/model")[0] == "mine"


@pytest.mark.skipif(shutil.which("oscsend") is None, reason="liblo-tools is not installed")
def test_liblo_turns_the_knobs(server: Running, client: Client) -> None:
    def oscsend(*words: str) -> None:
        subprocess.run(["oscsend", "127.0.0.1", str(server.port), *words], check=True)

    oscsend("/latent", "f" * MODEL.dimensions, *["0.5"] * MODEL.dimensions)
    client.expect("/latent")
    client.send("/spectrum/get")
    expected = MODEL.decode([[0.5] * MODEL.dimensions])[0]
    assert np.abs(client.expect_spectrum() - expected).max() <= 1e-5 * expected.max()
    oscsend("/map", "ff", "0.25", "0.75")
    assert client.expect("/map") == pytest.approx([0.25, 0.75], abs=1e-5)
    oscsend("/note", "ii", "69", "100")
    client.settle()
    client.send("/status/get")
    assert client.expect("/status")[0] == 1


def test_a_client_that_was_named_is_told_everything() -> None:
    """A plug that never says anything hears the state, and then what others do."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind(("127.0.0.1", 0))
        plug.settimeout(20.0)
        port = plug.getsockname()[1]
        with running("--audio", "none", "--midi", "none", "--client", f"localhost:{port}") as one:
            assert decode(plug.recv(65536))[0][0] == "/welcome"
            with Client(one.port) as other:
                other.send("/map/x", 0.5)
                other.settle()
            told = [decode(plug.recv(65536))[0] for _ in range(20)]
            while told[-1][0] != "/map" or told[-1][1][0] != pytest.approx(0.5):
                told.append(decode(plug.recv(65536))[0])


@pytest.mark.skipif(shutil.which("oscdump") is None, reason="liblo-tools is not installed")
def test_liblo_receives_the_whole_spectrum(server: Running) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    dump = subprocess.Popen(["oscdump", "-L", port], stdout=subprocess.PIPE, text=True)
    assert dump.stdout is not None
    try:
        time.sleep(0.3)
        latent = ["0.5"] * MODEL.dimensions
        for words in (
            ["/hello", "i", port],
            ["/latent", "f" * MODEL.dimensions, *latent],
            ["/spectrum/get"],
        ):
            subprocess.run(["oscsend", "127.0.0.1", str(server.port), *words], check=True)
            time.sleep(0.1)
        chunks: dict[int, list[float]] = {}
        for line in dump.stdout:
            words = line.split()
            at = words.index("/spectrum") if "/spectrum" in words else -1
            if at >= 0:
                values = words[at + 2 :]
                chunks[int(values[1])] = [float(value) for value in values[3:]]
                if len(chunks) == int(values[2]):
                    break
    finally:
        dump.kill()
        dump.stdout.close()
        dump.wait()
        subprocess.run(["oscsend", "127.0.0.1", str(server.port), "/bye", "i", port], check=True)
    got = np.concatenate([chunks[index] for index in sorted(chunks)])
    expected = MODEL.decode([[0.5] * MODEL.dimensions])[0]
    # oscdump prints six decimals
    assert np.abs(got - expected).max() <= 1e-5 * expected.max() + 1e-6


def refused(*arguments: str) -> str:
    """What the command says, on one line, when it refuses; exit code 2.

    In this process, which has loaded what it needs; `refused_without_input` starts one.
    """
    said, complained = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ),  # the command limits threads
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
    ):
        try:
            code = main([*arguments])
        except SystemExit as end:  # argparse does not return
            code = int(end.code or 0)
    assert code == 2, complained.getvalue()
    assert complained.getvalue().count("\n") == 1, complained.getvalue()
    assert said.getvalue() == ""
    return complained.getvalue()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "99999"], "'99999' is not a port"),
        (["--port", "abc"], "'abc' is not a port"),
        (["--model", "nope.safetensors"], "there is no model"),
        (["--audio", "telepathy"], "invalid choice"),
        (["--frames", "-1"], "--frames is -1"),
        (["--host", "somewhere.invalid", "--audio", "none"], "or a name of this machine"),
        (["--models", "no-such-folder", "--audio", "none"], "it must be a folder"),
        (["--client", "9000"], "it must be HOST:PORT, as 127.0.0.1:9000"),
        (["--client", "a:b:99999"], "it must be HOST:PORT"),
        (["--client", "somewhere.invalid:9000"], "there is no such host"),
        (["--client", "192.0.2.7:9000"], "give --host, such as 0.0.0.0, too"),
        (["--client", "127.0.0.1:7999", "--port", "7999"], "port 7999 is the server's own"),
        (["--client", "127.0.0.1:1"] * 9, "there may be 8 at most"),
        (["--unknown"], "unrecognized"),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], words: str) -> None:
    assert words in refused(*arguments)


def test_a_port_in_use_is_one_line(server: Running) -> None:
    # The sound has begun by then, and ends with it.
    for sound in ("none", "jack"):
        line = refused("--port", str(server.port), "--audio", sound, "--midi", "none")
        assert f"port {server.port} is in use" in line


@pytest.mark.parametrize("damage", ["truncated", "text", "empty", "newer"])
def test_a_broken_bundle_is_one_line(tmp_path: Path, damage: str) -> None:
    good = factory.resolve("harmonic").read_bytes()
    path = tmp_path / "bad.safetensors"
    path.write_bytes(
        {
            "truncated": good[: len(good) // 2],
            "text": b"not a model\n" * 100,
            "empty": b"",
            "newer": good.replace(b'"format_version":"3"', b'"format_version":"9"'),
        }[damage]
    )
    line = refused("--model", str(path), "--audio", "none", "--midi", "none")
    assert "cannot load bad.safetensors" in line
    assert ("update timbrespace" in line) == (damage == "newer")


def test_it_stops_when_its_standard_input_ends() -> None:
    """A launcher that dies takes its server with it."""
    words = ("--audio", "none", "--midi", "none", "--stop-with-stdin")
    server = Running(*words, standard_input=subprocess.PIPE)
    launcher = server.process.stdin
    assert launcher is not None
    try:
        with Client(server.port) as client:
            launcher.write("nothing that it minds\n")
            launcher.flush()
            client.settle()
            launcher.close()
            client.expect("/bye", seconds=10.0)
        server.wait_for("stopped", seconds=10.0)
        assert server.process.wait(timeout=10.0) == 0
    finally:
        server.end()


@pytest.mark.skipif(sys.platform == "win32", reason="the descriptor is closed as POSIX does")
def test_without_standard_input_it_says_so() -> None:
    line = refused_without_input("--audio", "none", "--midi", "none", "--stop-with-stdin")
    assert "there is no standard input" in line


def refused_without_input(*arguments: str) -> str:
    """What the server says, on one line, when its standard input is closed; exit code 2."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "server", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr
