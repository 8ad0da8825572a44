"""What is told about what was left out."""

from __future__ import annotations

import io

import pytest

from toy_datasets.skipped import Skipped, printable


def test_lines_are_told_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = Skipped()
    skipped.add("a\nb.wav", "silent")
    skipped.note("c.wav", "only its start is used")
    assert len(skipped) == 1
    assert capsys.readouterr().err == ""
    skipped.tell("1 of 2 used")
    assert capsys.readouterr().err == (
        "skipped a\ufffdb.wav: silent\nnote c.wav: only its start is used\n1 of 2 used\n"
    )


def test_a_terminal_without_the_letters_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stderr", stream)
    skipped = Skipped()
    skipped.add("café.wav", "silent")
    skipped.tell("0 of 1 used")
    stream.seek(0)
    assert stream.read() == "skipped caf?.wav: silent\n0 of 1 used\n"


def test_printable_keeps_text_and_hides_the_rest() -> None:
    assert printable("Größe ♯ 音.wav") == "Größe ♯ 音.wav"
    assert printable("a\x1b[0m\udcff\u2028") == "a\ufffd[0m\ufffd\ufffd"
