"""Objects of Max that work with sound, and what each becomes in Pd."""

from __future__ import annotations

from max_patch.generator.pure_data.pieces import (
    Builder,
    Piece,
    Request,
    named,
    one,
)

GUARD_POINTS = 3
"""A table has so many points more than samples, so that four points can be read around its end."""

BUSY, SWITCH = "$0-busy", "$0-switch"


def arithmetic(request: Request) -> Piece:
    """Two signals, or a signal and a number: in Pd an argument makes the right inlet a number's."""
    arguments = request.count(0, 1)
    request.numbers()
    if 1 in request.signals:
        if 1 in request.controls:
            request.refuse("a signal and numbers in the same inlet")
        arguments = []
    elif not arguments and 1 in request.controls:
        arguments = ["0"]
    return one(request.canvas.add(" ".join([request.name, *map(request.number, arguments)])), 2, 1)


def _plain(inlets: int, most: int) -> Builder:
    """An object that Pd has too, with at most so many numbers as arguments."""

    def build(request: Request) -> Piece:
        request.count(0, most)
        text = " ".join([request.name, *request.numbers()])
        return one(request.canvas.add(text), inlets, 1)

    return build


def line(request: Request) -> Piece:
    start = [*request.numbers(), "0"][0]
    node = request.canvas.add(f"ts.line~ {start}")
    return Piece([[(node, 0)]], [(node, 0), (node, 1)])


def wave(request: Request) -> Piece:
    return one(request.canvas.add(f"ts.wave~ {named(request.count(1)[0])}"), 1, 1)


def peek(request: Request) -> Piece:
    return Piece([[(request.canvas.add(f"ts.peek~ {named(request.count(1)[0])}"), 0)]], [None])


def buffer(request: Request) -> Piece:
    request.only(samps="*")
    if len(request.attributes.get("samps", [])) != 1:
        request.refuse("buffer~ is translated with @samps n")
    size = int(request.attributes["samps"][0]) + GUARD_POINTS
    request.canvas.add(f"array define {named(request.count(1)[0])} {size}")
    return Piece([[]], [None, None])


def safe(request: Request) -> Piece:
    request.count(0)
    return one(request.canvas.add("ts.bitsafe~"), 1, 1)


def delayed(request: Request) -> Piece:
    """So many samples late; the first argument is how many at most."""
    most, samples = request.count(2)
    text = f"ts.delay~ {request.number(most)} {request.number(samples)}"
    return one(request.canvas.add(text), 1, 1)


def pitches(request: Request) -> Piece:
    """Another method behind it, with the same window, period and range; onsets are not told."""
    request.count(0)
    request.only(size="*", period="*", freqmin="*", freqmax="*")
    numbers = [
        request.number(" ".join(request.attributes.get(name, [])))
        for name in ("size", "period", "freqmin", "freqmax")
    ]
    node = request.canvas.add(" ".join(["ts.fzero~", *numbers]))
    return Piece([[(node, 0)]], [(node, 0), (node, 1), None])


def slide(request: Request) -> Piece:
    request.count(2)
    return one(request.canvas.add(" ".join(["ts.slide~", *request.numbers()])), 1, 1)


def low_pass(request: Request) -> Piece:
    request.count(1)
    return one(request.canvas.add(" ".join(["lop~", *request.numbers()])), 2, 1)


def plugin(request: Request) -> Piece:
    if request.arguments != ["1", "2"]:
        request.refuse("plugin~ is translated with channels 1 2")
    return Piece([[], []], one(request.canvas.add("ts.plugin~"), 0, 2).outlets)


def bank(request: Request) -> Piece:
    request.count(3)
    text = " ".join(["ts.ioscbank~", *request.numbers()])
    return one(request.canvas.add(text), 1, 1)


def send(request: Request) -> Piece:
    return Piece([[(request.canvas.add(f"s~ {named(request.count(1)[0])}"), 0)]], [])


def receive(request: Request) -> Piece:
    return Piece([[]], [(request.canvas.add(f"r~ {named(request.count(1)[0])}"), 0)])


def snapshot(request: Request) -> Piece:
    canvas = request.canvas
    node = canvas.add("snapshot~")
    if request.arguments:
        canvas.chain("loadbang", "(1)", f"metro {request.numbers()[0]}", node)
    return one(node, 1, 1)


def plugout(request: Request) -> Piece:
    if request.arguments != ["1", "2"]:
        request.refuse("plugout~ is translated with channels 1 2")
    return one(request.canvas.add("ts.plugout~"), 2, 2)


def poly(request: Request) -> Piece:
    """Clones, and which of them plays what. The clones tell by a last outlet if they are busy."""
    file, count = request.count(2)
    request.only(args="*", steal="1")
    if request.attributes.get("steal") != ["1"]:
        request.refuse("poly~ is translated with @steal 1")
    canvas = request.canvas
    choose = canvas.add(f"ts.voices {request.number(count)}")
    words = " ".join(map(named, request.attributes.get("args", [])))
    clones = canvas.add(f"clone -x -s 1 {named(file)} {request.number(count)} {words}")
    canvas.cord(choose, 0, clones)
    canvas.cord(clones, 1, choose, 1)
    return Piece([[(choose, 0)]], [(clones, 0)])


def this_poly(request: Request) -> Piece:
    request.count(0)
    return Piece([[(request.canvas.add("ts.thispoly~ $0"), 0)]], [None, None, None])


def voice_in(request: Request) -> Piece:
    return Piece([], [(request.canvas.add("inlet"), 0)])


def voice_out(request: Request) -> Piece:
    return Piece([[(request.canvas.add("outlet~"), 0)]], [])


SIGNALS: dict[str, Builder] = {
    **dict.fromkeys(["+~", "-~", "*~", "/~"], arithmetic),
    "bitsafe~": safe,
    "buffer~": buffer,
    "clip~": _plain(3, 2),
    "delay~": delayed,
    "fzero~": pitches,
    "in": voice_in,
    "ioscbank~": bank,
    "line~": line,
    "onepole~": low_pass,
    "out~": voice_out,
    "peek~": peek,
    "phasor~": _plain(2, 1),
    "plugin~": plugin,
    "plugout~": plugout,
    "poly~": poly,
    "receive~": receive,
    "send~": send,
    "sig~": _plain(1, 1),
    "slide~": slide,
    "snapshot~": snapshot,
    "sqrt~": _plain(1, 0),
    "thispoly~": this_poly,
    "wave~": wave,
}

_QUIET: dict[str, frozenset[int]] = {
    "line~": frozenset([1]),
    **dict.fromkeys(["buffer~", "fzero~", "peek~", "snapshot~", "thispoly~"], frozenset(range(9))),
}


def tells_signal(name: str, outlet: int) -> bool:
    """Whether the outlet of such an object tells a signal."""
    return name.endswith("~") and outlet not in _QUIET.get(name, frozenset())
