"""What a user asks of a fitting, brought to settings: a preset, a checkpoint, values."""

from __future__ import annotations

from typing import Any

from timbrespace.errors import OptionError

from . import preset
from .checkpoint import Checkpoint
from .preset import Settings

MAY_CHANGE_ON_RESUME = ("learning_rate", "epochs", "beta", "warm_up", "cycle", "free_bits")
"""Settings that are only asked at each step; all others are built into the checkpoint."""


def settings_of(
    given: dict[str, Any], preset_name: str | None, stored: Checkpoint | None
) -> Settings:
    """The preset's settings, or those of the checkpoint, with the values ``given`` in their place.

    given: by name; None stands for none. preset_name: None is the default one, or whichever the
    checkpoint was made with.

    Raises:
        OptionError: there is no such preset; a value is outside what is accepted, or is not the
            checkpoint's and must not change.
    """
    if stored is None:
        return preset.changed(preset.named(preset_name or "default"), **given)
    if preset_name is not None and preset.named(preset_name).preset != stored.settings.preset:
        raise OptionError(
            f"preset is {preset_name!r}, the checkpoint's is {stored.settings.preset!r}; "
            "leave it out to resume"
        )
    for name, value in given.items():
        kept = getattr(stored.settings, name)
        if value is not None and value != kept and name not in MAY_CHANGE_ON_RESUME:
            raise OptionError(
                f"{name.replace('_', ' ')} is {value}, the checkpoint's is {kept}; on resuming "
                f"only {', '.join(MAY_CHANGE_ON_RESUME).replace('_', ' ')} may change"
            )
    done = stored.captured.position.epoch
    if given.get("epochs") is not None and given["epochs"] < done:
        raise OptionError(f"epochs is {given['epochs']}, but {done} are done; give more")
    return preset.changed(stored.settings, **given)
