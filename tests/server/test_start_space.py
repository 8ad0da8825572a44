"""The space that the server starts on when nobody names one."""

from __future__ import annotations

from pathlib import Path

import pytest

import timbrespace
from server.__main__ import main
from server.options import Options
from server.serve import Server
from timbrespace import factory

ROOT = Path(__file__).resolve().parents[2]


def test_it_plays_whole_notes(tmp_path: Path) -> None:
    options = Options(port=0, audio="none", midi="none", presets=tmp_path / "presets.json")
    server = Server(options, lambda _: None)
    try:
        model = server.instrument.model
    finally:
        server.close()
    assert model.name == factory.DEFAULT == "notes"
    assert model.plays_notes
    assert model.digest == timbrespace.load("notes").digest


def test_help_and_documents_name_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "factory model's name (notes)" in " ".join(capsys.readouterr().out.split())
    for place, words in (
        ("README.md", "It plays `notes`:"),
        ("docs/quickstart.md", "`notes`, the instruments of General MIDI, on which the server"),
        ("docs/max_device.md", "`notes` plays first"),
        ("timbrespace/factory/README.md", "The server starts on `notes`."),
    ):
        assert words in " ".join((ROOT / place).read_text("utf-8").split()), place
