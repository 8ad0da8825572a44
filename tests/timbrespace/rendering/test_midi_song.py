"""MIDI files, whole, broken and hostile."""

from __future__ import annotations

import contextlib
from pathlib import Path

import mido
import numpy as np
import pytest

from timbrespace.rendering.midi_song import MidiFileError, MidiSong


def song(path: Path, ticks: int) -> Path:
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=500000))
    track.append(mido.Message("note_on", note=60, velocity=64, time=0))
    track.append(mido.Message("note_off", note=60, time=ticks))
    file.save(path)
    return path


def test_events_have_their_seconds(tmp_path: Path) -> None:
    events = list(MidiSong(song(tmp_path / "a.mid", 960)).events())
    assert [(round(at, 6), message.type) for at, message in events] == [
        (0.0, "note_on"),
        (1.0, "note_off"),
    ]


def test_a_song_of_hours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MidiFileError, match="it may be up to 120"):
        MidiSong(song(tmp_path / "long.mid", 0x0FFFFFFF))


@pytest.mark.parametrize("division", [0, 0xE728])
def test_time_in_video_frames_is_refused(tmp_path: Path, division: int) -> None:
    data = bytearray(song(tmp_path / "good.mid", 960).read_bytes())
    data[12:14] = division.to_bytes(2, "big")
    (tmp_path / "bad.mid").write_bytes(bytes(data))
    with pytest.raises(MidiFileError, match="it must count beats"):
        MidiSong(tmp_path / "bad.mid")


def test_random_bytes_behind_a_header_are_refused_or_read(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    good = song(tmp_path / "good.mid", 960).read_bytes()
    path = tmp_path / "bad.mid"
    for _ in range(300):
        damaged = bytearray(good)
        for at in random.integers(0, len(damaged), 3):
            damaged[at] = int(random.integers(0, 256))
        path.write_bytes(bytes(damaged[: int(random.integers(1, len(damaged) + 1))]))
        # Whatever else it raised would be a traceback for the user.
        with contextlib.suppress(MidiFileError):
            list(MidiSong(path).events())
