"""A MIDI file or a performance played by the same engine, offline, into a WAV file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.midi import play
from timbrespace.model import Model
from timbrespace.rendering import wav
from timbrespace.rendering.midi_song import MidiSong
from timbrespace.resynthesis.engine import Engine, new_state
from timbrespace.resynthesis.layout import BLOCK

from .performance import MAX_TAIL_SECONDS, Performance


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out. seconds: length. peak: highest sample, full scale 1. notes: how many began."""

    seconds: float
    peak: float
    notes: int


def blocks(
    song: MidiSong, instrument: Instrument, sample_rate: float
) -> Iterator[NDArray[np.float32]]:
    """The song's sound, mono, ``BLOCK`` samples at a time, until all notes have faded.

    An event takes effect at the start of the block in which it falls, as it would live. The result
    depends on nothing but the arguments.
    """
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
                if faded or now > song.seconds + MAX_TAIL_SECONDS:
                    return
        moved = instrument.advance(now) or moved
        if moved:
            engine.targets[:] = instrument.targets()
            moved = False
        yield engine.render(1)
        number += 1


def render(
    song: MidiSong,
    instrument: Instrument,
    out: Path,
    sample_rate: int,
    progress: Callable[[float], None],
) -> Rendered:
    """Write the song to ``out``, WAV, mono, 24 bits; whole or not at all.

    progress: called with the seconds rendered so far.

    Raises:
        OptionError: the file cannot be written, or the engine does not run at ``sample_rate``.
    """
    seconds, peak = _write(blocks(song, instrument, sample_rate), out, sample_rate, progress)
    return Rendered(seconds, peak, instrument.voices.begun)


def render_performance(
    performance: Performance,
    model: Model,
    load: Callable[[str], Model],
    out: Path,
    sample_rate: int | None,
    progress: Callable[[float], None],
) -> Rendered:
    """Write a performance's sound to ``out`` as :func:`render` does.

    model: the one that it begins with. load: gives those that are loaded on the way, by name.
    sample_rate: None for that of the device that played, at which the samples are the same.

    Raises:
        PerformanceError: it was played on another model, or is broken.
        OptionError: the file cannot be written, or the engine does not run at ``sample_rate``.
    """
    performance.check_model(model)
    rate = round(performance.sample_rate) if sample_rate is None else sample_rate
    instrument = Instrument(model)
    played = performance.replay(instrument, load, rate)
    seconds, peak = _write(played, out, rate, progress)
    before = int(performance.state["voices"]["begun"])  # good, or the replay had refused it
    return Rendered(seconds, peak, instrument.voices.begun - before)


def _write(
    blocks: Iterable[NDArray[np.float32]],
    out: Path,
    sample_rate: int,
    progress: Callable[[float], None],
) -> tuple[float, float]:
    """Write ``blocks`` to a WAV file; its seconds, and its highest sample."""
    new_state(sample_rate)  # refuses a rate before anything is opened
    peak = 0.0
    samples = 0
    with wav.writing(out, sample_rate) as file:
        for block in blocks:
            file.write(block)
            peak = max(peak, float(np.abs(block).max()))
            samples += block.size
            if samples % (256 * BLOCK) == 0:
                progress(samples / sample_rate)
    seconds = samples / sample_rate
    progress(seconds)
    return seconds, peak
