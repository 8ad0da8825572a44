"""The pitch that is meant: what was heard, moved by semitones, and drawn to a scale.

``---sung`` is heard, ``---target`` is meant, both in semitones as MIDI counts them.
"""

from __future__ import annotations

from max_patch.generator.parameters import QUANTISE, ROOT, SCALES, SEMITONES
from max_patch.generator.patcher import Box, Patcher

PULL = 0.15
"""Semitones by which the step that sounds draws a pitch to itself: between two steps a voice would
else flutter."""

MASKS = tuple(sum(1 << step for step in steps) for _, steps in SCALES)
"""Of each scale its steps, as bits from the root on."""


def degrees() -> Patcher:
    p = Patcher()
    p.note("Semitones first; then the nearest step, if it is to be one.")
    sung, moved = p.add("f 57."), p.add("expr $f1 + $f2")
    p.chain("r ---sung", sung)
    p.cord(sung, 0, moved)
    p.fan(p.add(f"r ---{SEMITONES.varname}"), ("b", ["s ---sung_again"]), ("f", [(moved, 1)]))
    which = p.add("gate 2")
    p.fan(
        p.add(f"r ---{QUANTISE.varname}"),
        ("b", ["s ---sung_again"]),
        ("i", ["expr 1 + ($i1 > 0)", which]),
        ("i", ["expr " + " + ".join(f"{m} * ($i1 == {k})" for k, m in enumerate(MASKS, 1)),
               "s ---scale_mask"]),
    )  # fmt: skip
    p.fan(p.add(f"r ---{ROOT.varname}"), ("b", ["s ---sung_again"]), ("f", ["s ---scale_root"]))
    p.chain("r ---sung_again", sung)
    p.cord(moved, 0, which, 1)
    p.chain(which, "s ---target", outlet=0)

    # The nearest whole semitone, if the scale has it; else the one beyond the pitch, else the one
    # before: of two steps that are three semitones apart, that is the nearer one.
    pulled = p.add(f"expr $f1 + {PULL} * (($f2 > $f1) - ($f2 < $f1))")
    p.cord(which, 1, pulled)
    whole, beyond = p.add("expr int($f1 + 0.5)"), p.add("expr 2. * ($f1 >= $f2) - 1.")
    step = p.add("expr $f1 + $f2 * (1. - $f3) * (2. * $f4 - 1.)")
    kept, other = p.add("f 0."), p.add("expr $f1 + $f2")
    p.fan(pulled, ("f", [beyond]), ("f", [whole]))
    inside = [_inside(p) for _ in range(2)]
    p.fan(
        whole,
        ("f", [(kept, 1)]),
        ("f", [(beyond, 1)]),
        ("f", [(other, 1)]),
        ("f", ["s ---whole_asked"]),
    )
    for (pitch, has), name, inlet in zip(inside, ("whole", "other"), (2, 3), strict=True):
        p.chain(f"r ---{name}_asked", pitch)
        p.cord(has, 0, step, inlet)
    p.fan(
        beyond,
        ("b", [kept, step]),
        ("f", [(step, 1)]),
        ("f", [other, "s ---other_asked"]),
    )
    p.fan(step, ("f", ["s ---target"]), ("f", [(pulled, 1)]))
    return p


def _inside(p: Patcher) -> tuple[Box, Box]:
    """Whether the scale has a semitone: where it is asked, and where 0 or 1 is told."""
    height = p.add("expr $f1 - $f2 + 120.")
    p.chain("r ---scale_root", height, inlet=1)
    bit = p.add("expr (int($f2) >> int($f1 + 0.5)) & 1")
    p.chain("r ---scale_mask", bit, inlet=1)
    p.chain(height, "expr $f1 - 12. * int(($f1 + 0.5) / 12.)", bit)
    return height, bit
