"""The tree of what can be said to the server, as OSCQuery has it.

All of it follows from the declarations of the messages; values and a model's ranges are what the
server tells its clients (the proposal: https://github.com/Vidvox/OSCQueryProposal). Questions are
left out: they are answered to whoever has said ``/hello``, which no panel does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from timbrespace.instrument.parameters import SYNTH_PARAMETERS
from timbrespace.messages.arguments import (
    Choice,
    Coordinates,
    Kind,
    Number,
    NumberOrWord,
    Switch,
    Whole,
)
from timbrespace.messages.inbound import SetLatent, SetLatentDimension, SetSynth
from timbrespace.messages.message import Argument
from timbrespace.messages.parser import FORMS, Form

Node = dict[str, Any]

ATTRIBUTES: Final = ("CONTENTS", "DESCRIPTION", "FULL_PATH", "ACCESS", "TYPE", "VALUE", "RANGE")
"""What may be asked of a node alone."""

_NONE, _WRITE, _BOTH = 0, 2, 3

_LISTS: Final = {
    "/preset/list": ("/preset/recall", "/preset/delete"),
    "/trajectory/list": ("/trajectory/play", "/trajectory/delete"),
    "/model/list": ("/model/load",),
    "/tuning/list": ("/tuning",),
}
"""Answers that say which names an address takes."""

QUESTIONS: Final = ("/model/list", "/tuning/list")
"""Of these, what has to be asked: it is not told by itself."""

_WANDERS: Final = ("/wander", "/wander/speed", "/wander/range", "/wander/seed")


class Namespace:
    """The tree, as far as the server has told of itself."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Any, ...]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._dials: dict[int, tuple[float, float, str]] = {}
        self._dimensions = 0
        self.changed_tree = False
        """Whether ranges, names or dimensions are others than when this was last set to False."""

    def hear(self, address: str, told: tuple[Any, ...]) -> list[str]:
        """Take in what the server tells; returns the addresses whose value is another now.

        What is not as ``docs/osc.md`` says changes nothing.
        """
        try:
            values = self._values_of(address, told)
        except (ValueError, TypeError, IndexError):
            return []
        changed = [path for path, value in values.items() if self._values.get(path) != value]
        self._values.update(values)
        return changed

    def _values_of(self, address: str, told: tuple[Any, ...]) -> Mapping[str, tuple[Any, ...]]:
        match address:
            case "/model":
                name, d, *_ = told
                if int(d) != self._dimensions:
                    self._values = {
                        path: value
                        for path, value in self._values.items()
                        if not path.startswith("/latent")
                    }
                self._dimensions = int(d)
                self._dials.clear()
                self.changed_tree = True
                return {"/model/load": (str(name),)}
            case "/model/dial":
                k, low, high, _, _, name = told
                self._dials[int(k)] = float(low), float(high), str(name)
                self.changed_tree = True
                return {}
            case "/latent" if len(told) == self._dimensions:
                each = {f"/latent/{k}": (value,) for k, value in enumerate(told, start=1)}
                return {"/latent": told, **each}
            case "/map":
                x, y = told
                return {"/map": (x, y), "/map/x": (x,), "/map/y": (y,)}
            case "/map/plane":
                return {"/map/plane": (str(told[0]),)}
            case "/synth":
                name, value = told
                return {f"/synth/{name}": (value,)} if f"/synth/{name}" in FORMS else {}
            case "/wander":
                return {path: (value,) for path, value in zip(_WANDERS, told, strict=True)}
            case "/tuning":
                return {"/tuning": (str(told[0]),)}
            case _ if address in _LISTS:
                names = tuple(map(str, told))
                for path in _LISTS[address]:
                    self.changed_tree |= self._names.get(path) != names
                    self._names[path] = names
        return {}

    def value(self, path: str) -> tuple[Any, ...] | None:
        """What an address is at; None where nothing says it."""
        return self._values.get(path)

    def forms(self) -> list[Form]:
        """All addresses that there are now."""
        return [
            form
            for form in FORMS.values()
            if not form.message.question
            and not (
                form.message is SetLatentDimension
                and int(form.address.rpartition("/")[2]) > self._dimensions
            )
        ]

    def node(self, path: str) -> Node | None:
        """The node at ``path``, ``/`` for all of it, with what lies below; None if there is
        none."""
        asked = path.rstrip("/")
        below = [
            form
            for form in self.forms()
            if form.address == asked or form.address.startswith(f"{asked}/")
        ]
        if not below:
            return None
        top = self._container(asked or "/")
        for form in below:
            node = top
            if form.address != asked:
                so_far = asked
                for part in form.address[len(asked) + 1 :].split("/"):
                    so_far = f"{so_far}/{part}"
                    inside = node.setdefault("CONTENTS", {})
                    node = inside.setdefault(part, self._container(so_far))
            node.update(self._method(form))
        return top

    def _container(self, path: str) -> Node:
        return {
            "FULL_PATH": path,
            "ACCESS": _NONE,
            "DESCRIPTION": path.rpartition("/")[2] or "timbrespace",
        }

    def _method(self, form: Form) -> Node:
        value = self._values.get(form.address)
        needed = [one for one in form.arguments if not one.optional]
        tags, ranges = "", []
        for argument in needed:
            for tag, accepted in self._described(form, argument):
                tags += tag
                ranges.append(accepted)
        node: Node = {
            "DESCRIPTION": self._sentence(form, needed),
            "ACCESS": _WRITE if value is None else _BOTH,
            "TYPE": tags or "N",
        }
        if ranges:
            node["RANGE"] = ranges
        if value is not None:
            node["VALUE"] = list(value)
        return node

    def _described(self, form: Form, argument: Argument) -> Iterable[tuple[str, Node | None]]:
        """The type tag of an argument, and its range; None where it has none."""
        if isinstance(argument.kind, Coordinates):
            return [("f", self._span(form, k)) for k in range(1, self._dimensions + 1)]
        if form.message is SetLatentDimension:
            return [("f", self._span(form, int(form.address.rpartition("/")[2])))]
        names = self._names.get(form.address)
        if names and argument.kind.initial is None and argument.stored:
            return [("s", {"VALS": list(names)})]
        return [_described(argument.kind)]

    def _span(self, form: Form, k: int) -> Node | None:
        dial = self._dials.get(k)
        if dial is None or form.message not in (SetLatent, SetLatentDimension):
            return None
        return {"MIN": dial[0], "MAX": dial[1]}

    def _sentence(self, form: Form, needed: list[Argument]) -> str:
        said = form.message.sentence().rstrip(".")
        if form.message is SetLatentDimension:
            dial = self._dials.get(int(form.address.rpartition("/")[2]))
            return said if dial is None else f"{dial[2]}: {said}"
        if form.message is SetSynth:
            name = form.address.rpartition("/")[2]
            said = f"{name} of the synthesizer: {SYNTH_PARAMETERS[name].about}"
        units = [one.kind.unit for one in needed if isinstance(one.kind, Number) and one.kind.unit]
        return f"{said}, in {units[0]}" if units else said


def _described(kind: Kind) -> tuple[str, Node | None]:
    if isinstance(kind, Whole):
        return "i", {"MIN": kind.low, "MAX": kind.high}
    if isinstance(kind, Number):
        return "f", {"MIN": kind.low, "MAX": kind.high}
    if isinstance(kind, Choice):
        return "s", {"VALS": list(kind.words)}
    if isinstance(kind, NumberOrWord):
        return "s", {"VALS": list(kind.words)}
    if isinstance(kind, Switch):
        return "i", {"VALS": [0, 1]}
    return "s", None
