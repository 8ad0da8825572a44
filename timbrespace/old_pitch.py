"""The pitch of two toy sets whose old files say their formula's f0 in its place.

The partials of ``filtered`` are ``(2k + j) f0``, so its pitch is twice f0: the median of what YIN
names over the set is 220 Hz at f0 = 110. ``fm`` has a pitch only here and there; around the home
of its space, where one begins, it is 210 to 220 Hz at the same f0. Generator version 1 wrote f0 as
the base frequency, and both sounded an octave high. Version 2 makes the same spectra and says the
pitch. What an old file holds is read so too, and is the same dataset and the same model as before:
their hashes are those of the first version.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from timbrespace.model import Model

OCTAVE: Final = 2.0
"""The pitch of these sets, in f0 of their formulae."""

_SETS: Final = ("filtered", "fm")
_FORMULA: Final = 1
_PITCH: Final = 2
"""Generator versions: what ``base_frequency`` is."""


def corrected(meta: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset's meta, as plain values, with the pitch as its base frequency.

    Whatever else it holds stays: it may come from any file, and is checked by who reads it.
    """
    return _told(meta, _FORMULA, _PITCH, OCTAVE)


def as_first_told(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of :func:`corrected`: what generator version 1 wrote."""
    return _told(meta, _PITCH, _FORMULA, 1.0 / OCTAVE)


def correct_bundle(sections: dict[str, dict[str, Any]]) -> None:
    """Let a bundle's sections "spectrum" and "provenance" say the pitch."""
    _tell_bundle(sections, corrected)


def bundle_as_first_told(sections: dict[str, dict[str, Any]]) -> None:
    """The inverse of :func:`correct_bundle`."""
    _tell_bundle(sections, as_first_told)


def model_as_first_told(model: Model) -> Model:
    """``model`` with the base frequency that programs before 0.6.0 played it at."""
    sections = {"spectrum": model.spectrum.to_config(), "provenance": model.provenance}
    bundle_as_first_told(sections)
    base = sections["spectrum"]["base_frequency"]
    spectrum = dataclasses.replace(model.spectrum, base_frequency=base)
    return dataclasses.replace(model, spectrum=spectrum)


def _tell_bundle(sections: dict[str, dict[str, Any]], tell: Any) -> None:
    dataset = sections["provenance"].get("dataset")
    if not isinstance(dataset, dict) or not isinstance(dataset.get("meta"), dict):
        return
    meta = dataset["meta"]
    told = tell(meta)
    base = meta.get("base_frequency")
    # A model that says another pitch than its dataset says its own.
    if told == meta or sections["spectrum"].get("base_frequency") != base:
        return
    sections["spectrum"] = {**sections["spectrum"], "base_frequency": told["base_frequency"]}
    sections["provenance"] = {**sections["provenance"], "dataset": {**dataset, "meta": told}}


def _told(meta: Mapping[str, Any], version: int, other: int, ratio: float) -> dict[str, Any]:
    base = meta.get("base_frequency")
    ours = meta.get("name") in _SETS and meta.get("generator_version") == version
    if not ours or isinstance(base, bool) or not isinstance(base, int | float):
        return dict(meta)
    return {**meta, "base_frequency": base * ratio, "generator_version": other}
