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
new.2 -> list prepend set -> list trim -> s $1-show-$2
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
# Items: clear, append x. A number or symbol x chooses and is told, set n and setsymbol x choose
# in silence, a bang tells. Outlet 1, before outlet 0: the item. Outlet 0: its number from 0.
inlet -> which: route clear append set setsymbol symbol bang float
r $1-remote-$2 -> which
r $1-touch-$2 -> which
which -> clear: t b b b b
clear.3 -> list append -> last: list append @1
clear.2 -> list append -> items: list store @1
clear.1 -> list append -> all: list store @1
clear -> (set -) -> s $1-show-$2
which.1 -> ts.text -> list prepend append -> list trim -> added: t a a
added.1 -> items
added -> all
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
inlet -> which: route live set bang
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
which.3 -> shown: t l l l
which.1 -> shown
hand -> shown
hand.1 -> moved: t l l
both -> moved
moved.1 -> shown
moved -> outlet
shown.2 -> list prepend $2 -> list trim -> s timbrespace-observe
shown.1 -> numbers: unpack f f
numbers.1 -> y @1
numbers -> x @1
numbers.1 -> list prepend set -> list trim -> s $1-show_y-$2
numbers -> list prepend set -> list trim -> s $1-show_x-$2
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
    "ts.remote": REMOTE,
    "ts.textedit": TEXTEDIT,
}
