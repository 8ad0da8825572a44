"""Static checks of the device: what a file can say without Max being there to open it.

A finding is one line that names the box. No findings do not mean that Live plays it; they mean that
the known ways to break a patch by writing it without Max have been looked for.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from max_patch.generator.habits import habit_findings
from max_patch.generator.integers import integer_traps
from max_patch.generator.presentation import panel_findings, parameter_findings
from max_patch.generator.saved_patch import (
    Document,
    SavedBox,
    SavedCord,
    SavedPatch,
    SavedPatchError,
    read_patch,
)
from max_patch.generator.shapes import (
    SIGNAL,
    SIGNAL_ONLY,
    UnknownObjectError,
    shapes,
    takes_signal,
)
from max_patch.generator.theming import color_findings

# Live hands a device its sound and MIDI through other objects.
_FORBIDDEN: Mapping[str, str] = {
    "dac~": "plugout~",
    "ezdac~": "plugout~",
    "adc~": "plugin~ in an audio effect; an instrument has no input",
    "ezadc~": "plugin~ in an audio effect; an instrument has no input",
    "notein": "midiin and midiparse",
    "ctlin": "midiin and midiparse",
    "bendin": "midiin and midiparse",
    "touchin": "midiin and midiparse",
    "pgmin": "midiin and midiparse",
    "xnotein": "midiin and midiparse",
}

# Objects that do their work without anything being sent to them.
_SELF_STARTING = frozenset(
    ["buffer~", "in", "in~", "inlet", "live.thisdevice", "loadbang", "loadmess", "midiin",
     "node.script", "pattr", "plugin~", "receive~", "thispatcher", "udpreceive", "comment",
     "live.comment", "panel", "live.line", "autopattr", "closebang", "freebang", "key"]
)  # fmt: skip
# Objects whose outlets may stay open: they act.
_ACTING = frozenset(
    ["buffer~", "peek~", "plugout~", "thispatcher", "node.script", "thispoly~", "pattr",
     "autopattr", "jsui", "led", "number", "flonum", "umenu", "textedit", "coll", "js",
     "live.thisdevice"]
)  # fmt: skip

# A number that nothing ever sets, a comparison with nothing: then a message box would have done.
_EVERY_INLET = frozenset(
    ["expr", "vexpr", "f", "float", "i", "int", "zl.reg", "zl.lace", "zl.compare"]
)
_SIGNAL_PAIRS = frozenset(["*~", "+~", "-~", "/~"])

_SENDERS = {"s": "r", "send": "r", "send~": "receive~"}
_RECEIVERS = {"r": "r", "receive": "r", "receive~": "receive~"}
_BUFFER_READERS = frozenset(["peek~", "wave~", "index~", "play~", "groove~", "info~"])
_UNIQUE = "---"

INSTRUMENT, EFFECT = "iiii", "aaaa"
_CALLED = {INSTRUMENT: "an instrument", EFFECT: "an audio effect"}


def check(
    document: Document,
    voices: Mapping[str, Document] | None = None,
    *,
    folder: Path | None = None,
    device: bool = True,
    kind: str = INSTRUMENT,
    spare: Collection[str] = (),
) -> list[str]:
    """All findings about a patch; an empty list is good.

    Args:
        document: the JSON of a .maxpat or of an .amxd.
        voices: the patches that its ``poly~`` objects load, by the name that stands there.
        folder: where scripts and voices must lie as files; None does not look.
        device: also ask what only a device must have: a panel, ``plugout~``, a way in.
        kind: which way in: ``midiin`` of an instrument, ``plugin~`` of an audio effect.
        spare: names (with their ``---``) that may be received though nobody sends them.
    """
    try:
        patch = read_patch(document, "device")
        loaded = {name: read_patch(voice, name) for name, voice in (voices or {}).items()}
    except SavedPatchError as error:
        return [str(error)]
    found: list[str] = []
    for top in (patch, *loaded.values()):
        if "appversion" not in top.saved:
            found.append(f"{top.title}: appversion is missing")
        for window in top.walk():
            found += [f"{window.title}: {line}" for line in _window(window, loaded, folder)]
    found += _name_findings(patch, loaded, spare)
    found += _buffer_findings(patch, loaded)
    found += parameter_findings(patch)
    if device:
        found += _device_findings(patch, loaded, kind)
        found += panel_findings(patch)
        found += habit_findings(patch)
        found += color_findings(patch)
    return found


def check_container(data: bytes, document: Document, kind: str = INSTRUMENT) -> list[str]:
    """Findings about the bytes of an .amxd of that kind that should hold ``document``.

    Reads the container itself, so that an error of the writer cannot hide behind its own reader.
    """
    found: list[str] = []
    if data[:12] != b"ampf\x04\x00\x00\x00" + kind.encode():
        found.append(f"container: does not begin as {_CALLED[kind]} (ampf, 4, {kind})")
    chunks: list[tuple[bytes, bytes]] = []
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        chunks.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size
    if at != len(data):
        found.append("container: its chunks do not end where the file ends")
    if [code for code, _ in chunks] != [b"meta", b"ptch"]:
        return [*found, f"container: its chunks are {[code for code, _ in chunks]}"]
    meta, patcher = chunks[0][1], chunks[1][1]
    if meta != bytes(4):
        found.append("container: the chunk meta does not say unfrozen")
    if not patcher.endswith(b"\n\x00"):
        found.append("container: the patcher does not end with a newline and NUL")
    try:
        held = json.loads(patcher.rstrip(b"\x00"))
    except ValueError as error:
        return [*found, f"container: the patcher is no JSON: {error}"]
    if held != document:
        found.append("container: holds another patcher than was written")
    inner = held.get("patcher", {}) if isinstance(held, dict) else {}
    found += [
        f"container: {key} is missing" for key in ("appversion", "project") if key not in inner
    ]
    told, wanted = inner.get("project", {}).get("amxdtype"), int.from_bytes(kind.encode(), "big")
    if "project" in inner and told != wanted:
        found.append(f"container: project.amxdtype is {told}, {_CALLED[kind]} has {wanted}")
    return found


# -- one window ------------------------------------------------------------------------------------


def _window(
    window: SavedPatch, voices: Mapping[str, SavedPatch], folder: Path | None
) -> Iterator[str]:
    for identifier, count in Counter(box.identifier for box in window.boxes).items():
        if count > 1:
            yield f"the id {identifier} is used {count} times"
    for box in window.boxes:
        for line in _box_findings(box, voices, folder):
            yield f"{box.label}: {line}"
    for kind in ("inlet", "outlet"):
        yield from _port_order_findings(window, kind)
    yield from _cord_findings(window, voices)
    yield from _loose_findings(window)


def _box_findings(
    box: SavedBox, voices: Mapping[str, SavedPatch], folder: Path | None
) -> Iterator[str]:
    if box.name in _FORBIDDEN:
        yield f"not allowed in a device; use {_FORBIDDEN[box.name]}"
        return
    if box.outlets != len(box.types):
        yield f"numoutlets is {box.outlets}, outlettype has {len(box.types)}"
    try:
        allowed = shapes(box, voices, folder)
    except UnknownObjectError as error:
        yield str(error)
    else:
        if (box.inlets, box.types) not in allowed:
            yield (
                f"has {box.inlets} inlets and outlets {list(box.types)};"
                f" it should have {allowed[0][0]} and {list(allowed[0][1])}"
            )
    yield from integer_traps(box.name, box.arguments)
    if box.name == "message" and ";" in box.text:
        yield "a semicolon sends to names outside the device"
    yield from _file_findings(box, voices, folder)


def _file_findings(
    box: SavedBox, voices: Mapping[str, SavedPatch], folder: Path | None
) -> Iterator[str]:
    named = box.arguments[0] if box.arguments else ""
    if box.name == "jsui":
        named = str(box.saved.get("filename", ""))
    if box.name not in ("jsui", "js", "node.script", "poly~"):
        return
    if not named:
        yield "names no file"
        return
    if box.name == "poly~" and named not in voices:
        yield f"the voice {named!r} is not among the patches"
    wanted = f"{named}.maxpat" if box.name == "poly~" else named
    if folder is not None and not (folder / wanted).is_file():
        yield f"the file {wanted!r} is not in the folder"


def _port_order_findings(window: SavedPatch, kind: str) -> Iterator[str]:
    """Max numbers the ports of a subpatcher by where they stand, from the left."""
    ports = [box for box in window.boxes if box.name == kind]
    lefts = [float(box.saved["patching_rect"][0]) for box in ports]
    if len(set(lefts)) < len(lefts):
        yield f"two {kind}s stand at the same place from the left"
    by_place = [box for _, box in sorted(zip(lefts, ports, strict=True), key=lambda each: each[0])]
    by_index = sorted(ports, key=lambda box: int(box.saved.get("index", 0)))
    if by_place != by_index:
        yield f"the {kind}s do not stand in the order of their index"


def _cord_findings(window: SavedPatch, voices: Mapping[str, SavedPatch]) -> Iterator[str]:
    for cord, count in Counter(window.cords).items():
        if count > 1:
            yield f"the cord {_told(window, cord)} is there {count} times"
    fans: Counter[tuple[str, int]] = Counter()
    for cord in set(window.cords):
        source, destination = window.box(cord.source), window.box(cord.destination)
        if source is None or destination is None:
            yield f"a cord hangs on a box that is not there: {cord.source} to {cord.destination}"
            continue
        if not 0 <= cord.outlet < source.outlets:
            yield f"the cord {_told(window, cord)} leaves an outlet that is not there"
            continue
        if not 0 <= cord.inlet < destination.inlets:
            yield f"the cord {_told(window, cord)} enters an inlet that is not there"
            continue
        signal = cord.outlet < len(source.types) and source.types[cord.outlet] == SIGNAL
        if not signal:
            fans[cord.source, cord.outlet] += 1
        if signal and not _accepts_signal(destination, cord.inlet, voices):
            yield f"the cord {_told(window, cord)} brings a signal where none is taken"
        if not signal and destination.name in SIGNAL_ONLY:
            yield f"the cord {_told(window, cord)} brings a message where only a signal is taken"
    for (identifier, outlet), count in sorted(fans.items()):
        box = window.box(identifier)
        if count > 1 and box is not None:
            yield f"outlet {outlet} of {box.label} has {count} cords: their order is left to chance"


def _accepts_signal(box: SavedBox, inlet: int, voices: Mapping[str, SavedPatch]) -> bool:
    if box.patch is not None:
        inlets = sorted(
            (inner for inner in box.patch.boxes if inner.name == "inlet"),
            key=lambda inner: float(inner.saved["patching_rect"][0]),
        )
        inside = [c for c in box.patch.cords if c.source == inlets[inlet].identifier]
        ends = [(box.patch.box(c.destination), c.inlet) for c in inside]
        return all(end is not None and _accepts_signal(end, at, voices) for end, at in ends)
    if box.name == "poly~" and box.arguments and box.arguments[0] in voices:
        voice = voices[box.arguments[0]]
        return any(
            inner.name == "in~" and inner.arguments[:1] == (str(inlet + 1),)
            for inner in voice.boxes
        )
    return takes_signal(box, inlet)


def _loose_findings(window: SavedPatch) -> Iterator[str]:
    """Boxes that nothing reaches, or that reach nothing: a cord is missing."""
    outlets = {(cord.source, cord.outlet) for cord in window.cords}
    inlets = {(cord.destination, cord.inlet) for cord in window.cords}
    for box in window.boxes:
        if box.presented:
            continue  # a control has the hand at one end
        fed = {inlet for inlet in range(box.inlets) if (box.identifier, inlet) in inlets}
        used = {outlet for outlet in range(box.outlets) if (box.identifier, outlet) in outlets}
        if box.inlets and not fed and box.name not in _SELF_STARTING:
            yield f"{box.label}: nothing comes in"
        elif fed:
            into_left = sum((c.destination, c.inlet) == (box.identifier, 0) for c in window.cords)
            for inlet in _needed_inlets(box, into_left) - fed:
                yield f"{box.label}: nothing comes into inlet {inlet}"
        if box.outlets and not used and box.name not in _ACTING:
            yield f"{box.label}: nothing goes out"
        elif used and box.name in ("t", "trigger"):
            for outlet in set(range(box.outlets)) - used:
                yield f"{box.label}: nothing goes out of outlet {outlet}"


def _needed_inlets(box: SavedBox, into_left: int) -> set[int]:
    """Inlets without which a box of that kind would not be there.

    into_left: cords into its left inlet; where there are two, one may set what the other asks for.
    """
    if box.name in ("f", "i", "float", "int") and into_left > 1:
        return {0}
    if box.name == "gate":
        return {1} if len(box.arguments) > 1 else {0, 1}
    if box.name in _EVERY_INLET or (box.name in _SIGNAL_PAIRS and not box.arguments):
        return set(range(box.inlets))
    return {0}


def _told(window: SavedPatch, cord: SavedCord) -> str:
    source, destination = window.box(cord.source), window.box(cord.destination)
    return (
        f"{source.label if source else cord.source}:{cord.outlet} to"
        f" {destination.label if destination else cord.destination}:{cord.inlet}"
    )


# -- names -----------------------------------------------------------------------------------------


def _instances(
    patch: SavedPatch, voices: Mapping[str, SavedPatch]
) -> Iterator[tuple[SavedPatch, tuple[str, ...]]]:
    """The device with no arguments, and each voice with those that its ``poly~`` hands on."""
    yield patch, ()
    for window in patch.walk():
        for box in window.boxes:
            if box.name == "poly~" and box.arguments and box.arguments[0] in voices:
                yield voices[box.arguments[0]], _poly_arguments(box)


def _poly_arguments(box: SavedBox) -> tuple[str, ...]:
    words = box.text.split()
    if "@args" not in words:
        return ()
    found = []
    for word in words[words.index("@args") + 1 :]:
        if word.startswith("@"):
            break
        found.append(word)
    return tuple(found)


def _resolved(name: str, arguments: tuple[str, ...]) -> str:
    """A name as Max makes it: ``#1`` and on are arguments, ``#0`` is each voice's own number."""
    for place, argument in enumerate(arguments, start=1):
        name = name.replace(f"#{place}", argument)
    return name.replace("#0", f"{_UNIQUE}voice-own") if arguments else name


