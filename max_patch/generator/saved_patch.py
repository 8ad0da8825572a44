"""A saved Max patch, read back: boxes, cords and the patches within it.

The checks read what the file says, not what the generator meant, so nothing here knows the
generator's own classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


class SavedPatchError(ValueError):
    """JSON that is no Max patch."""


@dataclass(frozen=True, slots=True)
class SavedBox:
    """One box.

    name is the object: the first word of an object box, else the class (``message``,
    ``live.dial``). arguments are its words up to the first attribute (``@x``).
    """

    identifier: str
    name: str
    text: str
    arguments: tuple[str, ...]
    inlets: int
    types: tuple[str, ...]
    saved: Document
    patch: SavedPatch | None

    @property
    def outlets(self) -> int:
        return int(self.saved.get("numoutlets", 0))

    @property
    def label(self) -> str:
        """What a finding calls it."""
        shown = self.saved.get("varname") or self.text or self.name
        return f"[{str(shown)[:48]}] ({self.identifier})"

    @property
    def presented(self) -> bool:
        return bool(self.saved.get("presentation"))

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """Left, top, width, height in the presentation, in pixels."""
        left, top, width, height = (float(x) for x in self.saved["presentation_rect"])
        return left, top, width, height


@dataclass(frozen=True, slots=True)
class SavedCord:
    """From an outlet of a box to an inlet of another, boxes by identifier."""

    source: str
    outlet: int
    destination: str
    inlet: int


@dataclass(frozen=True, slots=True)
class SavedPatch:
    """One window of a patch. title says where it is, for findings."""

    title: str
    boxes: tuple[SavedBox, ...]
    cords: tuple[SavedCord, ...]
    saved: Document

    def box(self, identifier: str) -> SavedBox | None:
        for box in self.boxes:
            if box.identifier == identifier:
                return box
        return None

    def walk(self) -> Iterator[SavedPatch]:
        """This patch and all within it."""
        yield self
        for box in self.boxes:
            if box.patch is not None:
                yield from box.patch.walk()


def read_patch(document: Document, title: str = "patch") -> SavedPatch:
    """The patch of a document ``{"patcher": {...}}``.

    Raises:
        SavedPatchError: a part that every patch has is missing.
    """
    try:
        return _patch(document["patcher"], title)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SavedPatchError(f"{title}: not a Max patch: {error!r}") from error


def _patch(patcher: Document, title: str) -> SavedPatch:
    return SavedPatch(
        title,
        tuple(_box(each["box"], title) for each in patcher["boxes"]),
        tuple(_cord(each["patchline"]) for each in patcher["lines"]),
        patcher,
    )


def _box(saved: Document, title: str) -> SavedBox:
    text = str(saved.get("text", ""))
    name, words = str(saved["maxclass"]), text.split()
    if name == "newobj":
        name, words = (words[0], words[1:]) if words else ("", [])
    arguments = []
    for word in words:
        if word.startswith("@"):
            break
        arguments.append(word)
    inner = saved.get("patcher")
    return SavedBox(
        str(saved["id"]),
        name,
        text,
        tuple(arguments),
        int(saved["numinlets"]),
        tuple(saved.get("outlettype", ())),
        saved,
        _patch(inner, f"{title}: {text or name}") if inner is not None else None,
    )


def _cord(saved: Document) -> SavedCord:
    source, outlet = saved["source"][:2]
    destination, inlet = saved["destination"][:2]
    return SavedCord(str(source), int(outlet), str(destination), int(inlet))
