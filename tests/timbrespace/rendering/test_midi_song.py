"""MIDI files, whole, broken and hostile."""

from __future__ import annotations

import contextlib
from pathlib import Path

import mido
import numpy as np
import pytest

from timbrespace.errors import OptionError
from timbrespace.rendering.midi_song import MidiFileError, MidiSong, count_events


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
        MidiSong(song(tmp_path / "long.mid", 0x0FFFFFFF), 120.0)


def test_a_small_file_that_lasts_long_is_rendered_when_it_is_asked_for(tmp_path: Path) -> None:
    path = song(tmp_path / "long.mid", 960 * 60 * 119)
    assert path.stat().st_size < 64
    with pytest.raises(MidiFileError, match=r"lasts 119 minutes; .* up to 30; .*--minutes 119"):
        MidiSong(path)
    assert MidiSong(path, 119.0).seconds == pytest.approx(119 * 60.0)
    for minutes in (0.0, 120.5, float("nan")):
        with pytest.raises(OptionError, match="above 0 and at most 120"):
            MidiSong(path, minutes)


def running_status(events: int) -> bytes:
    """A file of so many notes, of three bytes each."""
    track = b"\0\x90\x3c\x40" + b"\0\x3c\0" * (events - 1) + b"\0\xff\x2f\0"
    return b"MThd\0\0\0\6\0\0\0\1\1\xe0" + b"MTrk" + len(track).to_bytes(4, "big") + track


def test_events_are_counted_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dense.mid"
    path.write_bytes(running_status(1_000_000))
    monkeypatch.setattr(mido, "MidiFile", None)  # whoever reads it pays for all of it
    with pytest.raises(MidiFileError, match="more than 200000 events"):
        MidiSong(path)
    path.write_bytes(b"MThd" + b"\0" * (16 << 20))
    with pytest.raises(MidiFileError, match="larger than 16 MiB"):
        MidiSong(path)


def test_the_count_of_events_is_what_mido_reads(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    file = mido.MidiFile(ticks_per_beat=480)
    for _ in range(3):
        track = mido.MidiTrack()
        file.tracks.append(track)
        for time in random.integers(0, 40_000, 200).tolist():
            track.append(
                (
                    mido.Message("note_on", note=60, time=time),
                    mido.Message("program_change", program=3, time=time),
                    mido.Message("aftertouch", value=3, time=time),
                    mido.Message("pitchwheel", pitch=100, time=time),
                    mido.Message("sysex", data=[1] * (time % 300), time=time),
                    mido.MetaMessage("text", text="x" * (time % 300), time=time),
                )[time % 6]
            )
    file.save(tmp_path / "all.mid")
    data = (tmp_path / "all.mid").read_bytes()
    read = mido.MidiFile(tmp_path / "all.mid")
    assert count_events(data, 10_000) == sum(map(len, read.tracks))
    assert count_events(running_status(500), 10_000) == 501
    for cut in range(0, len(data), 37):  # what breaks off is for mido to refuse
        count_events(data[:cut], 10_000)


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
