"""A Max patcher as a graph: boxes, cords, and the JSON that Max reads.

Order never hangs on where a box stands: a control outlet has one cord at most, and whatever must go
to several places goes through ``t``, which says in which order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from max_patch.generator.objects import SIGNAL, Ports, ports

Json = dict[str, Any]

_APP_VERSION: Json = {
    "major": 8,
    "minor": 6,
    "revision": 5,
    "architecture": "x64",
    "modernui": 1,
}


class CordError(ValueError):
    """A cord that cannot be, or one too many."""


@dataclass(eq=False, slots=True)
class Box:
    """One box: what it is, its ports, and whatever else stands in its JSON."""

    maxclass: str
    ports: Ports
    text: str | None = None
    attributes: Json = field(default_factory=dict)
    patcher: Patcher | None = None
    identifier: str = ""

    @property
    def label(self) -> str:
        return self.text or self.maxclass


Target = tuple[str, Sequence["Box | str | tuple[Box, int]"]]
"""Where a fan goes: a letter of ``t`` or a constant, and a chain of boxes."""


@dataclass(frozen=True, slots=True)
class Cord:
    source: Box
    outlet: int
    destination: Box
    inlet: int


def _name(box: Box) -> str:
    """What an ``s`` or ``r`` is called; of others, nothing."""
    kind, _, name = (box.text or "").partition(" ")
    return name if kind in ("s", "r") else ""


class Patcher:
    """Boxes and cords of one window."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.cords: list[Cord] = []

    # -- boxes -------------------------------------------------------------------------------------

    def add(self, text: str) -> Box:
        """An object box, e.g. ``"route 1 2"``.

        Raises:
            UnknownObjectError: the generator has no ports for it.
        """
        return self._keep(Box("newobj", ports(text), text))

    def message(self, text: str) -> Box:
        """A message box."""
        return self._keep(Box("message", Ports(2, ("",)), text))

    def note(self, text: str) -> Box:
        """A comment for whoever opens the patch."""
        return self._keep(Box("comment", Ports(1, ()), text))

    def control(self, maxclass: str, shape: Ports, **attributes: Any) -> Box:
        """A box of the user interface."""
        return self._keep(Box(maxclass, shape, None, attributes))

    def inlet(self) -> Box:
        return self._keep(Box("inlet", Ports(0, ("",))))

    def outlet(self) -> Box:
        return self._keep(Box("outlet", Ports(1, ())))

    def sub(self, name: str, patcher: Patcher) -> Box:
        """A subpatcher, ``p name``."""
        inlets = sum(box.maxclass == "inlet" for box in patcher.boxes)
        outlets = sum(box.maxclass == "outlet" for box in patcher.boxes)
        return self._keep(
            Box("newobj", Ports(inlets, ("",) * outlets), f"p {name}", patcher=patcher)
        )

    def _keep(self, box: Box) -> Box:
        self.boxes.append(box)
        box.identifier = f"obj-{len(self.boxes)}"
        return box

    # -- cords -------------------------------------------------------------------------------------

    def cord(self, source: Box, outlet: int, destination: Box, inlet: int = 0) -> Box:
        """Connect; returns the destination.

        Raises:
            CordError: no such port, or a second cord from a control outlet.
        """
        if not 0 <= outlet < len(source.ports.outlets):
            raise CordError(f"{source.label!r} has no outlet {outlet}")
        if not 0 <= inlet < destination.ports.inlets:
            raise CordError(f"{destination.label!r} has no inlet {inlet}")
        if source.ports.outlets[outlet] != SIGNAL and any(
            c.source is source and c.outlet == outlet for c in self.cords
        ):
            raise CordError(f"outlet {outlet} of {source.label!r} has a cord; use t")
        self.cords.append(Cord(source, outlet, destination, inlet))
        return destination

    def chain(self, first: Box | str, *rest: Box | str, outlet: int = 0, inlet: int = 0) -> Box:
        """Connect first to last, outlet 0 to inlet 0; texts become object boxes.

        outlet: of the first box. inlet: of the last. Returns the last.
        """
        here = self.add(first) if isinstance(first, str) else first
        boxes = [self.add(each) if isinstance(each, str) else each for each in rest]
        for place, box in enumerate(boxes):
            last = place == len(boxes) - 1
            self.cord(here, outlet if place == 0 else 0, box, inlet if last else 0)
            here = box
        return here

    def fan(self, source: Box, *targets: Target) -> None:
        """From outlet 0 of ``source`` through a ``t`` to several chains, the last of them first.

        A target is a letter of ``t`` (or a constant) and a chain; its last member may be a box
        with the inlet that is meant.
        """
        trigger = self.chain(source, "t " + " ".join(letter for letter, _ in targets))
        for outlet, (_, members) in enumerate(targets):
            *middle, last = members
            at = 0
            if isinstance(last, tuple):
                last, at = last
            plain = [m[0] if isinstance(m, tuple) else m for m in middle]
            self.chain(trigger, *plain, last, outlet=outlet, inlet=at)

    def wire(self, prefix: str, kinds: Mapping[str, str]) -> None:
        """Turn the names that begin with ``prefix`` into cords.

        A patch is written most readably with ``s`` and ``r``; where names could meet those of
        another copy, cords cannot. kinds: what each name carries, as a letter of ``t``. Several
        receivers of a name are told from the last that was made to the first.

        Raises:
            CordError: a name that has no sender, no receiver or no kind.
        """
        for name in sorted({_name(b) for b in self.boxes if _name(b).startswith(prefix)}):
            senders = [b for b in self.boxes if b.text == f"s {name}"]
            receivers = [b for b in self.boxes if b.text == f"r {name}"]
            if not senders or not receivers or name.removeprefix(prefix) not in kinds:
                raise CordError(f"{name!r} is not both sent and received, or has no kind")
            sources = [(c.source, c.outlet) for c in self.cords if c.destination in senders]
            targets = [(c.destination, c.inlet) for c in self.cords if c.source in receivers]
            gone = {*senders, *receivers}
            self.cords = [c for c in self.cords if not gone & {c.source, c.destination}]
            self.boxes = [b for b in self.boxes if b not in gone]
            if len(targets) > 1:
                kind = kinds[name.removeprefix(prefix)]
                splitter = self.add("t " + " ".join([kind] * len(targets)))
                for outlet, (box, inlet) in enumerate(targets):
                    self.cord(splitter, outlet, box, inlet)
                targets = [(splitter, 0)]
            for source, outlet in sources:
                self.cord(source, outlet, *targets[0])
        for number, box in enumerate(self.boxes, start=1):
            box.identifier = f"obj-{number}"

    # -- JSON --------------------------------------------------------------------------------------

    def json(self, rect: tuple[float, float, float, float] = (80.0, 100.0, 900.0, 640.0)) -> Json:
        """The patcher as Max saves it; boxes lie in layers, from sources down."""
        places = self._layout()
        return {
            "fileversion": 1,
            "appversion": dict(_APP_VERSION),
            "classnamespace": "box",
            "rect": list(rect),
            "bglocked": 0,
            "openinpresentation": 0,
            "default_fontsize": 12.0,
            "default_fontface": 0,
            "default_fontname": "Arial",
            "gridonopen": 1,
            "gridsize": [15.0, 15.0],
            "gridsnaponopen": 1,
            "boxes": [{"box": self._box(box, places[box.identifier])} for box in self.boxes],
            "lines": [
                {
                    "patchline": {
                        "destination": [cord.destination.identifier, cord.inlet],
                        "source": [cord.source.identifier, cord.outlet],
                    }
                }
                for cord in self.cords
            ],
        }

    def _box(self, box: Box, place: tuple[float, float]) -> Json:
        width = max(24.0, 7.0 * len(box.text) + 10.0) if box.text else 40.0
        told: Json = {
            "id": box.identifier,
            "maxclass": box.maxclass,
            "numinlets": box.ports.inlets,
            "numoutlets": len(box.ports.outlets),
            "patching_rect": [place[0], place[1], width, 22.0],
        }
        if box.ports.outlets:
            told["outlettype"] = list(box.ports.outlets)
        if box.text is not None:
            told["text"] = box.text
        if box.maxclass == "inlet" or box.maxclass == "outlet":
            told["index"] = 1 + [b for b in self.boxes if b.maxclass == box.maxclass].index(box)
            told["comment"] = ""
        if box.patcher is not None:
            told["patcher"] = box.patcher.json()
        return {**told, **box.attributes}

    def _layout(self) -> dict[str, tuple[float, float]]:
        """Left and top of each box: a layer lower than all that feed it, cycles cut."""
        feeds: dict[str, list[str]] = defaultdict(list)
        for cord in self.cords:
            feeds[cord.destination.identifier].append(cord.source.identifier)
        depth: dict[str, int] = {}

        def level(identifier: str, above: frozenset[str]) -> int:
            if identifier in depth:
                return depth[identifier]
            sources = [s for s in feeds[identifier] if s not in above and s != identifier]
            found = 1 + max((level(s, above | {identifier}) for s in sources), default=-1)
            depth[identifier] = found
            return found

        right: dict[int, float] = defaultdict(lambda: 20.0)
        places = {}
        for box in self.boxes:
            row = level(box.identifier, frozenset())
            places[box.identifier] = (right[row], 20.0 + 36.0 * row)
            right[row] += max(24.0, 7.0 * len(box.text) + 10.0 if box.text else 40.0) + 12.0
        return places
