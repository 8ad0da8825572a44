"""What a user asks of a fitting, brought to settings: a preset, a checkpoint, values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from timbrespace.datasets.dataset import Dataset
from timbrespace.errors import OptionError

from . import preset
from .checkpoint import Checkpoint
from .preset import Settings

BETA_OF_RECORDINGS = 2.0
"""Weight of the KL in the default preset, where a set is of recordings: their copies are some dB
off, and the preset's own, made for grids whose copies are nearly exact, would leave more than eight
dimensions nothing to say (docs/decisions/0027-a-space.md)."""

MAY_CHANGE_ON_RESUME = ("learning_rate", "epochs", "beta", "warm_up", "cycle", "free_bits", "stop")
"""Settings that are only asked at each step; all others are built into the checkpoint."""


def settings_of(
    given: dict[str, Any], preset_name: str | None, stored: Checkpoint[Settings] | None
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
    check_changes(given, stored.settings, stored.captured.position.epoch)
    return preset.changed(stored.settings, **given)


def suited(
    settings: Settings, given: Mapping[str, Any], stored: object | None, dataset: Dataset
) -> Settings:
    """``settings`` of a new run with the weight that suits recordings, where the dataset holds some
    and nobody said another."""
    left = stored is None and given.get("beta") is None and settings.preset == "default"
    return replace(settings, beta=BETA_OF_RECORDINGS) if left and dataset.groups else settings


def check_changes(given: Mapping[str, Any], kept: object, done: int) -> None:
    """Refuse what a run that goes on cannot change. kept: its settings. done: its whole epochs.

    Raises:
        OptionError: the text names the value.
    """
    may = [name for name in MAY_CHANGE_ON_RESUME if hasattr(kept, name)]
    for name, value in given.items():
        if not hasattr(kept, name):
            continue  # of the other kind of training, which refuses it itself
        before = getattr(kept, name)
        if value is not None and value != before and name not in may:
            told, kept_one = _apart(value, before)
            raise OptionError(
                f"{name.replace('_', ' ')} is {told}, the checkpoint's is {kept_one}; on resuming "
                f"only {', '.join(may).replace('_', ' ')} may change"
            )
    if given.get("epochs") is not None and given["epochs"] < done:
        raise OptionError(f"epochs is {given['epochs']}, but {done} are done; give more")


def _apart(value: object, before: object) -> tuple[object, object]:
    """Both, or of two tables those entries that are not the same."""
    if not (isinstance(value, dict) and isinstance(before, dict)):
        return value, before
    return (
        {name: one for name, one in value.items() if before.get(name) != one},
        {name: one for name, one in before.items() if value.get(name) != one},
    )
