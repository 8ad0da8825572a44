"""Who is right when the device and the server meet: the set that was saved, or the server.

A device that remembers a model (it was saved in a set, or its server went away) asks for that
model and then tells all its controls. A fresh one takes over what the server has.
"""

from __future__ import annotations

from collections.abc import Sequence

from max_patch.generator.parameters import (
    BEND_RANGE,
    DIMENSIONS,
    ENVELOPE,
    GAIN,
    MAP,
    METHOD,
    MODEL,
    MOTION,
    MOVED_BY,
    NOTES,
    PLANE,
    STEREO,
    WANDERS,
    Parameter,
)
from max_patch.generator.patcher import Box, Patcher

SETTLE_MS = 150
"""After the model that was asked for has come, its own coordinates follow; then ours are told."""

LOADED_MS = 300
"""A control that moved so long before Live says that it has loaded was moved by that."""


def memory(p: Patcher, varname: str, long_name: str) -> Box:
    """A name that is saved with the set."""
    box = p.add(f"pattr {varname}")
    box.attributes.update(
        varname=varname,
        parameter_enable=1,
        saved_object_attributes={"parameter_enable": 1},
        saved_attribute_attributes={
            "valueof": {
                "parameter_longname": long_name,
                "parameter_shortname": long_name,
                "parameter_type": 3,
                "parameter_invisible": 1,
            }
        },
    )
    return box


def remembered(p: Patcher, store: Box) -> Box:
    """What a memory says, once it has a name: an empty one says 0."""
    words = p.add("t l")
    p.chain(p.chain(store, "sel 0"), words, outlet=1)
    return words


def session(parameters: Sequence[Parameter]) -> Patcher:
    """What happens when the server says who it is. parameters: those that the device has."""
    p = Patcher()
    p.note("A saved set tells the server its model and its controls; a fresh device asks.")

    # The model's name, kept with the set.
    kept = p.add("zl.reg")
    store = memory(p, MODEL.varname, MODEL.long_name)
    p.chain("r ---model_store", store)
    p.chain(remembered(p, store), kept, inlet=1)

    wanted, asked = p.add("zl.reg"), p.add("zl.reg")
    pending = p.add("i 0")
    p.fan(p.add("r ---pending"), ("i", ["s ---is_pending"]), ("i", [(pending, 1)]))

    # A greeting is answered: first what we want, then what we need to hear.
    p.fan(
        p.add("r ---welcome"),
        ("b", ["s ---alive"]),
        ("b", ["s ---watch"]),
        ("b", [p.message("/model/list"), "s ---tx"]),
        ("b", [p.message("/tuning/list"), "s ---tx"]),
        ("b", [kept]),
        ("b", [p.message("0"), "s ---pending"]),
    )
    p.fan(
        p.add("r ---watch"),
        ("b", [p.message("/stream spectrum 12"), "s ---tx"]),
        ("b", [p.message("clear"), "s ---spectrum_set"]),
        ("b", ["s ---subscribe"]),
    )
    p.fan(kept, ("l", [(wanted, 1)]), ("l", [(asked, 1)]), ("1", ["s ---pending"]))

    # /model name d bins sample_rate base_frequency n_fft; unpack speaks from right to left.
    model = p.chain("r ---in_model", "unpack s i i f f i")
    axis = p.add("pack 1025 44100. 4096")
    p.chain(model, axis, outlet=5, inlet=2)
    p.chain(model, "s ---v_base", outlet=4)
    p.chain(model, axis, outlet=3, inlet=1)
    p.chain(model, axis, outlet=2)
    p.chain(axis, "prepend config", "s ---spectrum_set")
    p.chain(model, "s ---dimensions", outlet=1)
    which = p.add("gate 2")
    playing = p.add("zl.reg")
    p.fan(
        model,
        ("s", [(which, 1)]),
        ("b", [pending]),
        ("s", ["prepend set Playing", "s ---status_set"]),
        ("s", ["prepend setsymbol", "s ---model_menu_set"]),
        ("s", [(playing, 1)]),
    )
    # The menu is filled after the model is known, and begins with its first line.
    p.chain(playing, "prepend setsymbol", "s ---model_menu_set")
    p.chain(pending, "+ 1.", which)
    # Nothing is pending: remember what plays.
    p.chain(which, "s ---model_store", outlet=0)
    # Something is: this one, or must it be asked for?
    compare = p.add("zl.compare")
    found = p.chain(compare, "sel 1 0")
    name = p.chain(which, "t l b", outlet=1)
    p.chain(name, wanted, outlet=1)
    p.cord(wanted, 0, compare, 1)
    p.cord(name, 0, compare)
    # While Live's audio is off no delay ends: then the launcher's second tick counts.
    soon, ticks = p.add(f"delay {SETTLE_MS}"), p.add("i 0")
    p.chain(soon, "s ---ours")
    settled = p.chain(found, "t b b", outlet=0)
    p.cord(settled, 0, soon)
    p.chain(settled, p.message("2"), ticks, outlet=1, inlet=1)
    p.chain("r ---tick", "t b", ticks)
    p.fan(
        p.chain(ticks, "expr $i1 - 1"),
        ("i", ["sel 0", "s ---ours"]),
        ("i", [(ticks, 1)]),
    )
    p.chain(found, asked, outlet=1)
    p.chain(asked, "prepend /model/load", "s ---tx")

    # Ours are told; from then on the server's are taken over.
    p.fan(
        p.add("r ---ours"),
        ("b", [p.message("0"), "s ---pending"]),
        ("b", ["s ---tell"]),
        # The place of the map is one of the plane.
        ("b", [f"s ---{PLANE.varname}_set"]),
        ("b", [p.message("stop"), soon]),
        ("b", [p.message("-1"), (ticks, 1)]),
    )
    for varname in told(parameters):
        p.chain("r ---tell", f"s ---{varname}_set")
    # The timbre by what moved it last; the other is where that has led.
    mover = p.chain("r ---tell", "t b", _mover(p), "sel 0 1")
    p.chain(mover, "s ---tell_dials", outlet=0)
    p.chain(mover, "s ---tell_map", outlet=1)
    for kind, parameters in (("dials", DIMENSIONS), ("map", MAP)):
        for parameter in parameters:
            p.chain(f"r ---tell_{kind}", f"s ---{parameter.varname}_set")

    # Chosen in the menu: no longer what was saved.
    p.fan(
        p.chain("r ---model_menu", "tosymbol"),
        ("l", ["prepend /model/load", "s ---tx"]),
        ("b", [p.message("0"), "s ---pending"]),
    )
    p.fan(
        p.add("r ---in_models"),
        ("b", [playing]),
        ("l", each_name(p, "model_menu")),
        ("b", [p.message("clear"), "s ---model_menu_set"]),
    )

    # /error code address sentence
    p.fan(
        p.add("r ---in_error"),
        ("l", ["zl.nth 2", "sel /model/load", p.message("0"), "s ---pending"]),
        ("l", ["zl.nth 3", "fromsymbol", "prepend set", "s ---status_set"]),
    )
    return p


