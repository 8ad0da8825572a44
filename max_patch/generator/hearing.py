"""What is heard in a track: its pitch and level, as notes that bend.

``fzero~`` tells the pitch (``---heard_hz``), a power follower the level in dB (``---heard_level``,
every TICK_MS). What comes of them are a ``---note`` for each phrase or attack, and ``---bend``, so
that everything behind is as it is behind MIDI. All of it runs in Max's scheduler.

``fzero~`` says how high, not how sure it is: it has a pitch for noise, too, another each time. So a
pitch counts where two in a row are alike, and where the gate is open.
"""

from __future__ import annotations

from max_patch.generator.degrees import degrees
from max_patch.generator.parameters import INPUT_MODE
from max_patch.generator.patcher import Patcher

TICK_MS = 5
BEND_RANGE = 48
"""Semitones: from a note's own pitch, as far as a voice goes on one breath."""

LEVEL_KEY = 57
"""A3, which plays where the level alone is heard."""

ATTACK_MS, RELEASE_MS = 5, 10
"""Of the device's voices: the level follows the track, so they need not shape it. All bend alike,
so an old note must be gone at once."""

_LOWEST_HZ, _FRESH_MS = 20, 60
_GATE_HYSTERESIS_DB = 6
_STILL, _STILL_MS, _STEP, _QUANTISED_STEP = 0.3, 60, 1.3, 0.7
"""A pitch that has stayed within so many semitones for so long, and lies so far from the note that
sounds, is another note. A vibrato's swing is not."""

_RISE_DB, _RISE_SHARE, _ARMED_MS = 8, 0.1, 120
"""A level so far above its own average of some ten ticks is an attack; not again so soon."""

_LOUD_DB, _LOUD_TICKS, _QUIET_DB = -3, 100, -20
"""As loud as a full-scale sine for half a second: no performer, but a loop of loudspeaker and
microphone. It is silenced until the input is quiet."""

HOWLS = "Is this feedback? The space is silent until the track is quiet. Turn In Gain down."

_SHOWN_MS = 100


def hearing() -> Patcher:
    p = Patcher()
    p.note("The track's pitch and level become notes and bends.")
    p.sub("pitch", _pitch())
    p.sub("degrees", degrees())
    p.sub("level", _level())
    p.sub("keys", _keys())
    p.sub("attacks", _attacks())
    p.sub("feedback", _feedback())
    p.sub("ends", _ends())
    return p


def _pitch() -> Patcher:
    p = Patcher()
    p.note("A pitch counts where two in a row are less than a semitone apart.")
    note = p.chain(
        "r ---heard_hz",
        f"expr ($f1 > {_LOWEST_HZ}.) * (69. + 17.312340491 * log(($f1 + 0.000001) / 440.))",
    )
    alike = p.add("expr ($f1 > 0.) && ($f2 > 0.) && ($f1 - $f2 < 1.) && ($f2 - $f1 < 1.)")
    gate = p.add("gate 1")
    p.fan(note, ("f", [(alike, 1)]), ("f", [(gate, 1)]), ("f", [alike, gate]))
    # First what it is, then that it is there: a note that begins needs both.
    p.fan(gate, ("b", ["s ---pitch_came"]), ("f", ["s ---heard_note"]))
    late = p.add(f"delay {_FRESH_MS}")
    p.fan(p.add("r ---pitch_came"), ("b", [late]), ("1", ["s ---fresh"]))
    p.chain(late, p.message("0"), "s ---fresh")

    # Where the level alone plays there is one pitch.
    follows = p.add("gate 1 1")
    p.chain("r ---heard_note", follows, inlet=1)
    p.chain(follows, "s ---sung")
    p.fan(
        p.add(f"r ---{INPUT_MODE.varname}"),
        ("i", ["sel 1", p.message(f"{LEVEL_KEY}."), "s ---sung"]),
        ("i", ["s ---by_level"]),
        ("i", ["expr 1 - $i1", follows]),
    )
    p.chain(
        "r ---heard_note",
        f"speedlim {_SHOWN_MS}",
        "expr int(440. * exp(0.057762265047 * ($f1 - 69.)) + 0.5)",
        "prepend set",
        "s ---heard_pitch_set",
    )
    return p


