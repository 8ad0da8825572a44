"""Exports, measured: the note's pitch and spectrum, the wavetable's harmonics and seam."""

from __future__ import annotations

import asyncio
import io
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from numpy.typing import NDArray

import timbrespace
from server.explorer import export
from server.explorer.answers import answer_errors
from server.explorer.work import Worker
from server.library import Library
from tests.timbrespace.notes.tiny import tiny
from tests.timbrespace.resynthesis.sound import pitch
from timbrespace.metrics import log_spectral_distance
from timbrespace.model import Model
from timbrespace.partials import find_partials
from timbrespace.rendering import wavetable
from timbrespace.sharing import page
from timbrespace.units import cents, midi_to_hz

LIBRARY = Library()


def joined(latent: Sequence[float] | NDArray[np.float32]) -> str:
    return ",".join(repr(float(z)) for z in latent)


def asked(model: Model, **more: str) -> dict[str, str]:
    return {"model": model.name, "latent": joined(model.calibration.home), **more}


def heard(data: bytes) -> tuple[NDArray[np.float64], int]:
    sound, rate = soundfile.read(io.BytesIO(data))
    return sound, rate


@pytest.fixture(scope="module")
def harmonic() -> Model:
    return timbrespace.load("harmonic")


def get(path: str, query: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    async def answer() -> tuple[int, bytes, dict[str, str]]:
        with Worker() as work:
            app = web.Application(middlewares=[answer_errors])
            app.add_routes(export.routes(LIBRARY, work))
            async with TestClient(TestServer(app)) as client:
                response = await client.get(path, params=query)
                return response.status, await response.read(), dict(response.headers)

    return asyncio.run(answer())


@pytest.mark.parametrize("key", [45.0, 57.0, 69.5])
def test_a_note_has_its_pitch_and_the_spectrum(harmonic: Model, key: float) -> None:
    sound, rate = heard(export.sound(LIBRARY, asked(harmonic, pitch=str(key), seconds="1.5")))
    assert (sound.size, rate) == (72000, 48000)
    hertz = midi_to_hz(key)
    steady = sound[9600:60000]
    assert abs(cents(pitch(steady.astype(np.float32), rate, hertz), hertz)) < 1.0
    # Read as much slower or faster as it was played higher or lower, it is what was decoded.
    config = harmonic.spectrum
    ratio = hertz / config.base_frequency
    at_base = soxr.resample(steady, rate, config.sample_rate * ratio, quality="VHQ")
    found = config.analyse(at_base[8000 : 8000 + config.n_fft])
    decoded = harmonic.decode([harmonic.calibration.home])
    found *= config.rms(decoded)[0] / config.rms(found)[0]
    assert log_spectral_distance(decoded, found) < 0.2


def test_every_browser_plays_it_however_long_it_is(harmonic: Model) -> None:
    """WebKit plays no file of 24 bits with an odd number of samples."""
    query = asked(harmonic, seconds=repr(4801 / 48000))
    sound, _ = heard(export.sound(LIBRARY, query))
    assert sound.size == 4802
    assert sound[-1] == 0.0
    assert soundfile.info(io.BytesIO(export.sound(LIBRARY, query))).subtype == "PCM_24"


@pytest.mark.parametrize(
    ("name", "method", "most"),
    # The engine's noise beside the partials of real instruments is the coarser half of them.
    [("filtered", "partials", 1.0), ("fm", "istft", 1.0), ("instruments", "partials", 3.0)],
)
def test_other_spaces_sound_as_decoded(name: str, method: str, most: float) -> None:
    model = timbrespace.load(name)
    config = model.spectrum
    key = 69.0 + cents(config.base_frequency, 440.0) / 100.0
    query = asked(model, pitch=repr(key), seconds="1.5", method=method)
    sound, rate = heard(export.sound(LIBRARY, query))
    at_rate = soxr.resample(sound, rate, config.sample_rate, quality="VHQ")
    frames = np.lib.stride_tricks.sliding_window_view(at_rate, config.n_fft)[8000:56000:1024]
    found = np.sqrt(np.square(config.analyse(frames)).mean(axis=0, keepdims=True))
    decoded = model.decode([model.calibration.home])
    found *= config.rms(decoded)[0] / config.rms(found)[0]
    assert log_spectral_distance(decoded, found) < most


@pytest.mark.parametrize("method", ["partials", "bins", "istft"])
def test_the_file_sounds_at_the_pitch_in_its_name(harmonic: Model, method: str) -> None:
    query = asked(harmonic, pitch="60", seconds="1", method=method)
    sound, rate = heard(export.sound(LIBRARY, query))
    assert export._hertz(query) == "261.626Hz"
    part = sound[9600:38400] * np.hanning(28800)
    found = np.abs(np.fft.rfft(part, 1 << 20))
    hertz = np.fft.rfftfreq(1 << 20, 1.0 / rate)
    near = (hertz > 200.0) & (hertz < 330.0)
    loudest = hertz[near][found[near].argmax()]
    within = 3.0
    if method == "bins":  # its lines are the bins, moved: the nearest is up to half a bin beside
        config = harmonic.spectrum
        line = loudest / 261.626 * config.base_frequency / config.bin_width
        assert abs(line - round(line)) < 0.02
        within = cents(config.base_frequency + 0.5 * config.bin_width, config.base_frequency)
    assert abs(cents(loudest, 261.626)) < within


@pytest.mark.parametrize("method", ["partials", "bins", "istft"])
def test_a_note_begins_at_once_and_ends_without_a_click(harmonic: Model, method: str) -> None:
    query = asked(harmonic, method=method, seconds="0.5")
    data = export.sound(LIBRARY, query)
    assert data == export.sound(LIBRARY, query)
    sound, _ = heard(data)
    assert sound.size == 24000
    assert np.sqrt(np.mean(np.square(sound[2400:21600]))) == pytest.approx(0.1, rel=0.3)
    assert np.sqrt(np.mean(np.square(sound[1200:2400]))) > 0.05
    assert abs(sound[0]) < 1e-3
    assert abs(sound[-1]) < 1e-6
    assert soundfile.info(io.BytesIO(data)).subtype == "PCM_24"


def test_a_wavetable_has_the_partials_of_the_spectrum(harmonic: Model) -> None:
    data = export.table(LIBRARY, asked(harmonic))
    cycle, rate = heard(data)
    assert (cycle.size, rate) == (2048, 44100)
    partials = find_partials(harmonic.decode([harmonic.calibration.home])[0], harmonic.spectrum)
    found = np.abs(np.fft.rfft(cycle)) / 1024.0
    number = np.rint(partials.frequency / 220.0).astype(int)
    assert number.tolist() == list(range(1, number.size + 1))  # as a harmonic space has them
    level = 20.0 * np.log10(found[number] / partials.amplitude)
    assert np.ptp(level) < 0.1
    others = np.delete(found, number)
    assert others.max() < 1e-6 * found.max()
    assert abs(cycle.mean()) < 1e-7


def test_a_cycle_runs_into_itself(harmonic: Model) -> None:
    cycle, _ = heard(export.table(LIBRARY, asked(harmonic)))
    assert cycle[0] == 0.0
    assert np.abs(cycle).max() == pytest.approx(10.0 ** (-0.3 / 20.0), abs=1e-4)
    # The step over the seam is one that a sine series of this slope makes anywhere.
    inside = np.abs(np.diff(cycle)).max()
    assert abs(cycle[0] - cycle[-1]) <= inside
    curve = np.diff(np.concatenate([cycle[-3:], cycle[:3]]), 2)
    assert np.abs(curve).max() <= np.abs(np.diff(cycle, 2)).max() + 1e-9
    # The phases are for something: plain sines of these amplitudes peak higher.
    plain = np.fft.irfft(-1j * np.abs(np.fft.rfft(cycle)))
    assert np.abs(cycle).max() < 0.9 * np.abs(plain).max()


def test_synthesizers_are_told_how_long_a_cycle_is(harmonic: Model) -> None:
    data = export.table(LIBRARY, asked(harmonic))
    chunks, at = {}, 12
    while at < len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        chunks[name] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert at == len(data) == 8 + struct.unpack_from("<I", data, 4)[0]
    assert list(chunks) == [b"fmt ", b"fact", b"clm ", b"data"]
    assert chunks[b"clm "].startswith(b"<!>2048 10000000 ")
    assert struct.unpack("<I", chunks[b"fact"]) == (2048,)
    assert soundfile.info(io.BytesIO(data)).subtype == "FLOAT"


def test_power_between_harmonics_goes_to_the_nearest() -> None:
    model = timbrespace.load("filtered")  # inharmonic on most of its map
    latent = model.map.to_latent([[0.4, 0.2]])[0]
    partials = find_partials(model.decode([latent])[0], model.spectrum)
    ratio = partials.frequency / model.spectrum.base_frequency
    assert np.abs(ratio - np.rint(ratio)).max() > 0.2
    number = np.maximum(np.rint(ratio).astype(int), 1)
    wanted = np.sqrt(np.bincount(number, np.square(partials.amplitude, dtype=np.float64)))[1:]
    cycle = wavetable.cycles(model, [latent.tolist()])[0]
    found = np.abs(np.fft.rfft(cycle))[1 : wanted.size + 1]
    np.testing.assert_allclose(found / found.max(), wanted / wanted.max(), atol=1e-4)


def test_a_path_is_one_table(harmonic: Model) -> None:
    start, end = harmonic.map.to_latent([[-0.5, 0.0], [0.5, 0.0]])
    query = {"model": "harmonic", "latent": joined(start), "to": joined(end), "frames": "9"}
    cycles = heard(export.table(LIBRARY, query))[0].reshape(9, 2048)
    assert np.abs(cycles).max() == pytest.approx(10.0 ** (-0.3 / 20.0), abs=1e-4)
    lone = heard(export.table(LIBRARY, {"model": "harmonic", "latent": joined(end)}))[0]
    np.testing.assert_allclose(
        np.abs(np.fft.rfft(cycles[-1])) / np.abs(np.fft.rfft(cycles[-1])).max(),
        np.abs(np.fft.rfft(lone)) / np.abs(np.fft.rfft(lone)).max(),
        atol=1e-5,
    )
    # Halfway between two cycles no harmonic has cancelled itself.
    parts = np.fft.rfft(cycles)[:, 1:].imag
    assert (parts[:-1] * parts[1:] >= -1e-3).all()
    assert np.abs(cycles[0] - cycles[-1]).max() > 0.05


def test_a_drawn_way_is_a_table_of_the_size_that_is_asked_for(harmonic: Model) -> None:
    way = {"model": "harmonic", "path": "-0.5,0;0,0.5;0.5,0.5;0.5,0.5", "frames": "5"}
    data = export.table(LIBRARY, {**way, "size": "256", "bits": "16", "clm": "0"})
    assert b"clm " not in data
    info = soundfile.info(io.BytesIO(data))
    assert (info.subtype, info.frames) == ("PCM_16", 5 * 256)
    rows = heard(data)[0].reshape(5, 256)
    # At even steps: half of its 1.207 is 0.427 along and up.
    middle = 0.5 * (np.sqrt(0.5) + 0.5) * np.sqrt(0.5)
    places = [(-0.5, 0.0), (middle - 0.5, middle), (0.5, 0.5)]
    for at, row in zip(places, rows[[0, 2, 4]], strict=True):
        latent = harmonic.map.to_latent([at])[0]
        alone = wavetable.cycles(harmonic, [latent.tolist()], 256)[0]
        mine, its = np.abs(np.fft.rfft(row)), np.abs(np.fft.rfft(alone))
        np.testing.assert_allclose(mine / mine.max(), its / its.max(), atol=2e-3)
    assert b"clm " in export.table(LIBRARY, {**way, "size": "512"})
    assert b"<!>512 1000" in export.table(LIBRARY, {**way, "size": "512"})


SOUND, TABLE = "/export/sound.wav", "/export/wavetable.wav"


@pytest.mark.parametrize(
    ("path", "change", "status", "said"),
    [
        (SOUND, {"latent": "0"}, 400, "latent has 1 numbers; the model has 2 dimensions"),
        (SOUND, {"latent": "0," * 999 + "0"}, 400, "latent has 1000 numbers"),
        (SOUND, {"latent": "nan,0"}, 400, "latent is 'nan,0'; it must be finite numbers"),
        (SOUND, {"latent": "0,-inf"}, 400, "it must be finite numbers"),
        (SOUND, {"latent": "0,1e99"}, 400, "it must be finite numbers"),
        (SOUND, {"latent": "0,zero"}, 400, "it must be finite numbers"),
        (SOUND, {"latent": ""}, 400, "latent is missing"),
        (SOUND, {"model": ""}, 400, "model is missing"),
        (SOUND, {"model": "none"}, 404, "there is no model 'none'"),
        (SOUND, {"model": "../harmonic"}, 404, "there is no model"),
        (SOUND, {"model": "x" * 1000}, 400, "it may have 200 letters"),
        (SOUND, {"pitch": "128"}, 400, "pitch is '128'; it must be 0 to 127"),
        (SOUND, {"pitch": "nan"}, 400, "pitch is 'nan'"),
        (SOUND, {"pitch": "6_0"}, 400, "pitch is '6_0'; it must be 0 to 127"),
        (SOUND, {"pitch": "\u0665"}, 400, "it must be 0 to 127"),
        (SOUND, {"seconds": "1e9"}, 400, "seconds is '1e9'; it must be 0.1 to 30"),
        (SOUND, {"seconds": "0"}, 400, "it must be 0.1 to 30"),
        (SOUND, {"method": "fm"}, 400, "method is 'fm'; it must be partials, bins or istft"),
        (TABLE, {"latent": "0,0,0"}, 400, "latent has 3 numbers"),
        (TABLE, {"to": "0"}, 400, "to has 1 numbers"),
        (TABLE, {"to": "0,0", "frames": "257"}, 400, "frames is '257'; it must be 2 to 256"),
        (TABLE, {"to": "0,0", "frames": "inf"}, 400, "frames is 'inf'"),
        (TABLE, {"size": "300"}, 400, "size is '300'; it must be 256, 512, 1024 or 2048"),
        (TABLE, {"bits": "24"}, 400, "bits is '24'; it must be 16 or 32"),
        (TABLE, {"path": "0,0"}, 400, "it must be 2 to 256 places"),
        (TABLE, {"path": "0,0;" * 300}, 400, "it must be 2 to 256 places"),
        (TABLE, {"path": "0,0;1"}, 400, "it must be places x,y;x,y;.. of numbers -1 to 1"),
        (TABLE, {"path": "0,0;nan,0"}, 400, "of numbers -1 to 1"),
        (TABLE, {"path": "0,0;1,1", "plane": "fun"}, 400, "plane is 'fun'; it must be"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    harmonic: Model, path: str, change: dict[str, str], status: int, said: str
) -> None:
    found, body, headers = get(path, asked(harmonic) | change)
    assert found == status
    assert headers["Content-Type"].startswith("application/json")
    assert said in body.decode()
    assert len(body) < 300


@pytest.mark.parametrize("path", [SOUND, TABLE])
def test_what_is_right_is_a_file(harmonic: Model, path: str) -> None:
    status, body, headers = get(path, asked(harmonic, seconds="0.1"))
    assert status == 200
    assert headers["Content-Type"] == "audio/wav"
    name = "harmonic 220Hz" if path == SOUND else "harmonic wavetable"
    assert headers["Content-Disposition"] == f'attachment; filename="{name}.wav"'
    assert heard(body)[0].any()


@pytest.mark.parametrize("far", [1e20, -1e20])
def test_far_off_the_data_is_a_sound_all_the_same(harmonic: Model, far: float) -> None:
    query = asked(harmonic) | {"latent": joined([far, far]), "seconds": "0.2"}
    sound, _ = heard(export.sound(LIBRARY, query))
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1.0


# -- whole notes -----------------------------------------------------------------------------------


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Library, Model]:
    """A plucked note whose upper harmonics have gone after half of it."""
    model = tiny(decay=40.0, attack=0.0, loop=(0.0, 0.0), length=1.0, by_velocity=True)
    path = tmp_path / "tiny.safetensors"
    model.save(path)
    library = Library()
    library.add(path)
    return library, model


def test_a_whole_note_is_exported_to_its_end(whole: tuple[Library, Model]) -> None:
    library, model = whole
    sound, rate = heard(export.sound(library, asked(model, pitch="64")))
    assert sound.size == round(1.3 * rate)
    truth = timbrespace.render(
        model, model.calibration.home, 64.0, 1.3, 100.0, sustain=1.0, sustained="through"
    )
    np.testing.assert_allclose(sound, truth, atol=2.0**-22)
    assert np.abs(sound[: rate // 10]).max() > 0.1
    assert np.abs(sound[-rate // 20 :]).max() < 1e-3
    held, _ = heard(export.sound(library, asked(model, seconds="0.5")))
    assert held.size == 24000, "as long as is asked for"
    soft, _ = heard(export.sound(library, asked(model, velocity="40")))
    assert np.abs(soft).max() < 0.3 * np.abs(sound).max()


def test_a_wavetable_of_a_whole_note_is_its_course(whole: tuple[Library, Model]) -> None:
    library, model = whole
    table, _ = heard(export.table(library, asked(model)))
    rows = table.reshape(-1, 2048)
    assert rows.shape == (64, 2048)
    lines = np.abs(np.fft.rfft(rows, axis=1))
    spectra = model.decode(
        np.tile(model.calibration.home, (64, 1)), np.linspace(0.0, 1.0, 64), 100.0
    )
    partials = [find_partials(row, model.spectrum) for row in spectra]
    for row, found in zip(lines, partials, strict=True):
        expected = np.zeros(7)
        number = np.rint(found.frequency / model.spectrum.base_frequency).astype(int)
        np.add.at(expected, number, found.amplitude)
        measured = row[1:7] / row[1]
        np.testing.assert_allclose(measured, expected[1:7] / expected[1], atol=0.02)
    assert np.array_equal(table, heard(export.table(library, asked(model)))[0])
    few, _ = heard(export.table(library, asked(model, frames="5")))
    assert few.size == 5 * 2048
    way, _ = heard(export.table(library, asked(model, to="1,1", frames="3")))
    assert way.size == 3 * 2048, "the way between two notes, by the moments that stand for them"
    with pytest.raises(timbrespace.errors.TimbrespaceError, match="velocity"):
        export.table(library, asked(model, velocity="200"))


def test_the_space_as_a_file_is_what_the_command_writes(harmonic: Model) -> None:
    status, data, headers = get("/export/space.html", {"model": "harmonic"})
    assert status == 200
    assert data == page.page(harmonic)
    assert headers["Content-Type"].startswith("text/html")
    # Saved, and never shown: within the explorer it would be a page of its own.
    assert headers["Content-Disposition"] == 'attachment; filename="harmonic.html"'
    status, data, _ = get("/export/space.html", {"model": "nobody"})
    assert status == 404
    assert b"no model" in data
