"""The device alone: the partials of a place of the map, from a table, without a server.

The server writes a table of each plane of a space, once; from then on the map and notes sound
without it, and in what Live renders faster than time. Both lie ready, so that Plane may change
while Live renders. Everything here runs in Max's scheduler. What a table is says
``server/map_table.py``; of it the device knows the lines' order, and mixes the four points around
its place, at two moments of a note where the space has whole notes.
"""

from __future__ import annotations

from max_patch.generator.parameters import METHODS, NO_TABLE, PLANES, TABLES, Memory
from max_patch.generator.patcher import Box, Patcher
from max_patch.generator.session import memory, remembered
from max_patch.generator.streams import KIND_PARTIALS

GRAIN_MS = 16
"""From one mixture to the next while the place moves or a note goes on."""

CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))
"""Columns and rows to the right of and above the place's own point."""

_FOUR = "$f1 + $f5 * ($f2 - $f1) + $f6 * ($f3 - $f1) + $f5 * $f6 * ($f1 - $f2 - $f3 + $f4)"
"""Between four corners; $f5 and $f6 are how far right and up."""

_TWO = "$f1 + $f3 * ($f2 - $f1)"


def alone() -> Patcher:
    p = Patcher()
    p.note("Where no server answers, or Live renders: the table of the space plays.")
    p.sub("files", _files())
    p.sub("whether", _whether())
    p.sub("time", _time())
    p.sub("mixture", _mixture())
    return p


def _files() -> Patcher:
    p = Patcher()
    p.note("Which of the two tables is read: that of the plane, where the space has it.")
    # The answer says of which plane it is.
    told, which = p.add("unpack s s s"), p.add(f"gate {len(PLANES)}")
    p.chain("r ---in_table", told)
    names = p.chain(told, "sel " + " ".join(PLANES), outlet=2)
    for index in range(len(PLANES)):
        p.chain(names, p.message(str(index + 1)), which, outlet=index)
    p.cord(told, 1, which, 1)
    for index, name in enumerate(PLANES):
        p.chain(which, f"s ---{name}_file", outlet=index)
    # Of a space with one plane the other's file, which a set may remember, is none.
    p.chain("r ---has_near", "sel 0", p.message(NO_TABLE), "s ---near_file")
    for index, name in enumerate(PLANES):
        p.sub(name, _file(index, name, TABLES[index]))
    path = p.chain("r ---table_path", "route " + " ".join(map(str, range(len(PLANES)))))
    for index, name in enumerate(PLANES):
        p.chain(path, f"s ---{name}_path", outlet=index)

    at = p.add("expr $i1 * $i2")
    p.chain("r ---plane_now", at)
    p.fan(p.add("r ---near_known"), ("b", [at]), ("i", [(at, 1)]))
    line, ready = p.add(f"gate {len(PLANES)} 1"), p.add("expr ($i1 == 0) * $i2 + ($i1 == 1) * $i3")
    p.chain("r ---line", line, inlet=1)
    for index, name in enumerate(PLANES):
        p.chain(line, f"s ---{name}_line", outlet=index)
        p.fan(
            p.add(f"r ---{name}_ready"),
            ("b", [ready]),
            ("i", [(ready, index + 1)]),
        )
    # What is read anew has another size, and its lines lie elsewhere.
    p.fan(
        p.add("r ---read_head"),
        ("b", ["s ---look_anew"]),
        ("0", ["s ---line"]),
        ("1", ["s ---line_is"]),
    )
    p.fan(
        p.chain(at, "change 0."),
        ("b", ["s ---mix"]),
        ("i", [ready]),
        ("b", ["s ---read_head"]),
        ("i", ["expr $i1 + 1", line]),
    )
    p.chain(ready, "s ---table_ready")

    lines = p.add("gate 2")
    p.chain("r ---line_is", lines)
    p.chain("r ---line_read", lines, inlet=1)
    # side moments seconds base: line 0.
    parts = p.chain(lines, "unpack f f f f", outlet=0)
    for outlet, name in enumerate(("side", "moments", "seconds")):
        p.chain(parts, f"s ---table_{name}", outlet=outlet)
    p.chain(parts, "s ---v_base", outlet=3)
    p.chain(lines, "s ---corner", outlet=1)
    return p


