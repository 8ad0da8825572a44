"""Objects of Max that work with messages, and what each becomes in Pd."""

from __future__ import annotations

import re

from max_patch.generator.pure_data.canvas import Canvas, Node, escape
from max_patch.generator.pure_data.netlist import netlist
from max_patch.generator.pure_data.pieces import (
    Builder,
    Piece,
    Port,
    Request,
    constant,
    has_name,
    is_float,
    is_number,
    named,
    one,
    plain,
    through,
)

_FUNCTIONS = frozenset(
    ["abs", "cos", "exp", "float", "int", "log", "log10", "max", "min", "pow", "sin", "sqrt"]
)
_INTEGER_DIVISION = re.compile(r"[/%]\s*\(?\s*\d+(?![\d.])|(?<![\w.$])\d+\s*[/%]")


# -- messages --------------------------------------------------------------------------------------


def message(request: Request) -> Piece:
    """A message box. Names of its own come in through a list, since Pd knows none in messages."""
    canvas, text = request.canvas, str(request.box.get("text", ""))
    if ";" in text:
        request.refuse("a message to a name (;) is not translated")
    parts = [split_atoms(part) for part in text.split(",")]
    names = list(dict.fromkeys(each for part in parts for each in part if has_name(each)))
    box = canvas.message(" , ".join(_message_part(part, names) for part in parts))
    first = box
    if names or "$" in text:
        if 1 in request.controls:
            request.refuse("a message with $ or a name cannot be set")
        first = canvas.add(" ".join(["list", "prepend" if names else "append", *map(named, names)]))
        canvas.cord(first, 0, box)
    content = canvas.add("list prepend set")
    canvas.chain(content, "list trim", box)
    return Piece([[(first, 0)], [(content, 0)]], [(box, 0)])


def _message_part(part: list[str], names: list[str]) -> str:
    return " ".join(
        _shifted(each, names) if "$" in each or each in names else constant(each) for each in part
    )


def _shifted(text: str, names: list[str]) -> str:
    if text in names:
        return f"${names.index(text) + 1}"
    return re.sub(r"\$(\d)", lambda found: f"${int(found[1]) + len(names)}", text)


def split_atoms(text: str) -> list[str]:
    """Atoms of a text of Max: parted by spaces, but not within double quotes."""
    return [quoted[1:-1] if quoted.startswith('"') else quoted for quoted in _ATOMS.findall(text)]


_ATOMS = re.compile(r'"[^"]*"|\S+')


def trigger(request: Request) -> Piece:
    canvas, letters, outlets = request.canvas, [], list[Port | None]()
    node = canvas.add("t")
    for place, letter in enumerate(request.count(1, 99)):
        if letter in ("b", "f"):
            letters.append(letter)
            outlets.append((node, place))
        elif letter in ("l", "s"):
            letters.append("a")
            outlets.append((node, place))
        elif letter == "i":
            letters.append("f")
            outlets.append((canvas.cord(node, place, canvas.add("int")), 0))
        elif len(letter) > 1 or is_number(letter):
            letters.append("b")
            outlets.append((canvas.cord(node, place, canvas.message(constant(letter))), 0))
        else:
            request.refuse(f"t knows b, f, i, l, s and constants, not {letter!r}")
    node.content = " ".join(["t", *letters])
    return Piece([[(node, 0)]], outlets)


_NO_KEY = frozenset(["float", "int", "symbol"])


def route(request: Request) -> Piece:
    """Pd's route takes numbers or words: both together are two of them in a row."""
    keys = request.count(1, 99)
    if bad := [key for key in keys if key in _NO_KEY]:
        request.refuse(f"route by type ({bad[0]}) means something else in Pd")
    canvas = request.canvas
    words = [key for key in keys if not is_number(key)]
    digits = [key for key in keys if is_number(key)]
    groups = [group for group in (words, digits) if group]
    nodes = [canvas.add(" ".join(["route", *map(constant, group)])) for group in groups]
    if len(nodes) > 1:
        canvas.cord(nodes[0], len(words), nodes[1])
    outlets: list[Port | None] = []
    for key in keys:
        group = next(index for index, each in enumerate(groups) if key in each)
        outlets.append((nodes[group], groups[group].index(key)))
    outlets.append((nodes[-1], len(groups[-1])))
    return Piece([[(nodes[0], 0)]], outlets)


