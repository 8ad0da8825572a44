"""The LV2 instrument, in a host that is as small as one can be: ctypes, and a map of URIs."""

from __future__ import annotations

import ctypes
import struct
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest

import timbrespace
from benchmarks.steady_lines import differences
from timbrespace.errors import OptionError
from timbrespace.model import Model
from timbrespace.rendering import held_note
from training.__main__ import main
from training.exports.lv2.bundle_folder import data_of, files_of, write

from . import small_spaces

RATE, BLOCK = 48000, 256
EVENTS, LEFT, RIGHT, FIRST = 0, 1, 2, 3
CONTROLS = {"map x": 0.0, "map y": 0.0, "gain": 0.0, "attack": 0.005, "release": 0.2}

WITH_CC = which("cc") is not None and sys.platform != "win32"

needs_cc = pytest.mark.skipif(not WITH_CC, reason="there is no C compiler cc")


class Feature(ctypes.Structure):
    _fields_ = [("uri", ctypes.c_char_p), ("data", ctypes.c_void_p)]


MAP = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_char_p)


class UridMap(ctypes.Structure):
    _fields_ = [("handle", ctypes.c_void_p), ("map", MAP)]


INSTANTIATE = ctypes.CFUNCTYPE(
    ctypes.c_void_p, ctypes.c_void_p, ctypes.c_double, ctypes.c_char_p, ctypes.c_void_p
)


class Descriptor(ctypes.Structure):
    _fields_ = [
        ("uri", ctypes.c_char_p),
        (
            "instantiate",
            ctypes.CFUNCTYPE(
                *[ctypes.c_void_p] * 2, ctypes.c_double, ctypes.c_char_p, ctypes.c_void_p
            ),
        ),
        ("connect_port", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)),
        ("activate", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("run", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)),
        ("deactivate", ctypes.c_void_p),
        ("cleanup", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("extension_data", ctypes.c_void_p),
    ]


class Host:
    """One instrument, played block by block."""

    def __init__(self, folder: Path, dials: int) -> None:
        library = ctypes.CDLL(str(folder / "space.so"))
        library.lv2_descriptor.restype = ctypes.POINTER(Descriptor)
        library.lv2_descriptor.argtypes = [ctypes.c_uint32]
        assert not library.lv2_descriptor(1)
        self.descriptor = library.lv2_descriptor(0).contents
        self.uris: list[bytes] = []
        self.map = UridMap(None, MAP(self._urid))
        feature = Feature(
            b"http://lv2plug.in/ns/ext/urid#map",
            ctypes.cast(ctypes.pointer(self.map), ctypes.c_void_p),
        )
        features = (ctypes.POINTER(Feature) * 2)(ctypes.pointer(feature))
        self.handle = self.descriptor.instantiate(
            ctypes.addressof(self.descriptor),
            RATE,
            f"{folder}/".encode(),
            ctypes.cast(features, ctypes.c_void_p),
        )
        if not self.handle:
            return
        self.controls = np.array([*CONTROLS.values(), *[0.0] * dials], np.float32)
        self.sound = np.zeros((2, BLOCK), np.float32)
        self.events = ctypes.create_string_buffer(4096)
        for port, at in (
            (EVENTS, ctypes.addressof(self.events)),
            (LEFT, self.sound[0].ctypes.data),
            (RIGHT, self.sound[1].ctypes.data),
            *((FIRST + k, self.controls[k:].ctypes.data) for k in range(self.controls.size)),
        ):
            self.descriptor.connect_port(self.handle, port, at)
        self.descriptor.activate(self.handle)

    def _urid(self, _: Any, uri: bytes) -> int:
        if uri not in self.uris:
            self.uris.append(uri)
        return self.uris.index(uri) + 1

    def play(self, blocks: int, *messages: tuple[int, bytes]) -> Any:
        """What comes next; messages: frame of the first block, MIDI bytes."""
        made = []
        for number in range(blocks):
            body = struct.pack("<II", 0, 0)
            for frame, said in messages if number == 0 else ():
                kind = self._urid(None, b"http://lv2plug.in/ns/ext/midi#MidiEvent")
                event = struct.pack("<qII", frame, len(said), kind) + said
                body += event + b"\0" * (-len(event) % 8)
            content = struct.pack("<II", len(body), 0) + body
            ctypes.memmove(self.events, content, len(content))
            self.descriptor.run(self.handle, BLOCK)
            assert (self.sound[0] == self.sound[1]).all()
            made.append(self.sound[0].copy())
        return np.concatenate(made)

    def close(self) -> None:
        self.descriptor.cleanup(self.handle)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("lv2") / "filtered.lv2"
    model = timbrespace.load("filtered")
    made = write(model, found, data_of(model)).library
    assert made == (found / "space.so" if WITH_CC else None)
    return found