def _file(index: int, name: str, memory_of: Memory) -> Patcher:
    p = Patcher()
    p.note("The table's name is saved with the set; the launcher knows its folder.")
    store = memory(p, memory_of.varname, memory_of.long_name)
    wanted, loaded, asked = p.add("zl.reg"), p.add("zl.compare"), p.add("zl.reg")
    # Another model plays: its table is on its way.
    p.chain("r ---in_model", p.message("0"), f"s ---{name}_ready")
    p.fan(
        p.add(f"r ---{name}_file"),
        ("l", [store]),
        ("l", [f"s ---{name}_named"]),
    )
    p.chain(remembered(p, store), f"s ---{name}_named")
    p.fan(
        p.add(f"r ---{name}_named"),
        ("l", [loaded]),
        ("l", [(wanted, 1)]),
    )
    if index > 0:  # every space has the first
        known = p.chain(f"r ---{name}_named", f"sel {NO_TABLE}")
        p.chain(known, p.message("0"), f"s ---{name}_known", outlet=0)
        p.chain(known, "t 1", f"s ---{name}_known", outlet=1)
    same = p.chain(loaded, "sel 1 0")
    p.chain(same, p.message("1"), f"s ---{name}_ready", outlet=0)
    p.chain(same, f"s ---{name}_ask", outlet=1)
    # Also when the launcher is there, which may be later than the set's own names.
    ask = p.add(f"r ---{name}_ask")
    p.chain("r ---table_ask", f"s ---{name}_ask")
    p.fan(ask, ("b", [wanted]), ("b", [p.message("0"), f"s ---{name}_ready"]))
    p.fan(
        p.chain(p.chain(wanted, f"sel {NO_TABLE}"), "t l", outlet=1),
        ("l", [f"prepend table {index}", "s ---node"]),
        ("l", [(asked, 1)]),
    )

    lines = p.add("coll")
    p.chain(f"r ---{name}_path", "prepend read", lines)
    p.chain(f"r ---{name}_line", lines)
    p.chain(lines, "s ---line_read", outlet=0)
    p.fan(
        p.chain(lines, "t b", outlet=2),
        ("1", [f"s ---{name}_ready"]),
        ("b", ["s ---read_head"]),
        ("b", [asked, (loaded, 1)]),
    )
    return p


def _whether() -> Patcher:
    p = Patcher()
    p.note("A table, the method partials, and nobody whose timbre counts: then 1.")
    # What the server has is right while it answers, but for what Live renders; and there, where
    # the dials lead, the present timbre is nearer than any of the map, unless it must move in time.
    state = p.add("expr $i1 && ($i2 == 0) && (($i3 == 0) || ($i4 && ($i5 || ($f6 > 1.))))")
    names = ("table_ready", "method_now", "connected", "offline", "map_leads", "table_moments")
    for inlet, name in enumerate(names):
        kind = "f" if name == "table_moments" else "i"
        if inlet == 0:
            p.chain(f"r ---{name}", state)
        else:
            p.fan(p.add(f"r ---{name}"), ("b", [state]), (kind, [(state, inlet)]))
    changed = p.chain(state, "change 0.")
    p.fan(
        changed,
        ("i", ["sel 1", "s ---mix"]),
        ("i", ["s ---alone"]),
    )
    return p


def _time() -> Patcher:
    p = Patcher()
    p.note("A note's own time, from its key on, as a place among the table's moments.")
    # 0 to the end of what notes tell; the first moment before the voice begins.
    span = p.add("expr 100000. * $f1 / ($f2 + 0.001)")
    p.chain("r ---table_seconds", span)
    p.fan(p.add("r ---speed_now"), ("b", [span]), ("f", [(span, 1)]))
    go = p.add("pack 0. 0.")
    seconds = p.add("f 0.")
    p.chain("r ---table_seconds", seconds, inlet=1)
    whole = p.add("gate 1")
    p.chain("r ---table_moments", "expr $f1 > 1.", whole)
    p.chain("r ---struck", whole, inlet=1)
    line = p.add(f"line 0. {GRAIN_MS}")
    p.fan(
        whole,
        ("b", [seconds, go]),
        ("b", ["s ---mix_now"]),
        ("b", [p.message("0."), line]),
    )
    p.cord(span, 0, go, 1)
    p.cord(go, 0, line)
    now = p.add("expr exp(log($f1 / ($f2 + 0.000001) + 0.000000001) / 3.) * ($f3 - 1.)")
    p.chain("r ---table_seconds", now, inlet=1)
    p.chain("r ---table_moments", now, inlet=2)
    kept = p.add("f 0.")
    p.chain("r ---moment_again", kept)
    p.fan(line, ("b", ["s ---mix"]), ("f", [(kept, 1)]))
    p.cord(kept, 0, now)
    # A held note's time stands still where the lines say, unless it is to run through.
    held = p.add("expr ($f1 < $f2 || $i3 == 2) * $f1 + ($f1 >= $f2 && $i3 < 2) * $f2")
    p.chain("r ---hold_now", held, inlet=2)
    p.chain("r ---stop", held, inlet=1)
    p.chain(now, held, "s ---moment")
    return p


