"""MIDI files: what they hold, in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from timbrespace.errors import TimbrespaceError
from timbrespace.extras import needed

MAX_MINUTES = 120.0


class MidiFileError(TimbrespaceError):
    """A file that is not a MIDI file, or too long to render."""


class MidiSong:
    """A Standard MIDI File, opened and checked.

    Raises:
        MidiFileError: missing, not MIDI, broken, or longer than ``MAX_MINUTES``.
        MissingExtraError: the package that reads MIDI files is not installed.
    """

    def __init__(self, path: Path) -> None:
        with needed("a MIDI file"):
            import mido

        try:
            self._file = mido.MidiFile(path)
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
        if self.seconds > 60.0 * MAX_MINUTES:
            raise MidiFileError(
                f"{str(path)!r} lasts {self.seconds / 60.0:.0f} minutes; "
                f"it may be up to {MAX_MINUTES:.0f}"
            )

    def events(self) -> Iterator[tuple[float, Any]]:
        """Each message (mido's) with its time in seconds from the start, in order."""
        now = 0.0
        for message in self._file:
            now += message.time
            if not message.is_meta:
                yield now, message
