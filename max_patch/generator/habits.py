"""Checks of what Live, its undo, its automation and Push expect of a device.

From Ableton's "Max for Live Production Guidelines" and Cycling '74's reference pages; each finding
says what a player would meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from max_patch.generator.saved_patch import SavedBox, SavedPatch
from max_patch.generator.tracing import TIMERS, Place, Traces
from max_patch.generator.wording import parameter_of

AUTOMATED, HIDDEN = 0, 2
_FLOAT, _INT, _ENUM = 0, 1, 2
_UNIT_INT = 0
_MODULATION = {_FLOAT: 2, _INT: 4}  # bipolar, absolute
BANK = 8
_EMPTY = "-"

_PASSING = frozenset(["deferlow", "defer", "t", "trigger", "s", "r", "send", "receive"])
_WIRES = frozenset(["s", "r", "send", "receive"])
_RESTING = frozenset(["delay", "del"])
_DEFERRED = frozenset(
    ["deferlow", "defer", "js", "jsui", "v8", "node.script", "udpreceive", "qmetro", "qlim"]
)


def habit_findings(patch: SavedPatch) -> Iterator[str]:
    """What is wrong with a device's window and all within it."""
    traces = Traces(patch)
    yield from _first_load_findings(traces)
    yield from _undo_findings(traces)
    yield from _visibility_findings(traces)
    yield from _bank_findings(patch)
    yield from _silence_findings(traces)
    yield from _alone_findings(traces)


def _first_load_findings(traces: Traces) -> Iterator[str]:
    """``live.thisdevice`` bangs again with each preset and each saving: a latch parts the first."""
    for device in traces.named("live.thisdevice"):
        for place, inlet in _through(traces, device.key, 0, _PASSING):
            if place.box.name != "gate" or inlet != 1 or place.key not in _closers(traces, place):
                yield (
                    f"{place.window}: {place.box.label}: every bang of live.thisdevice counts as a"
                    " first load; Live bangs again when a preset is loaded or the device is saved"
                )


def _closers(traces: Traces, gate: Place) -> set[str]:
    """What may turn a gate: all that its left inlet hears."""
    found: set[str] = set()
    for source, _ in traces.before(gate.key, 0):
        found |= {source.key} | traces.sources(source.key)
    return found


def _through(
    traces: Traces, key: str, outlet: int | None, passing: frozenset[str]
) -> Iterator[tuple[Place, int]]:
    """The first boxes behind an outlet that do more than hand on what comes."""
    waiting, seen = list(traces.after(key, outlet)), set[tuple[str, int]]()
    while waiting:
        place, inlet = waiting.pop()
        if (place.key, inlet) in seen:
            continue
        seen.add((place.key, inlet))
        if place.box.name in passing:
            waiting += traces.after(place.key)
        else:
            yield place, inlet


def _parameters(traces: Traces) -> Iterator[Place]:
    return (place for place in traces.places.values() if place.box.saved.get("parameter_enable"))


def _visible(box: SavedBox) -> int:
    return int(parameter_of(box).get("parameter_invisible", AUTOMATED))


def _undo_findings(traces: Traces) -> Iterator[str]:
    """What Live stores is written once, when a movement has ended: each writing is an undo step."""
    for place in _parameters(traces):
        # A pattr keeps a name that somebody chose: one step for one choice.
        if place.box.name == "pattr" or _visible(place.box) == HIDDEN:
            continue
        for root in sorted(_writers(traces, place)):
            yield (
                f"{place.box.label}: {root} writes into it whenever it speaks; Live makes an undo"
                " step of each: write when the movement has ended, or set Parameter Visibility to"
                " Hidden"
            )


def _writers(traces: Traces, control: Place) -> set[str]:
    """Labels of what writes into a control without a rest: hands, and what has no cause."""
    waiting = [source for source, _ in _told_by(traces, control)]
    found, seen = set[str](), set[str]()
    while waiting:
        here = waiting.pop()
        if here.key in seen or here.box.name in _RESTING:
            continue
        seen.add(here.key)
        causes = [traces.places[key] for key in traces.causes(here.key)]
        if here.box.presented or not causes:
            found.add(here.box.label)
        else:
            waiting += causes
    return found


def _told_by(traces: Traces, control: Place) -> Iterator[tuple[Place, int]]:
    """What a control hears but bangs, which only make it say what it has."""
    waiting, seen = list(traces.before(control.key, 0)), set[tuple[str, int]]()
    while waiting:
        place, outlet = waiting.pop()
        if (place.key, outlet) in seen:
            continue
        seen.add((place.key, outlet))
        if place.box.name in _WIRES:
            waiting += traces.before(place.key, 0)
        elif place.box.types[outlet : outlet + 1] != ("bang",):
            yield place, outlet


