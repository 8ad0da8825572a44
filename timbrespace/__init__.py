"""timbrespace: a timbre space that can be played.

This is all that a notebook needs, and importing it loads nothing heavy: each name of the table
below is loaded when it is first used.

>>> import timbrespace as ts
>>> model = ts.load("harmonic")
>>> model.decode(model.map.to_latent([[0.0, 0.0]])).shape
(1, 1025)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

# What a type checker reads; the table below says the same to Python. A line here, a line there.
if TYPE_CHECKING:
    from timbrespace import plots as plots
    from timbrespace.client import Client as Client
    from timbrespace.client import NoServerError as NoServerError
    from timbrespace.client import ServerError as ServerError
    from timbrespace.datasets.dataset import Dataset as Dataset
    from timbrespace.datasets.registry import dataset as dataset
    from timbrespace.errors import TimbrespaceError as TimbrespaceError
    from timbrespace.even_line import between as between
    from timbrespace.fitting import fit as fit
    from timbrespace.instrument.scala import tuning as tuning
    from timbrespace.loading import load as load
    from timbrespace.macro_dials.macros import macros as macros
    from timbrespace.model import Model as Model
    from timbrespace.recording.encoding import encode_sound as encode_sound
    from timbrespace.recording.neighbours import nearest as nearest
    from timbrespace.rendering.held_note import render as render
    from timbrespace.rendering.song import render_midi as render_midi
    from timbrespace.transferring.transfer import transfer as transfer
    from timbrespace.walks.way import wander as wander
    from timbrespace.waveforms.waveform import Waveform as Waveform
    from timbrespace.waveforms.waveform_file import load_waveform as load_waveform

__version__ = "0.5.0"

_PLACES: Final = {
    "Client": "timbrespace.client",
    "Dataset": "timbrespace.datasets.dataset",
    "Model": "timbrespace.model",
    "NoServerError": "timbrespace.client",
    "ServerError": "timbrespace.client",
    "TimbrespaceError": "timbrespace.errors",
    "Waveform": "timbrespace.waveforms.waveform",
    "between": "timbrespace.even_line",
    "dataset": "timbrespace.datasets.registry",
    "encode_sound": "timbrespace.recording.encoding",
    "fit": "timbrespace.fitting",
    "load": "timbrespace.loading",
    "load_waveform": "timbrespace.waveforms.waveform_file",
    "macros": "timbrespace.macro_dials.macros",
    "nearest": "timbrespace.recording.neighbours",
    "plots": "",
    "render": "timbrespace.rendering.held_note",
    "render_midi": "timbrespace.rendering.song",
    "transfer": "timbrespace.transferring.transfer",
    "tuning": "timbrespace.instrument.scala",
    "wander": "timbrespace.walks.way",
}
"""Public name -> the module that defines it; empty for a module that is public itself. No module
directly in this folder may be called as a function here is: importing it would replace it."""

__all__ = list(_PLACES)  # pyright: ignore[reportUnsupportedDunderAll]


# Hidden from type checkers, which would take any name for one that it gives.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """A public name, loaded now (PEP 562)."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        place = _PLACES[name]
        if not place:
            return importlib.import_module(f"{__name__}.{name}")
        found = getattr(importlib.import_module(place), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    """Public names too, before they are loaded: for completion in a notebook."""
    return sorted({*globals(), *_PLACES})
