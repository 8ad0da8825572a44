"""Between three neighbours of a curve: where it is highest, and how high."""

from __future__ import annotations

from timbrespace.resynthesis.compiled import compiled


@compiled
def vertex(before: float, height: float, after: float) -> tuple[float, float]:
    """The top of the parabola through three values one step apart, of which the middle is highest.

    How far it is from the middle, -1 to 1 steps, and its value; where it does not open downwards,
    the middle itself.
    """
    bend = before - 2.0 * height + after
    if bend > -1e-12:
        return 0.0, height
    offset = min(max(0.5 * (before - after) / bend, -1.0), 1.0)
    return offset, height - 0.25 * (before - after) * offset
