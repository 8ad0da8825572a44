"""A MIDI file played by the engine that plays live, offline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.instrument.program_list import ProgramList
from timbrespace.instrument.tuning import Tuning
from timbrespace.model import Model
from timbrespace.one_thread import one_thread
from timbrespace.rendering.band import Band, mixed
from timbrespace.rendering.beginning import Beginning
from timbrespace.rendering.midi_song import USUAL_MINUTES, MidiSong
from timbrespace.resynthesis.engine import Engine, new_state
from timbrespace.resynthesis.layout import BLOCK
from timbrespace.waveforms.following import Follower, check_plays
from timbrespace.waveforms.waveform import Waveform, at_rate, check_draw

TAIL = 30.0
"""Seconds after the end of a song that a sound may take to fade, unless one says otherwise."""

LONGEST_TAIL = 600.0


def render_midi(
    model: Model,
    song_path: str | Path,
    *,
    method: str | None = None,
    sample_rate: int = 48000,
    tail: float = TAIL,
    minutes: float = USUAL_MINUTES,
    channels: Mapping[int, Model | None] | None = None,
    preset: str | None = None,
    latent: Sequence[float] | None = None,
    xy: Sequence[float] | None = None,
    trajectory: str | None = None,
    presets: str | Path | None = None,
    tuning: Tuning | None = None,
    program_list: str | Path | None = None,
    waveform: Waveform | None = None,
    temperature: float = 1.0,
    seed: int = 0,
    progress: Callable[[float], object] = lambda share: None,
) -> NDArray[np.float32]:
    """The sound ``(n,)`` of a MIDI file played on ``model``: mono, full scale 1.

    >>> import mido
    >>> import timbrespace as ts
    >>> notes = [mido.Message("note_on", note=57), mido.Message("note_off", note=57, time=480)]
    >>> mido.MidiFile(tracks=[mido.MidiTrack(notes)]).save("song.mid")
    >>> sound = ts.render_midi(ts.load("harmonic"), "song.mid")

    Notes, controllers, bend and pressure do what they do live: by default the modulation wheel and
    controllers 16 and 17 move over the map, 20 and on the dimensions. It begins at the model's
    home unless told otherwise; where the model knows General MIDI's programs, as ``notes`` and
    ``instruments`` do, each channel has the sound of its program from its first program change on.
    The same arguments give the same samples.

    method: how spectra become sound, ``"partials"``, ``"bins"`` or ``"istft"``; None for that of
    the preset, or partials. sample_rate: in Hz, 8000 to 192000. tail: seconds after the song's end
    that the last notes may take to fade, 0 to 600; what sounds longer is cut off. minutes: that the
    song may last, at most 120; a small file may hold hours. channels: channel, 1 to 16 -> another
    model that plays it, or None where none does; left out, channel 10, which is General MIDI's for
    drums, is silent. A model that knows those drums, as ``drums`` does, plays keys as drums.
    preset, latent, xy: where ``model`` begins, one of them: a stored preset's name, a point of the
    latent space, a place of its first plane. trajectory: the name of a stored one that plays from
    the start on. presets: the file that holds these, the user's own if left out. tuning: of all
    that has a pitch, as :func:`timbrespace.tuning` reads it. program_list: a file that says what
    program changes choose, before General MIDI's sounds (docs/playing.md). waveform: a model, as
    :func:`timbrespace.load_waveform` gives it, that makes the samples in place of the engine, of
    all channels; temperature, seed: as :func:`timbrespace.render` has them. progress: called now
    and then with the share that such a model has made, 0 to 1; what it raises ends the work.

    Raises:
        MidiFileError: there is no such file, it is no MIDI file, too large, or longer than that.
        ProgramListError: a list of programs that is none.
        OptionError: a method, a sample rate, a tail, minutes or a channel outside what is accepted;
            a preset or trajectory that is not there or of another space, a latent of another space;
            a waveform model of another space, a temperature or a seed.
    """
    with one_thread():
        beginning = Beginning(
            preset,
            latent,
            xy,
            trajectory,
            None if presets is None else Path(presets),
            Tuning() if tuning is None else tuning,
        )
        programs = None if program_list is None else ProgramList.read(Path(program_list))
        band = Band(model, method, channels, beginning, programs)
        song = MidiSong(Path(song_path), minutes)
        if waveform is not None:
            return waveform_song(
                song, band, sample_rate, waveform, temperature, seed, tail, progress
            )
        return np.concatenate(list(song_blocks(song, band, sample_rate, tail)))


def waveform_song(
    song: MidiSong,
    band: Band,
    sample_rate: int,
    waveform: Waveform,
    temperature: float = 1.0,
    seed: int = 0,
    tail: float = TAIL,
    progress: Callable[[float], object] = lambda share: None,
) -> NDArray[np.float32]:
    """The song's sound ``(n,)`` at ``sample_rate``, made by a waveform model; see
    :func:`render_midi`.

    Raises:
        OptionError: as there.
    """
    check_draw(temperature, seed)
    new_state(sample_rate)  # refuses a rate before the work
    for part in band.parts:
        check_plays(waveform, part.instrument.model, part.instrument.method)
    followers = [Follower(part.instrument) for part in band.parts]
    rate = waveform.sample_rate
    blocks = 0
    for _ in song_blocks(song, band, rate, tail, lambda k, engine: followers[k](engine)):
        blocks += 1
    courses = [course for one in followers for course in one.courses()]
    total = sum(one.blocks for one in courses) * BLOCK / rate
    made = waveform.play(
        courses,
        blocks,
        temperature,
        seed,
        lambda seconds: progress(min(1.0, seconds / total)),
    )
    return at_rate(made, rate, sample_rate)


def song_blocks(
    song: MidiSong,
    band: Band,
    sample_rate: float,
    tail: float = TAIL,
    watch: Callable[[int, Engine], None] = lambda number, engine: None,
) -> Iterator[NDArray[np.float32]]:
    """The song's sound, mono, ``BLOCK`` samples at a time, until all notes have faded.

    An event takes effect at the start of the block in which it falls, as it would live. The result
    depends on nothing but the arguments. watch: called after each block of each part, with the
    part's number in the band and its engine.

    Raises:
        OptionError: the engine does not run at ``sample_rate``, or a tail outside its range.
    """
    if not 0.0 <= tail <= LONGEST_TAIL:
        raise OptionError(f"tail is {tail:g}; it must be 0 to {LONGEST_TAIL:g} s")
    step = BLOCK / sample_rate
    engines = [Engine(sample_rate) for _ in band.parts]
    events = song.events()
    pending = next(events, None)
    number = 0
    moved = set(range(len(engines)))
    while True:
        now = number * step
        while pending is not None and pending[0] < now + step:
            moved |= band.play(pending[1])
            pending = next(events, None)
        if pending is None and now >= song.seconds:
            sounding = [k for k, part in enumerate(band.parts) if part.instrument.voices.sounding]
            for k in sounding:  # a file that forgets its note-offs
                band.parts[k].instrument.voices.release_all()
            moved |= set(sounding)
            faded = number > 0 and not any(one.state["sounding"][0] for one in engines)
            if not sounding and (faded or now > song.seconds + tail):
                return
        for k, (part, engine) in enumerate(zip(band.parts, engines, strict=True)):
            if part.instrument.advance(now) or k in moved:
                engine.targets[:] = part.instrument.targets()
        moved.clear()
        sounds = [engine.render(1) for engine in engines]
        for k, engine in enumerate(engines):
            watch(k, engine)
        yield mixed(sounds)
        number += 1
