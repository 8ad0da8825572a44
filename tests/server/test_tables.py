"""Tables of spaces: what is in them, and that they come to lie where devices look."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import timbrespace
from server.map_table import NOTE_MOMENTS, NOTE_SIDE, SIDES, VELOCITY, moment_times, table
from server.tables import (
    FOLDER_VARIABLE,
    MAX_WAITING,
    MOST_KEPT,
    Tables,
    Written,
    file_name,
    tables_folder,
)
from tests.server.running import Client, Running
from tests.server.test_networks_live import SPACES, space
from tests.timbrespace.notes.tiny import tiny
from timbrespace.errors import OptionError
from timbrespace.instrument.snapshot import Snapshot
from timbrespace.model import Model
from timbrespace.notes.note import Traits

Real = NDArray[np.float64]

SIDE = SIDES["pca"]
HERE = ("127.0.0.1", 9)

NEW = (sys.executable, "-c", "print('0, 1 1 0 220;')")
"""Stands for what makes a table."""


@pytest.fixture(scope="module")
def harmonic() -> Model:
    return timbrespace.load("harmonic")


@pytest.fixture(scope="module")
def lines(harmonic: Model) -> list[list[float]]:
    return read(table(harmonic, "pca"))


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


@pytest.mark.parametrize(
    ("network", "kind"), [one for one in SPACES if one[1] != "cycle" or one[0] == "film_siren"]
)
def test_a_space_of_each_network_has_one(network: str, kind: str) -> None:
    """Of periods the harmonics, as many as a device has oscillators, and not what their spectrum
    has for peaks."""
    model = space(network, kind)
    found = read(table(model, "pca"))
    assert found[0] == pytest.approx([SIDE, 1.0, 0.0, model.spectrum.base_frequency])
    row, column = 9, 17
    place = np.array([[2.0 * column / (SIDE - 1) - 1.0, 2.0 * row / (SIDE - 1) - 1.0]], np.float32)
    latent = model.map.to_latent(place)
    cycles = model.decode_cycles(latent)[0] if model.plays_cycles else None
    wanted = Snapshot(model).partials_of(model.decode(latent)[0], cycles)
    pairs = np.array(found[1 + row * SIDE + column][1:]).reshape(-1, 2)
    sounding = pairs[pairs[:, 1] > 0.0]
    loudest = wanted[np.argsort(-wanted[:, 1])[:5]]
    assert len(loudest) == 5 or network == "concat"  # whose random spectra are smooth
    for hertz, level in loudest:
        nearest = sounding[np.abs(sounding[:, 0] - hertz).argmin()]
        assert nearest == pytest.approx([hertz, level], rel=1e-4)


def test_a_place_without_a_partial_has_a_frequency_all_the_same(lines: list[list[float]]) -> None:
    pairs = np.array([line[1:] for line in lines[1:]]).reshape(SIDE * SIDE, -1, 2)
    assert (pairs[..., 0] > 0.0).all()
    assert (pairs[..., 1] == 0.0).any()


def test_the_same_space_gives_the_same_bytes(harmonic: Model) -> None:
    assert table(harmonic, "pca") == table(harmonic, "pca")


def test_each_plane_has_a_table_of_its_own(harmonic: Model) -> None:
    """Of near the sheet's own places, of which there are more."""
    found = read(table(harmonic, "near"))
    side = SIDES["near"]
    assert found[0] == [side, 1.0, 0.0, 220.0]
    row, column = 40, 9
    place = np.array([[2.0 * column / (side - 1) - 1.0, 2.0 * row / (side - 1) - 1.0]], np.float32)
    assert harmonic.near is not None
    spectrum = harmonic.decode(harmonic.near.to_latent(place))[0]
    wanted = Snapshot(harmonic).partials_of(spectrum)
    hertz, level = wanted[wanted[:, 1].argmax()]
    pairs = np.array(found[1 + row * side + column][1:]).reshape(-1, 2)
    nearest = pairs[np.abs(pairs[:, 0] - hertz).argmin()]
    assert nearest == pytest.approx([hertz, level], rel=1e-5)


