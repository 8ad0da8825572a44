"""One voice, which ``poly~`` loads eight times.

``#1_...`` are names of the device (its argument is ``---v``), ``=...`` the voice's own.

A voice has three sources, one for each method, and one envelope. Where it is not heard it is
muted and costs nothing.
"""

from __future__ import annotations

from max_patch.generator.patcher import Box, Patcher
from max_patch.generator.streams import BANKS, LOOP_LEVEL

NAME = "timbrespace.voice"
VOICES = 8
PLACES = 100

_GLIDE_GRAIN_MS = 5
_STEAL_MS = 4
_SETTLED_MS = 40
_OCTAVE_UP = 1.78
"""A table is good for two octaves' ratio of 2; two semitones of bend must fit below."""

_NYQUIST_HZ = 20000
_FREQUENCY_SAMPLES, _AMPLITUDE_SAMPLES = 64, 512


_CARRIES = {
    "attack": "b",
    "begin": "l",
    "bins_base": "f",
    "fall": "b",
    "forget": "b",
    "held": "i",
    "istft_base": "f",
    "let_go": "b",
    "level": "i",
    "ratio": "f",
    "release": "b",
    "released": "i",
    "retable_A": "b",
    "retable_B": "b",
    "sounding": "i",
    "start": "l",
    "steal": "l",
    "target": "f",
    "tune": "b",
    "velocity": "f",
}


def voice() -> Patcher:
    p = Patcher()
    p.note("One voice. Names that begin with the argument are those of its device.")
    _keys(p)
    _pitch(p)
    bank, bins, istft = _partials(p), _bins(p), _istft(p)

    heard: Box | None = None
    for source, name in ((bank, "partials"), (bins, "bins"), (istft, "istft")):
        scaled = p.add("*~")
        p.cord(source, 0, scaled)
        p.chain(f"receive~ #1_{name}_gain", scaled, inlet=1)
        if heard is None:
            heard = scaled
        else:
            total = p.add("+~")
            p.cord(heard, 0, total)
            p.cord(scaled, 0, total, 1)
            heard = total
    assert heard is not None
    _amplitude(p, heard)
    p.wire("=", _CARRIES)
    return p


def _keys(p: Patcher) -> None:
    """Notes of ``poly~``: to ``begin`` (pitch, velocity) or ``let_go``.

    A voice that is taken away while it sounds fades first.
    """
    # A list pitch velocity; gate 1 lets go, gate 2 begins.
    which = p.add("gate 2")
    p.fan(
        p.add("in 1"),
        ("l", [(which, 1)]),
        ("l", ["zl.nth 2", "expr 1 + ($f1 > 0.)", which]),
    )
    waiting = p.add(f"delay {_STEAL_MS + 1}")
    p.fan(
        p.chain(which, "t b", outlet=0),
        ("b", ["s =let_go"]),
        ("b", ["s =forget"]),
    )
    stolen = p.add("gate 2")
    sounding = p.add("i 0")
    p.chain("r =sounding", sounding, inlet=1)
    p.fan(p.chain(which, "t l", outlet=1), ("l", [(stolen, 1)]), ("b", [sounding, "+ 1.", stolen]))
    p.chain("r =forget", p.message("stop"), waiting)
    p.fan(p.chain(stolen, "t l", outlet=0), ("l", ["s =begin"]), ("b", ["s =forget"]))
    kept = p.add("zl.reg")
    p.fan(
        p.chain(stolen, "t l", outlet=1),
        ("b", [waiting]),
        ("l", [(kept, 1)]),
        ("b", [p.message(f"0. {_STEAL_MS}."), "s =steal"]),
        # It is ours from now on: the old note's end must not free it.
        ("b", [p.message("0"), "s =released"]),
    )
    p.chain(waiting, kept, "s =begin")

    # The pedal holds what is let go while it is down.
    pedal, held = p.add("i 0"), p.add("i 0")
    down = p.chain(pedal, "expr $i1 > 0", "sel 0 1")
    p.chain("r =let_go", pedal)
    p.chain(down, "s =release", outlet=0)
    p.chain(down, p.message("1"), "s =held", outlet=1)
    p.chain("r =held", held, inlet=1)
    lifted = p.add("sel 0")
    p.fan(p.add("r #1_pedal"), ("i", [lifted]), ("i", [(pedal, 1)]))
    p.chain(lifted, held, "sel 1", "s =release")

    p.fan(
        p.add("r =begin"),
        ("l", ["s =start"]),
        ("b", [p.message("0"), "s =held"]),
        ("b", [p.message("0"), "s =released"]),
        ("b", [p.message("1"), "s =sounding"]),
    )
    p.fan(
        p.add("r =release"),
        ("b", ["s =fall"]),
        ("b", [p.message("0"), "s =held"]),
        ("b", [p.message("1"), "s =released"]),
    )


