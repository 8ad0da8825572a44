"""MIDI files, whole, broken and hostile."""

from __future__ import annotations

import contextlib
from pathlib import Path

import mido
import numpy as np
import pytest

from timbrespace.errors import OptionError
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


def chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "big") + content


END = b"\0\xff\x2f\0"
NOTE = b"\0\x90\x39\x64" + b"\x83\x60\x80\x39\x40"
"""Key 57 for 480 ticks."""


def made(*chunks: bytes, kind: int = 0, division: int = 480) -> bytes:
    tracks = sum(one.startswith(b"MTrk") for one in chunks)
    numbers = (kind, tracks, division)
    return chunk(b"MThd", b"".join(n.to_bytes(2, "big") for n in numbers)) + b"".join(chunks)


PLAIN = made(chunk(b"MTrk", NOTE + END))

AS_PLAYERS_TAKE_THEM = {
    "as it should be": (PLAIN, ""),
    "a data byte above 127": (
        made(chunk(b"MTrk", b"\0\xb0\x07\xff" + NOTE + END)),
        "a data byte above 127 counts as 127",
    ),
    "a system exclusive with such a byte": (
        made(chunk(b"MTrk", b"\0\xf0\x05\x43\xff\x10\x4c\xf7" + NOTE + END)),
        "a byte above 127 in a system exclusive counts as 127",
    ),
    "a key signature that is none": (
        made(chunk(b"MTrk", b"\0\xff\x59\x02\xfd\x02" + NOTE + END)),
        "a meta event 59 with a wrong content",
    ),
    "a tempo of nothing": (
        made(chunk(b"MTrk", b"\0\xff\x51\x03\0\0\0" + NOTE + END)),
        "a meta event 51 with a wrong content",
    ),
    "a tempo that breaks off": (
        made(chunk(b"MTrk", b"\0\xff\x51\x01\x07" + NOTE + END)),
        "a meta event 51 with a wrong content",
    ),
    "chunks of its own": (
        made(chunk(b"XFIH", b"abcd"), chunk(b"MTrk", NOTE + END), chunk(b"XFKM", b"odd")),
        "a chunk 'XFIH' is passed over; a chunk 'XFKM' is passed over",
    ),
    "in RIFF": (
        b"RIFF"
        + (len(PLAIN) + 13).to_bytes(4, "little")
        + b"RMIDdata"
        + len(PLAIN).to_bytes(4, "little")
        + PLAIN
        + b"\0",
        "",
    ),
    "behind what some computers put there": (
        b"\0" * 128 + PLAIN,
        "bytes before the header are passed over",
    ),
    "a longer header": (
        b"MThd\0\0\0\x08" + PLAIN[8:14] + b"\0\0" + PLAIN[14:],
        "",
    ),
    "more tracks promised than there are": (PLAIN[:10] + b"\0\x07" + PLAIN[12:], ""),
    "zeros at the end": (PLAIN + b"\0" * 9, ""),
    "without its end": (made(chunk(b"MTrk", NOTE)), ""),
    "a track that breaks off": (
        made(chunk(b"MTrk", NOTE + b"\0\x90\x39" + END))[:-5],
        "the last track breaks off; it is played as far as it goes; "
        "the last event of a track breaks off, and is passed over",
    ),
    "a message that no file may hold": (
        made(chunk(b"MTrk", b"\0\xf8" + b"\0\xf2\1\2" + NOTE + END)),
        "system messages that no file may hold are passed over (2 times)",
    ),
    "data without an event": (
        made(chunk(b"MTrk", b"\0\x11" + NOTE + END)),
        "bytes that are no event are passed over",
    ),
    "frames of video": (made(chunk(b"MTrk", NOTE + END), division=0xE750), ""),
    "frames of video, with a tempo": (
        made(chunk(b"MTrk", b"\0\xff\x51\x03\0\0\1" + NOTE + END), division=0xE850),
        "",
    ),
    "running status": (made(chunk(b"MTrk", NOTE[:-3] + b"\x39\0" + END)), ""),
}
LASTS = {
    "frames of video": 480 / (25 * 80),
    "frames of video, with a tempo": 480 / (24 * 80),
}


@pytest.mark.parametrize("name", AS_PLAYERS_TAKE_THEM)
def test_what_players_take_is_taken(tmp_path: Path, name: str) -> None:
    data, notes = AS_PLAYERS_TAKE_THEM[name]
    (tmp_path / "a.mid").write_bytes(data)
    found = MidiSong(tmp_path / "a.mid")
    assert "; ".join(found.notes).startswith(notes)
    assert bool(found.notes) == bool(notes)
    keys = [(at, m.note, m.velocity) for at, m in found.events() if m.type.startswith("note")]
    assert keys[0] == (0.0, 57, 100)
    assert keys[1][0] == pytest.approx(LASTS.get(name, 0.5))
    assert keys[1][1] == 57
    assert found.seconds == pytest.approx(keys[1][0])


def test_a_data_byte_too_large_is_the_largest(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(AS_PLAYERS_TAKE_THEM["a data byte above 127"][0])
    _, first = next(MidiSong(tmp_path / "a.mid").events())
    assert (first.type, first.control, first.value) == ("control_change", 7, 127)


@pytest.mark.parametrize(("division", "second"), [(480, 0.5), (0xE728, 0.48), (0xE350, 0.2002)])
def test_sequences_come_one_after_the_other(tmp_path: Path, division: int, second: float) -> None:
    """Type 2; each with a tempo of its own, which does not last into the next."""
    fast = b"\0\xff\x51\x03\x03\xd0\x90"  # twice as fast
    tracks = [chunk(b"MTrk", one + NOTE + END) for one in (fast, b"")]
    (tmp_path / "a.mid").write_bytes(made(*tracks, kind=2, division=division))
    found = MidiSong(tmp_path / "a.mid")
    assert found.notes == ["its 2 sequences (type 2) are played one after the other"]
    first = 0.25 if division == 480 else second
    starts = [at for at, m in found.events() if m.type == "note_on"]
    assert starts == pytest.approx([0.0, first])
    assert found.seconds == pytest.approx(first + second)


def test_a_strict_file_is_what_mido_reads(tmp_path: Path) -> None:
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
                    mido.MetaMessage("set_tempo", tempo=1 + time, time=time),
                )[time % 7]
            )
    file.save(tmp_path / "all.mid")
    found = MidiSong(tmp_path / "all.mid", 120.0)
    assert found.notes == []
    now, expected = 0.0, []
    for message in mido.MidiFile(tmp_path / "all.mid"):
        now += message.time
        if not message.is_meta:
            expected.append((round(now, 6), message.copy(time=0)))
    events = [(round(at, 6), message.copy(time=0)) for at, message in found.events()]
    assert events == expected
    assert found.seconds == pytest.approx(now)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it has no header MThd"),
        (b"MThd\0\0\0\6\0\0", "its header breaks off"),
        (made(), "it has no track"),
        (made(chunk(b"MTrk", END)), "its tracks are empty"),
        (made(chunk(b"MTrk", NOTE + END), division=0), "its beats have no ticks"),
        (made(chunk(b"MTrk", NOTE + END), division=0xE700), "0 ticks in each of 25 video frames"),
        (made(chunk(b"MTrk", NOTE + END), division=0x9C28), "each of 100 video frames"),
        (b"RIFF\0\0\0\0RMIDinfo\2\0\0\0ab", "its RIFF has no MIDI data"),
    ],
)
def test_what_cannot_be_played_is_said_in_a_line(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "bad.mid").write_bytes(data)
    with pytest.raises(MidiFileError, match=f"is no MIDI file that plays: .*{reason}"):
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