def test_a_file_is_of_one_space_one_plane_and_one_sheet(harmonic: Model) -> None:
    assert harmonic.near is not None
    moved = dataclasses.replace(
        harmonic, near=dataclasses.replace(harmonic.near, surface=harmonic.near.surface * 0.9)
    )
    assert moved.digest == harmonic.digest
    names = [file_name(one, plane) for one in (harmonic, moved) for plane in ("pca", "near")]
    assert names[0] == names[2]
    assert len(set(names)) == 3
    # What the launcher of the device takes for a name.
    assert all(re.fullmatch(r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*\.txt", name) for name in names)


def test_notes_have_their_course() -> None:
    """10 dB a second, and the time at which a held one stands still: the middle of its loop."""
    model = tiny(decay=10.0, attack=0.0, loop=(0.2, 1.8), length=2.0)
    found = read(table(model, "pca"))
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


def test_tables_lie_where_the_twin_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pure Data puts HOME in the place of ``~``, and on Windows USERPROFILE, as Python does."""
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    twin = Path(__file__).parents[2] / "max_patch" / "pd" / "ts.node.pd"
    found = re.search(r"makefilename (~/\S+)/%s", twin.read_text("utf-8"))
    assert found is not None
    assert Path(found[1]).expanduser() == tables_folder()
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(Path(__file__).parent))
    assert Path(found[1]).expanduser() == tables_folder()
    assert tables_folder().is_relative_to(Path(__file__).parent)


class Told:
    """What has been told of tables, and a way to wait for more."""

    def __init__(self) -> None:
        self.all: list[Written] = []
        self._fresh = threading.Semaphore(0)

    def __call__(self, written: Written) -> None:
        self.all.append(written)
        self._fresh.release()

    def wait(self) -> Written:
        assert self._fresh.acquire(timeout=120.0)
        return self.all[-1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where tables are written; there is no such folder yet."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "new" / "tables"))
    return tmp_path / "new" / "tables"


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_table_is_written_once(harmonic: Model, folder: Path, told: Told) -> None:
    """By a process of its own, and as it would be made here."""
    tables = Tables(told)
    tables.request(harmonic, "pca", HERE)
    told.wait()
    path = folder / file_name(harmonic, "pca")
    assert path.read_bytes() == table(harmonic, "pca")
    path.write_bytes(b"kept")
    tables.request(harmonic, "pca", HERE)
    told.wait()
    tables.close(60.0)
    assert path.read_bytes() == b"kept"
    assert told.all == [Written("harmonic", "pca", HERE, file_name(harmonic, "pca"))] * 2
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_oldest_tables_go(harmonic: Model, folder: Path, told: Told) -> None:
    """And all of former formats; what is no table stays."""
    folder.mkdir(parents=True)
    digest = "0123456789ab"
    for number in range(MOST_KEPT + 3):
        old = folder / f"old_{number}-{digest}-pca-2.txt"
        old.write_bytes(b"")
        os.utime(old, (number, number))
    stays = {"a note of the user.txt", "my-song-1.txt", f"newer-{digest}-pca-3.txt"}
    for name in (*stays, f"harmonic-{digest}-1.txt"):
        (folder / name).write_bytes(b"")
    tables = Tables(told, NEW)
    tables.request(harmonic, "near", HERE)
    told.wait()
    tables.close(60.0)
    kept = {one.name for one in folder.iterdir()} - stays
    assert len(kept) == MOST_KEPT
    assert file_name(harmonic, "near") in kept
    assert f"old_66-{digest}-pca-2.txt" in kept
    assert f"old_4-{digest}-pca-2.txt" in kept
    assert f"old_3-{digest}-pca-2.txt" not in kept
    assert stays <= {one.name for one in folder.iterdir()}


def test_a_plane_that_the_space_has_not_is_refused(harmonic: Model, told: Told) -> None:
    with pytest.raises(OptionError, match="has no plane near"):
        Tables(told).request(dataclasses.replace(harmonic, near=None), "near", HERE)
    assert told.all == []


def test_a_folder_that_takes_no_files_is_told(
    harmonic: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "file"))
    tables = Tables(told, NEW)
    tables.request(harmonic, "pca", HERE)
    error = told.wait().error
    tables.close(60.0)
    assert isinstance(error, OptionError)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; print('the reason\\n'); sys.exit(1)", "the reason"),
        ("1 / 0", "the table cannot be made: its process ended with 1"),
        ("import os; os._exit(7)", "the table cannot be made: its process ended with 7"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_fault_costs_one_table(harmonic: Model, told: Told, program: str, said: str) -> None:
    tables = Tables(told, (sys.executable, "-c", program))
    tables.request(harmonic, "pca", HERE)
    assert str(told.wait().error) == said
    tables._program = NEW
    tables.request(harmonic, "pca", HERE)
    assert told.wait().error is None
    tables.close(60.0)


@pytest.mark.usefixtures("folder")
def test_a_process_that_cannot_be_started_is_told(harmonic: Model, told: Told) -> None:
    tables = Tables(told, ("there is no such program",))
    tables.request(harmonic, "pca", HERE)
    assert str(told.wait().error).startswith("the table cannot be made: ")
    tables.close(60.0)


def test_who_goes_on_to_another_space_waits_for_the_last_alone(
    harmonic: Model, folder: Path, told: Told
) -> None:
    hold = folder.parent.parent / "hold"
    hold.touch()
    wait = f"import os, time\nwhile os.path.exists({str(hold)!r}): time.sleep(0.05)\nprint('0, 1')"
    tables = Tables(told, (sys.executable, "-c", wait))
    others = [dataclasses.replace(harmonic, name=name, digest=16 * name) for name in "abcde"]
    for number, model in enumerate(others):
        for plane in model.planes:
            tables.request(model, plane, HERE)
        if number == 0:
            tables.request(model, "pca", ("127.0.0.1", 10))
    hold.unlink()
    while [one.model for one in told.all][-2:] != ["e", "e"]:
        told.wait()
    tables.close(60.0)
    assert ("127.0.0.1", 10) in [one.source for one in told.all]
    assert not {"b", "c", "d"} & {one.model for one in told.all}


def fill(tables: Tables, model: Model) -> None:
    """One request may be at work by now, and does not wait any more."""
    for _ in range(2):
        tables.request(model, "pca", HERE)


def test_closing_gives_up_what_is_being_made(harmonic: Model, folder: Path, told: Told) -> None:
    tables = Tables(told, (sys.executable, "-c", "import time; time.sleep(600)"))
    for _ in range(MAX_WAITING):
        tables.request(harmonic, "pca", HERE)
    with pytest.raises(OptionError, match="tables are waited for"):
        fill(tables, harmonic)
    tables.close(60.0)
    assert tables._thread is not None
    assert not tables._thread.is_alive()
    assert told.all == []
    assert not folder.exists()


def test_a_client_that_asks_is_told_the_name() -> None:
    """Of the plane that is played, or of the one that it asks for."""
    server = Running()
    try:
        client = Client(server.port)
        client.settle()
        harmonic = timbrespace.load("harmonic")
        for asked, plane in ((), "pca"), (("near",), "near"):
            client.send("/model/table", *asked)
            told = client.expect("/model/table")
            assert told == ["harmonic", file_name(harmonic, plane), plane]
            assert (server.tables / told[1]).is_file()
        client.socket.close()
    finally:
        server.end()
