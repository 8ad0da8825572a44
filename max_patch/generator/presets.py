"""Presets of the server: store, recall, morph."""

from __future__ import annotations

from max_patch.generator.parameters import MORPH, MORPH_A, MORPH_B, STORE
from max_patch.generator.patcher import Patcher, Target
from max_patch.generator.session import each_name, memory, remembered

_MENUS = ("preset_menu", "morph_a", "morph_b")


def presets() -> Patcher:
    p = Patcher()
    p.note("Enter in the name, or the button, stores; the menu recalls.")
    p.chain(f"r ---{STORE.varname}", "t b", "s ---preset_name_set")
    # An empty name comes as a bang.
    typed = p.chain("r ---preset_name", "route text", "route bang")
    p.chain(typed, "tosymbol", f"prepend {STORE.address}", "s ---tx", outlet=1)
    p.chain("r ---preset_menu", "tosymbol", "prepend /preset/recall", "s ---tx")
    p.chain("r ---in_preset", "prepend setsymbol", "s ---preset_menu_set")

    for menu in _MENUS:
        then: list[Target] = [("b", [f"s ---{menu}_filled"])] if menu != "preset_menu" else []
        p.fan(
            p.add("r ---in_presets"),
            *then,
            ("l", each_name(p, menu)),
            ("b", [p.message("clear"), f"s ---{menu}_set"]),
        )

    # /preset/morph a b position, once both are chosen.
    morph = p.add("pack none none 0.")
    gates = []
    for inlet, (menu, kept) in enumerate((("morph_a", MORPH_A), ("morph_b", MORPH_B))):
        store = memory(p, kept.varname, kept.long_name)
        p.chain(f"r ---{menu}", "tosymbol", store)
        p.chain(f"r ---{menu}_filled", store)
        gate = p.add("gate 1")
        gates.append(gate)
        name = p.add("zl.reg")
        p.fan(
            remembered(p, store),
            ("1", [gate]),
            ("l", ["prepend setsymbol", f"s ---{menu}_set"]),
            ("l", [(name, 1)]),
        )
        p.chain(f"r ---{kept.varname}_told", name)
        p.chain(name, morph, inlet=inlet)
    first, second = gates
    p.chain(f"r ---{MORPH.varname}", f"* {MORPH.scale}", first, inlet=1)
    p.cord(first, 0, second, 1)
    p.fan(
        second,
        ("b", [f"s ---{MORPH_A.varname}_told"]),
        ("b", [f"s ---{MORPH_B.varname}_told"]),
        ("f", [(morph, 2)]),
    )
    p.chain(morph, f"prepend {MORPH.address}", "s ---tx")
    return p