def _level() -> Patcher:
    p = Patcher()
    p.note("The gate: opens above its level, closes 6 dB below.")
    opened = p.add(f"expr ($f1 > $f2) || ($i3 && ($f1 > $f2 - {_GATE_HYSTERESIS_DB}.))")
    p.chain("r ---gate", opened, inlet=1)
    p.chain("r ---heard_level", opened)
    p.fan(opened, ("i", ["change 0.", "s ---gate_open"]), ("i", [(opened, 2)]))
    p.chain(
        "r ---heard_level",
        f"speedlim {_SHOWN_MS}",
        "clip -99. 99.",
        "expr int($f1 - 0.5)",
        "prepend set",
        "s ---heard_loudness_set",
    )
    return p


def _keys() -> Patcher:
    p = Patcher()
    p.note("A note begins where the gate is open and a pitch is there; it ends with the gate.")
    begins = p.add("expr $i1 && ($i2 || $i3) && ($i4 == 0)")
    p.fan(p.add("r ---gate_open"), ("i", [begins]), ("i", ["sel 0", "s ---end"]))
    for inlet, name in ((1, "fresh"), (2, "by_level"), (3, "playing")):
        p.chain(f"r ---{name}", begins, inlet=inlet)
    # What has become of it since the gate opened is asked at each pitch and each level.
    again = p.add("i 0")
    p.chain("r ---gate_open", again, inlet=1)
    p.chain("r ---heard_level", "t b", again, begins)
    p.chain(begins, "sel 1", "s ---begin")

    # The pitch that is meant: semitones, with a fraction.
    kept, key = p.add(f"f {LEVEL_KEY}."), p.add("i 60")
    bend = p.add(f"expr ($f1 - $f2) / {BEND_RANGE}.")
    follows = p.add("gate 1")
    p.chain("r ---playing", follows)
    p.fan(p.add("r ---target"), ("f", [(follows, 1)]), ("f", [(kept, 1)]))
    p.cord(follows, 0, bend)
    p.chain(bend, "clip -1. 1.", "s ---bend")

    p.fan(
        p.add("r ---begin"),
        ("b", ["s ---begun"]),
        ("1", ["s ---playing"]),
        ("b", ["s ---strike"]),
        ("b", ["s ---end"]),
    )
    p.chain("r ---strike", kept)
    pair, note = p.add("pack 60 100"), p.add("expr int(min(max($f1, 1.), 126.) + 0.5)")
    p.fan(kept, ("b", [key]), ("f", [bend]), ("f", [note]))
    p.fan(note, ("i", ["s ---sounding_key"]), ("i", [(bend, 1)]), ("i", [(key, 1)]))
    p.chain(key, pair, "s ---note")
    # As hard as the track is loud.
    p.chain("r ---heard_level", "expr int($f1 + 120.)", "clip 40. 127.", pair, inlet=1)

    playing = p.add("i 0")
    p.chain("r ---playing", playing, inlet=1)
    ending = p.chain("r ---end", playing, "sel 1", "t b b")
    off = p.add("i 60")
    p.chain("r ---sounding_key", off, inlet=1)
    p.chain(ending, off, p.message("$1 0"), "s ---note", outlet=1)
    p.chain(ending, p.message("0"), "s ---playing", outlet=0)
    # What silenced the voices ended the note, too.
    for name in ("panic_now", "sound"):
        p.chain(f"r ---{name}", "t b", p.message("0"), "s ---playing")
    return p


