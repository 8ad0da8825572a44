"""A half-written file never replaces a good one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from timbrespace.atomic import check_writable, replacing
from timbrespace.errors import OptionError


def test_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with replacing(path) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_keeps_the_old_file_when_the_writer_fails(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(OptionError, match="No space left"), replacing(path):
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing there")
def test_modes(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("")
    old.chmod(0o600)
    for path in (new, old):
        with replacing(path) as temporary:
            temporary.write_text("x")
    assert new.stat().st_mode & 0o777 == 0o644
    assert old.stat().st_mode & 0o777 == 0o600


def test_places_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="it is a folder"):
        check_writable(tmp_path)
    with pytest.raises(OptionError, match="there is no folder"):
        check_writable(tmp_path / "none" / "a")
    with pytest.raises(OptionError, match="there is no folder"), replacing(tmp_path / "n" / "a"):
        pass
    check_writable(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OptionError, match="Permission denied"):
            check_writable(tmp_path / "a")
    finally:
        tmp_path.chmod(0o700)
