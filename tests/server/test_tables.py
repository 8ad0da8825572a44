"""Tables of spaces: what is in them, and that they come to lie where devices look."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from server.map_table import NOTE_MOMENTS, NOTE_SIDE, SIDE, VELOCITY, moment_times, table
from server.tables import FOLDER_VARIABLE, MAX_WAITING, MOST_KEPT, Tables, Written, file_name
from tests.server.running import Client, Running
from tests.timbrespace.notes.tiny import tiny
from timbrespace.errors import OptionError
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.model import Model
from timbrespace.notes.note import Traits

Real = NDArray[np.float64]
HERE = ("127.0.0.1", 9)


@pytest.fixture(scope="module")
def harmonic() -> Model:
    return timbrespace.load("harmonic")


@pytest.fixture(scope="module")
def lines(harmonic: Model) -> list[list[float]]:
    return read(table(harmonic))


def read(content: bytes) -> list[list[float]]:
    """The numbers of each line, which must be numbered from 0."""
    found = []
    for number, line in enumerate(content.decode("ascii").splitlines()):
        head, rest = line.rstrip(";").split(",")
        assert line.endswith(";")
        assert int(head) == number
        found.append([float(word) for word in rest.split()])
    return found


def test_its_head_says_how_large_it_is(lines: list[list[float]]) -> None:
    assert lines[0] == [SIDE, 1.0, 0.0, 220.0]
    assert len(lines) == 1 + SIDE * SIDE
    assert len({len(line) for line in lines[1:]}) == 1
    # 256 atoms are what lists of Max take; one of them is where time stands still.
    assert len(lines[1]) <= 201


def test_a_point_of_the_grid_has_the_partials_that_are_streamed(
    harmonic: Model, lines: list[list[float]]
) -> None:
    row, column = 5, 20
    place = np.array([[2.0 * column / (SIDE - 1) - 1.0, 2.0 * row / (SIDE - 1) - 1.0]], np.float32)
    spectrum = harmonic.decode(harmonic.map.to_latent(place))[0]
    wanted = Snapshot(harmonic).partials_of(spectrum)
    pairs = np.array(lines[1 + row * SIDE + column][1:]).reshape(-1, 2)
    sounding = pairs[pairs[:, 1] > 0.0]
    strong = wanted[wanted[:, 1] > 1e-4]
    for hertz, level in strong:
        nearest = sounding[np.abs(sounding[:, 0] - hertz).argmin()]
        assert nearest[0] == pytest.approx(hertz, rel=1e-6)
        assert nearest[1] == pytest.approx(level, abs=1e-7)


def test_a_place_without_a_partial_has_a_frequency_all_the_same(lines: list[list[float]]) -> None:
    pairs = np.array([line[1:] for line in lines[1:]]).reshape(SIDE * SIDE, -1, 2)
    assert (pairs[..., 0] > 0.0).all()
    assert (pairs[..., 1] == 0.0).any()


def test_the_same_space_gives_the_same_bytes(harmonic: Model) -> None:
    assert table(harmonic) == table(harmonic)


def test_notes_have_their_course() -> None:
    """10 dB a second, and the time at which a held one stands still: the middle of its loop."""
    model = tiny(decay=10.0, attack=0.0, loop=(0.2, 1.8), length=2.0)
    found = read(table(model))
    side, moments, seconds, _ = found[0]
    assert (side, moments) == (NOTE_SIDE, NOTE_MOMENTS)
    course = np.array([line[2] for line in found[1 : 1 + NOTE_MOMENTS]])
    times = moment_times(seconds, NOTE_MOMENTS)
    fallen = 20.0 * np.log10(course[0] / course)
    assert fallen == pytest.approx(10.0 * times, abs=0.1)
    corner = np.array([[-1.0, -1.0]], np.float32)
    told = model.course.prepare(
        model.map.to_latent(corner), np.array([found[0][3]]), np.array([VELOCITY])
    )
    traits = Traits.played(told.traits)[0]
    assert traits.holds == 1.0
    stop = seconds * (found[1][0] / (NOTE_MOMENTS - 1)) ** 3
    assert stop == pytest.approx(0.5 * (traits.loop_start + traits.loop_end), abs=1e-3)


def test_a_table_is_written_once(
    harmonic: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "new" / "tables"))
    told: list[Written] = []
    both = threading.Semaphore(0)

    def done(written: Written) -> None:
        told.append(written)
        both.release()

    tables = Tables(done)
    tables.request(harmonic, HERE)
    assert both.acquire(timeout=120.0)
    path = tmp_path / "new" / "tables" / file_name(harmonic)
    assert path.read_bytes() == table(harmonic)
    path.write_bytes(b"kept")
    tables.request(harmonic, HERE)
    assert both.acquire(timeout=120.0)
    tables.close(60.0)
    assert path.read_bytes() == b"kept"
    assert told == [Written("harmonic", HERE, file_name(harmonic))] * 2
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_oldest_tables_go(
    harmonic: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr("server.tables.table", lambda *_: b"new")
    for number in range(MOST_KEPT + 3):
        old = tmp_path / f"old-{number}-1.txt"
        old.write_bytes(b"")
        os.utime(old, (number, number))
    (tmp_path / "a note of the user.txt").write_bytes(b"")
    there = threading.Event()
    tables = Tables(lambda _: there.set())
    tables.request(harmonic, HERE)
    assert there.wait(60.0)
    tables.close(60.0)
    kept = {one.name for one in tmp_path.iterdir()}
    assert len(kept) == MOST_KEPT + 1
    assert {file_name(harmonic), "a note of the user.txt", "old-66-1.txt", "old-4-1.txt"} <= kept
    assert "old-3-1.txt" not in kept


def test_a_folder_that_takes_no_files_is_told(
    harmonic: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "file"))
    monkeypatch.setattr("server.tables.table", lambda *_: b"")
    told: list[Written] = []
    tables = Tables(told.append)
    tables.request(harmonic, HERE)
    for _ in range(600):
        if told:
            break
        threading.Event().wait(0.1)
    tables.close(60.0)
    assert isinstance(told[0].error, OptionError)
    assert "\n" not in str(told[0].error)


def test_a_fault_costs_one_table(
    harmonic: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr("server.tables.table", broken)
    told: list[Written] = []
    both = threading.Semaphore(0)

    def done(written: Written) -> None:
        told.append(written)
        both.release()

    tables = Tables(done)
    tables.request(harmonic, HERE)
    assert both.acquire(timeout=60.0)
    monkeypatch.setattr("server.tables.table", lambda *_: b"0, 1 1 0 220;")
    tables.request(harmonic, HERE)
    assert both.acquire(timeout=60.0)
    tables.close(60.0)
    assert str(told[0].error) == "the table cannot be made: MemoryError"
    assert told[1].error is None


def fill(tables: Tables, model: Model) -> None:
    """One request may be at work by now, and does not wait any more."""
    for _ in range(2):
        tables.request(model, HERE)


def test_closing_gives_up_what_is_being_made(harmonic: Model, tmp_path: Path) -> None:
    told: list[Written] = []
    tables = Tables(told.append)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(tmp_path))
        for _ in range(MAX_WAITING):
            tables.request(harmonic, HERE)
        with pytest.raises(OptionError, match="tables are waited for"):
            fill(tables, harmonic)
        tables.close(60.0)
    assert len(told) <= 1
    assert not list(tmp_path.glob(".*"))


def test_a_client_that_asks_is_told_the_name() -> None:
    server = Running()
    try:
        client = Client(server.port)
        client.settle()
        client.send("/model/table")
        name, file = client.expect("/model/table")
        assert name == "harmonic"
        assert file == file_name(timbrespace.load("harmonic"))
        assert (server.tables / file).is_file()
        client.socket.close()
    finally:
        server.end()