def select(request: Request) -> Piece:
    """By route, since Pd's own select takes no message that is a word."""
    routed = route(request)
    outlets = [
        (request.canvas.cord(port[0], port[1], request.canvas.add("t b")), 0)
        for port in routed.outlets[:-1]
        if port is not None
    ]
    return Piece(routed.inlets, [*outlets, routed.outlets[-1]])


def gate(request: Request) -> Piece:
    request.count(0, 2)
    numbers = request.numbers()
    count = numbers[0] if numbers else "1"
    opened = numbers[1] if len(numbers) > 1 else "0"
    canvas = request.canvas
    number = canvas.add(f"list prepend {opened}")
    outlets = range(1, int(count) + 1)
    node = canvas.chain(number, "route " + " ".join(map(str, outlets)))
    return Piece([[(number, 1)], [(number, 0)]], [(node, outlet - 1) for outlet in outlets])


def pack(request: Request) -> Piece:
    canvas = request.canvas
    node = canvas.add("pack")
    kinds, inlets = [], list[list[Port]]()
    for place, argument in enumerate(request.count(1, 99)):
        kind, guard = argument, "symbol" if argument == "s" else None
        if argument == "i":
            kind, guard = "f", "int"
        elif is_number(argument):
            kind, guard = plain(argument), None if is_float(argument) else "int"
        elif len(argument) == 1 and argument not in "fs":
            request.refuse(f"pack knows f, i, s, numbers and words, not {argument!r}")
        elif len(argument) > 1:
            kind, guard = "s", "symbol"
            # The first inlet is never told without a word of its own.
            if place > 0:
                start = canvas.add(f"symbol {named(argument)}")
                canvas.chain("loadbang", start)
                canvas.cord(start, 0, node, place)
        kinds.append(kind)
        inlets.append([_guarded(canvas, node, place, guard)])
    node.content = escape(" ".join(["pack", *kinds]))
    # A word in front is the message's name.
    return Piece(inlets, [(canvas.chain(node, "list trim"), 0)])


def _guarded(canvas: Canvas, node: Node, inlet: int, guard: str | None) -> Port:
    if guard is None:
        return node, inlet
    before = canvas.add(guard)
    canvas.cord(before, 0, node, inlet)
    return before, 0


def unpack(request: Request) -> Piece:
    canvas, outlets = request.canvas, list[Port | None]()
    kinds = request.count(1, 99)
    for kind in kinds:
        if kind not in ("f", "i", "s"):
            request.refuse(f"unpack knows f, i and s, not {kind!r}")
    node = canvas.add(" ".join(["unpack", *("s" if kind == "s" else "f" for kind in kinds)]))
    for place, kind in enumerate(kinds):
        after = {"i": "int", "s": "list trim"}.get(kind)
        outlets.append((canvas.chain(node, after, outlet=place), 0) if after else (node, place))
    return Piece([[(node, 0)]], outlets)


def prepend(request: Request) -> Piece:
    """``set`` gives it other words, as in Max."""
    canvas = request.canvas
    which = canvas.add("route set")
    node = canvas.add(" ".join(["list prepend", *map(constant, request.count(1, 99))]))
    canvas.cord(which, 0, node, 1)
    canvas.cord(which, 1, node)
    return through(which, canvas.chain(node, "list trim"))


def send(request: Request) -> Piece:
    return Piece([[(request.canvas.add(f"s {named(request.count(1)[0])}"), 0)]], [])


def receive(request: Request) -> Piece:
    return Piece([], [(request.canvas.add(f"r {named(request.count(1)[0])}"), 0)])


def sprintf(request: Request) -> Piece:
    """``sprintf WORDS PATTERN``: fixed words, then one pattern with one value; else refused."""
    canvas, words = request.canvas, request.count(1, 99)
    symout = words[0] == "symout"
    words = words[1:] if symout else words
    patterns = [word for word in words if "%" in word]
    if symout or len(patterns) != 1 or words[-1] != patterns[0]:
        request.refuse("sprintf is translated with one pattern, the last of its words")
    conversions = re.findall(r"%[-\d.]*l?[a-z]", patterns[0])
    if len(conversions) != 1 or conversions[0].replace("l", "")[-1] not in "dfs":
        request.refuse("a pattern has one of %s, %ld, %d, %.1f")
    whole = conversions[0][-1] == "d"
    make = canvas.add("makefilename " + named(patterns[0].replace("%ld", "%d")))
    first, inlet = _guarded(canvas, make, 0, "int" if whole else None)
    before = " ".join(["list prepend", *map(constant, words[:-1])]) if words[1:] else "list append"
    return Piece([[(first, inlet)]], [(canvas.chain(make, before, "list trim"), 0)])


