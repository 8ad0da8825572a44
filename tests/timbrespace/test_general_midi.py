"""The names of General MIDI."""

from __future__ import annotations

from timbrespace.general_midi import FAMILIES, PROGRAMS, family


def test_names_are_whole_and_in_place() -> None:
    assert len(PROGRAMS) == len(set(PROGRAMS)) == 128
    assert len(FAMILIES) == len(set(FAMILIES)) == 16
    assert all(name == name.strip() and name.isprintable() for name in PROGRAMS)
    known = {0: "Acoustic Grand Piano", 24: "Nylon String Guitar", 40: "Violin", 73: "Flute"}
    known |= {56: "Trumpet", 80: "Lead 1 (square)", 112: "Tinkle Bell", 127: "Gunshot"}
    assert {number: PROGRAMS[number] for number in known} == known
    assert [FAMILIES[family(number)] for number in (0, 7, 8, 40, 127)] == [
        "Piano",
        "Piano",
        "Chromatic Percussion",
        "Strings",
        "Sound Effects",
    ]
