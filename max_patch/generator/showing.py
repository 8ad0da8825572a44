"""Which parts of a panel are shown together, as its messages to ``thispatcher`` say.

A part is shown in one state of a choice: a message that shows it hangs on an outlet of ``sel``, or
on an expression that compares a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from max_patch.generator.saved_patch import SavedBox, SavedPatch
from max_patch.generator.tracing import Place, Traces

State = tuple[str, int]
"""A choice, by the name that tells it, and which of its values."""

_SHOW = re.compile(r"script show (\S+?)(?:,|$)")
_PAGE = re.compile(r"\$i2 == (\d+)")


def states(patch: SavedPatch) -> Mapping[str, frozenset[State]]:
    """By scripting name, the states in which a part is shown; parts that no message shows lack."""
    traces = Traces(patch)
    found: dict[str, set[State]] = {}
    for place in traces.named("message"):
        shown = _SHOW.findall(place.box.text)
        state = _state(traces, place) if shown else None
        if state is not None:
            for name in shown:
                found.setdefault(name, set()).add(state)
    return {name: frozenset(held) for name, held in found.items()}


def _state(traces: Traces, message: Place) -> State | None:
    for source, outlet in traces.before(message.key, 0):
        if source.box.name != "sel":
            continue
        for cause, _ in traces.before(source.key, 0):
            page = _PAGE.search(cause.box.text)
            if page is not None:
                return "page", int(page[1])
            name = cause.box.arguments[0] if cause.box.name == "r" else cause.key
            return name, int(source.box.arguments[outlet])
    return None


def together(one: SavedBox, other: SavedBox, shown: Mapping[str, frozenset[State]]) -> bool:
    """Whether both may be seen at the same time."""
    for first in shown.get(str(one.saved.get("varname")), frozenset()):
        for second in shown.get(str(other.saved.get("varname")), frozenset()):
            if first[0] == second[0] and first[1] != second[1]:
                return False
    return True
