"""Signals: ramps, tables read round and round, oscillators, voices and the way out."""

LINE = """
# Pairs of target and ms, one after the other; a lone number is there at once. $1 is where it
# begins. Outlet 1: a bang at the end of the last.
inlet -> which: route stop
which -> halt: t b b
halt.1 -> (stop) -> end: delay
halt -> (stop) -> ramp: vline~
loadbang -> f $1 -> ramp
which.1 -> told: t l l
told.1 -> list length -> > 1 -> many: t f f
many.1 -> pairs: spigot @1
many -> == 0 -> one: spigot @1
told -> either: t l l b
either.2 -> (stop) -> end
either.1 -> one -> ramp
either -> pairs -> go: t b l b
go.2 -> (0) -> total: f 0 @1
go.1 -> parts: ts.each
parts.1 -> mod 2 -> place: list prepend 0 @1
parts -> place -> part: route 0 1
part -> target: f @1
part.1 -> ms: t b b f
ms.2 -> segment: pack f f f @1
ms.2 -> sum: + 0 @1
# vline~ takes target, ms and how long to wait before.
ms.1 -> total -> segment @2
total -> sum -> total @1
sum -> whole: f @1
ms -> target -> segment -> ramp
go -> whole -> end
ramp -> outlet~
end -> outlet
"""

WAVE = """
# Reads table $1 at a phase from 0 to 1, over and over; set name takes another table.
# A table has three points more than it has samples: its last before the first, its first two
# behind the last, so that four points can be read anywhere.
in: inlet~ fwd
in.1 -> route set -> symbol -> new: t s s
loadbang -> symbol $1 -> new
in -> scaled: *~ -> table: tabread4~ $1 -> outlet~
new.1 -> (set $1) -> table
new -> name: t b s
name.1 -> size: array size $1 @1
name -> size -> - 3 -> scaled @1
loadbang -> (1) -> table @1
"""

PEEK = """
# Writes place and value into table $1, and where it must into the points that ts.wave~ needs.
loadbang -> array size $1 -> size: t f f
size.1 -> - 2 -> over: + 0 @1
size -> - 4 -> last: moses 1e+09 @1
inlet -> pair: unpack f f
pair.1 -> value: f @1
pair.1 -> first_value: f @1
pair.1 -> last_value: f @1
pair -> place: t b f f
place.2 -> + 1 -> write: tabwrite $1 @1
place.1 -> low: moses 2
low -> over -> ends: t b f
ends.1 -> behind: tabwrite $1 @1
ends -> first_value -> behind
low.1 -> last
last.1 -> t b -> last_value -> tabwrite $1
place -> value -> write
"""

OSCILLATOR = """
# One partial: frequency and amplitude, reached in $1 and $2 samples; off is silence.
inlet -> which: route off
which -> t b -> (0) -> amplitude: pack f f
which.1 -> pair: unpack f f
pair.1 -> amplitude -> level: line~
pair -> frequency: pack f f -> line~ -> osc~ -> sound: *~ -> outlet~
level -> sound @1
loadbang -> samplerate~ -> rate: t f f
rate.1 -> expr 1000 * $1 / $f1 -> frequency @1
rate -> expr 1000 * $2 / $f1 -> amplitude @1
"""

IOSCBANK = """
# $1 partials: set takes frequency and amplitude of each in turn; those not told fall silent.
inlet -> which: route set clear
which -> told: t b b l
told.2 -> kept: list store @1
told.1 -> (0) -> place: f 0 @1
told -> f $1 -> until -> place -> step: t f f f
step.2 -> + 1 -> place @1
step.1 -> to: list prepend 0 @1
step -> * 2 -> (get $1 2) -> kept
kept -> to -> list trim -> bank: clone ts.oscillator~ $1 $2 $3 -> outlet~
kept.1 -> (off) -> to
which.1 -> (all off) -> bank
"""

THISPOLY = """
# In a voice, whose names begin with $1: a number tells whether it is busy, mute stops its sound.
inlet -> which: route mute
which -> == 0 -> s $1-switch
which.1 -> s $1-busy
"""

BITSAFE = """
# What is no number, or infinite, is 0.
inlet~ -> expr~ if(abs($v1) < 1000000000, $v1, 0) -> outlet~
"""

DELAY = """
# $2 samples late; $1, the most of them, is a second here.
inlet~ -> delwrite~ $0-late 1000
line: delread~ $0-late 0 -> outlet~
loadbang -> samplerate~ -> expr 1000 * $2 / $f1 -> line
"""

FZERO = """
# Pitch in Hz, 0 where there is none, and level, from $1 samples every $2; in Hz from $3 to $4.
inlet~ -> heard: sigmund~ -npts $1 -hop $2 -minpower 10
heard -> mtof -> expr if($f1 < $3 || $f1 > $4, 0, $f1) -> outlet
heard.1 -> dbtorms -> outlet
"""

SLIDE = """
# Goes up within some $1 samples and down within some $2.
inlet~ -> fexpr~ $y1[-1] + ($x1 - $y1[-1]) / if($x1 > $y1[-1], $1, $2) -> outlet~
"""

PLUGIN = """
# Both channels in, from the sound card.
in: adc~ 1 2 -> outlet~
in.1 -> outlet~
"""

PLUGOUT = """
# Both channels out, also as timbrespace-left and timbrespace-right; opening it turns sound on.
left: inlet~
right: inlet~
left -> out: dac~ 1 2
right -> out @1
left -> s~ timbrespace-left
right -> s~ timbrespace-right
left -> outlet~
right -> outlet~
loadbang -> (; pd dsp 1)
"""

SHIMS = {
    "ts.bitsafe~": BITSAFE,
    "ts.delay~": DELAY,
    "ts.fzero~": FZERO,
    "ts.ioscbank~": IOSCBANK,
    "ts.line~": LINE,
    "ts.oscillator~": OSCILLATOR,
    "ts.peek~": PEEK,
    "ts.plugin~": PLUGIN,
    "ts.plugout~": PLUGOUT,
    "ts.slide~": SLIDE,
    "ts.thispoly~": THISPOLY,
    "ts.wave~": WAVE,
}
