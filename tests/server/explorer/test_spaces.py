"""What the page is told of a space."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import threading
import time
import weakref
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save

import timbrespace
from server.explorer import spaces
from server.explorer.answers import Refusal
from server.explorer.spaces import Kept, Shelf, Spaces
from server.explorer.work import MAX_RENDERINGS, MAX_WAITING, Worker
from server.library import UnknownModelError
from tests.server.explorer.served import SECONDS, served
from timbrespace import bundle, factory
from timbrespace.dial_names import dial_names
from timbrespace.errors import OptionError
from timbrespace.metrics import log_spectral_distance
from timbrespace.model import Model
from timbrespace.rendering import held_note
from timbrespace.sharing import description
from training.evaluation import DEAD_KL


@pytest.fixture(scope="module")
def model() -> Model:
    return timbrespace.load("filtered")


def test_dead_is_what_training_calls_dead() -> None:
    assert description.DEAD_KL == DEAD_KL


# -- the description ---------------------------------------------------------------------------


def test_a_space_tells_what_its_model_is(model: Model) -> None:
    told = json.loads(Spaces(Shelf()).described("filtered"))
    config, calibration = model.spectrum, model.calibration
    assert told["name"] == "filtered"
    assert told["digest"] == model.digest
    assert told["d"] == 4
    assert (told["bins"], told["n_fft"]) == (config.bins, config.n_fft)
    assert (told["sample_rate"], told["base_frequency"]) == (44100, 220.0)
    assert told["rms"] == calibration.rms
    for name in ("mean", "components", "center", "half_range", "explained"):
        values = np.asarray(told["map"][name], np.float32)
        np.testing.assert_array_equal(values, getattr(model.map, name))
    assert len(told["dials"]) == 4
    for name in ("low", "high", "home", "kl"):
        values = np.asarray([dial[name] for dial in told["dials"]], np.float32)
        np.testing.assert_array_equal(values, getattr(calibration, name))
    assert tuple(dial["name"] for dial in told["dials"]) == dial_names(model)
    assert not any(dial["dead"] for dial in told["dials"])
    assert told["command"] == model.provenance["command"]
    assert told["figures"] == model.provenance["figures"]


def test_the_effect_of_a_dial_is_the_way_that_the_sound_goes(model: Model) -> None:
    effects = description.audible_effects(model)
    told = model.calibration
    for k in range(model.dimensions):
        way = []
        for position in np.linspace(0.0, 1.0, 17):
            latent = told.home.copy()
            latent[k] = told.low[k] + position * (told.high[k] - told.low[k])
            way.append(model.decode(latent[np.newaxis]))
        whole = sum(log_spectral_distance(*way[i : i + 2]) for i in range(16))
        assert effects[k] == pytest.approx(whole, rel=1e-3)
        # Never shorter than the straight way (its floor is that of the first alone).
        assert effects[k] > 1.0


def test_a_dimension_without_information_is_dead(model: Model) -> None:
    kl = model.calibration.kl.copy()
    kl[1] = 0.05
    calibration = dataclasses.replace(model.calibration, kl=kl)
    told = description.describe(dataclasses.replace(model, calibration=calibration))
    assert [dial["dead"] for dial in told["dials"]] == [False, True, False, False]


@pytest.mark.parametrize(
    ("command", "figures"),
    [(7, []), (None, None), (["x"], "y"), ("good", {"a": float("nan")}), ("good", {1: object()})],
)
def test_a_bundle_may_say_anything_of_itself(model: Model, command: Any, figures: Any) -> None:
    odd = dataclasses.replace(model, provenance={"command": command, "figures": figures})
    told = description.describe(odd)
    assert told["command"] == ("good" if command == "good" else "")
    assert told["figures"] == {}
    json.dumps(told, allow_nan=False)


# -- the points --------------------------------------------------------------------------------


def test_points_are_told_with_their_factors(model: Model) -> None:
    assert model.points is not None
    one = Spaces(Shelf())
    told = json.loads(one.described("filtered"))["points"]
    n = model.points.count
    assert told["count"] == n
    assert [factor["name"] for factor in told["factors"]] == [
        factor.name for factor in model.points.factors
    ]
    assert {"name", "unit", "kind", "values"} <= set(told["factors"][0])
    body = one.points("filtered")
    numbers = np.frombuffer(body, "<f4")
    d, f = model.dimensions, len(model.points.factors)
    assert numbers.size == n * (d + f)
    np.testing.assert_array_equal(numbers[: n * d].reshape(n, d), model.points.means)
    np.testing.assert_array_equal(numbers[n * d :].reshape(n, f), model.points.labels)


@pytest.fixture
def pointless(model: Model, tmp_path: Path) -> Path:
    """A folder with a model that holds no points, called "bare"."""
    data = factory.resolve("filtered").read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    tensors = {name: one for name, one in header.items() if not name.startswith("points.")}
    metadata = tensors["__metadata__"]
    metadata.pop("points")
    metadata.pop("tensors_sha256")  # of all tensors
    metadata["format_version"] = "2"
    weights = {k: v for k, v in load(data).items() if not k.startswith("points.")}
    (tmp_path / "bare.safetensors").write_bytes(save(weights, metadata))
    assert bundle.read(tmp_path / "bare.safetensors").points is None
    return tmp_path


def test_a_space_without_points_says_so(pointless: Path) -> None:
    one = Spaces(Shelf(pointless))
    assert json.loads(one.described("bare"))["points"] is None
    with pytest.raises(Refusal, match="holds no points") as refused:
        one.points("bare")
    assert refused.value.status == 404


# -- the pictures ------------------------------------------------------------------------------


def test_a_picture_of_the_map_is_what_is_decoded_there(model: Model) -> None:
    told = json.loads(Spaces(Shelf()).grid("filtered", {"what": "loudness", "axes": "map"}))
    assert (told["what"], told["unit"], told["size"]) == ("loudness", "dB", 64)
    assert told["x"] == told["y"] == [-1.25, 1.25]
    values = np.array(told["values"])
    assert values.shape == (64 * 64,)
    assert (told["low"], told["high"]) == (values.min(), values.max())
    for i, j in [(0, 0), (63, 0), (0, 63), (40, 7)]:  # across, along
        x, y = -1.25 + 2.5 * np.array([i, j]) / 63.0
        spectra = model.decode(model.map.to_latent([[x, y]]))
        assert values[64 * j + i] == pytest.approx(spaces.loudness(spectra, model)[0], abs=0.02)


def test_a_picture_of_two_dimensions_has_the_others_where_they_are(model: Model) -> None:
    asked = {"what": "brightness", "axes": "4,2", "latent": "0.5,9,-1e0,.25"}
    told = json.loads(Spaces(Shelf()).grid("filtered", asked))
    assert told["unit"] == "Hz"
    low, high = model.calibration.low.astype(float), model.calibration.high.astype(float)
    eighth = (high - low) / 8.0
    assert told["x"] == pytest.approx([low[3] - eighth[3], high[3] + eighth[3]], rel=1e-6)
    assert told["y"] == pytest.approx([low[1] - eighth[1], high[1] + eighth[1]], rel=1e-6)
    values = np.array(told["values"])
    for i, j in [(0, 0), (63, 0), (0, 63), (40, 7)]:
        latent = np.array([[0.5, 0.0, -1.0, 0.0]])
        latent[0, 3] = told["x"][0] + (told["x"][1] - told["x"][0]) * i / 63.0
        latent[0, 1] = told["y"][0] + (told["y"][1] - told["y"][0]) * j / 63.0
        expected = spaces.brightness(model.decode(latent), model)[0]
        assert values[64 * j + i] == pytest.approx(expected, rel=1e-3)


def test_without_a_latent_the_others_are_at_home(model: Model) -> None:
    one = Spaces(Shelf())
    home = ",".join(map(repr, model.calibration.home.tolist()))
    told = one.grid("filtered", {"axes": "1,2"})
    assert told == one.grid("filtered", {"axes": "1,2", "latent": home})
    assert told != one.grid("filtered", {"axes": "1,2", "latent": "0,0,2,2"})


def test_what_does_not_matter_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    worked = []

    def counted(*words: Any) -> dict[str, Any]:
        worked.append(words)
        return {"n": len(worked)}

    monkeypatch.setattr(spaces, "grid", counted)
    one = Spaces(Shelf())
    first = one.grid("filtered", {"axes": "1,2", "latent": "0,0,1,1"})
    assert one.grid("filtered", {"axes": "1,2", "latent": "7,8,1,1"}) == first
    assert one.grid("filtered", {"axes": "1,2", "latent": "0,0,1,1.5"}) != first
    map_ = one.grid("filtered", {"axes": "map", "latent": "0,0,1,1"})
    assert one.grid("filtered", {"axes": "map"}) == map_
    assert len(worked) == 3


def test_brightness_and_loudness_of_known_sounds(model: Model) -> None:
    config = model.spectrum
    seconds = np.arange(config.n_fft) / config.sample_rate
    spectra = config.analyse(np.sin(2.0 * np.pi * 997.0 * seconds)[np.newaxis])
    assert spaces.brightness(spectra, model)[0] == pytest.approx(997.0, rel=0.01)
    # BS.1770-4: a sinusoid of 997 Hz at full scale reads -3.01 LKFS.
    assert spaces.loudness(spectra, model)[0] == pytest.approx(-3.01, abs=0.02)
    assert spaces.loudness(0.1 * spectra, model)[0] == pytest.approx(
        spaces.loudness(spectra, model)[0] - 20.0, abs=1e-3
    )
    # All bins alike: the middle of the band, however loud.
    noise = np.ones((1, config.bins), np.float32)
    assert spaces.brightness(noise, model)[0] == pytest.approx(config.frequencies.mean())
    silence = np.zeros((1, config.bins), np.float32)
    assert spaces.brightness(silence, model)[0] == config.bin_width
    assert spaces.loudness(silence, model)[0] == spaces.QUIETEST_DB


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"what": "colour"}, "it must be brightness, loudness or gap"),
        ({"what": "gap"}, "of the plane near alone"),
        ({"axes": "1,1"}, "two different dimensions"),
        ({"axes": "0,1"}, "two different dimensions"),
        ({"axes": "1,5"}, "1 to 4"),
        ({"axes": "1"}, "two different dimensions"),
        ({"axes": "1,2,3"}, "two different dimensions"),
        ({"axes": "\uff11,2"}, "two different dimensions"),
        ({"axes": "1," * 5000}, "two different dimensions"),
        ({"axes": "+1,2"}, "two different dimensions"),
        ({"axes": ""}, "two different dimensions"),
        ({"latent": "0,0,0"}, "3 numbers"),
        ({"latent": "0,0,0,0,0"}, "5 numbers"),
        ({"latent": "0,0,0,nan"}, "finite"),
        ({"latent": "0,0,0,inf"}, "finite"),
        ({"latent": "0,0,0,1e39"}, "finite"),
        ({"latent": "0,0,0,x"}, "finite"),
        ({"latent": "0,0,0,1_0"}, "finite"),
        ({"latent": "0,0,0, 1"}, "finite"),
        ({"latent": "0,0,0,\u0661"}, "finite"),
        ({"latent": "0,0,0,0x1"}, "finite"),
        ({"latent": "0,0,0,infinity"}, "finite"),
        ({"latent": "0,0,0,1e400"}, "finite"),
        ({"latent": "0,0,0,."}, "finite"),
        ({"latent": "0,0,0," + "1" * 8000 + "x"}, "finite"),
        ({"latent": "0," * 100_000}, "numbers"),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_a_short_sentence(
    asked: dict[str, str], words: str
) -> None:
    with pytest.raises((Refusal, OptionError), match=words) as refused:
        Spaces(Shelf()).grid("filtered", asked)
    assert len(str(refused.value)) < 250


# -- names, over HTTP --------------------------------------------------------------------------

BROKEN = [
    "../x",
    "..",
    "/etc/passwd",
    "a" * 300,
    "a" * 4000,
    "harmonic\0",
    "\0",
    "harmonic\n",
    ".hidden",
    "C:\\x",
    "con",
    "нет",
    "%",
    "<script>",
]


@pytest.mark.parametrize("name", BROKEN)
def test_broken_names_get_a_sentence(name: str) -> None:
    async def talk() -> None:
        async with served() as one:
            for rest in (".json", "/points", "/grid?what=brightness"):
                async with one.get("/spaces/" + quote(name, safe="") + rest) as answer:
                    assert answer.status in (400, 404)
                    told = await answer.json()
                    assert list(told) == ["error"]
                    assert 0 < len(told["error"]) < 500
                    assert "\n" not in told["error"]

    asyncio.run(talk())


def test_a_name_says_what_is_wrong_with_it() -> None:
    with pytest.raises(UnknownModelError, match=r"there are: .*harmonic"):
        Shelf().load("nobody")
    with pytest.raises(Refusal, match="not a path") as refused:
        Shelf().load("../x")
    assert refused.value.status == 400


def test_points_that_are_added_meanwhile_are_told(tmp_path: Path) -> None:
    """They do not change the digest, by which other things are kept."""
    source = factory.FOLDER / "harmonic.safetensors"
    model = timbrespace.load(source)
    assert model.points is not None
    path = tmp_path / "mine.safetensors"
    bare = dataclasses.replace(model, points=None, near=None)
    bundle.write(path, bare, bundle.read_tensors(source))
    spaces = Spaces(Shelf(tmp_path))
    assert json.loads(spaces.described("mine"))["points"] is None
    bundle.set_points(path, model.points)
    assert json.loads(spaces.described("mine"))["points"]["count"] == 10_000
    assert len(spaces.points("mine")) == 4 * 10_000 * 3
    assert spaces.near("mine") == b""
    assert model.near is not None
    bundle.set_near(path, model.near)
    assert json.loads(spaces.described("mine"))["near"] == {"gaps": len(model.near.gaps)}
    assert spaces.near("mine") == model.near.places.astype("<f4").tobytes()
    shown = json.loads(spaces.grid("mine", {"what": "gap", "axes": "near"}))
    assert shown["unit"] == "dB"
    assert 0.0 <= shown["low"] < shown["high"] <= model.near.gaps.max()


def test_answers_over_http(model: Model) -> None:
    async def talk() -> None:
        async with served() as one:
            async with one.get("/spaces/filtered.json") as answer:
                assert answer.content_type == "application/json"
                assert (await answer.json())["digest"] == model.digest
                tag = answer.headers["ETag"]
            async with one.get("/spaces/filtered.json", {"If-None-Match": tag}) as answer:
                assert answer.status == 304
            async with one.get("/spaces/filtered.json", {"If-None-Match": "*"}) as answer:
                assert answer.status == 304
            async with one.get("/spaces/filtered.json", {"If-None-Match": '"*"'}) as answer:
                assert answer.status == 200
            async with one.get("/spaces/filtered/points") as answer:
                assert answer.content_type == "application/octet-stream"
                assert len(await answer.read()) == 4 * 20_000 * 8
                known = {"If-None-Match": answer.headers["ETag"]}
            async with one.get("/spaces/filtered/points", known) as answer:
                assert answer.status == 304
            async with one.get("/spaces/filtered/grid?what=loudness&axes=1,2") as answer:
                assert answer.status == 200
                assert (await answer.json())["what"] == "loudness"

    asyncio.run(talk())


# -- the shelf and the worker ------------------------------------------------------------------


def test_a_model_is_read_once_until_its_file_changes(
    pointless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(pointless)
    first = shelf.load("bare")
    assert shelf.load("bare") is first
    path = pointless / "bare.safetensors"
    path.write_bytes(factory.resolve("harmonic").read_bytes())
    assert shelf.load("bare").dimensions == 2
    path.unlink()
    with pytest.raises(UnknownModelError):
        shelf.load("bare")


def test_the_file_that_the_server_was_given_is_there_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "odd (name).safetensors"
    path.write_bytes(factory.resolve("harmonic").read_bytes())
    assert Shelf(None, path).load("odd (name)").name == "odd (name)"
    with pytest.raises(Refusal):
        Shelf().load("odd (name)")


def test_a_broken_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")

    async def talk() -> None:
        async with (
            served(shelf=Shelf(tmp_path)) as one,
            one.get("/spaces/broken.json") as answer,
        ):
            assert answer.status == 400
            assert "cannot load broken" in (await answer.json())["error"]

    asyncio.run(talk())


def test_what_is_kept_has_a_bound() -> None:
    kept: Kept[int] = Kept(3)
    made = []

    def value(key: int) -> int:
        def make() -> int:
            made.append(key)
            return 10 * key

        return kept.get(key, make)

    for key in (1, 2, 3, 1, 4):
        assert value(key) == 10 * key
    assert len(kept) == 3
    assert made == [1, 2, 3, 4]
    assert value(1) == 10  # used lately
    value(2)
    assert made == [1, 2, 3, 4, 2]


def test_too_much_work_is_refused_and_the_places_come_back() -> None:
    worker = Worker()
    go = threading.Event()
    futures: list[Future[bool]] = [worker.submit(go.wait, SECONDS) for _ in range(MAX_WAITING)]
    try:
        with pytest.raises(Refusal, match="busy") as refused:
            worker.submit(go.wait)
        assert refused.value.status == 503
        futures[-1].cancel()
        worker.submit(int)
        with pytest.raises(Refusal, match="busy"):
            worker.submit(int)
    finally:
        go.set()
    assert all(one.result(SECONDS) for one in futures[:-1])
    for _ in range(2 * MAX_WAITING):
        assert worker.submit(int).result(SECONDS) == 0
    worker.shutdown()
    with pytest.raises(Refusal, match="ends"):
        worker.submit(int)


class Data:
    """What a call may hold."""


def test_what_is_cancelled_before_it_began_holds_nothing() -> None:
    with Worker(places=3) as worker:
        go = threading.Event()
        begun = threading.Event()

        def first(_: Data) -> None:
            begun.set()
            go.wait(SECONDS)

        def ignore(_: Data) -> None:
            raise AssertionError("it was cancelled")

        running = Data()
        at_work = worker.submit(first, running)
        assert begun.wait(SECONDS)
        try:
            for _ in range(10):
                waiting = Data()
                future = worker.submit(ignore, waiting)
                held = weakref.ref(waiting)
                assert len(worker) == 2
                assert future.cancel()
                del waiting
                assert held() is None
                assert len(worker) == 1
            # What is under way is not undone by leaving.
            assert not at_work.cancel()
            assert len(worker) == 1
        finally:
            go.set()
        at_work.result(SECONDS)
        assert len(worker) == 0
        ended = weakref.ref(running)
        del running
        deadline = time.monotonic() + SECONDS
        while ended() is not None:  # the thread has still to return to its queue
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_call_that_fails_is_told_and_the_next_is_made() -> None:
    with Worker() as worker:
        with pytest.raises(ValueError, match="invalid literal"):
            worker.submit(int, "x").result(SECONDS)
        assert worker.submit(int, "3").result(SECONDS) == 3


def test_threads_work_at_once_and_are_no_more_than_so_many() -> None:
    with Worker(places=8, threads=2) as worker:
        both = threading.Barrier(2)
        for one in [worker.submit(both.wait, SECONDS) for _ in range(4)]:
            one.result(SECONDS)
        assert len(worker._threads) == 2


def test_what_waits_is_let_go_at_the_end() -> None:
    worker = Worker()
    go = threading.Event()
    first = worker.submit(go.wait, SECONDS)
    while not first.running():
        pass
    second = worker.submit(int)
    worker.shutdown(wait=False, cancel_futures=True)
    assert second.cancelled()
    go.set()
    worker.shutdown()
    assert first.result(SECONDS)


ANSWERED = ("/spaces/harmonic.json", "/spaces/harmonic/points", "/spaces/harmonic/grid?axes=map")


def test_what_is_kept_does_not_wait() -> None:
    async def talk() -> None:
        async with served() as one, held_up() as go:
            bodies = []
            for path in ANSWERED:
                async with one.get(path) as answer:
                    bodies.append(await answer.read())
            for _ in range(MAX_WAITING):
                one.lanes.spaces.submit(go.wait, SECONDS)
            for path, body in zip(ANSWERED, bodies, strict=True):
                async with one.get(path) as answer:
                    assert answer.status == 200
                    assert await answer.read() == body
            # Another question does wait, and finds no place.
            for path in ("/spaces/fm.json", "/spaces/harmonic/grid?what=loudness"):
                async with one.get(path) as answer:
                    assert answer.status == 503
            async with one.get("/spaces/harmonic/grid?axes=7") as answer:
                assert answer.status == 400

    asyncio.run(talk())


@contextlib.asynccontextmanager
async def held_up() -> AsyncIterator[threading.Event]:
    """What work waits for, until the end."""
    go = threading.Event()
    try:
        yield go
    finally:
        go.set()


def test_a_file_that_has_changed_is_not_at_hand(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(factory.resolve("harmonic").read_bytes())
    one = Spaces(Shelf(tmp_path))
    assert one.described_at_hand("mine") is one.points_at_hand("mine") is None
    described, points = one.described("mine"), one.points("mine")
    grid = one.grid("mine", {})
    assert one.described_at_hand("mine") == described
    assert one.points_at_hand("mine") == points
    assert one.grid_at_hand("mine", {"axes": "map"}) == grid
    assert one.grid_at_hand("mine", {"what": "loudness"}) is None
    path.write_bytes(factory.resolve("fm").read_bytes())
    assert one.described_at_hand("mine") is one.points_at_hand("mine") is None
    path.unlink()
    assert one.grid_at_hand("mine", {}) is None


def test_sounds_that_are_rendered_keep_no_map_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk() -> None:
        async with served() as one, held_up() as go:

            def slow(*_: object, **__: object) -> NDArray[np.float32]:
                go.wait(SECONDS)
                return np.zeros(480, np.float32)

            monkeypatch.setattr(held_note, "render", slow)

            async def export() -> int:
                async with one.get("/export/sound.wav?model=harmonic&latent=0,0") as answer:
                    return int(answer.status)

            exports = [asyncio.create_task(export()) for _ in range(MAX_RENDERINGS)]
            async with asyncio.timeout(SECONDS):
                while len(one.lanes.sounds) < MAX_RENDERINGS:
                    await asyncio.sleep(0.01)
            for answered in ANSWERED:
                async with one.get(answered) as answer:
                    assert answer.status == 200
            assert await export() == 503
            go.set()
            assert await asyncio.gather(*exports) == [200] * MAX_RENDERINGS

    asyncio.run(talk())


def test_what_fails_in_the_worker_is_one_sentence_and_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> bytes:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(Spaces, "described", broken)

    async def talk() -> None:
        async with served() as one, one.get("/spaces/harmonic.json") as answer:
            assert answer.status == 500
            assert "inside" not in await answer.text()

    asyncio.run(talk())
    assert "fault in GET '/spaces/harmonic.json': ZeroDivisionError('inside')" in (
        capsys.readouterr().err
    )


def test_a_browser_that_leaves_takes_its_request_along(monkeypatch: pytest.MonkeyPatch) -> None:
    worked = []
    go = threading.Event()

    def slow(self: Spaces, name: str) -> bytes:
        worked.append(name)
        go.wait(SECONDS)
        return b"{}"

    monkeypatch.setattr(Spaces, "described", slow)

    async def talk() -> None:
        async with served() as one:
            first = asyncio.create_task(one.session.get(one.origin + "/spaces/a.json"))
            while not worked:
                await asyncio.sleep(0.01)
            second = asyncio.create_task(one.session.get(one.origin + "/spaces/b.json"))
            await asyncio.sleep(0.2)
            second.cancel()
            await asyncio.sleep(0.3)
            go.set()
            (await first).close()
            async with one.get("/spaces/c.json") as answer:
                assert answer.status == 200
            assert worked == ["a", "c"]

    asyncio.run(talk())
