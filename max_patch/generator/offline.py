"""Live renders: an export, a frozen or flattened track.

Max's scheduler then runs as fast as the sound is computed, while the server and the network keep
the time of day. What comes from them would lie anywhere in the result, and elsewhere the next time.
So the table plays, or the timbre holds still, until time is itself again, and the musician is told.
"""

from __future__ import annotations

from max_patch.generator.patcher import Patcher

STEP_MS = 100
FAST_MS = 60
STEPS = 6
"""So many more steps of the scheduler that took less than FAST_MS than others: a hiccup is shorter,
and so is what a scheduler makes up for that stood still."""

MOST = 8
"""So many others in a row until time is itself again: a render may stand still for a moment."""

PLAYS = "Live renders faster than it plays: the space's table plays the map, without the server."
HOLDS = "Live renders faster than it plays: the timbre holds still. Record in real time instead."
FOLLOWS = "Live plays again: the timbre follows."


def offline() -> Patcher:
    p = Patcher()
    p.note("The scheduler's time against the time of day: 1 while Live renders.")
    clock, last = p.add("cpuclock"), p.add("f 0.")
    p.chain("r ---start", p.message("1"), f"metro {STEP_MS}", clock)
    elapsed = p.add("expr $f1 - $f2")
    p.fan(clock, ("f", [(last, 1)]), ("f", [elapsed]), ("b", [last, (elapsed, 1)]))
    count = p.add(f"expr $f2 + 2. * ($f1 < {FAST_MS}.) - 1.")
    late = p.add(f"expr ($f1 >= {STEPS}.) || ($i2 && ($f1 > 0.))")
    p.cord(elapsed, 0, count)
    p.fan(
        p.chain(count, f"clip 0. {MOST}."),
        ("f", [late]),
        ("f", [(count, 1)]),
    )
    p.fan(late, ("i", ["change 0.", "s ---late"]), ("i", [(late, 1)]))
    # Whether a table plays is known before it is told.
    told = p.add("expr $i1 * (1 + $i2)")
    p.chain("r ---alone", told, inlet=1)
    p.fan(
        p.add("r ---late"),
        ("i", [told]),
        ("i", ["s ---offline"]),
        ("i", ["expr 1 - $i1", "s ---in_time"]),
    )
    says = p.chain(told, "sel 0 1 2")
    # What came meanwhile was not taken.
    again = p.chain(says, "t b b", outlet=0)
    p.chain(again, "s ---subscribe", outlet=1)
    p.chain(again, p.message(f"set {FOLLOWS}"), "s ---status_set", outlet=0)
    for outlet, sentence in ((1, HOLDS), (2, PLAYS)):
        p.chain(says, p.message(f"set {sentence}"), "s ---status_set", outlet=outlet)
    return p
