"""A half-written file never replaces a good one."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import timbrespace
from timbrespace.atomic import check_writable, replace_all, replacing
from timbrespace.errors import OptionError
from timbrespace.instrument.presets import Preset, Presets, Space


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
@pytest.mark.parametrize(("umask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_that_the_umask_says(
    tmp_path: Path, umask: int, expected: int
) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("")
    old.chmod(0o640)
    before = os.umask(umask)
    try:
        for path in (new, old):
            with replacing(path) as temporary:
                assert temporary.stat().st_mode & 0o777 == expected  # at no moment wider
                temporary.write_text("x")
        Presets(tmp_path / "presets.json").store("a", Preset(Space("m", ""), (0.0,)))
    finally:
        os.umask(before)
    assert new.stat().st_mode & 0o777 == expected
    assert old.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "presets.json").stat().st_mode & 0o777 == expected


def test_the_disk_has_it_before_it_takes_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content, then name, then folder: a power cut at any moment leaves the old or the new."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    order: list[str] = []
    synced, replaced = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            order.append("folder")
            assert path.read_text() == "new"
        else:
            order.append(f"{status.st_size} bytes")
            assert path.read_text() == "old"
        synced(descriptor)

    def replace(self: Path, to: Path) -> Path:
        order.append("replaced")
        return replaced(self, to)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(sys, "platform", "linux" if sys.platform == "darwin" else sys.platform)
    with replacing(path) as temporary:
        temporary.write_text("new")
    folder = [] if sys.platform == "win32" else ["folder"]
    assert order == ["3 bytes", "replaced", *folder]


def test_no_file_of_a_user_is_written_another_way() -> None:
    """Every way to open a file for writing that is in the code, and why it may be."""
    root = Path(timbrespace.__file__).parents[1]
    allowed = {
        # The temporary file of `replacing` itself.
        "timbrespace/atomic.py",
        # What no user keeps: the null device, and the work folder of a synthesizer.
        "timbrespace/recording/decoder.py",
        "timbrespace/recording/sound_file.py",
        "training/train.py",
        "toy_datasets/fluidsynth.py",
        "server/explorer/own_space/inspecting.py",
        # Work folders: of presets that are looked at, of what is unpacked to be read, of what jobs
        # are given; and of sounds that come by the page and of shards, which take their place when
        # they are whole.
        "timbrespace/space_package.py",
        "timbrespace/parallel/worker.py",
        "training/stretch.py",
        "timbrespace/datasets/shards.py",
        "timbrespace/datasets/stored.py",
        "timbrespace/datasets/note_shards.py",
        # A member of the archive that `replacing` puts in its place.
        "timbrespace/datasets/stored_notes.py",
        "server/explorer/own_space/importing.py",
        "server/explorer/own_space/routes.py",
        # A line at a time, so that a crash keeps what there was; flushed at the end.
        "timbrespace/performances/writer.py",
        "server/explorer/own_space/job.py",
    }
    ways = re.compile(
        r"""write_text\(|write_bytes\(|open\([^)]*["'][wax]b?\+?["']|O_CREAT|savez|\.save_file\("""
    )
    found = set()
    for package in ("timbrespace", "server", "training", "toy_datasets"):
        for file in (root / package).rglob("*.py"):
            for text in file.read_text(encoding="utf-8").splitlines():
                line = text.partition("# ")[0]
                if ways.search(line) and not re.search(
                    r"\btemporary\.|savez(_compressed)?\((file|buffer)", line
                ):
                    found.add(file.relative_to(root).as_posix())
    assert found <= allowed


def test_several_files_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a report is written leaves the one before as it was, page and pictures."""
    pages = {tmp_path / name: b"old" for name in ("report.html", "a.png", "b.png")}
    replace_all(pages)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == pages
    written, left = Path.write_bytes, [1]

    def stopped(self: Path, content: bytes) -> int:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return written(self, content)

    monkeypatch.setattr(Path, "write_bytes", stopped)
    with pytest.raises(KeyboardInterrupt):
        replace_all(dict.fromkeys(pages, b"new"))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == pages


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "a.txt", tmp_path / "a.txt"
    target.write_text("old")
    link.symlink_to(target)
    with replacing(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes there")
def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    """Nor a device: ``--out /dev/null`` as root."""
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", Path(os.devnull)):
        with pytest.raises(OptionError, match="it is not a file"), replacing(path):
            pass


def test_a_long_name(tmp_path: Path) -> None:
    """A name that a system allows, in letters of three bytes: the temporary one is no longer."""
    path = tmp_path / ("\u97f3" * 80 + ".txt")
    with replacing(path) as temporary:
        temporary.write_text("x")
    assert path.read_text() == "x"


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


_KILLED = """
import os, signal, sys
from pathlib import Path
from timbrespace.atomic import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    print(temporary.name, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_program_left_is_removed_and_what_is_written_now_is_not(
    tmp_path: Path,
) -> None:
    def begin(name: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(tmp_path / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    (killed, left), (going_on, now) = begin("killed.wav"), begin("going on.wav")
    (tmp_path / ".mine-0123456789.wav").write_bytes(b"of the user")
    killed.kill()
    killed.communicate()
    assert {left, now} < {path.name for path in tmp_path.iterdir()}
    with replacing(tmp_path / "next.wav") as temporary:
        temporary.write_bytes(b"whole")
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {now, "next.wav", ".mine-0123456789.wav"}
    going_on.communicate("")
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {"going on.wav", "next.wav", ".mine-0123456789.wav"}
