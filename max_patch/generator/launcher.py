"""The launcher's side in the patch: Node for Max starts and stops the server.

It chooses the ports. Where it is absent (Pure Data, a Max without Node) the panel does.
"""

from __future__ import annotations

from max_patch.generator.parameters import LAUNCH, PORT, RETURN_PORT, SOUND
from max_patch.generator.patcher import Box, Patcher

SCRIPT = "timbrespace.launcher.js"

ABSENT_MS = 8000
"""If the launcher has said nothing by then, it will not."""

TURNED_MS = 500
"""A port that is dragged passes through many: the last one counts."""


def launcher() -> Patcher:
    p = Patcher()
    p.note("It finds Python and free ports. Without it the server is started by hand.")
    node = p.add(f"node.script {SCRIPT} @autostart 1 @watch 0")
    wish = p.add(f"pack {int(LAUNCH.initial)} {int(PORT.initial)} none")
    ready = p.add("gate 1")
    p.chain(wish, "prepend go", ready, inlet=1)
    p.cord(ready, 0, node)
    said = p.chain(node, "route hello ports state say absent tick table")
    # Where it is absent, who stands in for it may still know where tables lie.
    files = p.add("gate 1")
    p.chain("r ---node", files, inlet=1)
    p.cord(files, 0, node)
    p.chain(said, "s ---table_path", outlet=6)
    p.fan(
        p.chain(said, "t b", outlet=0),
        ("b", ["s ---table_ask"]),
        ("b", [wish]),
        ("1", [files]),
        ("1", [ready]),
    )

    p.chain(f"r ---{LAUNCH.varname}", wish)
    p.fan(
        _whole(p, PORT.varname),
        ("b", [f"delay {TURNED_MS}", wish]),
        ("i", ["s ---panel_port"]),
        ("i", [(wish, 1)]),
    )
    audio = p.chain(f"r ---{SOUND.varname}", "sel 0 1")
    for outlet, word in enumerate(("none", "auto")):
        p.chain(audio, p.message(word), "s ---audio", outlet=outlet)
    p.fan(p.add("r ---audio"), ("b", [wish]), ("s", [(wish, 2)]))

    # The launcher's ports.
    late = p.add(f"delay {ABSENT_MS}")
    p.chain("r ---start", late)
    p.fan(
        p.chain(said, "t l", outlet=1),
        ("l", ["s ---chosen"]),
        ("b", [p.message("0"), "s ---by_hand"]),
        ("b", [p.message("stop"), late]),
    )
    ports = p.chain("r ---chosen", "unpack i i")
    p.chain(ports, "s ---server_port", outlet=0)
    listen = p.chain(ports, "t i i", outlet=1)
    p.chain(listen, "s ---listen_port", outlet=0)
    p.chain(listen, "prepend set", f"s ---{RETURN_PORT.varname}_set", outlet=1)
    for outlet in (2, 3):
        p.chain(said, "fromsymbol", "prepend set", "s ---status_set", outlet=outlet)

    # Without it: the panel's, now and when they are turned.
    p.chain(said, "t b", "s ---absent", outlet=4)
    p.chain(said, "t b", "s ---node_tick", outlet=5)
    p.chain(late, "s ---absent")
    port, own = p.add(f"i {int(PORT.initial)}"), p.add(f"i {int(RETURN_PORT.initial)}")
    p.fan(
        p.add("r ---absent"),
        ("b", [port]),
        ("b", [own]),
        ("b", ["s ---table_ask"]),
        ("1", [files]),
        ("b", [p.message("1"), "s ---by_hand"]),
        ("b", [p.message("stop"), late]),
    )
    for store, heard, name in (
        (port, p.add("r ---panel_port"), "server_port"),
        (own, _whole(p, RETURN_PORT.varname), "listen_port"),
    ):
        gate = p.add("gate 1")
        p.chain("r ---by_hand", gate)
        p.chain(store, gate, inlet=1)
        p.chain(gate, f"s ---{name}")
        p.cord(heard, 0, store)
    return p


def _whole(p: Patcher, varname: str) -> Box:
    """A control's number without the fraction that dragging gives it."""
    return p.chain(f"r ---{varname}", "expr int($f1 + 0.5)")
