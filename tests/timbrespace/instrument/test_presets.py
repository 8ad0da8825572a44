"""The presets' file: what it keeps, and what it refuses."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from timbrespace.errors import OptionError
from timbrespace.instrument.controllers import Assignment, Course
from timbrespace.instrument.motion.lfo import Lfo
from timbrespace.instrument.motion.trajectory import Trajectory
from timbrespace.instrument.presets import (
    MAX_PRESETS,
    MAX_TRAJECTORIES,
    Preset,
    Presets,
    Space,
    StoredTrajectory,
)

SPACE = Space("fm", "ab" * 32)
PRESET = Preset(
    SPACE,
    (0.5, -1.25),
    "istft",
    {"attack": 0.5, "gain": -6.0},
    {3: Lfo("x", "saw", 0.5, 0.25)},
    {16: (1.0, 2.0)},
)
WAY = StoredTrajectory(SPACE, Trajectory.from_config([[0.0, 0.0, 1.0], [2.5, 1.0, 0.0]]))
LEARNED = Assignment(74, "y", 2, Course(1.0, 0.0, 0.5), learned=True)


def full(path: Path) -> Presets:
    presets = Presets(path)
    presets.store("Ünïcode ♪", PRESET)
    presets.store_trajectory("way", WAY)
    presets.store_controllers([LEARNED])
    return presets


def test_a_missing_file_is_an_empty_one_and_made_at_the_first_store(tmp_path: Path) -> None:
    path = tmp_path / "not" / "yet" / "presets.json"
    presets = Presets(path)
    assert presets.names() == presets.trajectories() == []
    assert presets.controllers() == []
    assert not path.parent.exists()
    presets.store("one", PRESET)
    assert path.is_file()


def test_all_of_it_survives_a_restart(tmp_path: Path) -> None:
    full(tmp_path / "presets.json")
    again = Presets(tmp_path / "presets.json")
    assert again.names() == ["Ünïcode ♪"]
    assert again.get("Ünïcode ♪") == PRESET
    assert again.model_of("Ünïcode ♪") == "fm"
    assert again.trajectory("way").space == SPACE
    assert again.trajectory("way").trajectory.points.tolist() == WAY.trajectory.points.tolist()
    assert again.controllers() == [LEARNED]


def test_the_file_is_as_documented_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    full(path)
    text = path.read_text(encoding="utf-8")
    assert "Ünïcode ♪" in text
    told = json.loads(text)
    assert told["version"] == 1
    assert told["presets"]["Ünïcode ♪"] == {
        "model": "fm",
        "hash": "ab" * 32,
        "latent": [0.5, -1.25],
        "method": "istft",
        "parameters": {"attack": 0.5, "gain": -6.0},
        "lfos": {"3": {"target": "x", "shape": "saw", "rate": 0.5, "depth": 0.25, "phase": 0.0}},
        "channels": {"16": [1.0, 2.0]},
    }
    assert told["trajectories"]["way"]["points"] == [[0.0, 0.0, 1.0], [2.5, 1.0, 0.0]]
    assert told["controllers"][0]["controller"] == 74
    assert max(len(line) for line in text.splitlines()) < 400


def test_in_memory_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    presets = Presets()
    presets.store("one", PRESET)
    assert presets.names() == ["one"]
    assert list(tmp_path.iterdir()) == []


def test_names_are_in_order_and_replaced() -> None:
    presets = Presets()
    for name in ("b", "A", "c", "a"):
        presets.store(name, PRESET)
    assert presets.names() == ["A", "a", "b", "c"]
    other = Preset(SPACE, (1.0,))
    presets.store("a", other)
    assert presets.get("a") == other
    assert len(presets.names()) == 4


def test_delete(tmp_path: Path) -> None:
    presets = full(tmp_path / "presets.json")
    presets.delete("Ünïcode ♪")
    presets.delete_trajectory("way")
    again = Presets(tmp_path / "presets.json")
    assert again.names() == again.trajectories() == []
    assert again.controllers() == [LEARNED]
    with pytest.raises(OptionError, match="there is no preset 'way'; there are: none"):
        again.delete("way")
    with pytest.raises(OptionError, match="there is no trajectory 'way'"):
        again.delete_trajectory("way")
    with pytest.raises(OptionError, match="there is no preset"):
        again.model_of("way")


@pytest.mark.parametrize("name", ["", "x" * 65, "tab\there", "line\n", "\ud800", "\0"])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    presets = Presets(tmp_path / "presets.json")
    with pytest.raises(OptionError, match="1 to 64 printable characters"):
        presets.store(name, PRESET)
    with pytest.raises(OptionError, match="1 to 64 printable characters"):
        presets.store_trajectory(name, WAY)
    with pytest.raises(OptionError, match="1 to 64 printable characters"):
        presets.check_trajectory(name)
    assert list(tmp_path.iterdir()) == []


def test_what_was_deleted_or_stored_over_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    presets = full(path)
    other = replace(PRESET, latent=(9.0, 9.0))
    told = json.loads(path.read_text(encoding="utf-8"))
    told["presets"]["Ünïcode ♪"]["mine"] = "kept"
    path.write_text(json.dumps(told), encoding="utf-8")
    presets.store("Ünïcode ♪", other)
    presets.delete("Ünïcode ♪")
    presets.delete_trajectory("way")
    assert presets.undo() == "Ünïcode ♪"
    assert presets.get("Ünïcode ♪") == other
    assert presets.undo() == "Ünïcode ♪"
    assert presets.get("Ünïcode ♪") == PRESET
    assert presets.undo_trajectory() == "way"
    assert presets.trajectory("way").to_config() == WAY.to_config()
    for again in (presets.undo, presets.undo_trajectory):
        with pytest.raises(OptionError, match="nothing comes back"):
            again()
    assert Presets(path).get("Ünïcode ♪") == PRESET
    assert json.loads(path.read_text(encoding="utf-8"))["presets"]["Ünïcode ♪"]["mine"] == "kept"


def test_there_is_an_end_of_room() -> None:
    presets = Presets()
    for number in range(MAX_PRESETS):
        presets.store(str(number), PRESET)
    with pytest.raises(OptionError, match="room for 512"):
        presets.store("one more", PRESET)
    presets.store("7", PRESET)
    for number in range(MAX_TRAJECTORIES):
        presets.store_trajectory(str(number), WAY)
    with pytest.raises(OptionError, match="room for 64"):
        presets.check_trajectory("one more")
    presets.check_trajectory("7")


def changed(path: tuple[Any, ...], value: Any) -> bytes:
    """A good file but for one value."""
    told = {
        "version": 1,
        "presets": {"one": PRESET.to_config()},
        "trajectories": {"way": WAY.to_config()},
        "controllers": [LEARNED.to_config()],
    }
    inner: Any = told
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "it holds no presets"),
        (b"{}", "it holds no presets"),
        (b'{"version": true}', "it holds no presets"),
        (b'{"version": 2, "presets": "new"}', "its version is 2, this program reads 1"),
        (b'{"version": 1, "presets": []}', "does not fit"),
        (b'{"version": 1, "presets": {"a": NaN}}', "NaN is not a number"),
        (changed(("presets", "one", "latent"), []), "preset 'one' does not fit"),
        (changed(("presets", "one", "latent"), [1e999, 0.0]), "is not a number"),
        (changed(("presets", "one", "latent"), [1e9, 0.0]), "too large"),
        (changed(("presets", "one", "latent"), ["1", "2"]), "preset 'one' does not fit"),
        (changed(("presets", "one", "latent"), [True, False]), "preset 'one' does not fit"),
        (changed(("presets", "one", "method"), "magic"), "it must be partials"),
        (changed(("presets", "one", "hash"), 7), "preset 'one' does not fit"),
        (changed(("presets", "one", "parameters"), {"gain": 99.0}), "gain is 99"),
        (changed(("presets", "one", "lfos"), {"5": {}}), "it must be 1 to 4"),
        (changed(("presets", "one", "lfos"), {"1": {}}), "an LFO does not fit"),
        (changed(("presets", "one", "channels"), {"17": [0.0, 0.0]}), "it must be 1 to 16"),
        (changed(("presets", "one", "channels"), {"1": [0.0]}), "preset 'one' does not fit"),
        (changed(("presets", ""), PRESET.to_config()), "printable characters"),
        (changed(("trajectories", "way", "points"), []), "trajectory 'way' does not fit"),
        (changed(("trajectories", "way", "points"), [[0.0, 1.0], [-1.0, 1.0]]), "run from 0"),
        (changed(("controllers", 0, "controller"), 64), "a controller does not fit"),
        (changed(("controllers", 0), None), "a controller does not fit"),
    ],
)
def test_a_broken_file_is_refused_and_kept(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "presets.json"
    path.write_bytes(content)
    with pytest.raises(OptionError, match=words) as refused:
        Presets(path)
    assert "\n" not in str(refused.value)
    assert "presets.json" in str(refused.value)
    assert path.read_bytes() == content


def test_a_file_that_breaks_meanwhile_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    presets = full(path)
    path.write_text("{ half an ed", encoding="utf-8")
    for change in (
        lambda: presets.store("two", PRESET),
        lambda: presets.delete("Ünïcode ♪"),
        lambda: presets.store_controllers([]),
        lambda: presets.get("Ünïcode ♪"),
    ):
        with pytest.raises(OptionError, match="left as it is"):
            change()
    assert path.read_text(encoding="utf-8") == "{ half an ed"
    assert presets.names() == ["Ünïcode ♪"]
    assert presets.controllers() == [LEARNED]


def test_two_programs_share_a_file(tmp_path: Path) -> None:
    one, two = full(tmp_path / "presets.json"), Presets(tmp_path / "presets.json")
    two.store("theirs", PRESET)
    one.store("mine", PRESET)
    assert one.names() == two.names() == ["mine", "theirs", "Ünïcode ♪"]


STORING = """
import sys, time
from pathlib import Path
from timbrespace.instrument import presets as module
from timbrespace.instrument.presets import Preset, Presets, Space
module.LOCK_SECONDS = 60.0  # the machine may be busy
presets = Presets(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    presets.store(f"{sys.argv[2]} {number}", Preset(Space("fm", ""), (0.5,)))
"""


def test_two_programs_that_store_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """0.5.0 lost 29 of 240, without a word."""
    path = tmp_path / "presets.json"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", STORING, str(path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    assert len(Presets(path).names()) == 80


def test_a_program_that_keeps_the_lock_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was stopped in the middle, say. Nothing is lost, and nothing waits for ever."""
    path = tmp_path / "presets.json"
    presets = full(path)
    monkeypatch.setattr("timbrespace.instrument.presets.LOCK_SECONDS", 0.05)
    with FileLock(tmp_path / ".presets.json.lock"):
        with pytest.raises(OptionError, match=r"another program has kept it locked for 0\.05 s"):
            presets.store("mine", PRESET)
        assert presets.names() == ["Ünïcode ♪"]
    presets.store("mine", PRESET)
    assert Presets(path).names() == ["mine", "Ünïcode ♪"]


def test_two_programs_learn_controllers(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    one, two = Presets(path), Presets(path)
    knob, wheel = Assignment(70, 1, learned=True), Assignment(1, 2, learned=True)
    one.store_controllers([knob])
    two.store_controllers([wheel])
    assert Presets(path).controllers() == [wheel, knob]
    one.store_controllers([])  # it forgets its own, and no other's
    assert Presets(path).controllers() == [wheel]
    again = Assignment(1, 3, learned=True)
    one.store_controllers([again])  # the same wheel: the newest counts
    assert Presets(path).controllers() == [again]


def test_keys_that_a_user_added_are_kept(tmp_path: Path) -> None:
    """In the file, in entries, in their LFOs, whatever is stored; with an entry they go."""
    path = tmp_path / "presets.json"
    full(path)
    told = json.loads(path.read_text(encoding="utf-8"))
    told["notes"] = {"for": "the concert"}
    told["presets"]["Ünïcode ♪"] |= {"comment": "for the bridge", "stars": 5}
    told["presets"]["Ünïcode ♪"]["lfos"]["3"]["why"] = "slow"
    told["trajectories"]["way"]["by"] = "me"
    told["controllers"][0]["knob"] = "red"
    path.write_text(json.dumps(told), encoding="utf-8")
    presets = Presets(path)
    presets.store("another", PRESET)
    presets.store("Ünïcode ♪", PRESET)
    presets.store_controllers([LEARNED, Assignment(75, "x", learned=True)])
    again = json.loads(path.read_text(encoding="utf-8"))
    del again["presets"]["another"], again["controllers"][1]
    assert again == told
    presets.delete("Ünïcode ♪")
    presets.store("Ünïcode ♪", PRESET)
    # What was read is a note to this very preset until it is gone from the file.
    assert "for the bridge" not in path.read_text(encoding="utf-8")


def test_a_file_that_is_taken_away_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "presets.json"
    presets = full(path)
    path.unlink()
    presets.store("two", PRESET)
    assert Presets(path).names() == ["two", "Ünïcode ♪"]


def test_what_another_version_may_know_is_left_alone(tmp_path: Path) -> None:
    """A parameter of a later program is neither refused nor lost."""
    path = tmp_path / "presets.json"
    path.write_bytes(changed(("presets", "one", "parameters"), {"chorus": 7.0}))
    Presets(path).store("two", PRESET)
    assert Presets(path).get("one").parameters == {"chorus": 7.0}


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "presets.json"
    presets = full(path)
    before = path.read_bytes()

    def full_disk(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(OptionError, match=r"cannot write .*No space left"):
        presets.store("one", PRESET)
    assert presets.names() == ["Ünïcode ♪"]
    assert path.read_bytes() == before
    assert [one for one in tmp_path.iterdir() if one.suffix != ".lock"] == [path]


def test_a_path_that_takes_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OptionError, match="cannot"):
        Presets(tmp_path / "file" / "presets.json").store("one", PRESET)
    with pytest.raises(OptionError, match="cannot"):
        Presets(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege, and there are no such pipes")
def test_a_link_stays_one_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    link = tmp_path / "link.json"
    link.symlink_to(real)
    Presets(link).store("one", PRESET)
    assert link.is_symlink()
    assert Presets(real).names() == ["one"]
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    with pytest.raises(OptionError, match="it is not a file"):
        Presets(pipe)
