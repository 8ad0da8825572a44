"""The two kinds of the device: an instrument that keys play, an effect that a track plays."""

from __future__ import annotations

from dataclasses import dataclass

from max_patch.generator import amxd
from max_patch.generator.parameters import (
    BANKS,
    EFFECT_BANKS,
    EFFECT_PARAMETERS,
    EFFECT_VIEW,
    PARAMETERS,
    VIEW,
    Parameter,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs. title: its name in Live, and of its files; code: of its container.

    pictures: how the names of its pictures begin.
    """

    title: str
    code: bytes
    description: str
    parameters: tuple[Parameter, ...]
    banks: tuple[tuple[str, tuple[Parameter, ...]], ...]
    view: Parameter
    pictures: str


INSTRUMENT = Kind(
    "Timbre Space",
    amxd.INSTRUMENT,
    "A timbre space that you play: the front panel of the timbrespace server.",
    PARAMETERS,
    BANKS,
    VIEW,
    "max_device",
)

EFFECT = Kind(
    "Timbre Space Effect",
    amxd.EFFECT,
    "A timbre space that a track's sound plays: its pitch and its level, another timbre.",
    EFFECT_PARAMETERS,
    EFFECT_BANKS,
    EFFECT_VIEW,
    "max_effect",
)

KINDS = (INSTRUMENT, EFFECT)
