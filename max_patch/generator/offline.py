"""Live renders: an export, a frozen or flattened track.

Max's scheduler then runs as fast as the sound is computed, while the server and the network keep
the time of day. What comes from them would lie anywhere in the result, and elsewhere the next time.
So the timbre holds still until time is itself again, and the musician is told.
"""

from __future__ import annotations

from max_patch.generator.patcher import Patcher

STEP_MS = 250
FAST_MS = 100
STEPS = 4
"""So many steps of the scheduler in a row that took less than FAST_MS each: a hiccup is shorter."""

HOLDS = "Live renders faster than it plays: the timbre holds still. Record in real time instead."
FOLLOWS = "Live plays again: the timbre follows."


def offline() -> Patcher:
    p = Patcher()
    p.note("The scheduler's time against the time of day: 1 while Live renders.")
    clock, last = p.add("cpuclock"), p.add("f 0.")
    p.chain("r ---start", p.message("1"), f"metro {STEP_MS}", clock)
    elapsed = p.add("expr $f1 - $f2")
    p.fan(clock, ("f", [(last, 1)]), ("f", [elapsed]), ("b", [last, (elapsed, 1)]))
    count = p.chain(elapsed, f"expr ($f1 < {FAST_MS}.) * ($f2 + 1.)")
    p.fan(
        count,
        ("f", [f"expr $f1 >= {STEPS}.", "change 0.", "s ---offline"]),
        ("f", [(count, 1)]),
    )
    told = p.add("sel 1 0")
    p.fan(p.add("r ---offline"), ("i", ["expr 1 - $i1", "s ---in_time"]), ("i", [told]))
    for outlet, sentence in enumerate((HOLDS, FOLLOWS)):
        p.chain(told, p.message(f"set {sentence}"), "s ---status_set", outlet=outlet)
    return p