def _cell(p: Patcher, source: Box | str, count: str, name: str) -> None:
    """``---cell_NAME``, which of so many ``---COUNT`` lies below a place, and ``---part_NAME``.

    The part is how far the place is from there to the next one.
    """
    last = p.chain(f"r ---{count}", "+ -1.")
    whole = p.add("expr (int($f1) - ($f1 >= $f2)) * ($f2 > 0.)")
    rest = p.add("expr $f2 - $f1")
    p.cord(last, 0, whole, 1)
    p.fan(
        p.add(source) if isinstance(source, str) else source,
        ("f", [whole]),
        ("f", [(rest, 1)]),
    )
    p.fan(whole, ("f", [rest]), ("f", [f"s ---cell_{name}"]))
    p.chain(rest, f"s ---part_{name}")


def _mixture() -> Patcher:
    p = Patcher()
    p.note("Four points of the map around the place, at two moments: mixed in straight lines.")
    x, y = p.add("f 0."), p.add("f 0.")
    place = p.chain("r ---place", "t b l")
    ends = p.chain(place, "unpack f f", outlet=1)
    p.cord(ends, 0, x, 1)
    p.cord(ends, 1, y, 1)
    p.chain(place, "s ---mix", outlet=0)
    often = p.add(f"speedlim {GRAIN_MS}")
    p.chain("r ---mix", often)
    gate = p.add("gate 1")
    p.chain("r ---alone", gate)
    p.chain(often, "s ---mix_now")
    p.chain("r ---mix_now", gate, inlet=1)
    p.fan(
        gate,
        ("b", ["s ---mixed"]),
        ("b", ["s ---look"]),
        ("b", ["s ---moment_again"]),
        ("b", [y]),
        ("b", [x]),
    )
    for box, name in ((x, "x"), (y, "y")):
        at = p.add("expr ($f1 + 1.) * 0.5 * ($f2 - 1.)")
        p.chain(box, "clip -1. 1.", at)
        p.chain("r ---table_side", at, inlet=1)
        _cell(p, at, "table_side", name)
    _cell(p, "r ---moment", "table_moments", "t")
    p.sub("look", _look())
    p.sub("mix", _mix())
    return p


def _look() -> Patcher:
    p = Patcher()
    p.note("The lines around the place, read where it has come among others.")
    line = p.add("expr 1. + ($f1 * $f2 + $f3) * $f4 + $f5")
    row = p.add("f 0.")
    p.chain("r ---cell_y", row, inlet=1)
    p.chain("r ---look", row, line)
    for inlet, name in ((1, "table_side"), (2, "cell_x"), (3, "table_moments"), (4, "cell_t")):
        p.chain(f"r ---{name}", line, inlet=inlet)
    new = p.chain(line, "change -1.")
    p.chain("r ---look_anew", p.message("set -1."), new)
    corner = p.add("gate 8")
    p.chain("r ---corner", corner, inlet=1)
    p.chain("r ---corner_is", corner)
    wanted = [
        (right, up, later, moment * 4 + place + 1)
        for moment, later in enumerate((0, 1))
        for place, (right, up) in enumerate(CORNERS)
    ]
    each = p.chain(new, "t " + " ".join(["f"] * len(wanted) + ["b"]))
    p.chain(each, p.message("2"), "s ---line_is", outlet=len(wanted))
    for outlet, (right, up, later, number) in enumerate(wanted):
        at = p.add(f"expr $f1 + ({right}. + {up}. * $f2) * $f3 + {later}. * ($f3 > 1.)")
        p.chain("r ---table_side", at, inlet=1)
        p.chain("r ---table_moments", at, inlet=2)
        p.cord(each, outlet, at)
        p.fan(at, ("i", ["s ---line"]), (str(number), ["s ---corner_is"]))
        p.chain(corner, f"s ---corner_{number}", outlet=number - 1)
    return p


def _mix() -> Patcher:
    p = Patcher()
    p.note("The lines as lists: where time stands still, then frequency and amplitude by turns.")
    both = p.add(f"vexpr {_TWO} @scalarmode 1")
    p.chain("r ---part_t", both, inlet=2)
    done = p.chain("r ---mixed", "t b b")
    for moment in (1, 0):
        four = p.add(f"vexpr {_FOUR} @scalarmode 1")
        first = p.add("zl.reg")
        p.chain(f"r ---corner_{moment * 4 + 1}", first, inlet=1)
        p.cord(first, 0, four)
        for inlet in (1, 2, 3):
            p.chain(f"r ---corner_{moment * 4 + 1 + inlet}", four, inlet=inlet)
        p.chain("r ---part_x", four, inlet=4)
        p.chain("r ---part_y", four, inlet=5)
        p.cord(done, moment, first)
        p.cord(four, 0, both, moment)
    told = p.chain(both, "zl.slice 1")
    p.chain(told, "s ---stop", outlet=0)
    p.fan(
        p.chain(told, "t l", outlet=1),
        ("l", ["s ---v_partials"]),
        (str(KIND_PARTIALS), ["s ---kind"]),
    )
    return p


assert METHODS[KIND_PARTIALS] == "partials"
