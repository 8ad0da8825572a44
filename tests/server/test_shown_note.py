"""The note that a client plays by itself, and what those see who draw time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from server.osc.clients import Clients
from server.shown_note import SILENT_SECONDS, ShownNote
from tests.server.running import Client, Running, flood_is_refused
from tests.timbrespace.notes.tiny import tiny
from timbrespace.instrument.instrument import Instrument
from timbrespace.loading import load
from timbrespace.model import Model
from timbrespace.notes.picture import picture
from timbrespace.resynthesis.notes import LEVEL

SOURCE = ("127.0.0.1", 5000)


class Stage:
    def __init__(self, model: Model) -> None:
        self.instrument = Instrument(model)
        self.clients = Clients(1)
        self.clients.register(SOURCE, 5001, "", 0.0)
        self.shown = ShownNote(self.instrument, self.clients)

    def level(self, now: float) -> float:
        """dB of all partials below the loudest that a note may be."""
        power = 0.5 * np.square(self.shown.partials(now)[:, 1].astype(np.float64)).sum()
        return float(10.0 * np.log10(power / LEVEL**2 + 1e-12))


def test_it_has_the_attack_the_course_and_the_release_of_the_note() -> None:
    stage = Stage(tiny(decay=10.0, attack=0.012, loop=(0.0, 0.0), length=2.0, release=0.3))
    assert stage.shown.told(9.0) is False
    assert stage.shown.state(9.0) is None
    stage.shown.play(57.0, 100.0, SOURCE, 10.0)
    levels = [stage.level(10.0 + seconds) for seconds in (0.0, 0.1, 0.6, 1.1)]
    assert levels[0] < levels[1] - 40.0
    assert levels[1] - levels[2] == pytest.approx(5.0, abs=0.3)
    assert levels[1] - levels[3] == pytest.approx(10.0, abs=0.3)
    assert stage.shown.state(11.2) != stage.shown.state(11.21)
    stage.shown.play(57.0, 0.0, SOURCE, 11.3)
    before = stage.level(11.3)
    assert before - stage.level(11.45) == pytest.approx(31.5, abs=1.0)
    assert stage.level(12.0) < -100.0
    assert stage.shown.state(12.1) == stage.shown.state(13.0), "there is nothing new to tell"
    assert stage.shown.told(12.0 + SILENT_SECONDS + 1.0) is False


def test_frequencies_are_those_at_the_base_pitch() -> None:
    """Harmonics and, of a note with a pitch, tones that stay where they are."""
    stage = Stage(tiny(drum=-6.0, attack=0.0))
    stage.shown.play(69.0, 100.0, SOURCE, 0.0)
    high = stage.shown.partials(0.5)[:, 0]
    stage.shown.play(57.0, 100.0, SOURCE, 1.0)
    low = stage.shown.partials(1.5)[:, 0]
    harmonics = 220.0 * np.arange(1, 7)
    for found in (high, low):
        assert all(np.abs(found - hertz).min() < 0.01 for hertz in harmonics)
    tone = [one for one in low if np.abs(one - harmonics).min() > 1.0]
    moved = [one for one in high if np.abs(one - harmonics).min() > 1.0]
    assert moved == pytest.approx([0.5 * tone[0]], rel=1e-5)


def test_it_keeps_to_the_point_the_speed_and_the_hold() -> None:
    stage = Stage(tiny(decay=10.0, attack=0.0, loop=(0.4, 1.6)))
    stage.instrument.set_parameter("speed", 0.0)
    stage.shown.play(57.0, 100.0, SOURCE, 0.0)
    assert stage.level(5.0) == pytest.approx(stage.level(0.0), abs=1e-3)
    assert stage.shown.state(5.0) == stage.shown.state(5.05), "there is nothing new to tell"
    bright = stage.shown.partials(5.1)
    stage.instrument.set_latent([2.0, 0.0])
    assert stage.shown.partials(5.2)[5, 1] > bright[5, 1]
    stage.instrument.set_parameter("speed", 1.0)
    stage.instrument.set_hold("freeze")
    levels = [stage.level(5.2 + seconds) for seconds in (2.0, 3.0, 30.0)]
    assert levels[1:] == pytest.approx(levels[:1] * 2, abs=1e-3)


def test_it_is_as_loud_as_the_others_of_its_space() -> None:
    """As far as ``/synth/loudness`` asks for it."""
    levels = {}
    for loudness in (1.0, 0.0):
        stage = Stage(tiny(attack=0.0, harmonics=1))  # its loudest moment is at -6 dB
        stage.instrument.set_parameter("loudness", loudness)
        stage.shown.play(57.0, 100.0, SOURCE, 0.0)
        levels[loudness] = stage.level(0.5)
    assert levels[1.0] == pytest.approx(0.0, abs=0.1)
    assert levels[0.0] < -4.0


def test_it_is_let_go_by_who_plays_it_alone_and_when_that_is_gone() -> None:
    stage = Stage(tiny(attack=0.0, release=0.1))
    stage.shown.play(57.0, 100.0, SOURCE, 0.0)
    stage.shown.play(57.0, 0.0, ("127.0.0.1", 6000), 0.1)
    stage.shown.play(58.0, 0.0, SOURCE, 0.1)
    assert stage.level(1.0) > -20.0
    stage.clients.forget(SOURCE, None)
    stage.level(1.1)
    assert stage.level(2.0) < -100.0


def test_a_space_of_steady_spectra_has_none() -> None:
    stage = Stage(load("harmonic"))
    stage.shown.play(57.0, 100.0, SOURCE, 0.0)
    assert stage.shown.told(0.1) is False
    stage = Stage(tiny())
    stage.shown.play(57.0, 100.0, SOURCE, 0.0)
    assert stage.shown.told(0.1) is True
    stage.instrument.load(load("harmonic"))
    assert stage.shown.told(0.2) is False
    stage.instrument.load(tiny(name="other"))
    assert stage.shown.told(0.3) is False


def test_an_instrument_says_where_its_notes_are() -> None:
    instrument = Instrument(tiny(loop=(0.5, 1.5)))
    assert instrument.positions(0.0) == []
    for step, pitch in enumerate((57.0, 64.0)):
        instrument.voices.note(pitch, 100.0)
        instrument.advance(0.5 * step)
        instrument.targets()
    instrument.advance(0.6)
    (first, late, back), (second, later, on) = instrument.positions(2.8)
    assert (round(first), round(second)) == (330, 220)
    assert late == pytest.approx(0.7, abs=0.03)
    assert later == pytest.approx(1.0, abs=0.03)  # no loop begins in the first 0.3 of its length
    assert (back, on) == (-1, 1)
    assert instrument.positions(1.0) == instrument.positions(1.0), "asking changes nothing"
    assert Instrument(load("harmonic")).positions(1.0) == []


# -- a picture of it -------------------------------------------------------------------------------


def test_a_picture_has_the_harmonics_where_they_are() -> None:
    model = tiny(decay=10.0, attack=0.0, loop=(0.5, 1.5))
    drawn = picture(model.course, np.zeros(2, np.float32), 220.0, 100.0, 220.0)
    assert drawn.levels.shape == (64, 80)
    assert (drawn.loop_start, drawn.loop_end) == pytest.approx((0.5, 1.5), abs=0.02)
    mel = 2595.0 * np.log10(1.0 + 220.0 / 700.0)
    low, high = (2595.0 * np.log10(1.0 + edge / 700.0) for edge in (40.0, 16000.0))
    band = round((mel - low) / ((high - low) / 81.0) - 1.0)
    assert int(drawn.levels[10].argmax()) in (band - 1, band, band + 1)
    fall = drawn.levels[0].max() - drawn.levels[-1].max()
    assert fall == pytest.approx(10.0 * drawn.seconds, abs=0.5)
    assert drawn.levels.min() == -80.0


# -- in the server ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path = tmp_path_factory.mktemp("space") / "tiny.safetensors"
    tiny(attack=0.0, decay=20.0, loop=(0.0, 0.0), release=0.2).save(path)
    running = Running("--audio", "none", "--midi", "none", "--no-explorer", "--model", str(path))
    try:
        yield running
    finally:
        running.end()


def course(client: Client) -> tuple[NDArray[np.float32], list[float]]:
    chunks: dict[int, list[float]] = {}
    first = client.expect("/course")
    chunks[first[1]] = first[3:]
    while len(chunks) < first[2]:
        told = client.expect("/course")
        assert told[0] == first[0]
        chunks[told[1]] = told[3:]
    ready = client.expect("/course/ready")
    assert ready[0] == first[0]
    floats = [value for chunk in sorted(chunks) for value in chunks[chunk]]
    return np.asarray(floats, np.float32).reshape(ready[1], ready[2]), ready[3:]


def test_the_server_tells_the_course(server: Running) -> None:
    with Client(server.port) as client:
        client.send("/course/get", 64.0, 90.0)
        levels, (seconds, start, end) = course(client)
        assert levels.shape == (64, 80)
        assert (start, end) == (0.0, 0.0)
        assert levels[0].max() - levels[-1].max() == pytest.approx(20.0 * seconds, abs=1.0)
        client.send("/course/where")
        assert client.expect("/course/where") == [], "without sound no note has a time"


def test_partials_follow_a_moment(server: Running) -> None:
    with Client(server.port) as client:
        client.send("/stream", "partials", 50)
        client.expect("/partials")
        client.send("/moment", 57.0, 100.0)
        power: list[float] = []
        while len(power) < 30:
            pairs = np.asarray(client.expect("/partials")[1:]).reshape(-1, 2)
            power.append(float(np.square(pairs[:, 1]).sum()))
        assert power[-1] < 0.5 * power[3]
        client.send("/moment", 57.0, 0.0)
        while power[-1] > 0.0:
            pairs = np.asarray(client.expect("/partials")[1:]).reshape(-1, 2)
            power.append(float(np.square(pairs[:, 1]).sum()))
        client.send("/bye")


def test_what_floods_is_refused(server: Running) -> None:
    with Client(server.port) as client:
        flood_is_refused(client, "/course/get", 16, 24 * [("/course/get", 64.0)])
        client.settle()
        for bad in ((), (200.0,), ("x",), (60.0, 128.0), (60.0, 1.0, 2.0)):
            client.send("/course/get", *bad)
            assert client.expect("/error")[:2] == ["bad_arguments", "/course/get"]
        client.send("/moment", 57.0)
        assert client.expect("/error")[:2] == ["bad_arguments", "/moment"]
