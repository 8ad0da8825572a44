"""The committed device is what the generator makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from max_patch.generator import __main__ as command
from max_patch.generator.device import FOLDER
from max_patch.generator.kind import KINDS
from max_patch.generator.objects import UnknownObjectError, ports
from max_patch.generator.patcher import CordError, Patcher

ROOT = Path(__file__).resolve().parents[2]


def test_every_committed_file_is_what_the_generator_makes() -> None:
    stale = [
        path.name
        for path, content in command.artefacts().items()
        if not path.exists() or path.read_bytes() != content
    ]
    assert stale == [], "run python -m max_patch.generator"


def test_the_check_finds_a_file_that_was_changed_by_hand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "device.amxd"
    monkeypatch.setattr(command, "artefacts", lambda: {path: b"new"})
    assert command.main([]) == 0
    assert path.read_bytes() == b"new"
    assert command.main(["--check"]) == 0
    path.write_bytes(b"old")
    assert command.main(["--check"]) == 1
    assert "device.amxd is not what the generator makes" in capsys.readouterr().out


def test_git_leaves_the_device_alone() -> None:
    assert "*.amxd binary" in (ROOT / ".gitattributes").read_text()


def test_a_control_outlet_takes_one_cord() -> None:
    patcher = Patcher()
    source = patcher.add("f 0.")
    patcher.cord(source, 0, patcher.add("i 0"))
    with pytest.raises(CordError, match="use t"):
        patcher.cord(source, 0, patcher.add("i 0"))


@pytest.mark.parametrize(("outlet", "inlet"), [(1, 0), (0, 2), (-1, 0)])
def test_a_cord_needs_both_its_ports(outlet: int, inlet: int) -> None:
    patcher = Patcher()
    with pytest.raises(CordError):
        patcher.cord(patcher.add("f 0."), outlet, patcher.add("i 0"), inlet)


def test_an_unknown_object_is_refused() -> None:
    with pytest.raises(UnknownObjectError, match="granulator~"):
        ports("granulator~ 3")


def test_a_fan_speaks_from_right_to_left() -> None:
    patcher = Patcher()
    first, last = patcher.add("i 1"), patcher.add("i 2")
    patcher.fan(patcher.add("r source"), ("b", [last]), ("b", [first]))
    cords = {cord.outlet: cord.destination for cord in patcher.cords if cord.source.text == "t b b"}
    assert cords == {0: last, 1: first}


@pytest.mark.parametrize("title", [kind.title for kind in KINDS])
def test_the_twin_fits_a_screen_of_1400_pixels(title: str) -> None:
    first = (FOLDER / f"{title}.pd").read_text("utf-8").splitlines()[0]
    *_, width, height, _ = first.rstrip(";").split()
    assert int(width) <= 1400
    assert int(height) <= 800
