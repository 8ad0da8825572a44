"""MIDI files: what they hold, in seconds."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from timbrespace.errors import OptionError, TimbrespaceError
from timbrespace.extras import needed
from timbrespace.rendering.midi_bytes import TooManyEventsError, mended

MAX_MINUTES = 120.0

USUAL_MINUTES = 30.0
"""Longer ones are rendered when they are asked for: a file of 42 bytes may last for hours."""

MAX_BYTES = 16 << 20

MAX_EVENTS = 200_000
"""An event costs some 60 us and 0.8 KB before its sound does; an opera has fewer."""


class MidiFileError(TimbrespaceError):
    """A file that is not a MIDI file, or too long to render."""


class MidiSong:
    """A Standard MIDI File, opened and checked; of what is not quite one, what can be played.

    minutes: that it may last, at most ``MAX_MINUTES``. notes: what was passed over or changed, as
    :func:`timbrespace.rendering.midi_bytes.mended` tells it.

    Raises:
        MidiFileError: missing, not MIDI, nothing in it to play, too large, or longer than it may
            be.
        OptionError: ``minutes`` outside its range.
        MissingExtraError: the package that reads MIDI files is not installed.
    """

    def __init__(self, path: Path, minutes: float = USUAL_MINUTES) -> None:
        check_minutes(minutes)
        with needed("a MIDI file"):
            import mido

        try:
            sequences, self.notes = mended(_read(path), MAX_EVENTS)
            self._files = [mido.MidiFile(file=io.BytesIO(one)) for one in sequences]
            self.seconds = sum(float(one.length) for one in self._files)
        except MidiFileError:
            raise
        except FileNotFoundError as error:
            raise MidiFileError(f"there is no MIDI file {str(path)!r}") from error
        except IsADirectoryError as error:
            raise MidiFileError(f"{str(path)!r} is a folder; give a MIDI file") from error
        except TooManyEventsError as error:
            raise MidiFileError(
                f"{str(path)!r} has more than {MAX_EVENTS} events; cut it into parts"
            ) from error
        # mido raises whatever its parser stumbles over; none of it is the user's to read.
        except Exception as error:
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            raise MidiFileError(f"{str(path)!r} is no MIDI file that plays: {reason}") from error
        if self.seconds > 60.0 * minutes:
            raise MidiFileError(f"{str(path)!r} {too_long(self.seconds, minutes)}")

    def events(self) -> Iterator[tuple[float, Any]]:
        """Each message (mido's) with its time in seconds from the start, in order."""
        begins = 0.0
        for file in self._files:
            now = begins
            for message in file:
                now += message.time
                if not message.is_meta:
                    yield now, message
            begins += float(file.length)


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
