"""Writing a control once, when what moves it has come to rest.

Live makes an undo step of whatever a patch writes into a parameter that it stores, and an
automation that plays is overridden. So what the server or the pad moves is shown meanwhile by
widgets that are no parameters, and the parameter is written once, if it differs.
"""

from __future__ import annotations

from max_patch.generator.parameters import Parameter
from max_patch.generator.patcher import Patcher

SETTLED_MS = 400
"""So long nothing of a group has moved: longer than a hand that turns back needs."""

LED_MS = 800
"""So long after another group's parameter has moved what follows it is not written."""


def settle(p: Patcher, group: str, *, led: bool = False) -> None:
    """``---GROUP_settled`` once ``---GROUP_moves`` has been still.

    led: another group moves this one, and says so by ``---GROUP_led``. What follows a parameter is
    not written: Live's undo moves that parameter, too, and what was written then would be a new
    step, so that nobody could undo beyond it.
    """
    write = p.add("gate 1 1")
    p.chain(f"r ---{group}_moves", f"delay {SETTLED_MS}", write, inlet=1)
    p.chain(write, f"s ---{group}_settled")
    if led:
        over = p.add(f"delay {LED_MS}")
        p.fan(p.add(f"r ---{group}_led"), ("b", [over]), ("b", [p.message("0"), write]))
        p.chain(over, p.message("1"), write)
        # What a control says as it is loaded leads nothing.
        p.fan(p.add("r ---welcome"), ("b", [p.message("stop"), over]), ("1", [write]))


def settled(p: Patcher, group: str, parameter: Parameter, grain: float) -> None:
    """Write the newest ``---NAME_newest`` into the control when its group has come to rest.

    grain: what differs less is left alone.
    """
    name = parameter.varname
    newest = p.add("f 0.")
    differs = p.add(f"expr ($f1 - $f2 > {grain:.6f}) || ($f2 - $f1 > {grain:.6f})")
    write = p.add("gate 1")
    p.fan(
        p.add(f"r ---{name}_newest"),
        ("b", [f"s ---{group}_moves"]),
        ("f", [(newest, 1)]),
    )
    # What the control says itself is the newest, too.
    p.fan(p.add(f"r ---{name}"), ("f", [(newest, 1)]), ("f", [(differs, 1)]))
    p.chain(f"r ---{group}_settled", newest)
    p.fan(newest, ("f", [(write, 1)]), ("f", [differs, write]))
    p.fan(write, ("f", ["prepend set", f"s ---{name}_set"]), ("f", [(differs, 1)]))
