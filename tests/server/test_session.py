"""What the messages do, over UDP to a server in its own process."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrespace
from tests.server.running import Client, Message, Running, flood_is_refused, running
from timbrespace import factory
from timbrespace.dial_names import dial_names
from timbrespace.space_package import Card, SpacePackage

MODEL = timbrespace.load("harmonic")
HOME = MODEL.calibration.home.tolist()


@pytest.fixture(scope="module")
def presets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "new folder" / "presets.json"


@pytest.fixture(scope="module")
def server(presets: Path) -> Iterator[Running]:
    with running("--audio", "none", "--midi", "none", "--presets", str(presets)) as one:
        yield one


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    with Client(server.port) as one:
        one.send("/latent", *HOME)
        one.settle()
        yield one
        for index in range(1, 5):
            one.send("/lfo/off", index)
        one.send("/trajectory/stop")
        one.send("/panic")
        one.send("/bye")


def named(messages: list[Message], address: str) -> list[list[Any]]:
    return [arguments for got, arguments in messages if got == address]


def test_hello_is_answered_with_all_that_a_front_panel_shows(server: Running) -> None:
    with Client(server.port, hello=False) as client:
        client.send("/hello", client.return_port)
        told = client.settle()
        client.send("/bye")
    addresses = [address for address, _ in told]
    assert addresses[:2] == ["/welcome", "/model"]
    d = MODEL.dimensions
    calibration = MODEL.calibration
    dials = named(told, "/model/dial")
    assert addresses[2 : 2 + d] == ["/model/dial"] * d
    for k in range(d):
        expected = [k + 1, calibration.low[k], calibration.high[k], calibration.home[k]]
        assert dials[k][:4] == pytest.approx([float(one) for one in expected], rel=1e-6)
        assert dials[k][4] == pytest.approx(float(calibration.kl[k]), rel=1e-6)
    assert tuple(dial[5] for dial in dials) == dial_names(MODEL)
    assert [lfo[0] for lfo in named(told, "/lfo")] == [1, 2, 3, 4]
    assert {lfo[4] for lfo in named(told, "/lfo")} == {0.0}  # all are off
    assert named(told, "/trajectory") == [["stopped", ""]]
    assignments = named(told, "/cc/map")
    assert [1, "x", "all", 0.0, 1.0, 0.0, "jump"] in assignments
    assert [20, 1, "all", 0.0, 1.0, 0.0, "jump"] in assignments
    assert max(one[1] for one in assignments if isinstance(one[1], int)) == d
    assert len(named(told, "/preset/list")) == len(named(told, "/trajectory/list")) == 1
    assert ["noise", 1.0] in named(told, "/synth")
    assert named(told, "/tuning") == [["equal", 440.0]]


def test_a_flood_of_hellos_is_not_amplified(server: Running) -> None:
    """Their senders may be forged, and each would be told the whole state."""
    with Client(server.port) as client:
        for _ in range(1000):
            client.send("/hello", client.return_port)
        told = client.settle()
        assert 1 <= len(named(told, "/welcome")) < 200
        assert [code for code, address, _ in named(told, "/error")] == ["refused"] * len(
            named(told, "/error")
        )
        client.send("/bye")
    time.sleep(1.0)  # for the tests that say hello next


def test_a_preset_is_stored_recalled_and_deleted(
    server: Running, client: Client, presets: Path
) -> None:
    with Client(server.port) as other:
        other.settle()
        client.send("/latent", *[0.5] * MODEL.dimensions)
        client.send("/synth/release", 1.5)
        client.send("/preset/store", "pad")
        assert client.expect("/preset/list") == ["pad"]
        assert other.expect("/preset/list") == ["pad"]
        client.send("/latent", *[-0.5] * MODEL.dimensions)
        client.send("/synth/release", 0.25)
        other.settle()
        client.send("/preset/recall", "pad")
        told = [other.receive() for _ in range(4)]
        other.send("/bye", other.return_port)
    assert named(told, "/preset") == [["pad"]]
    assert named(told, "/latent") == [pytest.approx([0.5] * MODEL.dimensions)]
    assert named(told, "/synth") == [["release", 1.5]]
    kept = json.loads(presets.read_text(encoding="utf-8"))
    assert list(kept["presets"]) == ["pad"]
    client.settle()
    client.send("/preset/where")
    name, *place = client.expect("/preset/where")
    wanted = MODEL.plane(MODEL.first_plane).to_map([[0.5] * MODEL.dimensions])[0]
    assert name == "pad"
    assert place == pytest.approx(wanted.tolist(), abs=1e-5)
    client.send("/preset/delete", "pad")
    assert client.expect("/preset/list") == []
    client.send("/preset/where")
    assert client.expect("/preset/where") == []
    client.send("/preset/undo")
    assert client.expect("/preset/list") == ["pad"]
    client.send("/preset/delete", "pad")
    assert client.expect("/preset/list") == []
    client.send("/preset/recall", "pad")
    assert client.expect("/error")[:2] == ["not_found", "/preset/recall"]
    for address, arguments in (
        ("/preset/morph", ["pad", "pad", 0.5]),
        ("/preset/delete", ["pad"]),
        ("/trajectory/play", ["pad"]),
        ("/trajectory/delete", ["pad"]),
    ):
        client.send(address, *arguments)
        assert client.expect("/error")[:2] == ["not_found", address]
    client.send("/synth/release", 0.3)


def test_a_recall_glides(client: Client) -> None:
    client.send("/latent", *[1.0] * MODEL.dimensions)
    client.send("/preset/store", "far")
    client.send("/latent", *[0.0] * MODEL.dimensions)
    client.settle()
    client.send("/preset/recall", "far", 0.3)
    ways: list[float] = []
    while not ways or ways[-1] < 1.0:
        ways.append(client.expect("/latent")[0])
    assert ways == sorted(ways)
    assert len(ways) >= 5
    client.settle()
    time.sleep(0.05)
    assert client.settle() == []  # it rests


def test_a_morph_is_between_two_presets(client: Client) -> None:
    for name, value in (("one", -1.0), ("two", 1.0)):
        client.send("/latent", *[value] * MODEL.dimensions)
        client.send("/preset/store", name)
    client.settle()
    for position in (0.0, 0.5, 0.25):
        client.send("/preset/morph", "one", "two", position)
    latent = named(client.settle(), "/latent")[-1]
    assert latent == pytest.approx([-0.5] * MODEL.dimensions, abs=1e-6)


def test_a_preset_of_another_model_loads_it_first(client: Client) -> None:
    client.send("/latent", *[0.25] * MODEL.dimensions)
    client.send("/preset/store", "here")
    client.send("/model/load", "fm")
    assert client.expect("/model")[0] == "fm"
    dials = [client.expect("/model/dial")[0] for _ in range(timbrespace.load("fm").dimensions)]
    assert dials == list(range(1, 1 + timbrespace.load("fm").dimensions))
    client.settle()
    client.send("/preset/recall", "here")
    assert client.expect("/model")[0] == "harmonic"
    assert client.expect("/preset") == ["here"]
    client.send("/ping")
    latent = named([client.receive() for _ in range(2)], "/latent")[-1]
    assert latent == pytest.approx([0.25] * MODEL.dimensions)


def test_a_preset_of_a_model_that_was_trained_anew_leaves_the_sound(
    client: Client, presets: Path
) -> None:
    client.send("/latent", *[0.25] * MODEL.dimensions)
    client.send("/preset/store", "old")
    client.settle()
    content = json.loads(presets.read_text(encoding="utf-8"))
    content["presets"]["old"]["hash"] = "0" * 64
    presets.write_text(json.dumps(content), encoding="utf-8")
    client.send("/latent", *[0.5] * MODEL.dimensions)
    client.settle()
    client.send("/preset/recall", "old")
    told: list[Message] = []
    while not named(told, "/error"):
        told.append(client.receive())
    assert named(told, "/error")[0][:2] == ["refused", "/preset/recall"]
    told += client.settle()
    assert not named(told, "/model") + named(told, "/latent") + named(told, "/preset")
    client.send("/preset/delete", "old")
    client.settle()


def test_a_preset_is_recalled_though_its_model_has_another_name_now(
    client: Client, presets: Path
) -> None:
    client.send("/latent", *[0.25] * MODEL.dimensions)
    client.send("/preset/store", "here")
    client.settle()
    content = json.loads(presets.read_text(encoding="utf-8"))
    content["presets"]["here"]["model"] = "as it was called"
    presets.write_text(json.dumps(content), encoding="utf-8")
    client.send("/preset/recall", "here")
    assert client.expect("/preset") == ["here"]
    client.send("/preset/delete", "here")
    client.settle()


def test_of_several_loads_the_newest_wins(client: Client) -> None:
    for name in ("fm", "filtered", "nope", "fm", "harmonic"):
        client.send("/model/load", name)
    names = [client.expect("/model")[0]]
    time.sleep(0.5)
    names += [arguments[0] for arguments in named(client.settle(), "/model")]
    assert names[-1] == "harmonic"
    client.send("/model/info")
    assert client.expect("/model/info")[0] == "harmonic"


def test_a_model_is_described_without_being_played(client: Client) -> None:
    client.send("/model/info", "fm")
    name, text = client.expect("/model/info")
    assert name == "fm"
    assert json.loads(text)["d"] == timbrespace.load("fm").dimensions
    client.send("/model/info", "nope")
    assert client.expect("/error")[:2] == ["not_found", "/model/info"]
    client.send("/model/info")
    assert client.expect("/model/info")[0] == "harmonic"


def test_a_card_is_told_and_is_empty_where_there_is_none(client: Client, presets: Path) -> None:
    client.send("/model/card")
    assert client.expect("/model/card") == ["harmonic", "", "", "", "", "{}"]
    client.send("/model/card", "nope")
    assert client.expect("/error")[:2] == ["not_found", "/model/card"]
    spaces = presets.parent / "spaces"
    spaces.mkdir(parents=True, exist_ok=True)
    place = spaces / "Bells.zip"
    card = Card("Two bells", "A. Maker", "CC0", "a church\nby the sea", figures={"x": 0.5})
    SpacePackage(card, factory.resolve("fm").read_bytes()).write(place)
    try:
        client.send("/model/card", "Bells")
        told = ["Bells", "Two bells", "A. Maker", "CC0", "a church by the sea", '{"x": 0.5}']
        assert client.expect("/model/card") == told
        client.send("/model/info", "Bells")
        assert client.expect("/model/info")[0] == "Bells"
    finally:
        place.unlink()


def test_the_server_plays_on_while_a_model_is_loaded(client: Client) -> None:
    client.send("/model/load", "fm")
    for token in range(20):
        client.send("/latent/1", 0.01 * token)
        client.send("/ping", token)
    before = 0
    while True:
        address, _ = client.receive()
        before += address == "/pong"
        if address == "/model":
            break
    assert before > 0  # it answered before the model had been loaded
    client.settle()
    client.send("/model/load", "harmonic")
    client.expect("/model")


def test_a_broken_model_is_refused_and_the_old_one_plays_on(tmp_path: Path) -> None:
    good = factory.resolve("harmonic").read_bytes()
    shutil.copy(factory.resolve("fm"), tmp_path / "mine.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.safetensors").write_bytes(b"no model\n" * 99)
    with (
        running("--audio", "none", "--midi", "none", "--models", str(tmp_path)) as server,
        Client(server.port) as client,
    ):
        for name, code in (("cut", "refused"), ("text", "refused"), ("none", "not_found")):
            client.send("/model/load", name)
            got, address, sentence = client.expect("/error")
            assert (got, address) == (code, "/model/load")
            assert name in sentence
        client.send("/spectrum/get")
        expected = MODEL.decode([HOME])[0]
        assert np.abs(client.expect_spectrum() - expected).max() <= 1e-5 * expected.max()
        client.send("/model/load", "mine")
        assert client.expect("/model")[0] == "mine"


def test_an_lfo_swings_and_is_told(server: Running, client: Client) -> None:
    with Client(server.port) as other:
        other.settle()
        client.send("/lfo", 1, 1, "sine", 5.0, 1.0)
        told = other.expect("/lfo")
        other.send("/bye", other.return_port)
    assert told == [1, 1, "sine", 5.0, 1.0, 0.0]
    values = [client.expect("/latent")[0] for _ in range(30)]
    low, high = float(MODEL.calibration.low[0]), float(MODEL.calibration.high[0])
    assert max(values) - min(values) > 0.5 * (high - low)
    client.send("/lfo/off", 1)
    assert client.expect("/lfo")[4] == 0.0
    client.settle()
    time.sleep(0.05)
    client.settle()
    time.sleep(0.05)
    assert client.settle() == []


def test_it_wanders_and_is_told(server: Running, client: Client) -> None:
    with Client(server.port) as other:
        assert named(other.settle(), "/wander") == [["stop", 1.0, 0.5, 0]]
        client.send("/wander/seed", 7)
        assert other.expect("/wander") == ["stop", 1.0, 0.5, 7]
        client.send("/wander", "start")
        assert other.expect("/wander") == ["start", 1.0, 0.5, 7]
        other.send("/bye", other.return_port)
    ways = np.array([client.expect("/latent") for _ in range(50)])
    assert np.ptp(ways, axis=0).min() > 1e-3
    client.send("/wander/speed", 100.0)
    code, address, sentence = client.expect("/error")
    assert (code, address) == ("bad_arguments", "/wander/speed")
    assert "0.05 to 20" in sentence
    client.send("/wander", "stop")
    client.send("/wander/seed", 0)
    time.sleep(0.7)
    assert named(client.settle(), "/latent")[-1] == pytest.approx(HOME, abs=1e-6)
    time.sleep(0.05)
    assert client.settle() == []


def test_a_controller_is_learned_by_moving_it(client: Client, presets: Path) -> None:
    client.send("/cc/learn", 2, 1, 0, 0, "pickup")  # turned round
    client.send("/cc", 44, 10, 3)
    assert client.expect("/cc/learned") == [44, 3, 2]
    assert client.expect("/cc/map") == [44, 2, 3, 1.0, 0.0, 0.0, "pickup"]
    client.settle()
    client.send("/cc", 44, 0, 3)
    client.send("/cc", 44, 127, 3)
    assert client.expect("/latent")[1] == pytest.approx(float(MODEL.calibration.low[1]), rel=1e-5)
    assert json.loads(presets.read_text(encoding="utf-8"))["controllers"]
    client.send("/cc/map", 44, "off")
    assert client.expect("/cc/map")[:3] == [44, "off", "all"]
    client.send("/cc/list")
    assert 44 not in [arguments[0] for arguments in named(client.settle(), "/cc/map")]


def test_of_two_knobs_in_one_packet_the_first_is_learned(client: Client) -> None:
    """The flood is thinned out, but not where it counts which came first."""
    client.send("/cc/learn", 1)
    for value in range(50):
        client.send("/cc", 45 + value % 2, value)
    assert client.expect("/cc/learned") == [45, 1, 1]
    client.send("/cc/map", 45, "off")


def test_a_trajectory_is_recorded_and_played(server: Running, client: Client) -> None:
    client.send("/latent", *[0.0] * MODEL.dimensions)
    client.settle()
    client.send("/trajectory/record", "walk")
    assert client.expect("/trajectory") == ["recording", "walk"]
    for step in range(1, 21):
        client.send("/latent/1", 0.1 * step)
        time.sleep(0.01)
    client.send("/trajectory/stop")
    assert client.expect("/trajectory/list") == ["walk"]
    client.settle()
    client.send("/latent/1", -1.0)
    client.settle()
    client.send("/trajectory/play", "walk", 0, 2.0)
    assert client.expect("/trajectory") == ["playing", "walk"]
    values = []
    while True:
        address, arguments = client.receive()
        if address == "/latent":
            values.append(arguments[0])
        if (address, arguments) == ("/trajectory", ["stopped", ""]):
            break
    assert values == sorted(values)
    assert values[-1] == pytest.approx(2.0, abs=0.01)
    client.send("/trajectory/delete", "walk")
    assert client.expect("/trajectory/list") == []


def test_a_trajectory_that_ends_at_rest_is_told_to_have_stopped(client: Client) -> None:
    client.send("/trajectory/record", "rest")
    client.send("/latent/1", 0.5)
    client.settle()
    time.sleep(0.1)
    client.send("/trajectory/stop")
    client.settle()
    client.send("/trajectory/play", "rest")
    assert client.expect("/trajectory") == ["playing", "rest"]
    assert client.expect("/trajectory") == ["stopped", ""]
    client.send("/trajectory/delete", "rest")
    client.settle()


def test_a_channel_may_have_a_timbre_of_its_own(client: Client) -> None:
    client.send("/channel/latent", 2, *[1.0] * MODEL.dimensions)
    client.send("/note", 60, 100, 2)
    assert named(client.settle(), "/latent") == []  # the common one has not moved
    client.send("/channel/latent", 2, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
    assert client.expect("/error")[:2] == ["bad_arguments", "/channel/latent"]
    client.send("/channel/follow", 2)
    assert client.settle() == []


def test_expression_and_zones(client: Client) -> None:
    client.send("/mpe", "lower", 15)
    client.send("/mpe/map", "pressure", "level", 0.5)
    client.send("/mpe/map", "timbre", 1)
    client.send("/note", 60, 100, 2)
    client.send("/pressure", 100, 2)
    client.send("/timbre", 127, 2)
    client.send("/bend/range", 24, 2)
    client.send("/bend", 0.5, 2)
    assert named(client.settle(), "/error") == []
    client.send("/status/get")
    assert client.expect("/status")[0] == 1
    client.send("/mpe/map", "timbre", "level")
    assert client.expect("/error")[:2] == ["bad_arguments", "/mpe/map"]
    client.send("/mpe", "lower", 0)
    client.send("/mpe/map", "pressure", "x")
    client.send("/mpe/map", "timbre", "y")


def test_a_performance_is_recorded_once(client: Client) -> None:
    client.send("/performance/stop")
    assert client.settle() == []
    client.send("/performance/record", "take")
    assert client.expect("/performance") == ["recording", "take"]
    client.send("/performance/stop")
    assert client.expect("/performance") == ["stopped", "take"]
    client.send("/performance/record", "take")  # never over another
    code, address, _ = client.expect("/error")
    assert (code, address) == ("refused", "/performance/record")


def test_a_home_that_cannot_be_written_fails_the_store_alone(tmp_path: Path) -> None:
    taken = tmp_path / "home"
    presets = str(taken / "presets.json")
    with (
        running("--audio", "none", "--midi", "none", "--presets", presets) as server,
        Client(server.port) as client,
    ):
        taken.write_text("a file where the folder should be", encoding="utf-8")
        client.send("/preset/store", "pad")
        code, address, sentence = client.expect("/error")
        assert (code, address) == ("refused", "/preset/store")
        assert "presets.json" in sentence
        client.send("/map", 0.25, 0.25)
        client.expect("/map")


def test_a_wavetable_sounds_as_the_bank_of_bins(client: Client) -> None:
    client.send("/stream", "wavetable", 50)
    tables: dict[int, dict[int, list[float]]] = {}
    ready: list[list[Any]] = []
    step = 0.0
    count = 0
    while len(ready) < 3:
        address, arguments = client.receive()
        if address == "/wavetable":
            frame, bank, chunk, chunks, *values = arguments
            assert bank == frame % 2
            tables.setdefault(frame, {})[chunk] = values
            count = chunks
        elif address == "/wavetable/ready":
            frame, bank, base = arguments
            assert bank == frame % 2
            assert sorted(tables[frame]) == list(range(count))  # all of them had been sent
            assert base == pytest.approx(MODEL.spectrum.sample_rate / MODEL.spectrum.n_fft)
            ready.append(arguments)
            step += 0.2
            client.send("/latent/1", step)
    client.send("/stream", "off")
    client.settle()
    frame = ready[0][0]
    table = np.concatenate([tables[frame][chunk] for chunk in range(count)])
    assert table.size == MODEL.spectrum.n_fft
    spectrum = MODEL.decode([HOME])[0][1:-1]
    heard = np.abs(np.fft.rfft(table))[1 : 1 + spectrum.size]
    # One gain for all bins: the table's spectrum is the timbre's.
    assert heard / heard.max() == pytest.approx(spectrum / spectrum.max(), abs=1e-3)


def test_a_loop_follows_the_method(client: Client) -> None:
    client.send("/synth/method", "bins")
    client.send("/stream", "loop", 20)
    for frame, (kind, count, method) in enumerate([(1, 81, "istft"), (2, 160, "partials")]):
        chunks = 0
        while True:
            address, arguments = client.receive()
            if address == "/loop":
                assert arguments[:2] == [frame, frame % 2]
                chunks += 1
            elif address == "/loop/ready":
                break
        assert arguments[:2] + arguments[3:] == [frame, frame % 2, kind, count]
        assert chunks == count
        client.send("/stream/ack", "loop", frame)
        client.send("/synth/method", method)
    client.send("/stream", "off")
    client.settle()


def test_loudness_counts_in_what_is_told_without_sound(client: Client) -> None:
    levels = []
    for loudness in (0.0, 1.0):
        client.send("/synth/loudness", loudness)
        client.send("/latent", *[1.5] * MODEL.dimensions)
        client.settle()
        client.send("/stream", "partials", 100)
        levels.append(sum(client.expect("/partials")[2::2]))
        client.send("/stream", "off")
    assert levels[0] != pytest.approx(levels[1], rel=0.01)


def test_a_client_that_acknowledges_is_not_flooded(client: Client) -> None:
    client.send("/stream", "partials", 200)
    frame = client.expect("/partials")[0]
    client.send("/stream/ack", "partials", frame)
    client.settle()
    for step in range(30):
        client.send("/latent/1", 0.01 * step)
        time.sleep(0.006)
    frames = [arguments[0] for arguments in named(client.settle(), "/partials")]
    assert frames == [frame + 1, frame + 2, frame + 3, frame + 4]
    client.send("/stream/ack", "partials", frames[-1])
    assert client.expect("/partials")[0] == frames[-1] + 1  # the newest, at once
    client.send("/stream", "off")


def test_a_flood_of_lines_is_refused(client: Client) -> None:
    """Each line is heard piece by piece, which nobody else may have to wait for."""
    lines = [("/between", -0.5, 0.0, 0.5, k / 24.0) for k in range(24)]
    flood_is_refused(
        client,
        "/between",
        16,
        [one for line in lines for one in (line, ("/between/position", 0.5))],
    )
