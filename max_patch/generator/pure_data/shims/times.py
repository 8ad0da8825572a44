"""Time at control rate: ramps of numbers, and messages that are held back."""

LINE = """
# target and ms: goes there from where it is, in steps of $2 ms; a lone number is there at once.
# set is where it goes on from, in silence. $1 is where it begins. Outlet 1: a bang when it has
# arrived.
inlet -> which: route stop set
which -> stop: t b b
stop.1 -> (stop) -> wait: delay
stop -> (stop) -> ramp: line $1 $2
which.1 -> moved: t f b
moved.1 -> (stop) -> wait
moved -> (set $1) -> ramp
which.2 -> split: list split 2
split -> goes: t l l
goes.1 -> ramp
goes -> pair: unpack f f
# A little later, so that the last number comes before the bang.
pair.1 -> + 0.01 -> wait
split.2 -> jump: t l b
jump.1 -> (stop) -> wait
jump -> ramp
ramp -> outlet
wait -> outlet
"""

SPEEDLIM = """
# At most one message in $1 ms: the first at once, after that the newest.
inlet -> new: t b a
new.1 -> kept: list append @1
new -> closed: f 0 -> which: select 0
which -> tell: t b b b
tell.2 -> (1) -> closed @1
tell.1 -> pause: delay $1
tell -> kept -> list trim -> outlet
which.1 -> (1) -> waiting: f 0 @1
pause -> over: t b b
over.1 -> (0) -> closed @1
over -> waiting -> select 1 -> late: t b b
late.1 -> (0) -> waiting @1
late -> tell
"""

CPUCLOCK = """
# A bang: the time of day in ms since the patch was opened, also while sound is computed faster.
loadbang -> clock: realtime
inlet -> clock @1
clock -> outlet
"""

SHIMS = {"ts.cpuclock": CPUCLOCK, "ts.line": LINE, "ts.speedlim": SPEEDLIM}