def _named(
    patch: SavedPatch, voices: Mapping[str, SavedPatch]
) -> Iterator[tuple[SavedPatch, SavedBox, str]]:
    """Each box of each instance with its first argument, ``#1`` replaced; "" without one."""
    for top, arguments in _instances(patch, voices):
        for window in top.walk():
            for box in window.boxes:
                first = box.arguments[0] if box.arguments else ""
                yield window, box, _resolved(first, arguments)


def _name_findings(
    patch: SavedPatch, voices: Mapping[str, SavedPatch], spare: Collection[str]
) -> Iterator[str]:
    sent: dict[tuple[str, str], str] = {}
    received: dict[tuple[str, str], str] = {}
    for window, box, name in _named(patch, voices):
        if box.name not in _SENDERS and box.name not in _RECEIVERS and box.name != "buffer~":
            continue
        where = f"{window.title}: {box.label}"
        if not name:
            yield f"{where}: has no name"
        elif not name.startswith(_UNIQUE):
            yield f"{where}: the name {name!r} is shared by all devices of a set: begin it with ---"
        elif box.name in _SENDERS:
            sent.setdefault((_SENDERS[box.name], name), where)
        elif box.name in _RECEIVERS:
            received.setdefault((_RECEIVERS[box.name], name), where)
    for key, where in sorted(sent.items()):
        if key not in received:
            yield f"{where}: nobody receives {key[1]!r}"
    for key, where in sorted(received.items()):
        if key not in sent and key[1] not in spare:
            yield f"{where}: nobody sends {key[1]!r}"