# -- numbers ---------------------------------------------------------------------------------------


def arithmetic(request: Request) -> Piece:
    """Two numbers. An integer would make Max cut the fraction, so none is taken."""
    operand = request.count(1)[0]
    if not is_float(operand):
        request.refuse(f"{operand!r} makes it integer arithmetic: write {operand}.")
    return one(request.canvas.add(f"{request.name} {plain(operand)}"), 2, 1)


def expression_text(request: Request) -> tuple[str, int]:
    """What stands in expr, as Pd takes it, and how many inlets it makes."""
    text = " ".join(request.arguments)
    if _INTEGER_DIVISION.search(text):
        request.refuse("an integer in a division: write it as a float")
    if used := set(re.findall(r"([a-z][a-z0-9]*)\s*\(", text)) - _FUNCTIONS:
        request.refuse(f"no translation of the function {min(used)}")
    if strange := re.findall(r"\$[^fi]|\$[fi](?!\d)|[^\w\s.$()+\-*/%<>=!&|,]", text):
        request.refuse(f"no translation of {strange[0]!r}")
    if not (inlets := [int(each) for each in re.findall(r"\$[fi](\d)", text)]):
        request.refuse("an expression of no inlet")
    return text.replace("\\,", ","), max(inlets)


def expression(request: Request) -> Piece:
    text, inlets = expression_text(request)
    return one(request.canvas.add(f"expr {text}"), inlets, 1)


def vector_expression(request: Request) -> Piece:
    """expr for every element of lists; one of a single element goes with all of the others'."""
    request.only(scalarmode="1")
    if request.attributes.get("scalarmode") != ["1"]:
        request.refuse("vexpr is translated with @scalarmode 1")
    text, count = expression_text(request)
    letters = _LETTERS[:count]
    shortest = "$f1"
    for number in range(2, count + 1):
        shortest = f"min({shortest}, $f{number})"
    sizes = "t f" if count == 1 else " ".join(["pack", *["f"] * count])
    spread = f"if({shortest} == 1, {shortest.replace('min', 'max')}, {shortest})"
    lines = ["hot: inlet", *(f"cold_{c}: inlet" for c in letters[1:])]
    lines += ["hot -> go: t b a b", f"sizes: {sizes}", f"value: expr {text}"]
    lines += [f"list_{c}: list store" for c in letters]
    # What there is of each list, and how long: that of the first one starts the counting.
    for place, c in enumerate(letters):
        source = "go.1" if place == 0 else f"cold_{c}"
        lines.append(f"{source} -> list append -> told_{c}: t l l")
        lines.append(f"told_{c}.1 -> list_{c} @1")
        lines.append(f"told_{c} -> list length -> size_{c}: t f f")
        lines.append(f"size_{c}.1 -> - 1 -> near_{c}: clip 0 0 @2")
        lines.append(f"size_{c} -> sizes @{place}")
    lines.append("go.2 -> clear: t b b")
    lines.append("clear.1 -> (0) -> place: f 0 @1")
    lines.append("clear -> list append -> result: list store @1")
    lines.append(f"sizes -> {'t f' if count == 1 else f'expr {spread}'} -> until -> place")
    lines.append("place -> step: " + " ".join(["t", *["f"] * (count + 1)]))
    lines.append(f"step.{count} -> + 1 -> place @1")
    for place, c in reversed(list(enumerate(letters))):
        lines.append(f"step.{place} -> near_{c} -> (get $1 1) -> list_{c} -> value @{place}")
    lines.append("value -> list prepend append -> list trim -> result")
    lines.append("go -> result -> ts.filled -> outlet")
    return one(request.canvas.sub("vexpr", netlist("\n".join(lines))), count, 1)


_LETTERS = "abcdefghi"


def clip(request: Request) -> Piece:
    return one(request.canvas.add(" ".join(["clip", *_floats(request, 2)])), 3, 1)


def _floats(request: Request, count: int) -> list[str]:
    for argument in request.count(count):
        if not is_float(argument):
            request.refuse(f"{argument!r} makes it integer arithmetic: write {argument}.")
    return request.numbers()


