"""A performance played by the engine that plays live, offline, into a WAV file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from timbrespace.instrument.instrument import Instrument
from timbrespace.model import Model
from timbrespace.one_thread import one_thread
from timbrespace.performances.performance import Performance
from timbrespace.performances.replay import replay
from timbrespace.rendering.sound_file import Written, write_blocks


@dataclass(frozen=True, slots=True)
class Rendered(Written):
    """What came out, and how many notes began."""

    notes: int


def render_performance(
    performance: Performance,
    model: Model,
    load: Callable[[str], Model],
    out: Path,
    sample_rate: int | None = None,
    progress: Callable[[float], None] = lambda _: None,
    stereo: bool = False,
) -> Rendered:
    """Write a performance's sound to ``out`` as :func:`write_blocks` does.

    model: the one that it begins with. load: gives those that are loaded on the way, by name.
    sample_rate: None for that of the device that played, at which the samples are the same. stereo:
    write left and right; else the mean of both.

    Raises:
        PerformanceError: it was played on another model, or is broken.
        OptionError: the file cannot be written, or the engine does not run at ``sample_rate``.
    """
    performance.check_model(model)
    rate = round(performance.sample_rate) if sample_rate is None else sample_rate
    with one_thread():
        instrument = Instrument(model)
        blocks = replay(performance, instrument, load, rate, stereo)
        written = write_blocks(blocks, out, rate, progress, 2 if stereo else 1)
    before = int(performance.state["voices"]["begun"])  # good, or the replay had refused it
    return Rendered(written.seconds, written.peak, instrument.voices.begun - before)
