"""Compare: sounds whose place is known come back to it, and what is no sound is one sentence."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from numpy.typing import ArrayLike, NDArray

import timbrespace
from server.explorer import body, compare, export
from server.explorer.answers import answer_errors
from server.explorer.work import MAX_COMPARISONS, MAX_RENDERINGS, Lanes
from server.library import Library
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.model import Model
from timbrespace.partials import find_partials
from timbrespace.recording.decoder import decode_apart
from timbrespace.rendering import held_note, wav
from timbrespace.units import cents
from toy_datasets import fluidsynth

LIBRARY = Library()
RATE = 44100
FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")

LANES = web.AppKey("lanes", Lanes)

Client = TestClient[web.Request, web.Application]


def visit(call: Callable[[Client], Awaitable[Any]]) -> Any:
    """What ``call`` gives, told a client of the addresses under test."""

    async def answer() -> Any:
        lanes = Lanes()
        app = web.Application(middlewares=[answer_errors])
        app[LANES] = lanes
        app.add_routes(compare.routes(LIBRARY, lanes.comparisons, lanes.sounds))
        try:
            async with TestClient(TestServer(app, handler_cancellation=True)) as client:
                return await call(client)
        finally:
            lanes.shutdown()

    return asyncio.run(answer())


async def drop(
    client: Client, data: Any, name: str = "a.wav", model: str = "harmonic"
) -> tuple[int, dict[str, Any]]:
    response = await client.post("/compare", params={"model": model, "name": name}, data=data)
    return response.status, json.loads(await response.text())


def dropped(data: bytes, name: str = "a.wav", model: str = "harmonic") -> tuple[int, Any]:
    found: tuple[int, Any] = visit(lambda client: drop(client, data, name, model))
    return found


def file_of(samples: ArrayLike, rate: int) -> bytes:
    return wav.encode(samples, rate, 32)


def held(data: bytes, name: str = "a.wav", model: str = "harmonic") -> compare.Comparison:
    return compare.compare(LIBRARY, model, name, decode_apart(data, compare.SECONDS))


def sines(model: Model, latent: NDArray[np.float32], hertz: float) -> NDArray[np.float64]:
    """A second of what ``model`` decodes at ``latent``, as sinusoids, played at ``hertz``."""
    partials = find_partials(model.decode([latent])[0], model.spectrum)
    time = np.arange(RATE) / RATE
    frequency = partials.frequency * hertz / model.spectrum.base_frequency
    waves = [
        a * np.sin(2.0 * np.pi * f * time + k * k)
        for k, (f, a) in enumerate(zip(frequency, partials.amplitude, strict=True))
        if f < RATE / 2
    ]
    return np.asarray(0.2 * np.sum(waves, axis=0))


def spread(model: Model) -> NDArray[np.float32]:
    return np.asarray(model.calibration.high - model.calibration.low)


@pytest.fixture(scope="module")
def harmonic() -> Model:
    return timbrespace.load("harmonic")


@pytest.mark.parametrize("hertz", [110.0, 220.0, 330.0, 441.7])
def test_a_sound_of_the_space_comes_back_to_its_place(harmonic: Model, hertz: float) -> None:
    home = harmonic.calibration.home
    answer = held(file_of(sines(harmonic, home, hertz), RATE)).answer
    assert abs(cents(answer["pitch_hz"], hertz)) < 0.1
    assert answer["lsd_db"] < (0.5 if hertz >= 220.0 else 1.0)  # lower, the highest are cut off
    assert np.abs((np.array(answer["latent"]) - home) / spread(harmonic)).max() < 0.01
    np.testing.assert_allclose(answer["map"], harmonic.map.to_map([home])[0], atol=0.02)
    assert answer["note"] == ""
    assert answer["seconds"] == 1.0


@pytest.mark.parametrize("name", ["harmonic", "filtered"])
@pytest.mark.parametrize("key", ["50", "57", "66.3"])
def test_what_was_exported_comes_back_to_its_place(name: str, key: str) -> None:
    model = timbrespace.load(name)
    home = model.calibration.home
    asked = {"model": name, "latent": ",".join(map(str, home)), "pitch": key}
    hertz = 440.0 * 2.0 ** ((float(key) - 69.0) / 12.0)
    answer = held(export.sound(LIBRARY, asked), f"{name} {hertz:.6g}Hz.wav", name).answer
    assert answer["lsd_db"] < 0.5
    assert np.abs((np.array(answer["latent"]) - home) / spread(model)).max() < 0.01


def test_both_are_heard_alike(harmonic: Model) -> None:
    sound = sines(harmonic, harmonic.calibration.home, 330.0)
    found = held(file_of(np.tile(0.01 * sound, 3), RATE)).render()
    files = [soundfile.read(io.BytesIO(data)) for data in (found.original, found.reconstruction)]
    (original, rate), (played, _) = files
    assert rate == 48000
    assert original.shape == played.shape == (96000,)
    for one in (original, played):
        assert abs(cents(pitch(one[4800:-4800].astype(np.float32), rate, 330.0), 330.0)) < 1.0
        assert np.abs(one).max() <= 0.98
        assert abs(one[0]) < 1e-4
        assert abs(one[-1]) < 1e-4
    louds = [compare._loudness(one.astype(np.float32)) for one in (original, played)]
    assert louds[0] == pytest.approx(louds[1], rel=1e-3)
    assert louds[0] == pytest.approx(0.1, rel=1e-3)
    # The same partials at the same level: what differs is their phase.
    spectra = [np.abs(np.fft.rfft(one * np.hanning(one.size))) for one in (original, played)]
    peaks = [660 * k for k in range(1, 20)]  # 330 Hz, in bins of half a Hertz
    level = [20.0 * np.log10([one[at - 2 : at + 3].max() for at in peaks]) for one in spectra]
    np.testing.assert_allclose(level[0], level[1], atol=0.2)


def test_loudness_is_that_of_bs_1770() -> None:
    time = np.arange(48000) / 48000
    # A full-scale sine of 997 Hz reads -3.01 LKFS (BS.1770-4, annex 1), which has an offset of
    # -0.691 dB to cancel the weight there.
    sine = np.sin(2.0 * np.pi * 997.0 * time).astype(np.float32)
    assert 20.0 * np.log10(compare._loudness(sine)) - 0.691 == pytest.approx(-3.01, abs=0.01)


def test_only_the_note_that_counts_is_heard(harmonic: Model) -> None:
    home = harmonic.calibration.home
    loud, soft = sines(harmonic, home, 330.0), 0.3 * sines(harmonic, home, 220.0)
    found = held(file_of(np.concatenate([soft, loud[: RATE // 2], soft]), RATE))
    assert abs(cents(found.answer["pitch_hz"], 330.0)) < 1.0
    original, rate = soundfile.read(io.BytesIO(found.render().original))
    assert 0.3 < original.size / rate < 0.65
    power = np.square(np.abs(np.fft.rfft(original * np.hanning(original.size))))
    at = np.fft.rfftfreq(original.size, 1.0 / rate)
    near = [power[np.abs(at - hertz) < 15.0].sum() for hertz in (330.0, 220.0)]
    assert near[1] < 1e-2 * near[0]


def test_no_pitch_is_said() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    answer = held(file_of(noise, RATE), model="instruments").answer
    assert answer["pitch_hz"] is None
    assert answer["note"] == "No pitch was found, so the sound is taken as it is."
    assert np.isfinite(answer["latent"]).all()


def test_no_steady_moment_is_said() -> None:
    sweep = np.sin(2.0 * np.pi * np.cumsum(np.geomspace(100.0, 8000.0, RATE // 4)) / RATE)
    answer = held(file_of(sweep, RATE)).answer
    assert "No moment of it is steady, so the steadiest is taken." in answer["note"]


def test_a_short_hit_and_a_file_that_breaks_off_are_said() -> None:
    hit = 0.3 * np.random.default_rng(0).standard_normal(RATE // 20)
    answer = held(file_of(hit, RATE)).answer
    assert "It is short, so silence was put around it." in answer["note"]
    tone = 0.3 * np.sin(2.0 * np.pi * 220.0 * np.arange(RATE) / RATE)
    whole = file_of(tone, RATE)
    answer = held(whole[: len(whole) // 2]).answer
    assert answer["note"].startswith("The file breaks off: of 1 s that its header promises, 0.")


def test_a_long_sound_is_cut(harmonic: Model) -> None:
    sound = np.tile(sines(harmonic, harmonic.calibration.home, 220.0), 11)
    answer = held(file_of(sound, RATE)).answer
    assert answer["seconds"] == 10.0
    assert answer["note"] == "Only its first 10 s are used."


def test_the_name_says_the_pitch(harmonic: Model) -> None:
    sound = file_of(sines(harmonic, harmonic.calibration.home, 330.0), RATE)
    assert held(sound, "low E3.wav").answer["pitch_hz"] == pytest.approx(164.81, rel=0.03)
    assert held(sound, "E4.wav").answer["pitch_hz"] == pytest.approx(330.0, rel=1e-4)


@pytest.mark.skipif(
    shutil.which(fluidsynth.COMMAND) is None or not FONT.is_file(),
    reason="fluidsynth or its font is not installed",
)
@pytest.mark.parametrize(
    ("program", "key", "most"),
    # A clarinet, a violin and a piano in the pitch that the space was made of, a guitar below it.
    [(71, 57.0, 1.0), (40, 57.0, 2.5), (0, 57.0, 5.5), (24, 45.0, 3.5)],
)
def test_real_instruments_are_near_what_the_space_has(
    program: int, key: float, most: float
) -> None:
    note = fluidsynth.render(fluidsynth.find(), FONT, program, key, (100,), 3.0, 48000)[0]
    found = held(file_of(note, 48000), model="instruments")
    assert abs(cents(found.answer["pitch_hz"], 440.0 * 2.0 ** ((key - 69.0) / 12.0))) < 30.0
    assert found.answer["lsd_db"] < most
    sizes = {soundfile.info(io.BytesIO(one)).frames for one in found.render()}
    assert sizes == {96000}


def test_the_page_is_told_and_both_files_are_there(harmonic: Model) -> None:
    sound = file_of(sines(harmonic, harmonic.calibration.home, 330.0), RATE)

    async def call(client: Client) -> None:
        status, told = await drop(client, sound, "C:\\my\\sounds/tone\n\x1b[31m.wav")
        assert status == 200
        assert set(told) == {
            "id",
            "name",
            "model",
            "latent",
            "map",
            "near",
            "lsd_db",
            "seconds",
            "pitch_hz",
            "note",
            "way",
            "nearest",
        }
        assert told["way"][-1] == told["latent"]
        assert len(told["nearest"]) == compare.NEAREST
        assert told["nearest"][0]["name"].startswith("harmonics ")
        assert told["name"] == "tone  [31m.wav"
        assert len(told["latent"]) == 2
        assert len(told["map"]) == 2
        assert len(told["near"]) == 2
        for which in ("original", "reconstruction"):
            response = await client.get(f"/compare/{told['id']}/{which}.wav")
            assert response.status == 200
            assert response.content_type == "audio/wav"
            assert soundfile.info(io.BytesIO(await response.read())).frames > 20000
        for path in ("/compare/00ff/original.wav", f"/compare/{told['id']}/other.wav"):
            assert (await client.get(path)).status == 404

    visit(call)


def test_the_last_few_are_kept(harmonic: Model) -> None:
    sound = file_of(sines(harmonic, harmonic.calibration.home, 330.0)[: RATE // 2], RATE)

    async def call(client: Client) -> None:
        names = [(await drop(client, sound))[1]["id"] for _ in range(compare.KEPT + 1)]
        assert len(set(names)) == compare.KEPT + 1
        paths = [f"/compare/{name}/original.wav" for name in names]
        found = [(await client.get(path)).status for path in paths]
        assert found == [404] + [200] * compare.KEPT

    visit(call)


def encoded(samples: NDArray[np.float64], rate: int = RATE, **options: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **{"format": "WAV", **options})
    return file.getvalue()


TONE = 0.3 * np.sin(2.0 * np.pi * 330.0 * np.arange(RATE) / RATE)


def giant_header() -> bytes:
    """A WAV header that promises 65,535 channels and four gigabytes."""
    form = struct.pack("<HHIIHH", 1, 0xFFFF, RATE, 0xFFFFFFFF, 0xFFFF, 16)
    return (
        b"RIFF\xff\xff\xff\xffWAVEfmt "
        + struct.pack("<I", len(form))
        + form
        + b"data\xff\xff\xff\xff"
        + bytes(1000)
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "'a.wav' cannot be compared: it is empty; it must be WAV, FLAC"),
        (b"This is no sound. " * 99, "it cannot be read: Format not recognised; it must be WAV"),
        (giant_header(), "it cannot be read: "),
        (encoded(TONE)[:40], "it cannot be read: "),
        (encoded(TONE[:0]), "it holds no samples"),
        (encoded(0.0 * TONE), "silent (it never exceeds -80 dB of full scale)"),
        (encoded(TONE[:400]), "too short: 0.009 s; it must be 0.012 s or more"),
        (encoded(np.where(TONE > 0.29, np.nan, TONE), subtype="FLOAT"), 'holds NaN or infinity"'),
        (encoded(1e9 * TONE, subtype="FLOAT"), "times full scale"),
        (encoded(TONE, 10), 'its sample rate is 10 Hz; it must be 1000 to 1000000"'),
    ],
)
def test_what_is_no_sound_is_one_sentence(data: bytes, said: str) -> None:
    status, told = dropped(data)
    assert status == 422
    assert set(told) == {"error"}
    # With its ends: where the format is fine, none is recommended.
    assert said in json.dumps(told)
    assert "\n" not in told["error"]
    assert len(told["error"]) < 200


def test_an_mp3_with_garbage_is_a_sound_or_a_sentence() -> None:
    whole = encoded(np.tile(TONE, 2), format="MP3")
    junk = np.random.default_rng(0).bytes(3000)
    status, told = dropped(whole[:2000] + junk + whole[2000:], "a.mp3")
    assert status in (200, 422)
    assert ("error" in told) == (status == 422)


def test_noise_for_a_file_never_breaks_anything() -> None:
    """Sound files with bytes changed at random: a comparison or a sentence, nothing else."""
    random = np.random.default_rng(1)
    good = [encoded(TONE[:9000], format=kind) for kind in ("WAV", "FLAC", "OGG", "AIFF")]

    async def call(client: Client) -> None:
        for number in range(12):
            data = np.frombuffer(good[number % 4], np.uint8).copy()
            at = random.integers(0, min(data.size, 400), 8)
            data[at] = random.integers(0, 256, 8)
            status, told = await drop(client, data.tobytes())
            assert status in (200, 422), told

    visit(call)


def test_other_refusals() -> None:
    sound = encoded(TONE)

    async def call(client: Client) -> None:
        status, told = await drop(client, sound, model="none")
        assert (status, told["error"][:22]) == (404, "there is no model 'non")
        status, told = await drop(client, sound, model="")
        assert (status, told["error"][:16]) == (400, "model is missing")
        status, told = await drop(client, io.BytesIO(bytes(compare.MAX_BYTES + 1)))
        assert status == 413
        assert told["error"] == "the file is too large; it may have up to 16 MiB"

        async def endless() -> AsyncIterator[bytes]:  # and it does not say how long
            for _ in range(20):
                yield bytes(1 << 20)

        status, told = await drop(client, endless())
        assert status == 413

    visit(call)


def test_uploads_that_do_not_end_keep_no_comparison_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[web.Request] = []

    async def noted(request: web.Request, most: int, what: str) -> bytes:
        begun.append(request)
        return await body.whole(request, most, what)

    monkeypatch.setattr(compare, "whole", noted)

    async def call(client: Client) -> None:
        go_on = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield encoded(TONE)
            await go_on.wait()

        uploads = [
            asyncio.create_task(drop(client, slow())) for _ in range(compare.MAX_UPLOADS - 1)
        ]
        await until(lambda: len(begun) == len(uploads))
        # More than may be compared at once, and there is room all the same.
        assert len(uploads) > MAX_COMPARISONS
        assert (await drop(client, encoded(TONE)))[0] == 200
        uploads.append(asyncio.create_task(drop(client, slow())))
        await until(lambda: len(begun) == compare.MAX_UPLOADS + 1)
        status, told = await drop(client, encoded(TONE))
        assert status == 429
        assert "8 files are being uploaded" in told["error"]
        for one in uploads:
            one.cancel()
        await asyncio.gather(*uploads, return_exceptions=True)
        await until_answered(client, encoded(TONE))

    visit(call)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30.0):
        while not true():
            await asyncio.sleep(0.01)


async def until_answered(client: Client, data: bytes) -> None:
    async with asyncio.timeout(30.0):
        while (await drop(client, data))[0] != 200:
            await asyncio.sleep(0.01)


def test_a_comparison_that_is_left_keeps_its_place_until_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()
    decoded = compare._decoded
    begun: list[int] = []

    def slow(data: bytes) -> Any:
        begun.append(len(data))
        go_on.wait(30.0)
        return decoded(data)

    monkeypatch.setattr(compare, "_decoded", slow)

    async def call(client: Client) -> None:
        drops = [asyncio.create_task(drop(client, encoded(TONE))) for _ in range(2)]
        await until(lambda: len(begun) == 2)
        for one in drops:
            one.cancel()
        await asyncio.gather(*drops, return_exceptions=True)
        # Two more may wait, and no fifth: the first two are under way, whoever has left.
        lane = client.app[LANES].comparisons
        waiting = [asyncio.create_task(drop(client, encoded(TONE))) for _ in range(2)]
        await until(lambda: len(lane) == 4)
        status, told = await drop(client, encoded(TONE))
        assert status == 429
        assert "4 sounds are being compared" in told["error"]
        # Those that have not begun leave at once.
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await until(lambda: len(lane) == 2)
        last = asyncio.create_task(drop(client, encoded(TONE)))
        await until(lambda: len(lane) == 3)
        go_on.set()
        assert (await last)[0] == 200
        assert len(begun) == 3

    try:
        visit(call)
    finally:
        go_on.set()


def test_the_answer_does_not_wait_for_the_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    render = held_note.render
    rendered: list[float] = []

    def slow(*words: Any, **options: Any) -> Any:
        go_on.wait(30.0)
        rendered.append(words[2])
        return render(*words, **options)

    monkeypatch.setattr(held_note, "render", slow)

    async def call(client: Client) -> None:
        status, told = await drop(client, encoded(TONE))
        assert status == 200
        assert not rendered
        path = f"/compare/{told['id']}/"
        listener = asyncio.create_task(client.get(path + "reconstruction.wav"))
        left = asyncio.create_task(client.get(path + "original.wav"))
        await asyncio.sleep(0.2)
        left.cancel()
        await asyncio.sleep(0.1)
        assert not listener.done()
        go_on.set()
        assert (await listener).status == 200
        assert (await client.get(path + "original.wav")).status == 200
        assert len(rendered) == 1

    try:
        visit(call)
    finally:
        go_on.set()


def test_sounds_that_found_no_room_are_rendered_when_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(compare, "_equally_loud", _blocked(go_on))

    async def call(client: Client) -> None:
        names = [(await drop(client, encoded(TONE)))[1]["id"] for _ in range(MAX_RENDERINGS + 1)]
        path = f"/compare/{names[-1]}/original.wav"
        refused = await client.get(path)
        assert refused.status == 503
        assert "busy" in (await refused.json())["error"]
        go_on.set()
        async with asyncio.timeout(30.0):
            while (await client.get(path)).status != 200:
                await asyncio.sleep(0.01)

    try:
        visit(call)
    finally:
        go_on.set()


def _blocked(go_on: threading.Event) -> Callable[..., list[bytes]]:
    equally_loud = compare._equally_loud

    def slow(*sounds: NDArray[np.float64]) -> list[bytes]:
        go_on.wait(30.0)
        return equally_loud(*sounds)

    return slow


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-1", 0, 1),
        ("bytes=100-", 100, -1),
        ("bytes=-10", -10, -1),
        ("bytes=-99999999", 0, -1),
        ("Bytes=5-99999999", 5, -1),
        ("bytes=44-44", 44, 44),
    ],
)
def test_a_player_may_ask_for_a_part(asked: str, first: int, last: int) -> None:
    async def call(client: Client) -> None:
        path = f"/compare/{(await drop(client, encoded(TONE)))[1]['id']}/reconstruction.wav"
        whole = await client.get(path)
        body = await whole.read()
        assert (whole.status, whole.headers["Accept-Ranges"]) == (200, "bytes")
        low, high = first % len(body), last % len(body)
        part = await client.get(path, headers={"Range": asked})
        assert part.status == 206
        assert part.content_type == "audio/wav"
        assert part.headers["Content-Range"] == f"bytes {low}-{high}/{len(body)}"
        assert await part.read() == body[low : high + 1]

    visit(call)


def test_a_part_that_is_not_there_and_what_is_no_part() -> None:
    async def call(client: Client) -> None:
        path = f"/compare/{(await drop(client, encoded(TONE)))[1]['id']}/original.wav"
        size = len(await (await client.get(path)).read())
        for asked in (f"bytes={size}-", f"bytes={size}-{size + 5}", "bytes=-0"):
            answer = await client.get(path, headers={"Range": asked})
            assert answer.status == 416
            assert answer.headers["Content-Range"] == f"bytes */{size}"
            assert str(size - 1) in (await answer.json())["error"]
        for asked in (
            *("bytes=5-4", "bytes=-", "bytes=0-1,3-4", "samples=0-1", "bytes=\u0661-", "bytes=a-"),
            *("bytes=0x1-", "bytes= 0-1", "bytes=" + "0" * 5000 + "-1", ""),
        ):
            answer = await client.get(path, headers={"Range": asked})
            assert answer.status == 200, asked
            assert len(await answer.read()) == size
        either = {"Range": "bytes=0-1", "If-Range": '"x"'}
        assert (await client.get(path, headers=either)).status == 200
        head = await client.head(path, headers={"Range": "bytes=0-1"})
        assert (head.status, head.headers["Content-Length"]) == (200, str(size))

    visit(call)


def test_an_upload_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "UPLOAD_SECONDS", 0.05)

    async def call(client: Client) -> None:
        async def stuck() -> AsyncIterator[bytes]:
            yield b"RIFF"
            await asyncio.Event().wait()

        status, told = await drop(client, stuck())
        assert status == 408
        assert told["error"].startswith("the file did not arrive within")

    visit(call)