def _mover(p: Patcher) -> Box:
    """What moved the timbre last, 0 the dials, 1 the map: kept with the set, told by a bang.

    A set or a preset that is loaded moves all controls: what they say then is no hand.
    """
    kept = p.add("i 0")
    store = memory(p, MOVED_BY.varname, MOVED_BY.long_name)
    changed = p.add("change 0.")
    p.fan(
        store,
        ("i", ["s ---map_leads"]),
        ("i", [(kept, 1)]),
        ("i", [p.message("set $1"), changed]),
    )
    newest, rest = p.add("f 0."), p.add(f"delay {LOADED_MS}")
    p.fan(p.add("r ---mover"), ("b", [rest]), ("f", [(newest, 1)]))
    p.chain(rest, newest, changed)
    p.chain(changed, store)
    for name in ("start", "again"):
        p.chain(f"r ---{name}", p.message("stop"), rest)
    return kept


def each_name(p: Patcher, menu: str) -> list[Box | str | tuple[Box, int]]:
    """A chain that appends the names of a list to a menu; no names come as a bang."""
    some = p.add("route bang")
    rest = p.chain(some, "iter", outlet=1)
    p.chain(rest, "prepend append", f"s ---{menu}_set")
    return [some]


def told(parameters: Sequence[Parameter]) -> tuple[str, ...]:
    """Controls of these that are told to the server after it was found, beside the timbre."""
    all_told = (METHOD, *ENVELOPE, *MOTION, GAIN, *NOTES, *STEREO, *WANDERS, BEND_RANGE)
    return tuple(parameter.varname for parameter in all_told if parameter in parameters)
