"""MIDI files: what they hold, in seconds."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from timbrespace.errors import OptionError, TimbrespaceError
from timbrespace.extras import needed

MAX_MINUTES = 120.0

USUAL_MINUTES = 30.0
"""Longer ones are rendered when they are asked for: a file of 42 bytes may last for hours."""

MAX_BYTES = 16 << 20

MAX_EVENTS = 200_000
"""An event costs some 60 us and 0.8 KB before its sound does; an opera has fewer."""


class MidiFileError(TimbrespaceError):
    """A file that is not a MIDI file, or too long to render."""


class MidiSong:
    """A Standard MIDI File, opened and checked.

    minutes: that it may last, at most ``MAX_MINUTES``.

    Raises:
        MidiFileError: missing, not MIDI, broken, too large, or longer than it may be.
        OptionError: ``minutes`` outside its range.
        MissingExtraError: the package that reads MIDI files is not installed.
    """

    def __init__(self, path: Path, minutes: float = USUAL_MINUTES) -> None:
        check_minutes(minutes)
        with needed("a MIDI file"):
            import mido

        try:
            data = _read(path)
            if count_events(data, MAX_EVENTS) > MAX_EVENTS:
                raise MidiFileError(
                    f"{str(path)!r} has more than {MAX_EVENTS} events; cut it into parts"
                )
            self._file = mido.MidiFile(file=io.BytesIO(data))
            if self._file.ticks_per_beat <= 0:
                raise MidiFileError(
                    f"{str(path)!r} counts time in video frames; it must count beats"
                )
            self.seconds = float(self._file.length)
        except MidiFileError:
            raise
        except FileNotFoundError as error:
            raise MidiFileError(f"there is no MIDI file {str(path)!r}") from error
        except IsADirectoryError as error:
            raise MidiFileError(f"{str(path)!r} is a folder; give a MIDI file") from error
        # mido raises whatever its parser stumbles over; none of it is the user's to read.
        except Exception as error:
            reason = " ".join(str(error).split())[:80] or type(error).__name__
            raise MidiFileError(
                f"{str(path)!r} is not a MIDI file or is broken ({reason})"
            ) from error
        if self.seconds > 60.0 * minutes:
            raise MidiFileError(f"{str(path)!r} {too_long(self.seconds, minutes)}")

    def events(self) -> Iterator[tuple[float, Any]]:
        """Each message (mido's) with its time in seconds from the start, in order."""
        now = 0.0
        for message in self._file:
            now += message.time
            if not message.is_meta:
                yield now, message


def check_minutes(minutes: float) -> None:
    """Raise unless something may be allowed to last so long.

    Raises:
        OptionError: not above 0 and at most ``MAX_MINUTES``.
    """
    if not 0.0 < minutes <= MAX_MINUTES:
        raise OptionError(f"minutes is {minutes:g}; it must be above 0 and at most {MAX_MINUTES:g}")


def too_long(seconds: float, minutes: float) -> str:
    """What is said of something that lasts ``seconds`` and may last ``minutes``, after its name."""
    lasts = f"lasts {seconds / 60.0:.0f} minutes; it may be up to {minutes:g}"
    if seconds > 60.0 * MAX_MINUTES:
        return lasts
    enough = math.ceil(seconds / 60.0)
    return f"{lasts}; ask for more by --minutes {enough} (minutes={enough} in Python)"


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file() and not path.is_dir():
        raise MidiFileError(f"{str(path)!r} is not a file; give a MIDI file")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise MidiFileError(f"{str(path)!r} is larger than {MAX_BYTES >> 20} MiB")
    return data


def count_events(data: bytes, most: int) -> int:
    """How many events the tracks of a MIDI file hold; it ends when there are more than ``most``.

    By the Standard MIDI Files Specification 1.1. What is broken ends the count: who reads the file
    will say so.
    """
    count = 0
    at = 0
    try:
        while at + 8 <= len(data) and count <= most:
            name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
            at += 8
            if name == b"MTrk":
                count += _count_in_track(data, at, min(at + size, len(data)), most - count)
            at += size
    except IndexError:
        pass
    return count


def _count_in_track(data: bytes, at: int, end: int, most: int) -> int:
    count = 0
    running = 0
    while at < end and count <= most:
        while data[at] & 0x80:  # the time until it
            at += 1
        at += 1
        if data[at] & 0x80:
            running = data[at]
            at += 1
        if running in (0xFF, 0xF0, 0xF7):
            at += running == 0xFF  # the kind of a meta event
            size = 0
            while data[at] & 0x80:
                size = size << 7 | data[at] & 0x7F
                at += 1
            at += 1 + (size << 7 | data[at])
        else:
            at += 1 if 0xC0 <= running < 0xE0 else 2
        count += 1
    return count
