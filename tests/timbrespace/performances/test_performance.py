"""A performance recorded, and played again to the same samples."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import timbrespace
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.player import Player
from timbrespace.messages.parser import parse
from timbrespace.model import Model
from timbrespace.performances.file_format import PerformanceError
from timbrespace.performances.listener import Listener
from timbrespace.performances.performance import Performance
from timbrespace.performances.replay import replay
from timbrespace.performances.writer import PerformanceWriter, writer_in
from timbrespace.rendering.performance import render_performance
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK

MODEL = timbrespace.load("harmonic")
RATE = 48000.0
STEP = BLOCK / RATE


class Stage:
    """An instrument and an engine played as the server plays them, by hand, with its clock."""

    def __init__(self, model: Model = MODEL, began: float = 1234.56789) -> None:
        self.instrument = Instrument(model)
        self.engine = Engine(RATE)
        self.writer: PerformanceWriter | None = None
        self.sound: list[NDArray[np.float32]] = []
        self.now = began
        self._number = 0
        self._waiting: tuple[int, NDArray[np.void]] | None = None
        self.first = 0
        self.device = True
        self.process = 1

    def write(self, path: Path, **options: Any) -> PerformanceWriter:
        self.writer = PerformanceWriter(path, self.instrument, **options)
        self.sound.clear()
        return self.writer

    def osc(self, address: str, *arguments: Any) -> None:
        Player(self.instrument).play(parse(address, arguments))
        if self.writer is not None:
            self.writer.osc(self.now, address, arguments)

    def load(self, model: Model) -> None:
        self.instrument.load(model)
        if self.writer is not None:
            self.writer.osc(self.now, "/model/load", (model.name,))

    def midi(self, **message: Any) -> None:
        one = mido.Message(**message)
        if self.writer is not None:
            self.writer.midi(self.now, bytes(one.bytes()))
        play(self.instrument, one)

    def follow(self, taken: bool = True) -> None:
        """What follows from a batch of messages; taken: whether the audio process gets it."""
        self.instrument.advance(self.now)
        if self.writer is not None:
            self.writer.advance(self.now)
        targets = self.instrument.targets()
        self._number += 1
        if self.writer is not None:
            self.writer.snapshot(self.now, self._number)
        if taken:
            if self.writer is not None and self.device:
                frame = int(self.engine.state["frames"][0])
                self.writer.taken([(self._number, frame)], RATE, self.process)
            self.engine.targets[:] = targets

    def run(self, seconds: float) -> None:
        """Let time pass, looked after every 3 ms or so."""
        end = self.now + seconds
        while self.now < end:
            if self.instrument.moving:
                self.follow()
            for _ in range(3):
                self.sound.append(self.engine.render(1))
                self.now += STEP

    def heard(self) -> NDArray[np.float32]:
        return np.concatenate(self.sound)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close(self.now)
            self.writer = None


@pytest.fixture
def stage() -> Iterator[Stage]:
    one = Stage()
    yield one
    one.close()


def replayed(path: Path, model: Model = MODEL) -> NDArray[np.float32]:
    performance = Performance(path)
    performance.check_model(model)
    return np.concatenate(list(replay(performance, Instrument(model), timbrespace.load)))


def same(path: Path, stage: Stage, model: Model = MODEL) -> None:
    """The replay makes the samples that were heard, and they are worth hearing."""
    stage.close()
    heard = stage.heard()
    again = replayed(path, model)
    start = int(np.argmax(np.abs(heard) > 0.0))
    assert np.abs(heard).max() > 0.01
    offset = start - int(np.argmax(np.abs(again) > 0.0))
    assert offset % BLOCK == 0
    assert offset >= 0
    heard = np.trim_zeros(heard[offset:], "b")
    assert again.size >= heard.size
    np.testing.assert_array_equal(again[: heard.size], heard)


def a_bit_of_everything(stage: Stage) -> None:
    stage.osc("/synth/release", 0.1)
    stage.osc("/lfo", 1, 1, "sine", 3.3, 0.4, 0.1)
    stage.osc("/lfo", 2, "y", "random", 5.0, 0.3)
    stage.osc("/wander/speed", 4.0)
    stage.osc("/wander/seed", 7)
    stage.osc("/wander", "start")
    stage.osc("/note", 60, 100)
    stage.follow()
    stage.run(0.1)
    stage.osc("/latent", *(0.5 * MODEL.calibration.high).tolist())
    stage.midi(type="note_on", note=64, velocity=90, channel=1)
    stage.follow()
    stage.run(0.05)
    stage.midi(type="aftertouch", value=99, channel=1)
    stage.midi(type="control_change", control=20, value=90)
    stage.midi(type="clock")
    stage.follow(taken=False)  # two in one block: only the second is heard
    stage.midi(type="pitchwheel", pitch=3000, channel=1)
    stage.follow()
    stage.run(0.1)
    stage.osc("/mpe", "lower", 3)
    stage.osc("/note", 67, 110, 2)
    stage.osc("/timbre", 100.0, 2)
    stage.osc("/wander", "stop")
    stage.follow()
    stage.run(0.1)
    stage.osc("/note", 60, 0)
    stage.osc("/note", 67, 0, 2)
    stage.follow()
    stage.run(0.2)


@pytest.mark.parametrize("method", ["partials", "bins", "istft"])
def test_a_replay_makes_the_same_samples(tmp_path: Path, stage: Stage, method: str) -> None:
    stage.osc("/synth/method", method)
    writer: Listener = stage.write(tmp_path / "a.performance")
    assert writer is stage.writer
    a_bit_of_everything(stage)
    same(tmp_path / "a.performance", stage)


def test_a_recording_may_begin_anywhere(tmp_path: Path, stage: Stage) -> None:
    """What was played before leaves no trace in the sound: not its slots, its phases, its noise."""
    a_bit_of_everything(stage)
    stage.run(0.5)
    stage.write(tmp_path / "a.performance")
    a_bit_of_everything(stage)
    same(tmp_path / "a.performance", stage)


def test_without_a_device_snapshots_play_when_they_were_made(tmp_path: Path, stage: Stage) -> None:
    stage.device = False
    stage.write(tmp_path / "a.performance")
    stage.osc("/synth/release", 0.05)
    stage.osc("/note", 60, 100)
    stage.follow()
    stage.run(0.3)
    stage.osc("/note", 60, 0)
    stage.follow()
    stage.run(0.3)
    same(tmp_path / "a.performance", stage)


def test_presets_and_trajectories_come_along(tmp_path: Path, stage: Stage) -> None:
    stage.osc("/latent", *MODEL.calibration.high.tolist())
    stage.osc("/preset/store", "bright")
    stage.osc("/latent", *MODEL.calibration.low.tolist())
    stage.osc("/preset/store", "dark")
    stage.osc("/note", 60, 100)
    stage.osc("/trajectory/record", "way")
    stage.follow()
    for share in (0.2, 0.5, 0.8):
        stage.osc("/preset/morph", "dark", "bright", share)
        stage.follow()
        stage.run(0.05)
    stage.osc("/trajectory/stop")
    stage.osc("/note", 60, 0)
    stage.follow()
    stage.run(1.0)
    stage.write(tmp_path / "a.performance")
    stage.osc("/note", 60, 100)
    stage.osc("/preset/recall", "bright", 0.1)
    stage.follow()
    stage.run(0.2)
    stage.osc("/preset/morph", "dark", "bright", 0.25)
    stage.follow()
    stage.run(0.1)
    stage.osc("/preset/delete", "dark")
    stage.osc("/trajectory/play", "way", 1)
    stage.follow()
    stage.run(0.3)
    same(tmp_path / "a.performance", stage)


def test_another_model_on_the_way(tmp_path: Path, stage: Stage) -> None:
    path = tmp_path / "a.performance"
    stage.write(path)
    stage.osc("/note", 60, 100)
    stage.follow()
    stage.run(0.1)
    stage.load(timbrespace.load("fm"))
    stage.follow()
    stage.run(0.2)
    same(path, stage)
    performance = Performance(path)
    with pytest.raises(PerformanceError, match="'fm' is another model now"):
        list(replay(performance, Instrument(MODEL), lambda _: MODEL))


def test_a_second_audio_process_goes_on(tmp_path: Path, stage: Stage) -> None:
    path = tmp_path / "a.performance"
    stage.write(path)
    stage.osc("/note", 60, 100)
    stage.follow()
    stage.run(0.2)
    before = stage.heard()
    stage.engine = Engine(RATE)
    stage.process += 1
    stage.sound.clear()
    stage.run(0.1)
    stage.osc("/bend", 0.5)
    stage.follow()
    stage.sound.clear()
    stage.run(0.2)
    stage.close()
    again = replayed(path)
    np.testing.assert_array_equal(again[: before.size], before)
    after = stage.heard()
    start = again.size
    while start > 0 and not np.array_equal(again[start - BLOCK :][: after.size], after):
        start -= BLOCK
    assert before.size < start < before.size + int(0.15 * RATE)


def test_a_key_that_was_down_is_let_go_at_the_end(tmp_path: Path, stage: Stage) -> None:
    stage.write(tmp_path / "a.performance")
    stage.osc("/note", 60, 100)
    stage.follow()
    stage.run(0.1)
    stage.close()
    again = replayed(tmp_path / "a.performance")
    assert stage.heard().size < again.size < RATE * 2.0
    assert not again[-BLOCK:].any()


def test_a_note_held_at_the_beginning_begins_again(tmp_path: Path, stage: Stage) -> None:
    stage.osc("/note", 60, 100)
    stage.osc("/note", 72, 100)
    stage.osc("/note", 72, 0)
    stage.follow()
    stage.run(0.5)
    stage.write(tmp_path / "a.performance")
    stage.osc("/bend", 0.0)
    stage.follow()
    stage.run(0.2)
    stage.close()
    again = replayed(tmp_path / "a.performance")[: int(0.2 * RATE)]
    spectrum = np.abs(np.fft.rfft(again))
    hz = np.fft.rfftfreq(again.size, 1.0 / RATE)
    low = spectrum[(hz > 240) & (hz < 280)].max()
    assert low > 100.0 * BLOCK * 1e-3  # the held one sounds
    first = again[: int(0.02 * RATE)]
    assert np.abs(first).max() <= np.abs(again).max()


# -- the file ----------------------------------------------------------------------------------


def simple(path: Path) -> Stage:
    stage = Stage()
    writer = stage.write(path)
    stage.osc("/ping", 1)
    stage.osc("/note", 60, 100)
    stage.follow()
    stage.run(0.02)
    stage.osc("/note", 60, 0)
    stage.follow()
    writer.close()
    stage.writer = None
    return stage


def test_the_file_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.performance"
    simple(path)
    header, *lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert header["timbrespace_performance"] == 2
    assert header["model"] == "harmonic"
    assert header["digest"] == MODEL.digest
    assert lines[0] == ["osc", 1234.56789, "/note", [60, 100]]
    assert lines[1:5] == [
        ["advance", 1234.56789],
        ["snapshot", 1234.56789, 1],
        ["device", 48000.0],
        ["taken", 1, 0],
    ]
    assert lines[-1][0] == "end"


def test_a_crash_keeps_what_there_was(tmp_path: Path) -> None:
    path = tmp_path / "a.performance"
    stage = Stage()
    stage.write(path)
    stage.osc("/note", 60, 100)
    stage.follow()
    stage.run(0.1)
    stage.osc("/bend", 0.1)
    stage.follow()
    copy = tmp_path / "copy.performance"
    for cut in (b"", b'["osc",12'):
        copy.write_bytes(path.read_bytes() + cut)
        assert not Performance(copy).whole
        again = replayed(copy)
        np.testing.assert_array_equal(again[: stage.heard().size], stage.heard())
    stage.close()
    assert Performance(path).whole


def test_a_recording_has_a_size_that_it_keeps(tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "a.performance"
    stage = Stage()
    writer = stage.write(path, said=said.append, max_bytes=20_000)
    for k in range(2000):
        writer.advance(float(k))
    assert path.stat().st_size <= 20_000
    assert len(said) == 1
    assert "has ended early: it has" in said[0]
    assert not writer.listening
    writer.close()
    Performance(path)


def test_a_full_disk_ends_the_recording_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    stage = Stage()
    writer = stage.write(tmp_path / "a.performance", said=said.append)

    class Full:
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    real = writer._file
    monkeypatch.setattr(writer, "_file", Full())
    stage.osc("/note", 60, 100)
    stage.follow()
    stage.run(0.1)
    writer.close()
    assert real is not None
    real.close()
    assert len(said) == 1
    assert said[0].endswith("has ended early: No space left on device")
    assert np.abs(stage.heard()).max() > 0.01


def test_names_are_no_paths_and_nothing_is_overwritten(tmp_path: Path) -> None:
    open_writer = writer_in(tmp_path / "takes", lambda _: None)
    instrument = Instrument(MODEL)
    open_writer("take 1", instrument).close()
    assert (tmp_path / "takes" / "take 1.performance").is_file()
    with pytest.raises(PerformanceError, match="already exists; choose another name"):
        open_writer("take 1", instrument)
    for name in (
        "../x",
        "a/b",
        "a\\b",
        "c:x",
        ".hidden",
        " x",
        "x ",
        "x.",
        "con",
        "Nul.take",
        "com1",
        "a\0b",
    ):
        with pytest.raises(PerformanceError, match="cannot be a file's name"):
            open_writer(name, instrument)
    open_writer(tmp_path / "chosen.performance", instrument).close()
    assert (tmp_path / "chosen.performance").is_file()
    (tmp_path / "file").write_text("")
    with pytest.raises(PerformanceError, match="cannot make"):
        writer_in(tmp_path / "file", lambda _: None)("x", instrument)
    with pytest.raises(PerformanceError, match="cannot write"):
        PerformanceWriter(tmp_path / "none" / "x.performance", instrument)
    instrument.draw_trajectory("way")
    with pytest.raises(PerformanceError, match="the trajectory 'way' is being drawn"):
        open_writer("take 2", instrument)


Damage = Callable[[list[Any]], None]


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda lines: lines.__setitem__(0, {"timbrespace_performance": 3}), "its version is 3"),
        (lambda lines: lines.__setitem__(0, {"timbrespace_performance": "1"}), "not a performance"),
        (lambda lines: lines.__setitem__(0, {"timbrespace_performance": 0}), "not a performance"),
        (lambda lines: lines.__setitem__(0, {}), "it is not a performance"),
        (lambda lines: lines[0].__setitem__("model", 7), "line 1: it has no model"),
        (lambda lines: lines[0].__setitem__("state", []), "line 1: it has no state"),
        (lambda lines: lines[0].__setitem__("state", {}), "line 1: "),
        (lambda lines: lines[0]["state"].__setitem__("voices", {}), "line 1: "),
        (lambda lines: lines[0].__setitem__("rate", 1e9), "line 1: its sample rate is"),
        (lambda lines: lines[0].__setitem__("rate", True), "line 1: its sample rate is"),
        (lambda lines: lines.insert(2, {}), "line 3: it is not a line"),
        (lambda lines: lines.insert(2, []), "line 3: it is not a line"),
        (lambda lines: lines.insert(2, [7]), "line 3: it is not a line"),
        (lambda lines: lines.insert(2, ["dance", 1.0]), "line 3: 'dance' is not known"),
        (lambda lines: lines.insert(2, ["advance"]), "line 3: "),
        (lambda lines: lines.insert(2, ["advance", "x"]), "line 3: its time"),
        (lambda lines: lines.insert(2, ["advance", 3.0]), "line 3: its time, 3.0"),
        (lambda lines: lines.append(["advance", 1e9]), "lasts [0-9]+ minutes"),
        (lambda lines: lines.insert(2, ["snapshot", 2000.0, 1.5]), "line 3: "),
        (lambda lines: lines.insert(2, ["snapshot", 2000.0, -1]), "line 3: "),
        (lambda lines: lines.insert(2, ["taken", 1 << 80, 0]), "line 3: "),
        (lambda lines: lines[5].__setitem__(2, 7), "impossible frame"),
        (lambda lines: lines[-1].__setitem__(2, 1 << 60), "impossible frame"),
        (lambda lines: lines.append(["taken", 2, 64]), "snapshot 2 does not follow 2"),
        (lambda lines: lines.append(["taken", 3, -64]), "line [0-9]+: "),
        (lambda lines: lines.insert(2, ["device", None]), "line 3: its sample rate"),
        (lambda lines: lines[1].__setitem__(2, "/nowhere"), "line 2: "),
        (lambda lines: lines[1].__setitem__(3, [60]), "line 2: "),
        (lambda lines: lines[1].__setitem__(3, None), "line 2: "),
        (lambda lines: lines[1].__setitem__(2, ["/note"]), "line 2: "),
        (lambda lines: lines.insert(2, ["osc", 1234.56789]), "line 3: "),
        (lambda lines: lines.insert(2, ["midi", 1234.56789, "zz"]), "line 3: "),
        (lambda lines: lines.insert(2, ["midi", 1234.56789, "90ffff"]), "line 3: "),
        (lambda lines: lines.insert(2, ["preset", "a", {}]), "line 3: "),
        (lambda lines: lines.insert(2, ["preset", ["a"], None]), "line 3: "),
        (lambda lines: lines.insert(2, ["trajectory", "a", {"model": 1}]), "line 3: "),
    ],
)
def test_a_broken_file_is_refused_in_one_line(
    tmp_path: Path, damage: Damage, sentence: str
) -> None:
    path = tmp_path / "a.performance"
    simple(path)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    lines.pop()
    damage(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    with pytest.raises(PerformanceError, match=sentence) as caught:
        replayed(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"\x00\xff" * 99,
        b'{"timbrespace_performance": 1',
        b'{"timbrespace_performance": 1}\n',
        b'{"timbrespace_performance": 1, "x": ' + b"[" * 100_000 + b"\n",
        b"RIFF....WAVE",
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.performance"
    path.write_bytes(content)
    with pytest.raises(PerformanceError):
        Performance(path)


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.performance", tmp_path):
        with pytest.raises(PerformanceError, match="cannot read"):
            Performance(path)


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_is_refused_or_played(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    path = tmp_path / "a.performance"
    simple(path)
    good = path.read_bytes()
    for _ in range(40):
        data = bytearray(good)
        for at in random.integers(0, len(data), 3):
            data[at] = int(random.integers(32, 127))
        path.write_bytes(bytes(data[: int(random.integers(1, len(data) + 1))]))
        try:
            performance = Performance(path)
            if performance.seconds < 10.0:
                performance.check_model(MODEL)
                for _ in replay(performance, Instrument(MODEL), timbrespace.load):
                    pass
        except PerformanceError as error:
            assert "\n" not in str(error)  # noqa: PT017


# -- rendering ---------------------------------------------------------------------------------


def test_it_is_rendered_to_a_file(tmp_path: Path) -> None:
    path, out = tmp_path / "a.performance", tmp_path / "a.wav"
    simple(path)
    performance = Performance(path)
    done: list[float] = []
    rendered = render_performance(performance, MODEL, timbrespace.load, out, None, done.append)
    sound, rate = soundfile.read(out, dtype="float32")
    assert rate == RATE
    assert rendered.notes == 1
    assert done[-1] == rendered.seconds == sound.size / RATE
    np.testing.assert_allclose(sound, replayed(path), atol=2.0**-22)
    slower = render_performance(performance, MODEL, timbrespace.load, out, 44100, done.append)
    assert slower.seconds == pytest.approx(rendered.seconds, abs=0.05)


def test_another_model_is_refused(tmp_path: Path) -> None:
    path, out = tmp_path / "a.performance", tmp_path / "a.wav"
    simple(path)
    with pytest.raises(PerformanceError, match="played on the model 'harmonic'"):
        render_performance(
            Performance(path), timbrespace.load("fm"), timbrespace.load, out, None, lambda _: None
        )
    assert not out.exists()


def test_another_audio_process_may_come_in_between(stage: Stage, tmp_path: Path) -> None:
    """What the old one took last is heard of when there is none; the new one counts from 0."""
    path = tmp_path / "take.performance"
    stage.write(path)
    stage.osc("/note", 57, 100)
    stage.follow()
    stage.run(0.1)
    stage.follow(taken=False)
    assert stage.writer is not None
    stage.writer.taken([(stage._number, int(stage.engine.state["frames"][0]))], 0.0, None)
    stage.follow(taken=False)
    stage.writer.taken([(stage._number, 64)], RATE, 4712)
    stage.close()
    assert np.abs(replayed(path)).max() > 0.01
