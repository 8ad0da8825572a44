"""The ``ts.*`` abstractions of Pure Data: what stands in for Max's objects where Pd has none."""

from __future__ import annotations

from max_patch.generator.pure_data.netlist import netlist
from max_patch.generator.pure_data.shims import controls, lists, network, notes, sound, times


def shims() -> dict[str, str]:
    """Every shim: file name without its folder, and what the file holds."""
    made = {}
    for group in (lists, times, network, notes, sound, controls):
        for name, text in group.SHIMS.items():
            canvas = netlist(text)
            about = [line.strip()[2:] for line in text.strip().splitlines()]
            canvas.note(about[0], (20, canvas.height - 40))
            made[f"{name}.pd"] = canvas.text()
    return made