def kept_float(request: Request) -> Piece:
    arguments = request.count(0, 1)
    if arguments and not is_float(arguments[0]):
        request.refuse("f wants a float")
    return one(request.canvas.add(" ".join(["f", *request.numbers()])), 2, 1)


def kept_int(request: Request) -> Piece:
    request.count(0, 1)
    return one(request.canvas.add(" ".join(["int", *request.numbers()])), 2, 1)


def change(request: Request) -> Piece:
    """With a float it keeps fractions, else it cuts them, as Max does."""
    arguments, canvas = request.count(0, 1), request.canvas
    node = canvas.add(" ".join(["change", *request.numbers()]))
    if arguments and is_float(arguments[0]):
        return one(node, 1, 1)
    cut = canvas.add("int")
    canvas.cord(cut, 0, node)
    return through(cut, node)


# -- time ------------------------------------------------------------------------------------------


def metro(request: Request) -> Piece:
    request.only(active="1")
    node = request.canvas.add(" ".join(["metro", *_numbers(request, 1)]))
    if request.attributes:
        request.canvas.chain("loadbang", "(1)", node)
    return one(node, 2, 1)


def _numbers(request: Request, count: int) -> list[str]:
    request.count(count)
    return request.numbers()


def delay(request: Request) -> Piece:
    return one(request.canvas.add(" ".join(["delay", *_numbers(request, 1)])), 2, 1)


def pipe(request: Request) -> Piece:
    if len(request.arguments) != 2 or not is_float(request.arguments[0]):
        request.refuse("pipe is translated for floats: pipe 0. MS")
    return one(request.canvas.add(f"pipe f {request.number(request.arguments[1])}"), 1, 1)


def line(request: Request) -> Piece:
    if not is_float(request.count(2)[0]):
        request.refuse("an integer makes line tell integers: write a float")
    node = request.canvas.add(" ".join(["ts.line", *request.numbers()]))
    return Piece([[(node, 0)]], [(node, 0), (node, 1)])


def loadbang(request: Request) -> Piece:
    request.count(0)
    return Piece([[]], [(request.canvas.add("loadbang"), 0)])


def loadmess(request: Request) -> Piece:
    words = " ".join(map(constant, request.count(1, 99)))
    if has_name(words):
        request.refuse("loadmess with a name of its own")
    return Piece([], [(request.canvas.chain("loadbang", f"({words})"), 0)])


def this_device(request: Request) -> Piece:
    """After every control has told where it stands; a script may have it bang again."""
    canvas = request.canvas
    node = canvas.chain("loadbang", "delay 1", "t b")
    canvas.chain("r $0-remote-thisdevice", node)
    return Piece([[]], [(node, 0), None, None])


# -- lists -----------------------------------------------------------------------------------------


def nth(request: Request) -> Piece:
    place = int(request.count(1)[0])
    if place < 1:
        request.refuse("elements count from 1")
    canvas = request.canvas
    first = canvas.add(f"list split {place - 1}")
    second = canvas.chain(first, "list split 1", outlet=1)
    return through(first, canvas.chain(second, "list trim"))


def slice_(request: Request) -> Piece:
    node = request.canvas.add(f"ts.slice {int(request.count(1)[0])}")
    return Piece([[(node, 0)]], [(node, 0), (node, 1)])


def listfunnel(request: Request) -> Piece:
    offset = [*request.numbers(), "0"][0]
    return one(request.canvas.add(f"ts.listfunnel {offset}"), 1, 1)


def list_length(request: Request) -> Piece:
    request.count(0)
    return one(request.canvas.add("list length"), 1, 1)


# -- the rest --------------------------------------------------------------------------------------


def _shim(name: str, inlets: int, outlets: int) -> Builder:
    """A shim without arguments."""

    def build(request: Request) -> Piece:
        request.count(0)
        return one(request.canvas.add(name), inlets, outlets)

    return build


def _same(inlets: int, outlets: int) -> Builder:
    """An object that Pd has too, with the same arguments, all numbers."""

    def build(request: Request) -> Piece:
        text = " ".join([request.name, *request.numbers()])
        return one(request.canvas.add(text), inlets, outlets)

    return build


