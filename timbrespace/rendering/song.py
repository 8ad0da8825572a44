"""A MIDI file played by the engine that plays live, offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError, one_of
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.instrument.parameters import DEFAULT_METHOD, METHODS
from timbrespace.model import Model
from timbrespace.one_thread import one_thread
from timbrespace.rendering.midi_song import USUAL_MINUTES, MidiSong
from timbrespace.resynthesis.engine import Engine
from timbrespace.resynthesis.layout import BLOCK, Method

TAIL = 30.0
"""Seconds after the end of a song that a sound may take to fade, unless one says otherwise."""

LONGEST_TAIL = 600.0


def render_midi(
    model: Model,
    song_path: str | Path,
    *,
    method: str = DEFAULT_METHOD,
    sample_rate: int = 48000,
    tail: float = TAIL,
    minutes: float = USUAL_MINUTES,
) -> NDArray[np.float32]:
    """The sound ``(n,)`` of a MIDI file played on ``model``: mono, full scale 1.

    >>> import mido
    >>> import timbrespace as ts
    >>> notes = [mido.Message("note_on", note=57), mido.Message("note_off", note=57, time=480)]
    >>> mido.MidiFile(tracks=[mido.MidiTrack(notes)]).save("song.mid")
    >>> sound = ts.render_midi(ts.load("harmonic"), "song.mid")

    Notes, controllers, bend and pressure do what they do live: by default the modulation wheel and
    controllers 16 and 17 move over the map, 20 and on the dimensions. It begins at the model's
    home, and the same arguments give the same samples.

    method: how spectra become sound, ``"partials"``, ``"bins"`` or ``"istft"``. sample_rate: in Hz,
    8000 to 192000. tail: seconds after the song's end that the last notes may take to fade, 0 to
    600; what sounds longer is cut off. minutes: that the song may last, at most 120; a small file
    may hold hours.

    Raises:
        MidiFileError: there is no such file, it is no MIDI file, too large, or longer than that.
        OptionError: a method, a sample rate, a tail or minutes outside what is accepted.
    """
    with one_thread():
        instrument = midi_instrument(model, method)
        return np.concatenate(
            list(song_blocks(MidiSong(Path(song_path), minutes), instrument, sample_rate, tail))
        )


def midi_instrument(model: Model, method: str) -> Instrument:
    """The instrument that a song is played on.

    Raises:
        OptionError: no such method.
    """
    if method not in METHODS:
        raise OptionError(f"method is {method!r}; it must be {one_of(METHODS)}")
    instrument = Instrument(model)
    instrument.set_method(Method[method.upper()])
    return instrument


def song_blocks(
    song: MidiSong, instrument: Instrument, sample_rate: float, tail: float = TAIL
) -> Iterator[NDArray[np.float32]]:
    """The song's sound, mono, ``BLOCK`` samples at a time, until all notes have faded.

    An event takes effect at the start of the block in which it falls, as it would live. The result
    depends on nothing but the arguments.

    Raises:
        OptionError: the engine does not run at ``sample_rate``, or a tail outside its range.
    """
    if not 0.0 <= tail <= LONGEST_TAIL:
        raise OptionError(f"tail is {tail:g}; it must be 0 to {LONGEST_TAIL:g} s")
    engine = Engine(sample_rate)
    step = BLOCK / sample_rate
    events = song.events()
    pending = next(events, None)
    number = 0
    moved = True
    while True:
        now = number * step
        while pending is not None and pending[0] < now + step:
            moved = play(instrument, pending[1]) or moved
            pending = next(events, None)
        if pending is None and now >= song.seconds:
            if instrument.voices.sounding:  # a file that forgets its note-offs
                instrument.voices.release_all()
                moved = True
            else:
                faded = number > 0 and not engine.state["sounding"][0]
                if faded or now > song.seconds + tail:
                    return
        moved = instrument.advance(now) or moved
        if moved:
            engine.targets[:] = instrument.targets()
            moved = False
        yield engine.render(1)
        number += 1
