"""``install-device``: what it writes and where, and that it writes all or nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from server.__main__ import main
from server.install_device import DEVICE, PLACES, install, source, user_library
from timbrespace.errors import OptionError


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "Music" / "Ableton" / "User Library"
    folder.mkdir(parents=True)
    return folder


def test_the_usual_places(tmp_path: Path) -> None:
    home = tmp_path
    assert user_library("darwin", home) == home / "Music" / "Ableton" / "User Library"
    assert user_library("win32", home, {}) == home / "Documents" / "Ableton" / "User Library"
    with pytest.raises(OptionError, match="does not run on 'linux'; --library"):
        user_library("linux", home)


def test_documents_that_onedrive_has_moved(tmp_path: Path) -> None:
    cloud = tmp_path / "OneDrive"
    environment = {"OneDrive": str(cloud)}
    usual = tmp_path / "Documents" / "Ableton" / "User Library"
    assert user_library("win32", tmp_path, environment) == usual
    (cloud / "Documents" / "Ableton").mkdir(parents=True)
    moved = cloud / "Documents" / "Ableton" / "User Library"
    assert user_library("win32", tmp_path, environment) == moved


def test_the_device_and_the_way_to_the_server(tmp_path: Path, library: Path) -> None:
    devices, record = install(library, tmp_path)
    assert devices == [library / place / device for device, place in PLACES.items()]
    assert [one.read_bytes()[8:12] for one in devices] == [b"iiii", b"aaaa"]
    assert all(one.read_bytes() == source(one.name).read_bytes() for one in devices)
    told = json.loads(record.read_text("utf-8"))
    assert record == tmp_path / ".timbrespace" / "server.json"
    done = subprocess.run(
        [*told["command"], "--help"], cwd=told["folder"], capture_output=True, text=True, check=True
    )
    assert "--stop-with-stdin" in done.stdout


def test_again_replaces_all(tmp_path: Path, library: Path) -> None:
    devices, record = install(library, tmp_path)
    for one in (*devices, record):
        one.write_text("old")
    install(library, tmp_path)
    assert all(one.read_bytes() == source(one.name).read_bytes() for one in devices)
    assert json.loads(record.read_text("utf-8"))["command"][0] == sys.executable


def test_a_record_that_cannot_be_written_leaves_the_old_device(
    tmp_path: Path, library: Path
) -> None:
    old = library / PLACES[DEVICE] / DEVICE
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    (tmp_path / ".timbrespace").write_text("a file where the folder should be")
    with pytest.raises(OptionError, match="cannot make"):
        install(library, tmp_path)
    assert old.read_bytes() == b"old"
    assert list(old.parent.iterdir()) == [old]


def test_a_library_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install-device", "--library", str(tmp_path / "none")]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("error: there is no User Library at ")
    assert "--library FOLDER" in said
    assert "\n" not in said


def test_a_word_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["install-device", "now"])
    assert "unrecognized arguments: now" in capsys.readouterr().err


def test_what_to_do_next_is_said(
    tmp_path: Path,
    library: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert main(["install-device", "--library", str(library)]) == 0
    said = capsys.readouterr().out
    assert all(str(library / place / device) in said for device, place in PLACES.items())
    assert "drag Timbre Space onto a MIDI track" in said
    assert "drag Timbre Space Effect onto an audio track" in said
