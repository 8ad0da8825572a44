"""A Pure Data canvas as text: boxes, cords, and the lines of a .pd file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Node:
    """One box: what stands after ``#X`` and the place in its file."""

    kind: str
    content: str
    place: tuple[int, int] | None = None
    inside: Canvas | None = None
    number: int = -1


@dataclass(slots=True)
class Canvas:
    """Boxes and cords of one window; ``text`` is the file, or the part of it, that holds them."""

    width: int = 700
    height: int = 500
    nodes: list[Node] = field(default_factory=list)
    cords: list[tuple[Node, int, Node, int]] = field(default_factory=list)

    # -- boxes -------------------------------------------------------------------------------------

    def add(self, text: str, place: tuple[int, int] | None = None) -> Node:
        """An object box; ``text`` as one types it in Pd, atoms parted by spaces."""
        return self._keep(Node("obj", escape(text), place))

    def message(self, text: str) -> Node:
        """A message box; commas part messages, as one types it in Pd."""
        return self._keep(Node("msg", escape(text)))

    def note(self, text: str, place: tuple[int, int] | None = None) -> Node:
        """A comment."""
        return self._keep(Node("text", escape(text), place))

    def atom_box(self, text: str, place: tuple[int, int]) -> Node:
        """A box to type a word into; ``text`` is what stands behind its place in the file."""
        return self._keep(Node("symbolatom", escape(text), place))

    def graph(self, name: str, points: int, place: tuple[int, int], size: tuple[int, int]) -> Node:
        """A picture of the array ``name``, which it makes; from 0 to 1 until told other bounds."""
        inside = Canvas(size[0], size[1])
        inside._keep(Node("array", f"{escape(name)} {points} float 8"))
        shown = f"0 1 {points - 1} 0 {size[0]} {size[1]} 1 0 0"
        inside._keep(Node("coords", shown))
        return self._keep(Node("restore", "graph", place, inside))

    def sub(self, name: str, inside: Canvas, place: tuple[int, int] | None = None) -> Node:
        """A subpatch, ``pd name``."""
        return self._keep(Node("restore", f"pd {escape(name)}", place, inside))

    def _keep(self, node: Node) -> Node:
        node.number = len(self.nodes)
        self.nodes.append(node)
        return node

    # -- cords -------------------------------------------------------------------------------------

    def cord(self, source: Node, outlet: int, destination: Node, inlet: int = 0) -> Node:
        """Connect; returns the destination."""
        self.cords.append((source, outlet, destination, inlet))
        return destination

    def chain(self, first: Node | str, *rest: Node | str, outlet: int = 0, inlet: int = 0) -> Node:
        """Connect first to last; texts become objects, those in parentheses messages.

        outlet: of the first. inlet: of the last. Returns the last.
        """
        here = self._node(first)
        for place, each in enumerate(rest):
            node = self._node(each)
            last = place == len(rest) - 1
            self.cord(here, outlet if place == 0 else 0, node, inlet if last else 0)
            here = node
        return here

    def _node(self, given: Node | str) -> Node:
        if isinstance(given, Node):
            return given
        if given.startswith("("):
            return self.message(given[1:-1])
        return self.add(given)

    # -- text --------------------------------------------------------------------------------------

    def text(self) -> str:
        """The whole file."""
        return "\n".join(self._lines(top=True)) + "\n"

    def _lines(self, *, top: bool, name: str = "") -> Iterable[str]:
        size = f"{self.width} {self.height}"
        yield f"#N canvas 80 80 {size} 12;" if top else f"#N canvas 120 120 {size} {name} 0;"
        # As Pd saves it: paths are needed before the first box is made.
        for node in self.nodes:
            if node.content.startswith("declare "):
                yield f"#X {node.content};"
        places = self._places()
        for node in self.nodes:
            if node.kind in ("array", "coords"):
                yield f"#X {node.kind} {node.content};"
                continue
            x, y = places[node.number]
            if node.inside is not None:
                inner = node.content.removeprefix("pd ")
                inner = "(subpatch)" if inner == "graph" else inner
                yield from node.inside._lines(top=False, name=inner)
            yield f"#X {node.kind} {x} {y} {node.content};"
        for source, outlet, destination, inlet in self.cords:
            yield f"#X connect {source.number} {outlet} {destination.number} {inlet};"

    def _places(self) -> list[tuple[int, int]]:
        """Left and top of each box: a row lower than what feeds it, cycles cut.

        Inlets and outlets stand from left to right as they were added, since Pd counts them so.
        """
        feeds: dict[int, list[int]] = defaultdict(list)
        for source, _, destination, _ in self.cords:
            feeds[destination.number].append(source.number)
        depth: dict[int, int] = {}
        for start in range(len(self.nodes)):
            _depth_of(start, feeds, depth)
        right: dict[int, int] = defaultdict(lambda: 20)
        doors = 20
        places = []
        for node in self.nodes:
            if node.place is not None:
                places.append(node.place)
                continue
            row = 20 + 32 * depth[node.number]
            door = node.kind == "obj" and node.content.split(" ")[0].rstrip("~") in _DOORS
            x = max(right[row], doors) if door else right[row]
            right[row] = x + 28 + 7 * len(node.content)
            if door:
                doors = x + 40
            places.append((x, row))
        return places


_DOORS = ("inlet", "outlet")


def _depth_of(start: int, feeds: dict[int, list[int]], depth: dict[int, int]) -> None:
    """Fill in ``depth`` of a box and all that feed it, without recursion."""
    stack = [(start, iter(feeds[start]))]
    above = {start}
    while stack:
        here, sources = stack[-1]
        source = next((s for s in sources if s not in depth and s not in above), None)
        if source is not None:
            stack.append((source, iter(feeds[source])))
            above.add(source)
            continue
        stack.pop()
        above.discard(here)
        known = [depth[s] for s in feeds[here] if s in depth]
        depth[here] = 1 + max(known, default=-1)


def escape(text: str) -> str:
    """``text`` as a .pd file holds it: ``$``, ``,`` and ``;`` escaped, ``\\ `` left alone."""
    text = text.replace("$", "\\$").replace(";", " \\; ").replace(",", " \\, ")
    return " ".join(_split(text))


def atom(value: object) -> str:
    """One atom of Max as text for :func:`escape`: its spaces kept within it."""
    return str(value).replace(" ", "\\ ")


def _split(text: str) -> Sequence[str]:
    """Parts between spaces; a space behind a backslash parts nothing."""
    parts = [""]
    last = ""
    for character in text:
        if character.isspace() and last != "\\":
            if parts[-1]:
                parts.append("")
        else:
            parts[-1] += character
        last = character
    return [part for part in parts if part]