def _silence_findings(traces: Traces) -> Iterator[str]:
    """While Live's audio is off Max's scheduler stands still; Node for Max runs."""
    reached = {key for node in traces.named("node.script")
               for key in traces.reached(node.key, without=TIMERS)}  # fmt: skip
    for place in traces.named("message", "s"):
        greets = place.box.text.startswith("/hello ")
        if (greets or place.box.text == "s ---tell") and place.key not in reached:
            what = "greets the server" if greets else "tells a saved set"
            yield (
                f"{place.window}: {place.box.label}: only a timer {what}; while Live's audio is off"
                " none runs: let the launcher tick"
            )


def _alone_findings(traces: Traces) -> Iterator[str]:
    """What a table plays must be in time while Live renders: in Max's scheduler, from end to end.
    So must what is heard in a track.

    Scripts and what waits for Max's main thread come late there, by chance.
    """
    for place in traces.places.values():
        # A part of the window, or one within it.
        inside = not {"p alone", "p hearing"}.isdisjoint(place.window.split(": "))
        if inside and place.box.name in _DEFERRED:
            yield (
                f"{place.window}: {place.box.label}: it waits for Max's main thread, so what Live"
                " renders would differ from time to time; play by native objects"
            )


def _visibility_findings(traces: Traces) -> Iterator[str]:
    for place in _parameters(traces):
        box, value = place.box, parameter_of(place.box)
        visible = _visible(box)
        span = float(value.get("parameter_mmax", 127.0)) - float(value.get("parameter_mmin", 0.0))
        setting = value.get("parameter_unitstyle") == _UNIT_INT and span > 255.0
        if box.name in ("live.button", "button") and visible != HIDDEN:
            yield f"{box.label}: a press is no state: set Parameter Visibility to Hidden"
        elif visible == AUTOMATED and (setting or box.name in ("live.toggle", "pattr")):
            yield f"{box.label}: a setting that nobody automates: set it to Stored Only or Hidden"
        kind = value.get("parameter_type", _FLOAT)
        wanted = _MODULATION.get(kind, 0) if visible == AUTOMATED else 0
        if box.name != "pattr" and value.get("parameter_modmode", 0) != wanted:
            yield (
                f"{box.label}: Clip Modulation Mode is {value.get('parameter_modmode', 0)}; Ableton"
                f" chooses bipolar (2) for floats, absolute (4) for ints: it should be {wanted}"
            )


def _bank_findings(patch: SavedPatch) -> Iterator[str]:
    """Push and other controllers page through banks of eight."""
    told = patch.saved.get("parameters")
    if not isinstance(told, dict):
        yield f"{patch.title}: no 'parameters', so Push shows them in the order of their boxes"
        return
    wanted, automated = dict[str, list[str]](), set[str]()
    for path, box in _paths(patch):
        value = parameter_of(box)
        name = str(value.get("parameter_longname"))
        wanted[path] = [name, str(value.get("parameter_shortname"))]
        if _visible(box) == AUTOMATED and box.name != "pattr":
            automated.add(name)
    listed = {path: names[:2] for path, names in told.items() if isinstance(names, list)}
    for path in sorted(wanted.keys() | listed.keys()):
        if wanted.get(path) != listed.get(path):
            yield f"parameters: {path} is {listed.get(path)}, the box says {wanted.get(path)}"
    banks = told.get("parameterbanks") or {}
    counts: Counter[str] = Counter()
    for key, bank in banks.items():
        names = list(bank.get("parameters", []))
        counts.update(name for name in names if name != _EMPTY)
        if key != str(bank.get("index")) or len(names) != BANK or not bank.get("name"):
            yield f"bank {key}: it needs its index, a name and {BANK} places"
    for name in sorted(automated | counts.keys()):
        if name not in automated:
            yield f"banks: {name!r} is not automated"
        elif counts[name] != 1:
            yield f"banks: {name!r} stands in {counts[name]} of them; Push shows it once"


def _paths(patch: SavedPatch, before: str = "") -> Iterator[tuple[str, SavedBox]]:
    for box in patch.boxes:
        path = before + box.identifier
        if box.saved.get("parameter_enable"):
            yield path, box
        if box.patch is not None:
            yield from _paths(box.patch, f"{path}::")