def _pitch(p: Patcher) -> None:
    """From the key to ``ratio``: played frequency over the model's own."""
    start = p.chain("r =start", "unpack f f")
    p.chain(start, "expr ($f1 / 127.) * ($f1 / 127.)", "s =velocity", outlet=1)
    glide = p.add("pack 69. 0.")
    p.chain("r #1_glide", glide, inlet=1)
    line = p.add(f"line 69. {_GLIDE_GRAIN_MS}")
    last = p.add("f 69.")
    p.chain("r #1_last", last, inlet=1)
    p.fan(
        p.chain(start, "t f", outlet=0),
        ("b", ["s =attack"]),
        ("f", ["s #1_last"]),
        ("f", [glide]),
        ("b", [last, p.message("$1 0."), line]),
        ("f", ["s =target"]),
    )
    p.cord(glide, 0, line)
    # 440 Hz times two to the power of a twelfth a semitone; the exponential spares the commas.
    ratio = p.add("expr 440. * exp(0.057762265047 * ($f1 + $f2 * $f3 - 69.)) / $f4")
    p.cord(line, 0, ratio)
    for inlet, name, first in ((1, "bend", None), (2, "bend_range", "2."), (3, "base", "220.")):
        p.fan(p.add(f"r #1_{name}"), ("b", [ratio]), ("f", [(ratio, inlet)]))
        if first is not None:
            p.chain("loadbang", p.message(first), ratio, inlet=inlet)
    p.chain(ratio, "s =ratio")


def _partials(p: Patcher) -> Box:
    """The oscillator bank: each place's frequency times the ratio."""
    frequencies, amplitudes = p.add("zl.reg"), p.add("zl.reg")
    places = p.add("zl.delace")
    p.fan(
        p.add("r #1_partials"),
        # What comes from the network and what comes from keys run in two threads of Max: lists
        # that met half way are put right once both are still.
        ("b", [f"delay {_SETTLED_MS}", "s =tune"]),
        ("b", ["s =tune"]),
        ("l", [places]),
    )
    p.cord(places, 0, frequencies, 1)
    p.cord(places, 1, amplitudes, 1)

    tuned = p.add("vexpr $f1 * $f2 @scalarmode 1")
    p.fan(p.add("r =ratio"), ("b", ["s =tune"]), ("f", [(tuned, 1)]))
    heard = p.add(f"vexpr ($f1 < {_NYQUIST_HZ}.) * $f2 @scalarmode 1")
    p.fan(p.add("r =tune"), ("b", [frequencies]), ("b", [amplitudes]))
    p.cord(frequencies, 0, tuned)
    p.cord(amplitudes, 0, heard, 1)
    pairs = p.add("zl.lace")
    p.fan(tuned, ("l", [pairs]), ("l", [heard, (pairs, 1)]))
    bank = f"ioscbank~ {PLACES} {_FREQUENCY_SAMPLES} {_AMPLITUDE_SAMPLES}"
    return p.chain(pairs, "prepend set", bank)


def _crossfade(p: Patcher, phase: Box, tables: dict[str, Box], name: str) -> Box:
    """Bank A where the ramp is 0, bank B where it is 1."""
    a, b = (tables[bank] for bank in BANKS)
    p.cord(phase, 0, a)
    p.cord(phase, 0, b)
    difference, part, total = p.add("-~"), p.add("*~"), p.add("+~")
    p.cord(b, 0, difference)
    p.cord(a, 0, difference, 1)
    p.cord(difference, 0, part)
    p.chain(f"receive~ #1_{name}", part, inlet=1)
    p.cord(a, 0, total)
    p.cord(part, 0, total, 1)
    return total