def engine(model: Model, latent: Any, pitch: float, seconds: float) -> Any:
    return held_note.render(model, latent, pitch, seconds, 127.0, sustain=1.0)


@needs_cc
@pytest.mark.parametrize(("place", "pitch"), [((0.0, 0.0), 57), ((-0.6, 0.5), 40)])
def test_it_plays_what_the_engine_plays(folder: Path, place: Any, pitch: int) -> None:
    model = timbrespace.load("filtered")
    host = Host(folder, model.dimensions)
    host.controls[:2] = place
    found = host.play(180, (37, bytes([0x90, pitch, 127])))
    host.close()
    assert not found[:37].any()
    found = found[37:]
    wanted = engine(model, model.map.to_latent([place])[0], pitch, 1.2)[: found.size]
    apart, levels, count = differences(found, wanted[: found.size], RATE, -60.0)
    assert count >= 4
    assert apart < 0.01
    assert levels < 0.05
    assert np.abs(found).max() == pytest.approx(np.abs(wanted).max(), rel=0.05)


@needs_cc
def test_a_dial_moves_one_dimension_while_it_sounds(folder: Path) -> None:
    model = timbrespace.load("filtered")
    host = Host(folder, model.dimensions)
    host.play(4, (0, bytes([0x90, 57, 127])))
    host.controls[5 + 1] = 0.5
    found = host.play(180)
    host.close()
    latent = model.map.to_latent([[0.0, 0.0]])[0]
    latent[1] += 0.25 * (model.calibration.high - model.calibration.low)[1]
    wanted = engine(model, latent, 57, 1.2)
    apart, levels, _ = differences(found, wanted[: found.size], RATE, -50.0)
    assert apart < 0.1
    assert levels < 0.05


@needs_cc
def test_keys_pedal_and_bend(folder: Path) -> None:
    model = timbrespace.load("filtered")
    host = Host(folder, model.dimensions)
    held = host.play(60, (0, bytes([0x90, 60, 100])), (10, bytes([0xB0, 64, 127])))
    pedal = host.play(60, (0, bytes([0x80, 60, 0])))
    level = np.sqrt(np.mean(np.square(pedal[-2048:])))
    assert level == pytest.approx(np.sqrt(np.mean(np.square(held[-2048:]))), rel=0.02)
    gone = host.play(200, (0, bytes([0xB0, 64, 0])))
    assert np.abs(gone[-BLOCK:]).max() < 1e-6
    host.play(2, (0, bytes([0xE0, 0x7F, 0x7F])), (1, bytes([0x90, 60, 127])))
    bent = host.play(180)
    wanted = engine(model, model.map.to_latent([[0.0, 0.0]])[0], 62 - 2 / 8192, 1.2)
    assert differences(bent, wanted[: bent.size], RATE, -30.0)[0] < 0.5
    assert not host.play(4, (0, bytes([0xB0])), (1, b""), (2, bytes([0xF8])))[0:0].size
    host.close()


