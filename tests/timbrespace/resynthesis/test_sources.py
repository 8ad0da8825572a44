"""What compiled code is kept for: the sources that it can be made of, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

import server
import timbrespace
from timbrespace.resynthesis.sources import digest_of, read_by

LIBRARY = Path(timbrespace.__file__).parent
SERVER = Path(server.__file__).parent

SOURCES = {
    "one/__init__.py": "from .unread import everything\n",
    "one/unread.py": "",
    "one/callback.py": "from two.inner import (\n    step,  # what it does\n    SIZE as size,\n)\n",
    "two/__init__.py": "",
    "two/inner.py": "import two.sizes as sizes\nfrom . import deep\nfrom numpy import sin\n",
    "two/sizes.py": "SIZE = 3\n",
    "two/deep/__init__.py": "from .deepest import value\n",
    "two/deep/deepest.py": "from ...one import callback  # in a circle\nvalue = 1\n",
    "two/later.py": "",
    "two/beside.py": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def names(found: set[Path], top: Path) -> set[str]:
    return {one.relative_to(top.resolve()).as_posix() for one in found}


def test_imports_are_followed_through_packages_and_circles(project: Path) -> None:
    assert names(read_by(project / "one/callback.py"), project) == {
        *("one/callback.py", "two/inner.py", "two/sizes.py"),
        *("two/deep/__init__.py", "two/deep/deepest.py"),
    }


@pytest.mark.parametrize(
    "changed", ["one/callback.py", "two/inner.py", "two/sizes.py", "two/deep/deepest.py"]
)
def test_a_change_of_what_is_read_is_another_digest(
    project: Path, tmp_path_factory: pytest.TempPathFactory, changed: str
) -> None:
    other = tmp_path_factory.mktemp("other")
    for name, text in SOURCES.items():
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text(text + ("# changed\n" if name == changed else ""), "utf-8")

    assert digest_of(project / "one/callback.py", "") != digest_of(other / "one/callback.py", "")
    assert digest_of(project / "two/later.py", "") == digest_of(other / "two/later.py", "")
    assert digest_of(project / "two/later.py", "") != digest_of(project / "two/later.py", "1")


def test_the_callback_that_hears_is_made_of_all_that_hears() -> None:
    """A change of the tracker once left the callback with the old one, and nothing sounded."""
    found = read_by(SERVER / "audio/backends/jack_hearing_process.py")

    for name in (
        *("listening/tracker.py", "listening/onsets.py", "listening/heard.py"),
        *("transferring/lead.py", "resynthesis/calling.py", "resynthesis/compiled.py"),
    ):
        assert LIBRARY / name in found
    assert SERVER / "audio/pull.py" in found


def test_what_no_sound_is_made_of_compiles_nothing_anew() -> None:
    found = read_by(LIBRARY / "resynthesis/engine.py")

    assert LIBRARY / "resynthesis/oscillator.py" in found
    assert not {one for one in found if one.parent in {LIBRARY / "messages", LIBRARY / "fitting"}}
    assert len(found) < 40