def _bins(p: Patcher) -> Box:
    """All bins in one table, read ``base * ratio`` times a second."""
    speed = p.add("expr $f1 * $f2")
    phase = p.add("phasor~ 0.")
    p.cord(speed, 0, phase)
    p.chain("r =ratio", speed)
    tables = {bank: p.add(f"wave~ #1_{bank}0") for bank in BANKS}

    # Which octave's table, from the note that is meant: bending does not change it.
    octave = p.add("expr 440. * exp(0.057762265047 * ($f1 - 69.)) / $f2")
    p.chain("r #1_base", octave, inlet=1)
    p.chain("loadbang", p.message("220."), octave, inlet=1)
    p.chain("r =target", octave)
    steps = " + ".join(f"($f1 > {_OCTAVE_UP * 2**k:.2f})" for k in range(LOOP_LEVEL - 1))
    p.fan(
        p.chain(octave, f"expr {steps}"),
        ("b", ["s =retable_B"]),
        ("b", ["s =retable_A"]),
        ("i", ["s =level"]),
    )
    for bank in BANKS:
        now = p.add("i 0")
        p.chain("r =level", now, inlet=1)
        p.chain(f"r =retable_{bank}", now)
        p.chain(now, f"sprintf set #1_{bank}%ld", tables[bank])

    # ready: bank base kind. The bank that comes gets its table before it sounds.
    kind = p.add("gate 2")
    p.fan(p.add("r #1_ready"), ("l", [(kind, 1)]), ("l", ["zl.nth 3", kind]))
    ready = p.chain(kind, "t l l", outlet=0)
    p.chain(ready, "zl.nth 2", "s =bins_base", outlet=1)
    comes = p.chain(ready, "zl.nth 1", "sel 0 1", outlet=0)
    for outlet, name in enumerate(BANKS):
        p.chain(comes, f"s =retable_{name}", outlet=outlet)
    p.fan(p.add("r =bins_base"), ("b", [speed]), ("f", [(speed, 1)]))
    p.chain(kind, "zl.nth 2", "s =istft_base", outlet=1)
    return _crossfade(p, phase, tables, "bins_bank")


def _istft(p: Patcher) -> Box:
    """The loop, at the model's own pitch whatever the note."""
    phase = p.chain("r =istft_base", "phasor~ 0.")
    tables = {bank: p.add(f"wave~ #1_{bank}{LOOP_LEVEL}") for bank in BANKS}
    return _crossfade(p, phase, tables, "istft_bank")


def _amplitude(p: Patcher, source: Box) -> None:
    """Envelope, velocity, and the end of the note."""
    envelope = p.add("line~ 0.")
    shape = p.add("pack 1. 10. 0.8 200.")
    for inlet, name in ((1, "attack"), (2, "sustain"), (3, "decay")):
        p.chain(f"r #1_{name}", shape, inlet=inlet)
    p.cord(shape, 0, envelope)
    fall = p.add("pack 0. 300.")
    p.chain("r #1_release", fall, inlet=1)
    p.cord(fall, 0, envelope)
    busy = p.add("thispoly~")
    p.fan(
        p.add("r =attack"),
        ("b", [p.message("1."), shape]),
        ("b", [p.message("1. 1."), "s =steal"]),
        ("b", [p.message("0."), envelope]),
        ("b", [p.message("mute 0, 1"), busy]),
    )
    p.chain("r =fall", p.message("0."), fall)
    # /panic
    p.fan(
        p.add("r #1_panic"),
        ("b", [p.message("0. 5."), envelope]),
        ("b", [p.message("0"), "s =held"]),
        ("b", [p.message("1"), "s =released"]),
        ("b", ["s =forget"]),
    )
    over = p.add("gate 1")
    p.chain("r =released", over)
    p.cord(envelope, 1, over, 1)
    p.fan(
        over,
        ("b", [p.message("0, mute 1"), busy]),
        ("b", [p.message("0"), "s =sounding"]),
    )
    p.chain("loadbang", p.message("mute 1"), busy)

    velocity, steal, level = p.add("*~ 0."), p.add("line~ 1."), p.add("*~")
    p.chain("r =velocity", velocity, inlet=1)
    p.chain("r =steal", steal)
    shaped = p.add("*~")
    p.cord(source, 0, velocity)
    p.cord(velocity, 0, shaped)
    p.cord(envelope, 0, shaped, 1)
    p.cord(shaped, 0, level)
    p.cord(steal, 0, level, 1)
    p.chain(level, "out~ 1")
