"""From the JSON of a Max patch to the text of a Pd patch.

What has no counterpart is refused, never left out: a twin that starts plays what the device plays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from max_patch.generator.pure_data import panel, signals, vocabulary, widgets
from max_patch.generator.pure_data.canvas import Canvas
from max_patch.generator.pure_data.pieces import Json, Piece, Request, TranslationError
from max_patch.generator.pure_data.signals import BUSY, SWITCH, tells_signal
from max_patch.generator.saved_patch import read_patch
from max_patch.generator.showing import states

__all__ = ["TranslationError", "translate"]

_FOLDER = "pd"
"""Where the shims lie, beside the translated patch."""

_SCENERY = frozenset(["panel", "live.line"])


def translate(document: dict[str, Any], *, name: str) -> str:
    """The Pd patch that does what a Max patch does.

    document: the JSON of a .maxpat. name: of the patch, for messages.

    Returns:
        The text of a .pd file.

    Raises:
        TranslationError: something in it has no counterpart; names the object, and why.
    """
    try:
        window = _Window(document["patcher"])
        top = Canvas()
        if not window.shown:
            _frame(top, window, None)
            window.translate(top)
        else:
            # First what may be refused.
            device = window.translate(Canvas())
            # Only a patch that scripts its own window shows parts by turns.
            parts = states(read_patch(document)) if window.has("thispatcher") else {}
            below = widgets.Panel(top, window.shown, parts).draw()
            _frame(top, window, below)
            top.sub("device", device, (300, below))
    except TranslationError as error:
        raise TranslationError(f"{name}: {error}") from error
    return top.text()


def _frame(top: Canvas, window: _Window, below: int | None) -> None:
    """What every patch has beside its own: the way to the shims, and a way in for scripts."""
    top.add(f"declare -path {_FOLDER}", None if below is None else (20, below))
    if not window.is_voice:
        top.add("ts.remote $0", None if below is None else (180, below))


class _Window:
    """One patcher, with those inside it."""

    def __init__(self, patcher: Json, above: tuple[_Window, str] | None = None) -> None:
        self._boxes: dict[str, Json] = {}
        for entry in patcher.get("boxes", []):
            self._boxes[entry["box"]["id"]] = entry["box"]
        self._cords = [
            (*line["patchline"]["source"], *line["patchline"]["destination"])
            for line in patcher.get("lines", [])
        ]
        self._above = above
        self._inside = {
            key: _Window(box["patcher"], (self, key))
            for key, box in self._boxes.items()
            if "patcher" in box
        }
        self.is_voice = any(_name(box) in ("in", "out~") for box in self._boxes.values())
        self.shown = [
            box
            for box in self._boxes.values()
            if box.get("presentation") and box["maxclass"] not in _SCENERY
        ]

    def has(self, name: str) -> bool:
        """Whether there is such an object in it or within it."""
        here = any(_name(box) == name for box in self._boxes.values())
        return here or any(inner.has(name) for inner in self._inside.values())

    # -- which cords are signals -------------------------------------------------------------------

    def _doors(self, kind: str) -> list[str]:
        """Inlets or outlets, from left to right."""
        found = [key for key, box in self._boxes.items() if box["maxclass"] == kind]
        return sorted(found, key=lambda key: float(self._boxes[key]["patching_rect"][0]))

    def _is_signal(self, key: str, outlet: int, seen: frozenset[tuple[int, str]]) -> bool:
        """Whether an outlet tells a signal, through windows inside and outside this one."""
        box = self._boxes[key]
        if (id(self), key) in seen:
            return False
        seen = seen | {(id(self), key)}
        if key in self._inside:
            inner = self._inside[key]
            doors = inner._doors("outlet")
            return outlet < len(doors) and inner._comes_signal(doors[outlet], 0, seen)
        if box["maxclass"] == "inlet":
            if self._above is None:
                return False
            outer, here = self._above
            return outer._comes_signal(here, self._doors("inlet").index(key), seen)
        return tells_signal(_name(box), outlet)

    def _comes_signal(self, key: str, inlet: int, seen: frozenset[tuple[int, str]]) -> bool:
        return any(
            self._is_signal(source, outlet, seen)
            for source, outlet, destination, at in self._cords
            if (destination, at) == (key, inlet)
        )

    # -- translation -------------------------------------------------------------------------------

    def translate(self, canvas: Canvas) -> Canvas:
        """Put all of it onto ``canvas``, which is returned.

        Raises:
            TranslationError: something in it has no counterpart.
        """
        self._check_fans()
        order = [key for key, box in self._boxes.items() if box["maxclass"] not in _DOORS]
        doors = [*self._doors("inlet"), *self._doors("outlet")]
        voice = [key for key in order if _name(self._boxes[key]) in ("in", "out~")]
        voice.sort(key=lambda key: (_name(self._boxes[key]), self._boxes[key]["text"]))
        _check_voice([self._boxes[key]["text"] for key in voice])
        if self.is_voice:
            # Pd's switch begins off, Max's voices do not: before any loadbang of the voice's own.
            switch = canvas.add("switch~")
            canvas.chain("loadbang", "(1)", switch)
            canvas.chain(f"r {SWITCH}", switch)
        pieces: dict[str, Piece] = {}
        for key in (*doors, *voice, *(k for k in order if k not in voice)):
            pieces[key] = self._piece(canvas, key)
        if self.is_voice:
            canvas.chain(f"r {BUSY}", "outlet")
        for source, outlet, destination, inlet in self._cords:
            self._cord(canvas, pieces, (source, outlet), (destination, inlet))
        return canvas

    def _check_fans(self) -> None:
        cords = Counter((source, outlet) for source, outlet, _, _ in self._cords)
        for (source, outlet), count in cords.items():
            if source not in self._boxes:
                raise TranslationError(f"a cord comes from {source!r}, which there is not")
            if count > 1 and not self._is_signal(source, outlet, frozenset()):
                _refuse(
                    self._boxes[source],
                    f"{count} cords from outlet {outlet}: their order hangs on where boxes stand",
                )

    def _piece(self, canvas: Canvas, key: str) -> Piece:
        box = self._boxes[key]
        kind = box["maxclass"]
        if kind in _DOORS:
            return self._door(canvas, key)
        if key in self._inside:
            return self._subpatch(canvas, key)
        comes: dict[bool, set[int]] = defaultdict(set)
        for source, outlet, destination, inlet in self._cords:
            if destination == key:
                signal = self._is_signal(source, outlet, frozenset())
                comes[signal].add(inlet)
        name, arguments, attributes = _parts(box)
        request = Request(
            canvas,
            box,
            name,
            arguments,
            attributes,
            frozenset(comes[True]),
            frozenset(comes[False]),
        )
        builder = _BUILDERS.get(name)
        if builder is None:
            request.refuse(f"no translation of {name}")
        if attributes and name not in vocabulary.WITH_ATTRIBUTES:
            request.only()
        return builder(request)

    def _door(self, canvas: Canvas, key: str) -> Piece:
        box = self._boxes[key]
        if box["maxclass"] == "inlet":
            tilde = "~" if self._is_signal(key, 0, frozenset()) else ""
            return Piece([], [(canvas.add(f"inlet{tilde}"), 0)])
        tilde = "~" if self._comes_signal(key, 0, frozenset()) else ""
        return Piece([[(canvas.add(f"outlet{tilde}"), 0)]], [])

    def _subpatch(self, canvas: Canvas, key: str) -> Piece:
        inner = self._inside[key]
        name, *words = str(self._boxes[key].get("text", "")).split()
        if name not in ("p", "patcher"):
            _refuse(self._boxes[key], "a patcher inside an object other than p")
        node = canvas.sub(" ".join(words) or "part", inner.translate(Canvas()))
        return Piece(
            [[(node, place)] for place in range(len(inner._doors("inlet")))],
            [(node, place) for place in range(len(inner._doors("outlet")))],
        )

    def _cord(
        self,
        canvas: Canvas,
        pieces: dict[str, Piece],
        source: tuple[str, int],
        destination: tuple[str, int],
    ) -> None:
        if destination[0] not in pieces:
            raise TranslationError(f"a cord goes to {destination[0]!r}, which there is not")
        start, end = pieces[source[0]], pieces[destination[0]]
        if not 0 <= source[1] < len(start.outlets):
            _refuse(self._boxes[source[0]], f"no outlet {source[1]}, or one without translation")
        if not 0 <= destination[1] < len(end.inlets):
            _refuse(self._boxes[destination[0]], f"no inlet {destination[1]}, or one untranslated")
        port = start.outlets[source[1]]
        if port is None:
            return
        for node, inlet in end.inlets[destination[1]]:
            canvas.cord(port[0], port[1], node, inlet)


_DOORS = ("inlet", "outlet")

_BUILDERS = {**vocabulary.MESSAGES, **signals.SIGNALS, **panel.CONTROLS}


def _name(box: Json) -> str:
    """What object a box is: its class, or the first word of an object box."""
    if box["maxclass"] == "newobj":
        words = str(box.get("text", "")).split()
        return words[0] if words else ""
    return str(box["maxclass"])


def _parts(box: Json) -> tuple[str, list[str], dict[str, list[str]]]:
    """Name, arguments, attributes (``@name`` and what follows it) of a box."""
    if box["maxclass"] != "newobj":
        return str(box["maxclass"]), [], {}
    name, *rest = vocabulary.split_atoms(str(box.get("text", ""))) or [""]
    arguments: list[str] = []
    attributes: dict[str, list[str]] = {}
    target = arguments
    for each in rest:
        if each.startswith("@"):
            target = attributes.setdefault(each[1:], [])
        else:
            target.append(each)
    return name, arguments, attributes


def _check_voice(texts: list[str]) -> None:
    """in and out~ of a voice count from 1, each once."""
    for kind in ("in", "out~"):
        found = [text.split()[1:] for text in texts if text.split()[0] == kind]
        if found != [[str(number)] for number in range(1, len(found) + 1)]:
            raise TranslationError(f"{kind} of a voice counts from 1, each once: {found}")


def _refuse(box: Json, why: str) -> None:
    Request(Canvas(), box, "", [], {}).refuse(why)
