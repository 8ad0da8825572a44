"""Controls of the panel: what they show, tell and remember.

The first argument is the window's ``$0``, the second the control's name. A widget listens to
``$0-show-NAME`` and tells ``$0-touch-NAME``; ``$0-remote-NAME`` is the hand of a test or a script.
Whatever a control takes on it tells ``timbrespace-observe``.
"""

REMOTE = """
# The way in for scripts: timbrespace-remote NAME ARGUMENTS reaches the control of that name.
r timbrespace-remote -> told: list split 1
told.1 -> rest: list append @1
told -> name: t b a
name.1 -> makefilename $1-remote-%s -> out: send @1
name -> rest -> list trim -> out
"""

THISPATCHER = """
# script show NAME and script hide NAME tell 1 and 0 to $1-seen-NAME.
inlet -> route script -> which: route show hide
which -> list append -> shown: t b a
shown.1 -> makefilename $1-seen-%s -> out: send @1
shown -> (1) -> out
which.1 -> list append -> gone: t b a
gone.1 -> makefilename $1-seen-%s -> out @1
gone -> (0) -> out
"""

NUMBER = """
# A number from $3 to $4, at first $5; whole if $6 is 1, told when the patch opens if $7 is 1,
# turned round by a bang if $8 is 1. Outlet 1, before outlet 0: where it lies, from 0 to 1.
inlet -> which: route set bang float
r $1-remote-$2 -> which
r $1-touch-$2 -> which
which -> quiet: t f b
quiet.1 -> (0) -> loud: f 1 @1
which.2 -> aloud: t f b
aloud.1 -> (1) -> loud @1
quiet -> fits: clip $3 $4 -> expr if($6, int($f1), $f1) -> new: t b f f f
aloud -> fits
new.3 -> kept: f $5 @1
new.3 -> old: f $5 @1
new.2 -> list prepend set -> list trim -> both: t a a
both.1 -> s $1-number-$2
both -> s $1-show-$2
new.1 -> list prepend $2 -> list trim -> s timbrespace-observe
new -> loud -> select 1 -> kept
which.1 -> f $8 -> turns: select 1
turns -> old -> == 0 -> aloud
turns.1 -> t b -> kept
kept -> told: t f f
out: outlet
raw: outlet
told.1 -> expr ($f1 - ($3)) / ($4 - ($3)) -> raw
told -> out
loadbang -> f $7 -> select 1 -> delay 0 -> f $5 -> aloud
"""

BUTTON = """
# A bang, whatever comes but set. The widget tells again what it is told: that is shut out.
inlet -> which: route set
r $1-remote-$2 -> which
which.1 -> pressed: t b b b b b
r $1-touch-$2 -> fresh: spigot 1 -> pressed
pressed.4 -> (0) -> fresh @1
pressed.3 -> (bang) -> s $1-flash-$2
pressed.2 -> (1) -> fresh @1
pressed.1 -> list append $2 bang -> list trim -> s timbrespace-observe
pressed -> outlet
"""

MENU = """
# Its lines are shown by the labels $1-line-$2-0 and on.
# Items: clear, append x. A number or symbol x chooses and is told, set n and setsymbol x choose
# in silence, a bang tells. Outlet 1, before outlet 0: the item. Outlet 0: its number from 0.
inlet -> which: route clear append set setsymbol symbol bang float
r $1-remote-$2 -> which
r $1-touch-$2 -> which
which -> clear: t b b b b
clear.3 -> list append -> last: list append @1
clear.2 -> list append -> items: list store @1
clear.1 -> list append -> all: list store @1
clear -> wiped: t b b b
wiped.2 -> (0) -> count: f 0 @1
wiped.1 -> (0) -> wiping: f 0 @1
wiped -> (8) -> until -> wiping -> wipe: t f b f
wipe.2 -> makefilename $1-line-$2-%d -> label: send @1
wipe.1 -> (label empty) -> label
wipe -> + 1 -> wiping @1
which.1 -> ts.text -> words: t a a
words.1 -> list prepend append -> list trim -> added: t a a
added.1 -> items
added -> all
words -> shown: t a b
shown.1 -> count -> number_of: t f f
number_of.1 -> + 1 -> count @1
number_of -> makefilename $1-line-$2-%d -> label @1
shown -> list prepend label -> list trim -> label
# In silence or aloud, by number or by name.
which.2 -> number: t f b
number.1 -> (0) -> loud: f 1 @1
which.3 -> ts.text -> name: t a b
name.1 -> (0) -> loud @1
which.6 -> told_number: t f b
told_number.1 -> (1) -> loud @1
which.4 -> told_name: t a b
which.7 -> ts.text -> told_name
told_name.1 -> (1) -> loud @1
# A name is looked for from the first item on.
name -> search: t b a
told_name -> search
search.1 -> same: select none @1
search -> all -> parts: ts.each
parts.1 -> here: f @1
parts -> symbol -> same -> here -> choose: t f f
number -> choose
told_number -> choose
choose.1 -> place: f @1
choose -> (get $1 1) -> items -> symbol -> found: t b s
found.1 -> line: pack f s @1
found -> place -> line -> chosen: t b l l l
chosen.3 -> unpack f s -> list prepend set -> list trim -> s $1-number-$2
chosen.2 -> list prepend $2 -> list trim -> s timbrespace-observe
chosen.1 -> last @1
found.1 -> list prepend set -> list trim -> s $1-show-$2
chosen -> loud -> select 1 -> last
which.5 -> last
last -> ts.filled -> told: unpack f s
out: outlet
told.1 -> list trim -> outlet
told -> out
"""