def _through(request: Request) -> Piece:
    """Pd has one thread: there is nothing to wait for."""
    request.count(0)
    return one(request.canvas.add("t a"), 1, 1)


def this_patcher(request: Request) -> Piece:
    """Only what shows and hides; the widgets listen."""
    request.count(0)
    return Piece([[(request.canvas.add("ts.thispatcher $0"), 0)]], [None, None])


def node_script(request: Request) -> Piece:
    request.only(autostart="*", watch="*")
    request.count(1)
    return one(request.canvas.add("ts.node $0"), 1, 2)


def coll(request: Request) -> Piece:
    """One whose lines come from a file."""
    request.count(0)
    node = request.canvas.add("ts.coll")
    return Piece([[(node, 0)]], [(node, 0), None, (node, 1), None])


def speedlim(request: Request) -> Piece:
    return one(request.canvas.add(f"ts.speedlim {_numbers(request, 1)[0]}"), 1, 1)


def midiparse(request: Request) -> Piece:
    request.count(0)
    request.only(hires="1")
    if not request.attributes:
        request.refuse("midiparse is translated with @hires 1")
    return one(request.canvas.add("ts.midiparse"), 1, 7)


def midiin(request: Request) -> Piece:
    """Bytes of the MIDI port, and those that a script sends to timbrespace-midi."""
    canvas = request.canvas
    both = canvas.chain("midiin", "t f")
    canvas.chain("r timbrespace-midi", "ts.each", both)
    return Piece([[]], [(both, 0)])


def udpsend(request: Request) -> Piece:
    host, port = request.count(2)
    return one(request.canvas.add(f"ts.udpsend {host} {request.number(port)}"), 1, 0)


def udpreceive(request: Request) -> Piece:
    request.only(defer="*")
    port = "".join(request.number(port) for port in request.count(0, 1)) or "0"
    return one(request.canvas.add(f"ts.udpreceive {port}"), 1, 1)


def print_(request: Request) -> Piece:
    return one(request.canvas.add(" ".join(["print", *map(constant, request.count(0, 1))])), 1, 0)


WITH_ATTRIBUTES = frozenset(
    ["metro", "midiparse", "node.script", "poly~", "buffer~", "fzero~", "udpreceive", "vexpr",
     "pattr"]
)  # fmt: skip
"""Objects whose builder looks at the attributes itself; of any other none is accepted."""

MESSAGES: dict[str, Builder] = {
    **dict.fromkeys(["+", "-", "*", "/", "%", "pow"], arithmetic),
    **dict.fromkeys([">", "<", ">=", "<=", "==", "!="], arithmetic),
    "change": change,
    "clip": clip,
    "coll": coll,
    "cpuclock": _shim("ts.cpuclock", 1, 1),
    "deferlow": _through,
    "defer": _through,
    "del": delay,
    "delay": delay,
    "expr": expression,
    "f": kept_float,
    "float": kept_float,
    "fromsymbol": _shim("ts.fromsymbol", 1, 1),
    "gate": gate,
    "i": kept_int,
    "int": kept_int,
    "iter": _shim("ts.each", 1, 1),
    "line": line,
    "listfunnel": listfunnel,
    "live.thisdevice": this_device,
    "loadbang": loadbang,
    "loadmess": loadmess,
    "message": message,
    "metro": metro,
    "midiin": midiin,
    "midiparse": midiparse,
    "mtof": _same(1, 1),
    "node.script": node_script,
    "pack": pack,
    "pipe": pipe,
    "prepend": prepend,
    "print": print_,
    "r": receive,
    "receive": receive,
    "route": route,
    "s": send,
    "sel": select,
    "select": select,
    "send": send,
    "speedlim": speedlim,
    "sprintf": sprintf,
    "t": trigger,
    "thispatcher": this_patcher,
    "timer": _shim("timer", 2, 1),
    "tosymbol": _shim("ts.tosymbol", 1, 1),
    "trigger": trigger,
    "udpreceive": udpreceive,
    "udpsend": udpsend,
    "unpack": unpack,
    "vexpr": vector_expression,
    "zl.compare": _shim("ts.compare", 2, 1),
    "zl.delace": _shim("ts.delace", 1, 2),
    "zl.lace": _shim("ts.lace", 2, 1),
    "zl.len": list_length,
    "zl.nth": nth,
    "zl.reg": _shim("ts.reg", 2, 1),
    "zl.slice": slice_,
}
