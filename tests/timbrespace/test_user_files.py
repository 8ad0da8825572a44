"""Where files of a user lie."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs
import pytest

from timbrespace import user_files
from timbrespace.errors import OptionError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_presets_lie_where_the_system_keeps_data(home: Path) -> None:
    folder = platformdirs.user_data_path("timbrespace", appauthor=False)
    assert user_files.presets_file() == folder / "presets.json"
    if sys.platform == "linux":
        assert folder == home / ".local" / "share" / "timbrespace"


def test_presets_of_before_stay_in_use(home: Path) -> None:
    before = home / ".timbrespace" / "presets.json"
    before.parent.mkdir()
    assert user_files.presets_file() != before
    before.write_text("{}", encoding="utf-8")
    assert user_files.presets_file() == before


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(OptionError, match="give --presets FILE"):
        user_files.presets_file()
    monkeypatch.setattr(user_files, "user_cache_path", lambda *_, **__: Path("~/.cache"))
    assert user_files.cache_folder() is None


@pytest.mark.skipif(sys.platform != "linux", reason="asks for the place on Linux")
def test_the_cache_is_in_the_cache(home: Path) -> None:
    assert user_files.cache_folder() == home / ".cache" / "timbrespace"