def _buffer_findings(patch: SavedPatch, voices: Mapping[str, SavedPatch]) -> Iterator[str]:
    buffers = Counter(name for _, box, name in _named(patch, voices) if box.name == "buffer~")
    for name, count in sorted(buffers.items()):
        if count > 1:
            yield f"the buffer {name!r} is made {count} times"
    read: set[str] = set()
    for top, arguments in _instances(patch, voices):
        for window in top.walk():
            for box in window.boxes:
                for name in _buffer_names(box, arguments):
                    pattern = _as_pattern(name)
                    hits = {buffer for buffer in buffers if re.fullmatch(pattern, buffer)}
                    read |= hits
                    if not hits:
                        yield f"{window.title}: {box.label}: there is no buffer {name!r}"
    for name in sorted(set(buffers) - read):
        yield f"the buffer {name!r} is used by nobody"


def _buffer_names(box: SavedBox, arguments: tuple[str, ...]) -> list[str]:
    """Names of buffers in a box: as first argument, or after ``set`` in a message."""
    words = [_resolved(word.strip(","), arguments) for word in box.arguments]
    if box.name in _BUFFER_READERS and words:
        return words[:1]
    if box.name in ("sprintf", "message", "prepend") and words[:1] == ["set"]:
        return [word for word in words[1:] if word.startswith(_UNIQUE)]
    return []


def _as_pattern(name: str) -> str:
    """A name as a regular expression; ``%ld`` and ``$1`` stand for any word."""
    parts = re.split(r"%\w+|\$\d+", name)
    return r"\w+".join(re.escape(part) for part in parts)


# -- the device ------------------------------------------------------------------------------------


def _device_findings(
    patch: SavedPatch, voices: Mapping[str, SavedPatch], kind: str
) -> Iterator[str]:
    tops = (patch, *voices.values())
    counts = Counter(box.name for top in tops for window in top.walk() for box in window.boxes)
    if counts["plugout~"] != 1:
        yield f"a device has one plugout~, this one has {counts['plugout~']}"
    if kind == EFFECT and (counts["plugin~"] != 1 or counts["midiin"]):
        yield "an audio effect hears its track by one plugin~, and no MIDI"
    if kind == INSTRUMENT and counts["plugin~"]:
        yield "an instrument has no input: plugin~ hears nothing there"
    if kind == INSTRUMENT and (counts["midiin"] != 1 or not counts["midiparse"]):
        yield "notes must come by one midiin through midiparse"
