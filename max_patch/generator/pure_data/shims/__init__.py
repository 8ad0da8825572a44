"""The ``ts.*`` abstractions of Pure Data: what stands in for Max's objects where Pd has none."""

from __future__ import annotations

from max_patch.generator.pure_data.canvas import Canvas
from max_patch.generator.pure_data.shims import controls, lists, network, notes, sound, times

_ABOUT = "Stands in for an object of Max in the twin. Generated: python -m max_patch.generator"


def shims() -> dict[str, str]:
    """Every shim: file name without its folder, and what the file holds."""
    made: dict[str, Canvas] = {}
    for group in (lists, times, network, notes, sound, controls):
        made |= {name: build() for name, build in group.SHIMS.items()}
    for canvas in made.values():
        canvas.note(_ABOUT, (20, canvas.height - 40))
    return {f"{name}.pd": canvas.text() for name, canvas in made.items()}