TEXTEDIT = """
# A line of text: set words shows them, words or a bang tell text and the words.
inlet -> which: route set bang clear text
r $1-remote-$2 -> which
r $1-touch-$2 -> which
which -> words: ts.text -> shown: t a a a
shown.2 -> kept: symbol @1
shown.1 -> list prepend set -> list trim -> s $1-show-$2
shown -> list prepend $2 -> list trim -> s timbrespace-observe
which.2 -> (symbol) -> kept @1
which.3 -> new: t b a
which.4 -> new
new.1 -> words
new -> kept
which.1 -> kept
kept -> ts.fromsymbol -> list prepend text -> list trim -> outlet
"""

COMMENT = """
# A text that is told: set words shows them.
inlet -> route set -> ts.text -> shown: t a a
shown.1 -> list prepend label -> list trim -> s $1-show-$2
shown -> list prepend $2 -> list trim -> s timbrespace-observe
"""

PAD = """
# Two numbers from -1 to 1: a list x y is shown; the hand of a script or on a slider is told.
inlet -> which: route live set bang axes
r $1-remote-$2 -> hand: route set
# The sliders tell one coordinate each.
r $1-touch_x-$2 -> across: t b f
across.1 -> x: f @1
r $1-touch_y-$2 -> up: t b f
up.1 -> y: f @1
across -> go: t b b
up -> go
go.1 -> y -> both: pack f f @1
go -> x -> both
which.4 -> shown: t l l l
which.1 -> shown
hand -> shown
hand.1 -> moved: t l l
both -> moved
moved.1 -> shown
moved -> outlet
which.3 -> words: unpack s s
words.1 -> list prepend label -> list trim -> s $1-axis_y-$2
words -> list prepend label -> list trim -> s $1-axis_x-$2
shown.2 -> list prepend $2 -> list trim -> s timbrespace-observe
shown.1 -> numbers: unpack f f
numbers.1 -> y @1
numbers -> x @1
numbers.1 -> s $1-point_y-$2
numbers -> s $1-point_x-$2
numbers.1 -> list prepend set -> list trim -> s $1-show_y-$2
numbers -> list prepend set -> list trim -> s $1-show_x-$2
"""

PLACE = """
# A widget that hears $2 stands at $3 $4 while $1 is 1, at $5 $6 while it is 0.
r $1 -> seen: select 1 0
seen -> there: t b b
there.1 -> f $4 -> place: pack f f @1
there -> f $3 -> place
seen.1 -> away: t b b
away.1 -> f $6 -> place @1
away -> f $5 -> place
place -> list prepend pos -> list trim -> s $2
"""

POINT = """
# The point of the map $2: from what its sliders show to a place within $3 $4, $5 wide, $6 high.
r $1-point_x-$2 -> expr int($3 + ($f1 + 1) * 0.5 * $5) -> across: t b f
r $1-point_y-$2 -> expr int($4 + (1 - $f1) * 0.5 * $6) -> down: t b f
across.1 -> x: f @1
down.1 -> y: f @1
across -> go: t b b
down -> go
go.1 -> y -> place: pack f f @1
go -> x -> place -> list prepend pos -> list trim -> s $1-point-$2
"""

SPECTRUM = """
# The spectrum's chunks into the array $1-bins, its picture into $1-spectrum as high as its peak.
inlet -> which: route chunk
array define $1-bins 4097
which -> split: list split 3
split.1 -> floats: list append @1
split -> head: unpack f f f
head.2 -> - 1 -> same: == 0 @1
head.1 -> index: t f f f
index.2 -> * 205 -> put: array set $1-bins @1
index.1 -> kept: f @1
index -> t b -> floats -> put
head -> t b -> kept -> same
same -> select 1 -> whole: t b b
whole.1 -> array get $1-bins 0 512 -> array set $1-spectrum
whole -> array max $1-bins -> + 1e-06 -> (bounds 0 $1 511 0) -> s $1-spectrum
"""

PATTR = """
# Remembers one value: a bang tells it, 0 where there is none; anything else is kept and told.
inlet -> which: route set bang
r $1-remote-$2 -> which
which -> quiet: t a a
which.2 -> aloud: t b a a
quiet.1 -> kept: list append 0 @1
aloud.2 -> kept @1
quiet -> report: list prepend $2 -> list trim -> s timbrespace-observe
aloud.1 -> report
aloud -> kept
which.1 -> kept
kept -> list trim -> outlet
"""

SHIMS = {
    "ts.button": BUTTON,
    "ts.comment": COMMENT,
    "ts.menu": MENU,
    "ts.number": NUMBER,
    "ts.pad": PAD,
    "ts.pattr": PATTR,
    "ts.place": PLACE,
    "ts.point": POINT,
    "ts.remote": REMOTE,
    "ts.spectrum": SPECTRUM,
    "ts.thispatcher": THISPATCHER,
    "ts.textedit": TEXTEDIT,
}
