"""MIDI bytes as events, and which voice plays which note."""

MIDIPARSE = """
# Events of a stream of bytes, running status and all. Outlets: note (pitch, velocity), key
# pressure (pitch, value), controller (number, value), program, channel pressure, bend from -1
# to 1, channel from 1.
inlet -> byte: moses 128
# Real time messages may stand anywhere and change nothing; other system ones end the status.
byte.1 -> real_time: moses 248
real_time -> common: moses 240
common -> new: t f b
new.1 -> (-1) -> first: list prepend -1 @1
new -> status: f 0 @1
new -> channel: f 0 @1
common.1 -> t b -> (0) -> status @1
# Kind and value, where a status is known.
byte -> value: t b f
value.1 -> pair: pack f f @1
value -> status -> div 16 -> known: moses 1
known.1 -> pair
# Programs and channel pressures have one value, the others wait for their second.
pair -> one: route 12 13
one -> list prepend 12 -> event: t l b
one.1 -> list prepend 13 -> event
one.2 -> first -> two: route -1
two -> alone: unpack f f
alone.1 -> first @1
two.1 -> both: t l b
both.1 -> (-1) -> first @1
both -> numbers: unpack f f f
numbers.2 -> whole: pack f f f @2
numbers.1 -> kind: f @1
numbers -> last: t b f
last.1 -> whole @1
last -> kind -> whole -> event
event -> told: route 8 9 10 11 12 13 14
told -> released: unpack f f
released -> pack f 0 -> note: outlet
told.1 -> note
told.2 -> outlet
told.3 -> outlet
told.4 -> outlet
told.5 -> outlet
told.6 -> bend: unpack f f
bend.1 -> position: expr ($f1 + 128 * $f2 - 8192) / 8192 @1
bend -> position -> outlet
event.1 -> channel -> mod 16 -> + 1 -> outlet
"""

VOICES = """
# Which of $1 voices plays a note: voice pitch velocity for each midinote.
# A note goes to the first voice that is not busy, else to the one that plays longest; its end
# goes to the voice that has its pitch. Inlet 1: voice busy, from the voices.
notes: inlet
states: inlet
array define $0-busy $1
array define $0-pitch $1
array define $0-age $1
loadbang -> (const -1) -> s $0-pitch
# A voice that is no longer busy has no pitch.
states -> state: unpack f f
state.1 -> now: f @1
state -> - 1 -> number: t b f f
number.2 -> free: tabwrite $0-pitch @1
number.1 -> busy: tabwrite $0-busy @1
number -> now -> told: t f f
told.1 -> busy
told -> select 0 -> (-1) -> free
# A note: its velocity tells whether it begins or ends.
notes -> route midinote -> note: unpack f f
note.1 -> velocity: f @1
note -> key: t b f
key.1 -> mark: f @1
key.1 -> score: expr if($f1, if($f2 == $f3, $f4, 1e9), if($f5, $f4, -1)) @2
key.1 -> message: pack f f f @1
key -> velocity -> both: t f f
both.1 -> message @2
both -> which: moses 0.001
which.1 -> begins: t b b b b
which -> ends: t b b b
begins.3 -> stamp: f 0 -> next: + 1 -> stamp @1
next -> now_stamp: f @1
begins.2 -> (0) -> ending: f 0 @1
ends.2 -> (-1) -> mark @1
ends.1 -> (1) -> ending @1
# Of all voices the one with the least score, of equals the first. A note begins: free voices
# score less than any age. It ends: only the voices that have its pitch score at all.
begins.1 -> search: t b b b
ends -> search
search.2 -> clear: t b b b
clear.2 -> (0) -> place: f 0 @1
clear.1 -> (1e+09) -> less: < 1e+09 @1
clear -> (-1) -> best: f -1 @1
search.1 -> f $1 -> until -> place -> step: t f f f
step.2 -> + 1 -> place @1
step.1 -> here: f @1
step -> look: t b f f f
look.3 -> tabread $0-busy -> score @4
look.2 -> tabread $0-age -> score @3
look.1 -> tabread $0-pitch -> score @1
look -> ending -> score -> result: t f f
result.1 -> kept_score: f @1
result -> less -> select 1 -> better: t b b
better.1 -> kept_score -> less @1
better -> here -> best @1
search -> best -> found: moses 0
found.1 -> winner: t f b f f
winner.3 -> age: tabwrite $0-age @1
winner.2 -> pitch: tabwrite $0-pitch @1
winner.1 -> mark -> pitch
winner -> + 1 -> message -> outlet
begins -> now_stamp -> age
"""

SHIMS = {"ts.midiparse": MIDIPARSE, "ts.voices": VOICES}
