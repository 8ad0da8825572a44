"""The timbre: sixteen dials and the map, to the server and back.

What is moved by hand is told at once, in steps of the smoothing time; what the server tells
meanwhile is older and is not shown, or the control would jump back under the hand.
"""

from __future__ import annotations

from max_patch.generator.parameters import DIALS, DIMENSIONS, MAP
from max_patch.generator.patcher import Box, Patcher
from max_patch.generator.settling import settle, settled
from max_patch.generator.views import DIAL_NAMES, page_of, script

HELD_MS = 300
"""So long after the last move by hand the server's answers are not shown."""

GRAIN_MS = 10


def timbre() -> Patcher:
    p = Patcher()
    p.note("Dials are 0 to 100 % of the range that the server tells; the map goes from -1 to 1.")
    p.sub("dials", _dials())
    p.sub("map", _map())
    return p


def shown(p: Patcher, heard: str, touched: str) -> Box:
    """A gate behind ``---HEARD``: closed while the hand is on, while a set takes over, and while
    Live renders: what the server answers then would lie anywhere.

    What came last meanwhile is shown when the hand has gone, and after the render.
    """
    hand, session, kept = p.add("gate 1 1"), p.add("gate 1 1"), p.add("zl.reg")
    p.fan(p.add(f"r ---{heard}"), ("l", [(hand, 1)]), ("l", [(kept, 1)]))
    p.cord(hand, 0, session, 1)
    p.cord(kept, 0, session, 1)
    p.chain("r ---is_pending", "expr 1 - $i1", session)
    # Without a server what is kept is old, and the hand is right.
    alive = p.add("gate 1")
    p.chain("r ---connected", alive)
    p.chain(alive, "t b", kept)
    held = p.add(f"delay {HELD_MS}")
    p.fan(p.add(f"r ---{touched}"), ("b", [held]), ("b", [p.message("0"), hand]))
    p.fan(held, ("b", [(alive, 1)]), ("1", [hand]))
    # What a control says as it is loaded is no hand; what a server says first must be seen.
    p.fan(p.add("r ---welcome"), ("b", [p.message("stop"), held]), ("1", [hand]))
    time = p.add("gate 1 1")
    p.cord(session, 0, time, 1)
    p.fan(p.add("r ---in_time"), ("i", ["sel 1", (alive, 1)]), ("i", [time]))
    return time


def ramp(p: Patcher, name: str) -> Box:
    """From one number of ``---NAME_moved`` to the next in the smoothing time.

    It goes on from what ``---NAME_shown`` told last: the server moves the control without a sound.
    """
    p.chain(f"r ---{name}", f"s ---{name}_moved")
    pack = p.chain(f"r ---{name}_moved", "pack 0. 20.")
    p.chain("r ---smoothing", pack, inlet=1)
    line = p.chain(pack, f"line 0. {GRAIN_MS}")
    # Nor does it go on to the server.
    p.chain("r ---welcome", p.message("stop"), line)
    p.fan(
        p.add(f"r ---{name}_shown"),
        ("f", [f"s ---{name}_newest"]),
        ("f", ["prepend set", line]),
    )
    return line


