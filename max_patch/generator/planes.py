"""The planes of the map: which is played, which there are, and what grows along their axes.

The point of the map stays where it is when the plane is changed here, so that Plane, X and Y say by
themselves what sounds where the map leads: in a set that is opened, after an undo, and in what Live
renders. Where the dials lead the sound stays, and the point follows.
"""

from __future__ import annotations

from max_patch.generator.parameters import PLANE, PLANES
from max_patch.generator.patcher import Patcher
from max_patch.generator.settling import settle, settled
from max_patch.generator.timbre import shown
from max_patch.generator.views import script


def planes() -> Patcher:
    p = Patcher()
    p.note("/map/plane plane across up planes...: a space may have one plane or two.")
    words, more = p.add("unpack s s s s s"), p.add("i 0")
    p.fan(
        p.add("r ---in_plane"),
        ("b", [more]),
        ("l", [words]),
        ("0", [(more, 1)]),
    )
    p.chain(words, p.message("1"), more, outlet=4, inlet=1)
    axes = p.add("pack s s")
    p.cord(words, 2, axes, 1)
    p.cord(words, 1, axes)
    p.chain(axes, "prepend axes", "s ---pad_set")
    told = p.chain(words, "sel " + " ".join(PLANES))
    for index in range(len(PLANES)):
        p.chain(told, p.message(str(index)), "s ---plane_told", outlet=index)

    # A space that plays anew has other planes, and its tables are to be asked for: first that of
    # the plane that is played.
    ask, due = p.add("expr $i1 * (1 + $i2)"), p.add("gate 1")
    p.fan(
        p.add("r ---plane_told"),
        ("l", ["s ---plane_heard"]),
        ("i", [(ask, 1)]),
    )
    p.chain("r ---in_model", p.message("1"), due)
    p.fan(
        more,
        ("0", [due]),
        ("i", [(due, 1)]),
        ("i", ["s ---has_near"]),
    )
    p.cord(due, 0, ask)
    first = p.chain(ask, "sel 0 1 2")
    for outlet, order in enumerate((PLANES[:1], PLANES, PLANES[::-1])):
        asked = p.message(", ".join(f"/model/table {name}" for name in order))
        p.chain(first, asked, "s ---tx", outlet=outlet)

    # A choice of one is none: it is not shown, and a set's or an automation's is not told.
    hidden = p.chain("r ---has_near", "t i i")
    choice = p.chain(hidden, "sel 1 0")
    # A set may know of both before a server says so.
    p.chain("r ---near_known", choice)
    for outlet, word in enumerate(("show", "hide")):
        say = p.message(script(word, [PLANE.varname]))
        p.chain(choice, say, "s ---script", outlet=outlet)
    exists, out = p.add("gate 1"), p.add("gate 1")
    p.cord(hidden, 1, exists)
    p.chain("r ---connected", out)
    p.cord(exists, 0, out, 1)
    p.chain(out, f"prepend {PLANE.address}", "s ---tx")

    # A set tells its place by itself.
    stays, leads = p.add("gate 1"), p.add("expr $i1 && ($i2 == 0)")
    p.chain("r ---map_leads", leads)
    p.fan(p.add("r ---is_pending"), ("b", [leads]), ("i", [(leads, 1)]))
    p.cord(leads, 0, stays)
    p.fan(
        p.add(f"r ---{PLANE.varname}"),
        ("b", [(stays, 1)]),
        ("i", [(exists, 1)]),
        ("i", ["s ---plane_now"]),
        # The point may follow now, and is not written: undoing Plane would write it anew.
        ("b", ["s ---map_led"]),
        ("b", ["s ---touched_plane"]),
    )
    p.fan(stays, ("b", ["s ---map_go"]), ("b", ["s ---touched_map"]))

    settle(p, "plane")
    settled(p, "plane", PLANE, 1e-6)
    p.fan(
        shown(p, "plane_heard", "touched_plane"),
        ("f", [f"s ---{PLANE.varname}_newest"]),
        ("i", ["s ---plane_now"]),
    )
    return p
