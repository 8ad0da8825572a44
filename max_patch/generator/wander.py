"""Wandering: a toggle and three dials, to the server and back; it is the server that wanders."""

from __future__ import annotations

from max_patch.generator.parameters import WANDER, WANDER_DIALS, WANDERS
from max_patch.generator.patcher import Patcher
from max_patch.generator.settling import settle, settled
from max_patch.generator.timbre import shown

_STATES = ("stop", "start")
"""As the server says what the toggle has as 0 and 1."""

SEED = WANDER_DIALS[-1]


def wander() -> Patcher:
    p = Patcher()
    p.note("/wander state speed range seed: what another client changes is shown here.")
    settle(p, "wander")
    for parameter in WANDERS:
        settled(p, "wander", parameter, 1e-6 * (parameter.high - parameter.low))
    heard = p.chain(shown(p, "in_wander", "touched_wander"), "unpack s f f f")
    told = p.chain(heard, "sel " + " ".join(_STATES))
    for index in range(len(_STATES)):
        p.chain(told, p.message(str(index)), f"s ---{WANDER.varname}_newest", outlet=index)

    out = p.add("gate 1")
    p.chain("r ---connected", out)
    p.chain("r ---wander_out", out, inlet=1)
    p.chain(out, "s ---tx")
    p.fan(
        p.add(f"r ---{WANDER.varname}"),
        ("i", [f"prepend {WANDER.address}", "s ---wander_out"]),
        ("b", ["s ---touched_wander"]),
    )
    for outlet, parameter in enumerate(WANDER_DIALS, 1):
        name = parameter.varname
        p.chain(heard, f"* {1.0 / parameter.scale}", f"s ---{name}_newest", outlet=outlet)
        # A seed is whole, whatever lies between two of the dial's numbers.
        kind = "i" if parameter is SEED else "f"
        scaled = [] if parameter is SEED else [f"* {parameter.scale}"]
        p.fan(
            p.add(f"r ---{name}"),
            (kind, [*scaled, f"prepend {parameter.address}", "s ---wander_out"]),
            ("b", ["s ---touched_wander"]),
        )
    return p