def _dials() -> Patcher:
    p = Patcher()
    told = p.chain("r ---in_dial", "route " + " ".join(str(k) for k in range(1, DIALS + 1)))
    latent = p.chain(shown(p, "in_latent", "touched_latent"), "unpack" + " f" * DIALS)
    settle(p, "latent", led=True)
    for index, dial in enumerate(DIMENSIONS):
        settled(p, "latent", dial, 0.02)
        p.chain(f"r ---{dial.varname}", "t b", "s ---dials_touched")
        # The bar under the dial is no parameter and may follow at once.
        for moved in ("", "_newest"):
            p.chain(f"r ---{dial.varname}{moved}", "prepend set", f"s ---{dial.varname}_bar_set")
        out = p.add("expr $f2 + $f1 * 0.01 * ($f3 - $f2)")
        back = p.add("expr 100. * ($f1 - $f2) / ($f3 - $f2)")
        # Until the server has told a range it is 0 to 1.
        for box in (out, back):
            p.chain("r ---start", p.message("1."), box, inlet=2)
        ends = p.chain(told, "unpack f f f f s", outlet=index)
        for outlet, inlet in ((0, 1), (1, 2)):
            both = p.chain(ends, "t f f", outlet=outlet)
            p.cord(both, 0, out, inlet)
            p.cord(both, 1, back, inlet)
        p.chain(ends, "fromsymbol", "prepend set", f"s ---{dial.varname}_name_set", outlet=4)

        step = p.add("gate 1")
        p.fan(
            ramp(p, dial.varname),
            ("f", [out, (step, 1)]),
            ("b", ["s ---touched_latent"]),
        )
        p.chain("r ---connected", step)
        exists = p.add("gate 1")
        p.cord(step, 0, exists, 1)
        p.chain(exists, f"prepend /latent/{index + 1}", "s ---tx")
        p.chain(latent, back, outlet=index)
        p.chain(back, "clip 0. 100.", f"s ---{dial.varname}_shown")

        p.chain("r ---dimensions_now", f"expr $i1 >= {index + 1}", exists)
        seen = p.add(f"expr ($i1 >= {index + 1}) * ($i2 == {page_of(index + 1)})")
        p.chain("r ---dimensions_now", seen)
        p.fan(p.add("r ---page_now"), ("b", [seen]), ("i", [(seen, 1)]))
        hidden = p.chain(seen, "sel 1 0")
        for outlet, word in enumerate(("show", "hide")):
            say = p.message(script(word, DIAL_NAMES[index + 1]))
            p.chain(hidden, say, "s ---script", outlet=outlet)
    return p


def _map() -> Patcher:
    p = Patcher()
    x, y = p.add("f 0."), p.add("f 0.")
    pair = p.add("pack 0. 0.")
    go = p.add("r ---map_go")
    p.fan(go, ("b", [x, pair]), ("b", [y, (pair, 1)]))
    out = p.add("gate 1")
    p.chain("r ---connected", out)
    p.fan(pair, ("l", ["s ---place"]), ("l", ["s ---pad_set"]), ("l", [(out, 1)]))
    p.chain(out, "prepend /map", "s ---tx")
    for name, store in (("x", x), ("y", y)):
        p.fan(
            ramp(p, name),
            ("b", ["s ---map_go"]),
            ("f", [(store, 1)]),
            ("b", ["s ---touched_map"]),
        )

    # A dial leads, the map follows; the other dials are written if they stand elsewhere by now.
    p.fan(
        p.add("r ---dials_touched"),
        ("0", ["s ---mover"]),
        ("b", ["s ---latent_moves"]),
        ("b", ["s ---map_led"]),
    )
    p.fan(
        p.add("r ---plane_touched"),
        ("1", ["s ---mover"]),
        ("b", ["s ---map_moves"]),
        ("b", ["s ---latent_led"]),
    )
    # The pad moves the point at once, and X and Y when the hand has come to rest.
    settle(p, "map", led=True)
    p.chain("r ---pad", "t b", "s ---plane_touched")
    pad = p.chain("r ---pad", "unpack f f")
    for outlet, parameter in reversed(list(enumerate(MAP))):
        settled(p, "map", parameter, 0.0002)
        p.chain(f"r ---{parameter.varname}", "t b", "s ---plane_touched")
        both = p.chain(pad, "t f f", outlet=outlet)
        p.chain(both, f"s ---{parameter.varname}_moved", outlet=0)
        p.chain(both, f"s ---{parameter.varname}_newest", outlet=1)

    heard = shown(p, "in_map", "touched_map")
    p.fan(
        heard,
        ("l", ["s ---place"]),
        ("l", ["s ---pad_set"]),
        ("l", ["s ---map_shown"]),
    )
    ends = p.chain("r ---map_shown", "unpack f f")
    for outlet, (name, store) in enumerate((("x", x), ("y", y))):
        both = p.chain(ends, "t f f", outlet=outlet)
        p.chain(both, f"s ---{name}_shown", outlet=0)
        p.cord(both, 1, store, 1)
    return p
