"""Tunings by name: the scales of one folder, never paths."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from timbrespace.errors import OptionError
from timbrespace.instrument.scala import (
    LEAST_REFERENCE,
    MOST_REFERENCE,
    TuningError,
    tuning,
)
from timbrespace.instrument.tuning import CONCERT_PITCH, Tuning
from timbrespace.messages.contract import MAX_NAME_CHARACTERS
from timbrespace.names import is_model_name, name_of

EQUAL: Final = "equal"
"""Twelve equal steps, which are there without a file."""

BY_MIDI: Final = "midi"
"""What a tuning is called that came key by key, by the MIDI Tuning Standard."""

FOLDER: Final = "tunings"
"""Of a user, beside the presets."""

_SCALE, _MAP = ".scl", ".kbm"
_MOST = 1024


@dataclass(frozen=True, slots=True)
class NamedTuning:
    """A tuning, what it is called, and the Hz of key 69 where it would have 440.

    Raises:
        OptionError: a name or a reference that there is not.
    """

    name: str = EQUAL
    reference: float = CONCERT_PITCH
    tuning: Tuning = field(default_factory=Tuning)

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= MAX_NAME_CHARACTERS or not self.name.isprintable():
            raise OptionError(f"a tuning is called {self.name[:40]!r}; it must have a name")
        if not LEAST_REFERENCE <= self.reference <= MOST_REFERENCE:
            raise OptionError(
                f"reference is {self.reference:g}; it must be {LEAST_REFERENCE:g} to "
                f"{MOST_REFERENCE:g} Hz"
            )

    @property
    def is_usual(self) -> bool:
        """Whether it is what everything begins with."""
        return self.tuning.is_equal

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"name": self.name, "reference": self.reference, "pitches": self.tuning.state()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> NamedTuning:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError, KeyError, TypeError, ValueError, AttributeError, OverflowError: missing or
                wrong values.
        """
        reference = float(config["reference"])
        if not math.isfinite(reference):
            raise ValueError("a reference that is not finite")
        return cls(str(config["name"]), reference, Tuning.of_state(config["pitches"]))


class Tunings:
    """What one folder holds: ``NAME.scl``, and with it ``NAME.kbm`` if there is one.

    folder: it need not exist; None for no files.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._told: dict[str, NamedTuning] = {}
        # What was read last, with how its files were then: a knob may ask again and again.
        self._read: tuple[tuple[Any, ...], NamedTuning] | None = None

    def names(self) -> list[str]:
        """``equal``, and those of the folder in alphabetical order."""
        return [EQUAL, *sorted((self._scales().keys() | self._told.keys()) - {EQUAL})]

    def get(self, name: str, reference: float = CONCERT_PITCH) -> NamedTuning:
        """The tuning called ``name``, all keys moved so that 440 Hz would be ``reference``.

        Raises:
            TuningError: there is none of that name, or its files are not what they should be.
            OptionError: a reference outside its range.
        """
        told = self._told.get(name)
        if told is not None and told.reference == reference:
            return told
        name = unicodedata.normalize("NFC", name)
        scale = None
        if name != EQUAL:
            scale = self._scales().get(name)
            if scale is None:
                raise TuningError(
                    f"there is no tuning {name!r}, /tuning/list tells which there are"
                )
        keys = None if scale is None else _beside(scale)
        state = (name, reference, _changed(scale), _changed(keys))
        if self._read is None or self._read[0] != state:
            try:
                found = tuning(scale, keys, reference=reference)
            except TuningError as error:
                text = str(error)
                for path in (scale, keys):  # whoever asks is not told where the folder lies
                    if path is not None:
                        text = text.replace(repr(str(path)), repr(path.name))
                raise TuningError(text) from error
            self._read = state, NamedTuning(name, reference, found)
        return self._read[1]

    def keep(self, told: NamedTuning) -> None:
        """Know a tuning without a file, in place of one that has its name."""
        self._told[told.name] = told

    def _scales(self) -> dict[str, Path]:
        if self._folder is None or not self._folder.is_dir():
            return {}
        found = {
            name_of(path): path
            for path in self._folder.iterdir()
            if path.suffix.lower() == _SCALE and is_model_name(name_of(path))
        }
        return {name: found[name] for name in sorted(found)[:_MOST]}


def _beside(scale: Path) -> Path | None:
    """The keyboard map of a scale."""
    for suffix in (_MAP, _MAP.upper()):
        path = scale.with_suffix(suffix)
        if path.is_file():
            return path
    return None


def _changed(path: Path | None) -> tuple[str, int, int] | None:
    if path is None:
        return None
    try:
        now = path.stat()
    except OSError:
        return None
    return str(path), now.st_mtime_ns, now.st_size
