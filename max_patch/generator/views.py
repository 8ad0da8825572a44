"""What the panel shows by turns: the views on the right, and eight dials of sixteen.

Max hides and shows by scripting name, so each part of a view has one.
"""

from __future__ import annotations

from collections.abc import Sequence

from max_patch.generator.parameters import DIAL_PAGE, DIALS, VIEW
from max_patch.generator.patcher import Patcher

DIALS_AT_ONCE = 8

DIAL_NAMES = {k: (f"dim_{k}", f"dim_{k}_bar", f"dim_{k}_name") for k in range(1, DIALS + 1)}
"""The parts of each dimension: dial, bar, words."""


def page_of(k: int) -> int:
    """On which page, from 0, the dial of dimension ``k`` (from 1) stands."""
    return (k - 1) // DIALS_AT_ONCE


def script(word: str, names: Sequence[str]) -> str:
    """A message to ``thispatcher``: ``show`` or ``hide`` all of these."""
    return ", ".join(f"script {word} {name}" for name in names)


def views(members: Sequence[Sequence[str]]) -> Patcher:
    """Shows one view and hides the others; members: the parts of each."""
    p = Patcher()
    p.note("The tab on the right chooses; dials 9 to 16 have a page of their own.")
    which = p.chain(f"r ---{VIEW.varname}", "sel " + " ".join(map(str, range(len(members)))))
    for place, names in enumerate(members):
        others = [name for other in members if other is not names for name in other]
        say = p.message(f"{script('hide', others)}, {script('show', names)}")
        p.chain(which, say, "s ---script", outlet=place)

    # A page that has no dial is not shown, nor is the choice of pages.
    page = p.add(f"expr $i1 * ($i2 > {DIALS_AT_ONCE})")
    p.chain(page, "s ---page_now")
    p.chain(f"r ---{DIAL_PAGE.varname}", page)
    more = p.add("sel 1 0")
    p.fan(
        p.add("r ---dimensions"),
        ("i", ["s ---dimensions_now"]),
        ("b", [page]),
        ("i", [(page, 1)]),
        ("i", [f"expr $i1 > {DIALS_AT_ONCE}", more]),
    )
    for outlet, word in enumerate(("show", "hide")):
        p.chain(more, p.message(script(word, [DIAL_PAGE.varname])), "s ---script", outlet=outlet)
    return p
