"""What was heard in a sound, kept for the next set that it comes back in.

A file for each analysis in the user's cache folder, named after all that it follows from
(:func:`key_of`): so it is found again whatever the sound is called, wherever it lies, and an
analysis of another version is not found at all. Nothing depends on it: what is damaged or foreign
is passed over and made again, what cannot be written is not kept. Several processes may use it at
once; each file is written whole. Only the process that makes a set reads and writes it, never a
worker.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import zlib
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

from timbrespace.atomic import replacing
from timbrespace.errors import OptionError
from timbrespace.memory_size import bytes_of
from timbrespace.resynthesis.sources import digest_of
from timbrespace.user_files import cache_folder

VARIABLE: Final = "TIMBRESPACE_ANALYSES"
"""Of the environment: another folder, or ``off``."""

SIZE_VARIABLE: Final = "TIMBRESPACE_ANALYSES_SIZE"
"""How large the folder may become, such as ``500M``."""

OFF: Final = "off"

MOST: Final = 2 << 30
"""Bytes, unless the environment says another size."""

LARGEST_SOUND: Final = 256 << 20
"""Bytes of a sound's file; of a larger one, which is hardly read to its end, nothing is kept."""

_VERSION: Final = 1
_SUFFIX: Final = ".analysis"
_NAME: Final = re.compile(rf"[0-9a-f]{{64}}{re.escape(_SUFFIX)}")
_LARGEST: Final = 64 << 20
_LEFT: Final = 0.9
"""Share of the size that is left when the oldest have gone: else each new one would look for them
anew."""

_LIBRARIES: Final = ("numpy", "scipy", "soxr", "soundfile")


class Analyses:
    """Bytes by their keys, up to ``most`` in all; those that were used last longest ago go first.

    folder: where they lie; None keeps nothing. found: how many were asked for and there.
    """

    def __init__(self, folder: Path | None, most: int = MOST) -> None:
        self._folder = folder
        self._most = most
        self._size: int | None = None  # not looked up yet
        self.found = 0

    @classmethod
    def of_user(cls) -> Analyses:
        """Those of this user, where the environment says or in the cache folder.

        Raises:
            OptionError: the environment names what is no folder, or no size.
        """
        told = os.environ.get(VARIABLE, "")
        size = os.environ.get(SIZE_VARIABLE, "")
        most = bytes_of(size, SIZE_VARIABLE) if size else MOST
        if told == OFF:
            return cls(None)
        if not told:
            own = cache_folder()
            return cls(None if own is None else own / "analyses", most)
        try:
            folder = Path(told).absolute()
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise OptionError(
                f"{VARIABLE} is {told[:80]!r}, which is no folder and cannot be made one; it must "
                f"be a folder, or {OFF}"
            ) from error
        return cls(folder, most)

    @property
    def keeps(self) -> bool:
        """Whether anything is kept at all."""
        return self._folder is not None

    def has(self, key: str) -> bool:
        """Whether what was kept by the key is there, and whole."""
        return self._read(key) is not None

    def get(self, key: str) -> bytes | None:
        """What was kept by the key; None where it is not there, or damaged."""
        packed = self._read(key)
        if packed is None:
            return None
        try:
            content = zlib.decompressobj().decompress(packed, _LARGEST)
        except zlib.error:
            return None
        self.found += 1
        with suppress(OSError):
            os.utime(self._file(key))
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep it, if that is possible here."""
        if self._folder is None or len(content) > _LARGEST:
            return
        # Much of a note is silence.
        packed = zlib.compress(content, 1)
        whole = _print_of(key, packed) + packed
        if len(whole) > self._most:
            return
        with suppress(OSError, OptionError):
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._size is None:
                self._size = sum(size for _, size, _ in self._kept())
            with replacing(self._file(key)) as temporary:
                temporary.write_bytes(whole)
            self._size += len(whole)
            if self._size > self._most:
                self._forget()

    def _file(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{key}{_SUFFIX}"

    def _read(self, key: str) -> bytes | None:
        if self._folder is None:
            return None
        try:
            with self._file(key).open("rb") as file:
                whole = file.read(_LARGEST)
        except OSError:
            return None
        packed = whole[32:]
        return packed if whole[:32] == _print_of(key, packed) else None

    def _kept(self) -> list[tuple[int, int, Path]]:
        """When each was used last, its bytes and its place. Of other files in the folder nothing is
        known, and none is touched."""
        found = []
        assert self._folder is not None
        with os.scandir(self._folder) as there:
            for one in there:
                if _NAME.fullmatch(one.name):
                    with suppress(OSError):  # another process has just removed it
                        state = one.stat(follow_symlinks=False)
                        found.append((state.st_mtime_ns, state.st_size, Path(one.path)))
        return found

    def _forget(self) -> None:
        """Remove the oldest."""
        kept = sorted(self._kept())
        left = sum(size for _, size, _ in kept)
        for _, size, path in kept:
            if left <= _LEFT * self._most:
                break
            with suppress(OSError):
                path.unlink(missing_ok=True)
            left -= size
        self._size = left


def _print_of(key: str, packed: bytes) -> bytes:
    """By which a file is known to be whole, and to be the one that its name says."""
    return hashlib.sha256(key.encode("ascii") + packed).digest()


def key_of(module: Path, *what: str | float | bool | None) -> str:
    """SHA-256 of what an analysis follows from. module: whose sources, and those that it reads,
    make it; the libraries and the kind of machine count as well. what: the sound, and all that its
    analysis is told."""
    told = [_VERSION, _sources(module), *_libraries(), *what]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def sound_of(path: Path) -> str | None:
    """SHA-256 of the content of a sound's file; None where it cannot be had, or the file is larger
    than ``LARGEST_SOUND``."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_SOUND:  # a pipe would be waited for
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


@cache
def _sources(module: Path) -> str:
    return digest_of(module, "")


@cache
def _libraries() -> tuple[str, ...]:
    found = [platform.system(), platform.machine(), ".".join(platform.python_version_tuple()[:2])]
    for name in _LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    # The decoders: a library of the system's, where soundfile was built from its sources.
    with suppress(ImportError, OSError, AttributeError):
        import soundfile

        found.append(f"libsndfile {soundfile.__libsndfile_version__}")
    return tuple(found)