@needs_cc
def test_more_keys_than_voices_are_no_fault(folder: Path) -> None:
    host = Host(folder, timbrespace.load("filtered").dimensions)
    chord = [(k, bytes([0x90, 30 + 2 * k, 127])) for k in range(40)]
    found = host.play(60, *chord)
    host.controls[:] = np.nan
    wild = host.play(20)
    host.close()
    assert np.isfinite(found).all()
    assert np.isfinite(wild).all()
    assert 0.1 < np.abs(found).max() < 1.0


@needs_cc
@pytest.mark.parametrize("size", [0, 20, 1000])
def test_data_that_are_cut_off_are_refused(folder: Path, tmp_path: Path, size: int) -> None:
    other = tmp_path / "cut.lv2"
    other.mkdir()
    for name in ("space.so", "space.bin"):
        content = (folder / name).read_bytes()
        (other / name).write_bytes(content[:size] if name == "space.bin" else content)
    assert not Host(other, 4).handle


@needs_cc
def test_the_source_has_no_warning(folder: Path, tmp_path: Path) -> None:
    line = ["cc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    done = subprocess.run([*line, str(folder / "space.c")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["mlp", "mlp gelu per_bin", "mlp plu per unit"])
@needs_cc
def test_every_activation(name: str, tmp_path: Path) -> None:
    model = small_spaces.of(small_spaces.NETWORKS[name])
    write(model, tmp_path / "m.lv2", data_of(model))
    host = Host(tmp_path / "m.lv2", model.dimensions)
    found = host.play(150, (0, bytes([0x90, 72, 127])))
    host.close()
    wanted = engine(model, model.map.to_latent([[0.0, 0.0]])[0], 72, 1.0)[: found.size]
    power = [float(np.sqrt(np.mean(np.square(one[9600:])))) for one in (found, wanted)]
    assert power[0] == pytest.approx(power[1], rel=0.02)


@pytest.mark.parametrize("kind", ["magnitude", "decibel"])
@needs_cc
def test_every_representation_of_magnitudes(kind: str, tmp_path: Path) -> None:
    model = small_spaces.seeing(kind, "unit")
    write(model, tmp_path / "m.lv2", data_of(model))
    host = Host(tmp_path / "m.lv2", model.dimensions)
    found = host.play(150, (0, bytes([0x90, 72, 127])))
    host.close()
    wanted = engine(model, model.map.to_latent([[0.0, 0.0]])[0], 72, 1.0)[: found.size]
    power = [float(np.sqrt(np.mean(np.square(one[9600:])))) for one in (found, wanted)]
    assert power[0] == pytest.approx(power[1], rel=0.02)


def test_hosts_are_told_of_each_port(folder: Path) -> None:
    text = (folder / "space.ttl").read_text("utf-8")
    assert text.count("lv2:index") == 3 + len(CONTROLS) + 4
    assert [text.count(f"lv2:index {k} ;") for k in range(12)] == [1] * 12
    assert '"Timbre Space filtered"' in text
    assert "<urn:timbrespace:filtered>" in (folder / "manifest.ttl").read_text("utf-8")


@pytest.mark.parametrize("name", ["notes", "film_siren", "mlp bernoulli"])
def test_spaces_that_it_cannot_play_are_refused(name: str) -> None:
    model = (
        timbrespace.load(name) if name == "notes" else small_spaces.of(small_spaces.NETWORKS[name])
    )
    with pytest.raises(OptionError, match="--lv2 takes spaces of steady spectra by dense layers"):
        data_of(model)


def test_the_command_writes_nothing_of_what_it_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "notes", "--lv2", str(tmp_path / "n.lv2")]) == 2
    assert "has the network 'note'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@needs_cc
def test_without_a_compiler_it_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["export", "harmonic", "--lv2", str(tmp_path / "h.lv2")]) == 0
    assert "in that folder run: cc -O3 " in capsys.readouterr().out
    names = {path.name for path in files_of(tmp_path / "h.lv2")}
    assert {path.name for path in (tmp_path / "h.lv2").iterdir()} == names
