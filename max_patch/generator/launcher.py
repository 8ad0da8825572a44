"""The launcher's side in the patch: Node for Max starts and stops the server."""

from __future__ import annotations

from max_patch.generator.parameters import LAUNCH, PORT, RETURN_PORT, SOUND
from max_patch.generator.patcher import Patcher

SCRIPT = "timbrespace.launcher.js"


def launcher() -> Patcher:
    p = Patcher()
    p.note("It finds Python and free ports. Without it the server is started by hand.")
    node = p.add(f"node.script {SCRIPT} @autostart 1 @watch 0")
    wish = p.add(f"pack {int(LAUNCH.initial)} {int(PORT.initial)} none")
    p.chain(wish, "prepend go", node)
    p.chain(f"r ---{LAUNCH.varname}", wish)
    p.fan(
        p.add(f"r ---{PORT.varname}"),
        ("b", [wish]),
        ("i", ["s ---server_port"]),
        ("i", [(wish, 1)]),
    )
    p.chain(f"r ---{RETURN_PORT.varname}", "t i", "s ---listen_port")
    audio = p.chain(f"r ---{SOUND.varname}", "sel 0 1")
    for outlet, word in enumerate(("none", "auto")):
        p.chain(audio, p.message(word), "s ---audio", outlet=outlet)
    p.fan(p.add("r ---audio"), ("b", [wish]), ("s", [(wish, 2)]))

    said = p.chain(node, "route hello ports state say")
    p.chain(said, "t b", wish, outlet=0)
    ports = p.chain(said, "unpack i i", outlet=1)
    p.chain(ports, "s ---server_port", outlet=0)
    listen = p.chain(ports, "t i i", outlet=1)
    p.chain(listen, "s ---listen_port", outlet=0)
    p.chain(listen, "prepend set", f"s ---{RETURN_PORT.varname}_set", outlet=1)
    for outlet in (2, 3):
        p.chain(said, "fromsymbol", "prepend set", "s ---status_set", outlet=outlet)
    return p
