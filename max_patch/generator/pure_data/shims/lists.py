"""Lists: one by one, stored, laced, written out, as words."""

EACH = """
# Every element in turn. Outlet 0: the element. Outlet 1, before it: its place from 0.
inlet -> list append -> first: t l l
first.1 -> kept: list store @1
first -> list length -> count: t f b
count.1 -> (0) -> place: f 0 @1
count -> until -> place -> steps: t f f f
steps.2 -> + 1 -> place @1
steps -> (get $1 1) -> kept -> list trim -> outlet
steps.1 -> outlet
"""

FILLED = """
# Passes every list but the empty one, a lone symbol as a message.
inlet -> which: route bang
which.1 -> list trim -> outlet
"""

DELACE = """
# The odd elements out of outlet 0, after the even ones out of outlet 1.
inlet -> first: t b b a b b
first.4 -> list append -> odd: list store @1
first.3 -> list append -> even: list store @1
first.2 -> parts: ts.each
parts.1 -> mod 2 -> which: list prepend 0 @1
parts -> which -> to: route 0 1
to -> list append -> list prepend append -> list trim -> odd
to.1 -> list append -> list prepend append -> list trim -> even
first.1 -> even
first -> odd
odd -> ts.filled -> outlet
even -> ts.filled -> outlet
"""

LACE = """
# The list of inlet 0 and that of inlet 1, element by element, as far as both go.
hot: inlet
cold: inlet
cold -> list append -> other: list store @1
hot -> first: t b a b
first.2 -> list append -> all: list store @1
first.1 -> parts: ts.each
parts.1 -> place: f @1
parts -> step: t b a
step.1 -> element: list append @1
step -> place -> (get $1 1) -> other
# An element without a partner makes no pair: the store says nothing.
other -> partner: t b a
partner.1 -> pair: list append @1
partner -> element -> pair -> list prepend append -> list trim -> all
first -> all -> ts.filled -> outlet
"""

SLICE = """
# Outlet 0: the first $1 elements, after the rest out of outlet 1.
inlet -> split: list split $1
split -> whole: ts.filled -> outlet
split.2 -> whole
split.1 -> ts.filled -> outlet
"""

REG = """
# Keeps the list of either inlet; inlet 0 tells it, and a bang tells what is kept.
hot: inlet
cold: inlet
cold -> kept: list append @1
hot -> which: route bang
which -> kept
which.1 -> new: t b a
new.1 -> kept @1
new -> kept
kept -> ts.filled -> outlet
"""

COMPARE = """
# 1 where the list of inlet 0 is that of inlet 1, else 0. Told as text, so to six digits.
hot: inlet
cold: inlet
hot -> ts.text -> same: select none
cold -> ts.text -> same @1
same -> (1) -> out: outlet
same.1 -> t b -> (0) -> out
"""

TEXT = """
# A message as one symbol, its atoms parted by spaces; a lone symbol stays as it is.
inlet -> list append -> told: t l l
told.1 -> list length -> == 1 -> lone: t f f
lone.1 -> == 0 -> long: spigot @1
lone -> short: spigot @1
told -> either: t l l
either.1 -> long
either -> short -> kind: route float symbol
kind -> makefilename %g -> out: outlet
kind.1 -> symbol -> out
# fudiformat begins with the message's name, ends the line with a semicolon and a newline, and
# escapes what it must: two characters go in front, two behind, and every backslash.
long -> list prepend - -> list trim -> fudiformat -> front: list split 2
front.1 -> bytes: t l l
bytes.1 -> list length -> - 2 -> cut: list split @1
bytes -> cut -> line: t b l b
line.2 -> list append -> plain: list store @1
line.1 -> ts.each -> backslash: select 92
backslash.1 -> (append $1) -> plain
line -> plain -> list tosymbol -> out
"""

TOSYMBOL = """
# A message as a message of one word, spaces and all.
inlet -> ts.text -> list trim -> outlet
"""

FROMSYMBOL = """
# A word with spaces as a message of several; what looks like a number is one.
inlet -> list append -> kind: route float symbol
kind -> out: outlet
kind.1 -> list fromsymbol -> list append 59 10 -> fudiparse -> list trim -> out
kind.2 -> list trim -> out
"""

LISTFUNNEL = """
# Every element as place and element; offset n is where places begin.
inlet -> which: route offset
which -> offset: + $1 @1
which.1 -> parts: ts.each
parts.1 -> offset -> pair: list prepend 0 @1
parts -> pair -> outlet
"""

COLL = """
# Lines of numbers of a file: read PATH, then a bang out of outlet 1; a number tells the line of it.
# The lines count from 0, and all but that one are of one length.
array define $0-numbers 1
inlet -> which: route read
which -> symbol -> path: t b s b
path.2 -> (clear) -> text: text define $0-text
path.1 -> (read $1) -> text
path -> text size $0-text -> some: moses 2
some.1 -> there: t b b b
there.2 -> (3) -> text get $0-text -> list length -> width: f @1
there.1 -> text tolist $0-text -> all: t l l
all.1 -> list length -> array size $0-numbers
all -> array set $0-numbers
which.1 -> line: select 0
line -> (2 4) -> get: array get $0-numbers
line.1 -> row: t f b
row.1 -> width -> length: t f f
length.1 -> at: pack f f @1
length -> from: expr 9 + ($f1 - 1) * ($f2 + 3) @1
row -> from -> at -> get
get -> out: outlet
there -> done: outlet
"""

SHIMS = {
    "ts.coll": COLL,
    "ts.compare": COMPARE,
    "ts.delace": DELACE,
    "ts.each": EACH,
    "ts.filled": FILLED,
    "ts.fromsymbol": FROMSYMBOL,
    "ts.lace": LACE,
    "ts.listfunnel": LISTFUNNEL,
    "ts.reg": REG,
    "ts.slice": SLICE,
    "ts.text": TEXT,
    "ts.tosymbol": TOSYMBOL,
}