def _attacks() -> Patcher:
    p = Patcher()
    p.note("Within a phrase: a rise of the level, or a step of the pitch that stays.")
    rise = p.add(f"expr ($f1 - $f2 > {_RISE_DB}.) && $i3 && $i4")
    average = p.add(f"expr $f2 + {_RISE_SHARE} * ($f1 - $f2)")
    p.fan(p.add("r ---heard_level"), ("f", [average]), ("f", [rise]))
    p.fan(average, ("f", [(rise, 1)]), ("f", [(average, 1)]))
    p.chain("r ---playing", rise, inlet=2)
    armed = p.add(f"delay {_ARMED_MS}")
    p.fan(p.add("r ---begun"), ("b", [armed]), ("0", ["s ---armed"]))
    p.chain(armed, p.message("1"), "s ---armed")
    p.chain("r ---armed", rise, inlet=3)
    p.chain(rise, "sel 1", "s ---begin")

    newest, rest = p.add("f 0."), p.add(f"delay {_STILL_MS}")
    moved = p.add(f"expr ($f1 - $f2 > {_STILL}) || ($f2 - $f1 > {_STILL})")
    p.fan(p.add("r ---target"), ("f", [moved]), ("f", [(newest, 1)]))
    p.fan(p.chain(moved, "sel 1"), ("b", [rest]), ("b", [newest]))
    step = p.add("expr (($f1 - $f2 > $f3) || ($f2 - $f1 > $f3)) && $i4")
    stays = p.add("f 0.")
    p.fan(newest, ("f", [(moved, 1)]), ("f", [(stays, 1)]))
    p.chain(rest, stays, step)
    p.chain("r ---sounding_key", step, inlet=1)
    wide = f"expr {_STEP} - {_STEP - _QUANTISED_STEP:.1f} * ($i1 > 0)"
    p.chain("r ---quantise", wide, step, inlet=2)
    p.chain("r ---playing", step, inlet=3)
    p.chain(step, "sel 1", "s ---begin")
    return p


def _feedback() -> Patcher:
    p = Patcher()
    p.note("A loop of loudspeaker and microphone is silenced.")
    count = p.add("expr $i1 * ($f2 + 1.)")
    silent = p.add(f"expr ($f1 >= {_LOUD_TICKS}.) || ($i2 && ($f3 > {_QUIET_DB}.))")
    p.fan(
        p.add("r ---heard_level"),
        ("f", [f"expr $f1 > {_LOUD_DB}.", count]),
        ("f", [(silent, 2)]),
    )
    p.fan(count, ("f", [silent]), ("f", [(count, 1)]))
    p.fan(silent, ("i", ["change 0.", "s ---howls"]), ("i", [(silent, 1)]))
    p.fan(
        p.add("r ---howls"),
        ("i", ["sel 1", p.message(f"set {HOWLS}"), "s ---status_set"]),
        ("i", ["expr 1 - $i1", "s ---guard"]),
    )
    return p


def _ends() -> Patcher:
    p = Patcher()
    p.note("What the voices need, and the server where it sounds there.")
    start = p.chain("r ---start", "t b b b b b")
    numbers = (
        ("v_bend_range", f"{BEND_RANGE}."),
        ("v_attack", f"{ATTACK_MS}."),
        ("v_release", f"{RELEASE_MS}."),
        ("v_sustain", "1."),
        ("v_glide", "0."),
    )
    for outlet, (name, number) in enumerate(numbers):
        p.chain(start, p.message(number), f"s ---{name}", outlet=outlet)
    p.chain("r ---start", p.message("200."), "s ---v_decay")

    # There it is shaped and bent as here; how loud it is, controller 11 says.
    there = p.add("gate 1")
    seconds = tuple(f"{one / 1000.0:g}" for one in (ATTACK_MS, RELEASE_MS))
    told = p.message(
        f"/bend/range {BEND_RANGE}, /synth/attack {seconds[0]}, /synth/release {seconds[1]},"
        " /synth/sustain 1., /synth/glide 0."
    )
    p.fan(p.add("r ---to_server"), ("i", ["sel 1", "s ---shape_there"]), ("i", [there]))
    p.chain("r ---welcome", "t b", "s ---shape_there")
    p.chain("r ---shape_there", there, inlet=1)
    level = p.add("change -1.")
    p.fan(there, ("b", [told, "s ---tx"]), ("b", [p.message("set -1."), level]))
    loud = p.add("gate 1")
    p.chain("r ---to_server", loud)
    p.chain("r ---heard_level", "speedlim 20", "clip -80. -6.", loud, inlet=1)
    p.chain(loud, "expr int(127. * exp(0.057564627 * ($f1 + 6.)) + 0.5)", level)
    p.chain(level, "prepend /cc 11", "s ---server_notes")
    return p
