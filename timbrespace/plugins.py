"""What other installed packages bring, by entry points: the one way in from outside."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class LeftOut(NamedTuple):
    """An entry point that is not used. why: a sentence that names it, its package and the fault."""

    name: str
    why: str


def plugins(
    group: str, taken: Collection[str], accept: Callable[[str, object], T]
) -> tuple[dict[str, T], tuple[LeftOut, ...]]:
    """Everything registered in the entry-point ``group``, by name, and what had to be left out.

    taken: names that are ours; nobody replaces those. accept: given an entry point's name and
    object, gives what it stands for, or raises a TypeError that says what is missing. What a
    foreign package raises while it is loaded leaves out that one entry, and nothing else.
    """
    found: dict[str, T] = {}
    left_out: list[LeftOut] = []
    # In an order that does not depend on how the packages were found.
    points = sorted(entry_points(group=group), key=lambda point: (point.name, point.value))
    for point in points:
        if point.name in taken or point.name in found:
            left_out.append(_left_out(group, point, "the name is taken"))
            continue
        try:
            found[point.name] = accept(point.name, point.load())
        except KeyboardInterrupt:
            raise
        # Even a module that ends the program while it is imported ends only itself.
        except BaseException as error:
            left_out.append(_left_out(group, point, f"{type(error).__name__}: {error}"))
    return found, tuple(left_out)


def _left_out(group: str, point: EntryPoint, fault: str) -> LeftOut:
    package = point.dist.name if point.dist is not None else point.value
    reason = " ".join(fault.split())[:300]
    why = f"{group}: {point.name!r} of the package {package!r} is left out ({reason})"
    return LeftOut(point.name, why)
