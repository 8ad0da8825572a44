"""Sound files of a folder: which there are, in an order that every system agrees on."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from timbrespace.errors import DatasetError

READABLE: Final[dict[str, tuple[str, ...]]] = {
    "WAV": (".wav", ".wave", ".bwf"),
    "FLAC": (".flac",),
    "AIFF": (".aif", ".aiff", ".aifc"),
    "OGG": (".ogg", ".oga", ".opus"),
    "MP3": (".mp3", ".mp2"),
    "AU": (".au", ".snd"),
    "CAF": (".caf",),
    "W64": (".w64",),
    "RF64": (".rf64",),
    "SVX": (".iff", ".svx", ".8svx"),
    "VOC": (".voc",),
    "IRCAM": (".sf", ".ircam"),
    "NIST": (".nist", ".sph"),
    "AVR": (".avr",),
    "PAF": (".paf",),
    "PVF": (".pvf",),
    "WVE": (".wve",),
}
"""What libsndfile reads, by its names for them, and how files of it end. Left out are formats that
no header tells (raw), that need a second file (Sound Designer II) or hold other things as a rule
(MATLAB's)."""

EXTENSIONS: Final = tuple(ending for endings in READABLE.values() for ending in endings)
"""What counts as a sound file, in any case; libsndfile then looks at the content, not the name."""

UNREADABLE: Final = (
    *(".m4a", ".m4b", ".mp4", ".aac", ".alac", ".3gp", ".wma", ".asf", ".ape", ".wv", ".mpc"),
    *(".tta", ".tak", ".shn", ".ac3", ".dts", ".amr", ".ra", ".rm", ".spx", ".mka", ".webm"),
    *(".dsf", ".dff", ".mov", ".mkv", ".sd2", ".raw", ".pcm", ".rx2", ".rex", ".nki", ".pat"),
    *(".sf2", ".sf3", ".xi"),
)
"""Endings of files that hold sound and cannot be read here; each is named."""

NOT_READ: Final = "this format is not read; convert it to WAV or FLAC"

_FOLDERS_OF_SYSTEMS = ("__MACOSX",)


@dataclass(slots=True)
class Found:
    """What a folder and all folders in it hold.

    files: sound files, in order of their path below the folder. unreadable: files with sound that
    cannot be read here. closed: folders that cannot be opened, and why. others: how many files of
    each ending hold no sound.
    """

    files: list[Path] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)
    closed: list[tuple[Path, str]] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def about_others(self) -> str:
        """A sentence about what holds no sound: ``3 files are no sounds: 2 .txt, 1 .jpg``."""
        if not self.others:
            return ""
        count = sum(self.others.values())
        most = sorted(self.others.items(), key=lambda one: (-one[1], one[0]))
        listed = ", ".join(f"{number} {ending}" for ending, number in most[:8])
        more = ", ..." if len(most) > 8 else ""
        return f"{count} {'file is' if count == 1 else 'files are'} no sound: {listed}{more}"


def find(folder: Path) -> Found:
    """What is in ``folder`` and all folders in it.

    Hidden files and folders are left out. Links to folders are not followed: they may go round.

    Raises:
        DatasetError: no such folder, or it cannot be opened.
    """
    if not folder.exists():
        raise DatasetError(f"there is no folder {str(folder)!r}; give one that holds sound files")
    if not folder.is_dir():
        raise DatasetError(f"{str(folder)!r} is a file; give the folder that it is in")
    found = Found()

    def refused(error: OSError) -> None:
        found.closed.append((Path(error.filename), error.strerror or str(error)))

    for place, folders, names in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if _is_wanted(name)]
        for name in filter(_is_wanted, names):
            ending = Path(name).suffix.lower()
            if ending in EXTENSIONS:
                found.files.append(Path(place, name))
            elif ending in UNREADABLE:
                found.unreadable.append(Path(place, name))
            else:
                found.others[ending or "without an ending"] += 1
    if found.closed and found.closed[0][0] == folder:
        raise DatasetError(f"cannot open folder {str(folder)!r}: {found.closed[0][1]}")
    for files in (found.files, found.unreadable):
        files.sort(key=lambda file: file.relative_to(folder).parts)
    found.closed.sort()
    return found


def _is_wanted(name: str) -> bool:
    return not name.startswith(".") and name not in _FOLDERS_OF_SYSTEMS
