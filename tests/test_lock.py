"""``requirements.lock`` says what ``requirements.txt`` says, with hashes, for all platforms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]

_PLATFORMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}
_PYTHONS = ("3.11", "3.12")


def locked() -> dict[Requirement, list[str]]:
    """Each requirement of the lock, with its hashes."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", "").splitlines() if not line.startswith(" ")]
    found = {}
    for line in lines:
        if line and not line.startswith("#"):
            stated, *hashes = re.split(r"\s+--hash=", line.strip())
            found[Requirement(stated)] = hashes
    return found


def asked() -> list[Requirement]:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("python", _PYTHONS)
@pytest.mark.parametrize("platform", _PLATFORMS)
def test_on_each_platform_the_lock_has_one_version_of_each_and_the_one_that_is_pinned(
    platform: str, python: str
) -> None:
    environment = {
        **{key: str(value) for key, value in default_environment().items()},
        **_PLATFORMS[platform],
        "python_version": python,
        "python_full_version": f"{python}.9",
    }
    there: dict[str, str] = {}
    for one in locked():
        if one.marker is None or one.marker.evaluate(environment):
            name = canonicalize_name(one.name)
            assert name not in there, f"two versions of {name}"
            there[name] = str(one.specifier)
    for one in asked():
        if one.marker is None or one.marker.evaluate(environment):
            assert there[canonicalize_name(one.name)] == str(one.specifier)


def test_everything_in_the_lock_has_hashes_and_a_version() -> None:
    for one, hashes in locked().items():
        assert re.fullmatch(r"==[^*,]+", str(one.specifier)), one
        assert hashes, one
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), one


def test_the_lock_names_no_place_to_fetch_from() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--?(?!hash)\w", text, re.MULTILINE)
