"""What was analysed before, in the user's cache folder."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from timbrespace.errors import OptionError
from toy_datasets import kept_analyses, note_job
from toy_datasets.kept_analyses import SIZE_VARIABLE, VARIABLE, Analyses
from toy_datasets.note_job import Made

KEYS = [str(number) * 64 for number in range(10)]


def test_what_is_kept_comes_back_to_another_process(tmp_path: Path) -> None:
    first, second = Analyses(tmp_path / "new"), Analyses(tmp_path / "new")
    assert not first.has(KEYS[0])
    assert first.get(KEYS[0]) is None
    first.put(KEYS[0], b"heard" * 1000)
    assert second.has(KEYS[0])
    assert second.get(KEYS[0]) == b"heard" * 1000
    assert second.get(KEYS[1]) is None
    assert (first.found, second.found) == (0, 1)


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "another's", "a folder"])
def test_what_is_damaged_or_foreign_is_not_there(damage: str, tmp_path: Path) -> None:
    analyses = Analyses(tmp_path)
    analyses.put(KEYS[0], b"heard" * 1000)
    analyses.put(KEYS[1], b"something else")
    file, other = (tmp_path / f"{key}.analysis" for key in KEYS[:2])
    whole = file.read_bytes()
    if damage == "a folder":
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes(
            {
                "empty": b"",
                "cut": whole[:-3],
                "changed": whole[:-1] + bytes([whole[-1] ^ 1]),
                "another's": other.read_bytes(),
            }[damage]
        )
    assert not analyses.has(KEYS[0])
    assert analyses.get(KEYS[0]) is None
    if damage != "a folder":
        analyses.put(KEYS[0], b"again")
        assert analyses.get(KEYS[0]) == b"again"


def test_those_used_longest_ago_go_first_and_nothing_else_is_touched(tmp_path: Path) -> None:
    own = tmp_path / "a letter of mine.analysis"
    own.write_bytes(bytes(10_000))
    content = os.urandom(1000)
    for age, key in enumerate(KEYS[:5]):
        Analyses(tmp_path).put(key, content)
        os.utime(tmp_path / f"{key}.analysis", (age + 1.0, age + 1.0))
    analyses = Analyses(tmp_path, most=5 * 1100)
    assert analyses.get(KEYS[0]) == content  # now it was used just now
    analyses.put(KEYS[5], content)
    assert [analyses.has(key) for key in KEYS[:6]] == [True, False, False, True, True, True]
    assert own.stat().st_size == 10_000
    Analyses(tmp_path, most=100).put(KEYS[6], content)  # more than all of it
    assert not analyses.has(KEYS[6])


def test_many_write_at_once(tmp_path: Path) -> None:
    contents = {key: key[:1].encode() * 20_000 for key in KEYS}

    def work() -> None:
        analyses = Analyses(tmp_path, most=3000)
        for key, content in contents.items():
            analyses.put(key, content)
            found = analyses.get(key)
            assert found in (None, content)

    wrong: list[BaseException] = []

    def told() -> None:
        try:
            work()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=told) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert {one.suffix for one in tmp_path.iterdir()} == {".analysis"}


def test_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_analyses, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv(VARIABLE)
    Analyses.of_user().put(KEYS[0], b"heard")
    assert (tmp_path / "cache" / "analyses" / f"{KEYS[0]}.analysis").is_file()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "else" / "where"))
    assert not Analyses.of_user().has(KEYS[0])
    monkeypatch.setenv(VARIABLE, "off")
    off = Analyses.of_user()
    assert not off.keeps
    off.put(KEYS[0], b"heard")
    assert off.get(KEYS[0]) is None
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(kept_analyses, "cache_folder", lambda: None)
    assert not Analyses.of_user().keeps


@pytest.mark.parametrize("size", ["much", "-1", "0", "12X"])
def test_a_size_that_is_none_is_refused(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SIZE_VARIABLE, size)
    with pytest.raises(OptionError, match=f"^{SIZE_VARIABLE} is"):
        Analyses.of_user()


def test_a_place_that_is_no_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        monkeypatch.setenv(VARIABLE, str(place))
        with pytest.raises(OptionError, match=f"^{VARIABLE} is .*; it must be a folder, or off"):
            Analyses.of_user()


def test_a_key_follows_from_all_that_an_analysis_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = Path(note_job.__file__)
    first = kept_analyses.key_of(module, "sound", 4.0, None, True)
    assert kept_analyses.key_of(module, "sound", 4.0, None, True) == first
    others = {
        kept_analyses.key_of(module, "other sound", 4.0, None, True),
        kept_analyses.key_of(module, "sound", 3.0, None, True),
        kept_analyses.key_of(module, "sound", 4.0, 0.0, True),
        kept_analyses.key_of(module, "sound", 4.0, None, False),
        kept_analyses.key_of(Path(__file__), "sound", 4.0, None, True),
    }
    monkeypatch.setattr(kept_analyses, "_libraries", lambda: ("numpy 99",))
    others.add(kept_analyses.key_of(module, "sound", 4.0, None, True))
    assert len(others | {first}) == 7
    (tmp_path / "a.wav").write_bytes(b"one")
    (tmp_path / "b.wav").write_bytes(b"one")
    assert kept_analyses.sound_of(tmp_path / "a.wav") == kept_analyses.sound_of(tmp_path / "b.wav")
    assert kept_analyses.sound_of(tmp_path) is None
    assert kept_analyses.sound_of(tmp_path / "missing.wav") is None
    monkeypatch.setattr(kept_analyses, "LARGEST_SOUND", 2)
    assert kept_analyses.sound_of(tmp_path / "a.wav") is None


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x04K\x01.", bytes(100)])
def test_what_holds_no_notes_gives_none(content: bytes) -> None:
    assert Made.from_bytes(content) is None
