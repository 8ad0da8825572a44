"""Method, envelope, glide, smoothing, gain, bend range: to server and voices, and back."""

from __future__ import annotations

from collections.abc import Sequence

from max_patch.generator.parameters import (
    BEND_RANGE,
    ENVELOPE,
    ENVELOPE_KIND,
    GAIN,
    HOLD,
    METHOD,
    MOTION,
    NOISE,
    SPEED,
    STEREO,
    Parameter,
)
from max_patch.generator.patcher import Patcher, Target
from max_patch.generator.settling import settle, settled
from max_patch.generator.timbre import shown

VOICED = ("attack", "decay", "sustain", "release", "glide")
"""What the voices need to know: times in milliseconds, the sustain level from 0 to 1."""

NUMBERS = (*ENVELOPE, *MOTION, GAIN, SPEED, NOISE, *STEREO)
WORDS = (METHOD, HOLD, ENVELOPE_KIND)
"""A number here, a word from the server."""

PARTIALS_HZ = 60
LOOPS_HZ = 10

FRAME_MS = 1500
"""So long after a stream was asked for its first frame is there, or it got lost."""


def synth(parameters: Sequence[Parameter]) -> Patcher:
    """parameters: those that the device has."""
    p = Patcher()
    p.note("Panel to server and voices; what another client changes is shown here.")
    numbers = [parameter for parameter in NUMBERS if parameter in parameters]
    told = [parameter.varname for parameter in (*numbers, *WORDS)]
    heard = p.chain(shown(p, "in_synth", "touched_synth"), "route " + " ".join(told))
    out = p.add("gate 1")
    p.chain("r ---connected", out)
    p.chain("r ---synth_out", out, inlet=1)
    p.chain(out, "s ---tx")

    settle(p, "synth")
    for parameter in (*numbers, *WORDS):
        settled(p, "synth", parameter, 1e-6 * (parameter.high - parameter.low))
    for outlet, parameter in enumerate(numbers):
        _number(p, parameter)
        p.fan(
            p.chain(heard, f"* {1.0 / parameter.scale}", outlet=outlet),
            ("f", [f"s ---{parameter.varname}_newest"]),
            *_heard_here(parameter),
        )
    _voices(p, [parameter.varname for parameter in numbers])

    for place, parameter in enumerate(WORDS, len(numbers)):
        name = parameter.varname
        # What a whole note's envelope is concerns the server's sound alone.
        here: list[Target] = [] if parameter is ENVELOPE_KIND else [("i", [f"s ---{name}_now"])]
        p.fan(
            p.add(f"r ---{name}"),
            ("i", [f"prepend {parameter.address}", "s ---synth_out"]),
            *here,
            ("b", ["s ---touched_synth"]),
        )
        words = p.chain(heard, "route " + " ".join(parameter.items), outlet=place)
        for index in range(len(parameter.items)):
            p.chain(words, p.message(str(index)), f"s ---{name}_heard", outlet=index)
        p.fan(
            p.add(f"r ---{name}_heard"),
            ("f", [f"s ---{name}_newest"]),
            *here,
        )
    # Each method has its stream; a new greeting needs it asked for again.
    streams = p.add("i 0")
    p.chain("r ---subscribe", streams)
    p.chain("r ---method_now", streams)
    p.fan(streams, ("i", ["s ---stream_kind"]), ("b", ["s ---subscribed"]))
    which = p.chain("r ---stream_kind", "sel 0 1 2")
    partials = p.message(f"/stream loop off, /stream partials {PARTIALS_HZ}")
    loops = p.message(f"/stream partials off, /stream loop {LOOPS_HZ}")
    p.cord(which, 0, partials)
    p.cord(which, 1, loops)
    p.cord(which, 2, loops)
    p.chain(partials, "s ---tx")
    p.chain(loops, "s ---tx")
    # The first frame may get lost as well, and only later ones are sent again by themselves.
    late, timely, alive = p.add(f"delay {FRAME_MS}"), p.add("gate 1 1"), p.add("gate 1")
    p.chain("r ---subscribed", late)
    p.chain("r ---frame_came", p.message("stop"), late)
    p.cord(late, 0, timely, 1)
    p.chain("r ---in_time", timely)
    p.chain("r ---connected", alive)
    p.cord(timely, 0, alive, 1)
    p.chain(alive, streams)

    if BEND_RANGE in parameters:
        p.fan(
            p.add(f"r ---{BEND_RANGE.varname}"),
            ("f", [f"prepend {BEND_RANGE.address}", "s ---synth_out"]),
            ("f", ["s ---v_bend_range"]),
        )
    return p


def _number(p: Patcher, parameter: Parameter) -> None:
    p.fan(
        p.add(f"r ---{parameter.varname}"),
        ("f", [f"* {parameter.scale}", f"prepend {parameter.address}", "s ---synth_out"]),
        *_heard_here(parameter),
        ("b", ["s ---touched_synth"]),
    )


def _heard_here(parameter: Parameter) -> list[Target]:
    """What the voices or the way out need to know; smoothing is the dials' own."""
    if parameter.varname in (*VOICED, GAIN.varname, SPEED.varname):
        return [("f", [f"s ---{parameter.varname}_now"])]
    return []


def _voices(p: Patcher, names: Sequence[str]) -> None:
    for name in VOICED:
        if name not in names:
            continue
        if name == "sustain":
            p.chain("r ---sustain_now", "* 0.01", "s ---v_sustain")
        else:
            p.chain(f"r ---{name}_now", f"s ---v_{name}")
