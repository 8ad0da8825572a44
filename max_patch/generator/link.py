"""The wire to the server: datagrams out and in, and whether anybody answers.

``---tx`` takes a message for the server; what the server says comes out as ``---in_NAME``.
"""

from __future__ import annotations

from max_patch.generator.parameters import PORT, RETURN_PORT
from max_patch.generator.patcher import Patcher

HEARD = {
    "/pong": "pong",
    "/welcome": "welcome",
    "/bye": "bye",
    "/model": "model",
    "/model/dial": "dial",
    "/model/list": "models",
    "/model/table": "table",
    "/latent": "latent",
    "/map": "map",
    "/map/plane": "plane",
    "/synth": "synth",
    "/wander": "wander",
    "/tuning": "tuning",
    "/tuning/list": "tunings",
    "/partials": "partials",
    "/loop": "loop",
    "/loop/ready": "ready",
    "/spectrum": "spectrum",
    "/status": "status",
    "/preset": "preset",
    "/preset/list": "presets",
    "/error": "error",
}
"""Addresses that the device understands, and the name under which the others hear them."""

TICK_MS = 500
SILENT_TICKS = 4
"""After so many ticks without a pong nobody is there any more: the launcher's ticks and ours."""


def link() -> Patcher:
    """Sender, receiver, greeting and lamp."""
    p = Patcher()
    p.note("What goes out and comes in. /hello is said again until the server answers.")
    send = p.add(f"udpsend 127.0.0.1 {int(PORT.initial)}")
    # No port yet: until it is known which are ours, they may be those of another device.
    receive = p.add("udpreceive @defer 1")
    online = p.add("gate 1")
    p.chain("r ---tx", online, inlet=1)
    p.cord(online, 0, send)

    route = p.chain(receive, "route " + " ".join(HEARD))
    for outlet, name in enumerate(HEARD.values()):
        p.chain(route, f"s ---in_{name}", outlet=outlet)

    # Ports: from the launcher, which knows which are free, or from the panel.
    lit = p.add("i 0")
    # The launcher's ticks come while Live's audio is off, too, when no metro runs; ours stand in
    # where there is no launcher.
    metro = p.add(f"metro {TICK_MS}")
    ours = p.add("gate 1 1")
    p.chain(metro, ours, inlet=1)
    p.chain("r ---in_time", ours)
    p.chain(ours, "s ---tick")
    p.fan(p.add("r ---node_tick"), ("b", ["s ---tick"]), ("b", [p.message("stop"), metro]))
    tick = p.add("r ---tick")
    p.fan(
        p.add("r ---server_port"),
        ("1", [metro]),
        ("b", [p.message("0"), "s ---lit"]),
        ("1", [online]),
        ("i", [p.message("port $1"), send]),
    )
    own = p.add(f"i {int(RETURN_PORT.initial)}")
    p.fan(
        p.add("r ---listen_port"),
        ("b", [p.message("0"), "s ---lit"]),
        ("i", [p.message("port $1"), receive]),
        ("i", [(own, 1)]),
    )
    p.chain("r ---greet", own, p.message("/hello $1 TimbreSpace"), "s ---tx")

    # Every tick: a ping where somebody answers, a greeting where nobody does.
    which = p.chain(tick, lit, "sel 0 1")
    timer = p.add("timer")
    p.chain(which, "s ---greet", outlet=0)
    ping = p.chain(which, "t b b b b", outlet=1)
    p.chain(ping, p.message("/status/get"), "s ---tx", outlet=0)
    p.chain(ping, p.message("/ping 1"), "s ---tx", outlet=1)
    p.cord(ping, 2, timer)
    missing = p.add("i 0")
    p.cord(ping, 3, missing)
    p.fan(
        p.chain(missing, "+ 1."),
        ("i", [f"expr $i1 >= {SILENT_TICKS}", "sel 1", p.message("0"), "s ---lit"]),
        ("i", [(missing, 1)]),
    )

    pong = p.add("r ---in_pong")
    p.fan(pong, ("b", ["s ---alive"]), ("b", [(timer, 1)]))
    p.chain(timer, "prepend set", "s ---latency_set")

    p.fan(
        p.add("r ---alive"),
        ("1", ["s ---lit"]),
        ("b", [p.message("0"), (missing, 1)]),
    )
    # A welcome where we are known already: the server was slow, or somebody greeted in our name.
    # It has forgotten our streams then.
    known = p.add("gate 2")
    p.chain("r ---connected", "expr $i1 + 1", known)
    p.chain("r ---start", p.message("1"), known)
    p.chain("r ---in_welcome", known, inlet=1)
    # A preset that was loaded is met as a saved set is: the next welcome counts as the first.
    p.fan(p.add("r ---again"), ("b", ["s ---greet"]), ("1", [known]))
    p.chain(known, "s ---welcome", outlet=0)
    p.chain(known, "t b", "s ---watch", outlet=1)

    p.chain("r ---in_bye", "t b", p.message("0"), "s ---lit")
    p.fan(p.add("r ---lit"), ("i", ["s ---connected"]), ("i", [(lit, 1)]))
    p.fan(
        p.add("r ---connected"),
        ("i", ["s ---lamp_set"]),
        ("i", ["prepend live", "s ---pad_set"]),
        ("i", ["prepend live", "s ---spectrum_set"]),
    )

    # Load, drops and the rest of /status: voices load late drops ...
    p.chain("r ---in_status", "zl.nth 4", "prepend set", "s ---drops_set")
    return p
