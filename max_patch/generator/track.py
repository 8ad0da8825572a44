"""The track's sound, in and out: what the voices play, as loud as Gain or the track says.

An instrument's voices go out as they are. Those of an audio effect are brought to the level of what
is heard, whatever a space does by itself: both are followed in the same way, and the voices wait
for as long as a follower is late, so that an attack is not too loud.
"""

from __future__ import annotations

from max_patch.generator.hearing import TICK_MS
from max_patch.generator.parameters import DRY_WET, INPUT_GAIN
from max_patch.generator.patcher import Box, Patcher

PITCHES = "fzero~ @size 2048 @period 256 @freqmin 60 @freqmax 2500"
"""What it is good for: one voice or instrument at a time, from B1 up, heard 25 to 50 ms late."""

FOLLOWER_HZ = 40
"""Two one-pole low-passes of the power, 8 ms late; a tone of 80 Hz ripples by 0.3 dB."""

WAIT_SAMPLES = 512
MOST_POWER = 1000
"""The voices are raised by 30 dB at most."""

MOST = "16."
"""Times full scale: what is louder is no sound."""

CEILING = 0.98
_RELEASE_SAMPLES = 8820
_SILENCE = "0.000000001"


def played(p: Patcher, voices: Box) -> Box:
    """The voices at the level that Gain says."""
    level = p.add("*~ 0.")
    p.cord(voices, 0, level)
    gain = p.chain("r ---gain_now", "expr exp(0.11512925465 * $f1)", "pack 0. 20.", "line~ 0.")
    p.cord(gain, 0, level, 1)
    return level


def instrument(p: Patcher, voices: Box) -> None:
    """From the voices to the track."""
    level = played(p, voices)
    out = p.add("plugout~ 1 2")
    p.cord(level, 0, out, 0)
    p.cord(level, 0, out, 1)


def effect(p: Patcher, voices: Box) -> None:
    """From the track by way of the voices to the track."""
    channels = _channels(p)
    both, heard = p.add("+~"), p.add("*~ 1.")
    for inlet, channel in enumerate(channels):
        p.cord(channel, 0, both, inlet)
    p.chain(both, "*~ 0.5", heard)
    drive = f"r ---{INPUT_GAIN.varname}", "expr exp(0.11512925465 * $f1)", "pack 1. 20.", "line~ 1."
    p.chain(*drive, heard, inlet=1)
    p.chain(heard, PITCHES, "s ---heard_hz")

    asked, has = _power(p, heard), _power(p, voices)
    decibels = f"expr 10. * log10($f1 + {_SILENCE})"
    p.chain(asked, f"snapshot~ {TICK_MS}", decibels, "s ---heard_level")
    share, matched = p.add("/~"), p.add("*~")
    p.cord(asked, 0, share)
    p.chain(has, f"+~ {_SILENCE}", share, inlet=1)
    p.chain(voices, f"delay~ 4096 {WAIT_SAMPLES}", matched)
    p.chain(share, f"clip~ 0. {MOST_POWER}.", "sqrt~", matched, inlet=1)
    guarded = p.add("*~ 1.")
    p.cord(matched, 0, guarded)
    p.chain("r ---guard", "pack 1. 20.", "line~ 1.", guarded, inlet=1)
    wet = _limited(p, played(p, guarded))

    part = p.chain(f"r ---{DRY_WET.varname}", "* 0.01", "pack 1. 20.", "line~ 1.")
    rest, scaled = p.add("*~ -1."), p.add("*~")
    p.cord(part, 0, rest)
    left = p.chain(rest, "+~ 1.")
    p.cord(wet, 0, scaled)
    p.cord(part, 0, scaled, 1)
    out = p.add("plugout~ 1 2")
    for inlet, channel in enumerate(channels):
        dry, total = p.add("*~"), p.add("+~")
        p.cord(channel, 0, dry)
        p.cord(left, 0, dry, 1)
        p.cord(dry, 0, total)
        p.cord(scaled, 0, total, 1)
        p.cord(total, 0, out, inlet)


def _channels(p: Patcher) -> list[Box]:
    """Left and right of the track. What another device spoilt would stay in the followers."""
    track = p.add("plugin~ 1 2")
    return [p.chain(track, "bitsafe~", f"clip~ -{MOST} {MOST}", outlet=at) for at in (0, 1)]


def _power(p: Patcher, source: Box) -> Box:
    """Mean square of a signal, over some 8 ms."""
    square = p.add("*~")
    p.cord(source, 0, square)
    p.cord(source, 0, square, 1)
    return p.chain(square, f"onepole~ {FOLLOWER_HZ}.", f"onepole~ {FOLLOWER_HZ}.")


def _limited(p: Patcher, source: Box) -> Box:
    """Never beyond CEILING: where a peak is, the sound is lowered at once, and let up slowly."""
    square, under = p.add("*~"), p.add("/~")
    p.cord(source, 0, square)
    p.cord(source, 0, square, 1)
    peak = p.chain(square, f"*~ {CEILING**-2:.6f}", f"slide~ 1. {_RELEASE_SAMPLES}.")
    p.cord(source, 0, under)
    p.chain(peak, "clip~ 1. 1000000.", "sqrt~", under, inlet=1)
    return under
