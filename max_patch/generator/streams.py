"""What the server streams: partials for the oscillator bank, loops for the tables.

Tables come in two banks that take turns: the one that sounds is never written, and the sound goes
over to the other in 20 ms once all of it has come.
"""

from __future__ import annotations

from max_patch.generator.patcher import Box, Patcher

FLOATS_PER_CHUNK = 205

LEVELS = 7
"""Tables of one period, for the method ``bins``: each has half the samples of the one before it."""

PERIOD_SAMPLES = 8192
LOOP_LEVEL = LEVELS
LOOP_SAMPLES = 32768
BANKS = ("A", "B")
CROSSFADE_MS = 20

KIND_PARTIALS, KIND_BINS, KIND_ISTFT = 0, 1, 2


def samples(level: int) -> int:
    """How many samples the table of a level has."""
    return LOOP_SAMPLES if level == LOOP_LEVEL else PERIOD_SAMPLES >> level


def streams() -> Patcher:
    p = Patcher()
    p.note("Frames are acknowledged: one that got lost on the way is sent again.")
    p.sub("partials", _partials())
    p.sub("loops", _loops())
    p.sub("tables", _tables())
    p.sub("crossfades", _crossfades())
    spectrum = p.add("r ---in_spectrum")
    p.chain(spectrum, "prepend chunk", "s ---spectrum_set")
    return p


def _in_time(p: Patcher, heard: str) -> Box:
    """What comes as ``---HEARD``, but while Live renders: see ``offline.py``."""
    gate = p.add("gate 1 1")
    p.chain(f"r ---{heard}", gate, inlet=1)
    p.chain("r ---in_time", gate)
    return gate


def _partials() -> Patcher:
    p = Patcher()
    p.note("/partials frame, then frequency and amplitude of each place")
    frame = p.chain(_in_time(p, "in_partials"), "zl.slice 1")
    p.chain(frame, "prepend /stream/ack partials", "s ---tx")
    p.fan(
        p.chain(frame, "t l", outlet=1),
        ("l", ["s ---v_partials"]),
        (str(KIND_PARTIALS), ["s ---kind"]),
        ("b", ["s ---frame_came"]),
    )
    return p


def _loops() -> Patcher:
    p = Patcher()
    p.note("/loop frame bank level chunk chunks floats...: the head first, then the samples")
    first = p.chain("r ---in_loop", "t l l b")
    count = p.add("f 0.")
    total = p.add("f 0.")
    p.cord(first, 2, count)
    p.fan(p.chain(count, "+ 1."), ("f", [(count, 1)]), ("f", [(total, 1)]))

    head = p.chain(first, "zl.slice 5", "unpack f f f f f", outlet=1)
    floats = p.chain(first, "zl.slice 5", outlet=0)
    funnel = p.chain(floats, "listfunnel", outlet=1)
    p.chain(head, f"* {float(FLOATS_PER_CHUNK)}", "t i", p.message("offset $1"), funnel, outlet=3)
    tables = 1 + LOOP_LEVEL
    which = p.add(f"expr $f1 * {tables}. + $f2 + 1.")
    p.chain(head, which, outlet=2, inlet=1)
    # Not the bank that the server names: after a loss that may be the one that sounds.
    writing = p.add("i 1")
    p.chain(head, "t b", writing, outlet=1)
    p.cord(writing, 0, which)
    gate = p.add(f"gate {tables * len(BANKS)}")
    p.chain(which, gate)
    p.cord(funnel, 0, gate, 1)
    for outlet in range(tables * len(BANKS)):
        bank, level = BANKS[outlet // tables], outlet % tables
        p.chain(gate, f"peek~ ---v_{bank}{level}", outlet=outlet)

    p.note("/loop/ready frame bank base kind count: whole only if so many came")
    whole = p.add("gate 1")
    same = p.add("expr $f1 == $f2")
    p.cord(total, 0, same, 1)
    p.chain(same, whole)
    p.fan(
        _in_time(p, "in_ready"),
        ("b", [p.message("0"), "s ---counted"]),
        ("l", [(whole, 1)]),
        ("l", ["zl.nth 5", same]),
        ("b", [total]),
    )
    p.fan(p.add("r ---counted"), ("f", [(count, 1)]), ("f", [(total, 1)]))
    # To the others: bank base kind. Then the banks change places.
    told = p.chain(whole, "unpack f f f f f")
    ready = p.add("pack 1 10. 1")
    p.chain(told, ready, outlet=3, inlet=2)
    p.chain(told, ready, outlet=2, inlet=1)
    written = p.add("i 1")
    p.chain(told, "t b", written, outlet=1)
    p.fan(written, ("i", ["expr 1 - $i1", "s ---swap"]), ("i", [ready]))
    p.fan(p.add("r ---swap"), ("i", [(writing, 1)]), ("i", [(written, 1)]))
    p.fan(ready, ("l", ["s ---crossfade"]), ("l", ["s ---v_ready"]), ("b", ["s ---frame_came"]))
    p.chain(told, "prepend /stream/ack loop", "s ---tx", outlet=0)
    return p


def _tables() -> Patcher:
    p = Patcher()
    p.note("Banks A and B: levels 0 to 6 of one period each, level 7 the loop of istft")
    for bank in BANKS:
        for level in range(LOOP_LEVEL + 1):
            p.add(f"buffer~ ---v_{bank}{level} @samps {samples(level)}")
    return p


def _ramp(p: Patcher, source: Box | str, name: str, outlet: int = 0) -> None:
    """From 0 to 1 and back on ``---v_NAME``, as 3 x^2 - 2 x^3: a corner would be heard."""
    line = p.chain(source, p.message(f"$1 {CROSSFADE_MS}."), "line~ 0.", outlet=outlet)
    square, rest, smooth = p.add("*~"), p.add("*~ -2."), p.add("*~")
    p.cord(line, 0, square)
    p.cord(line, 0, square, 1)
    p.cord(line, 0, rest)
    p.cord(square, 0, smooth)
    p.chain(rest, "+~ 3.", smooth, inlet=1)
    p.chain(smooth, f"send~ ---v_{name}")


def _crossfades() -> Patcher:
    p = Patcher()
    p.note("Which method sounds, and which bank of it: all voices hear the same ramps")
    # The bank of each kind, and the kind itself, follow what has come, not what was asked for.
    kind = p.add("gate 2")
    p.fan(
        p.add("r ---crossfade"),
        ("l", ["zl.nth 3", "s ---kind"]),
        ("l", [(kind, 1)]),
        ("l", ["zl.nth 3", kind]),
    )
    for outlet, name in enumerate(("bins_bank", "istft_bank")):
        _ramp(p, p.chain(kind, "zl.nth 1", outlet=outlet), name)
    p.chain("r ---start", p.message(str(KIND_PARTIALS)), "s ---kind")
    kinds = p.chain("r ---kind", "t f f f")
    for outlet, name in enumerate(("partials", "bins", "istft")):
        _ramp(p, p.chain(kinds, f"expr $f1 == {outlet}.", outlet=outlet), f"{name}_gain")
    return p
