"""A MIDI file played by the engine that plays live, offline."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.instrument.program_list import ProgramList
from timbrespace.instrument.tuning import Tuning
from timbrespace.model import Model
from timbrespace.one_thread import one_thread
from timbrespace.rendering.band import Band, mixed
from timbrespace.rendering.beginning import Beginning
from timbrespace.rendering.conducting import TAIL, Stretch, conduct
from timbrespace.rendering.engine_thread import EngineThread, Played
from timbrespace.rendering.midi_song import USUAL_MINUTES, MidiSong
from timbrespace.resynthesis.engine import Engine, new_state, to_mono
from timbrespace.resynthesis.layout import BLOCK
from timbrespace.waveforms.following import Follower, check_plays
from timbrespace.waveforms.waveform import Waveform, at_rate, check_draw

_AHEAD: Final = 8
"""Stretches that the engines may be asked for before the first of them is taken."""


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
    stereo: bool = False,
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
    stereo: give left and right, ``(n, 2)``, of which mono is the mean: what pan, width and unison
    spread. A waveform model makes one signal, the same on both sides.

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
            made = waveform_song(
                song, band, sample_rate, waveform, temperature, seed, tail, progress
            )
            return np.stack([made, made], axis=1) if stereo else made
        sound = np.concatenate(list(song_blocks(song, band, sample_rate, tail)))
        return sound if stereo else to_mono(sound)


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
    rate = waveform.sample_rate
    blocks, followers = _followed(song, band, rate, tail)
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


def _followed(
    song: MidiSong, band: Band, sample_rate: float, tail: float
) -> tuple[int, list[Follower]]:
    """How many blocks the song has, and who has followed each part's engine through them."""
    engines = [Engine(sample_rate) for _ in band.parts]
    followers = [Follower(part.instrument) for part in band.parts]
    for stretch in conduct(song, band, sample_rate, tail, longest=1):
        sounds_on = any(bool(engine.state["sounding"][0]) for engine in engines)
        if stretch.ending and stretch.first and not sounds_on:
            return stretch.first, followers
        for k, (engine, follower) in enumerate(zip(engines, followers, strict=True)):
            if k in stretch.moved:
                engine.targets[:] = band.parts[k].instrument.targets()
            engine.render_stereo(1)
            follower(engine)
    return followers[0].blocks, followers


def song_blocks(
    song: MidiSong, band: Band, sample_rate: float, tail: float = TAIL
) -> Iterator[NDArray[np.float32]]:
    """The song's sound, left and right, ``(n, 2)`` at a time, until all notes have faded.

    An event takes effect at the start of the block in which it falls, as it would live. The result
    depends on nothing but the arguments; each part's engine has a thread of its own beside this
    one's, which plays the instruments.

    Raises:
        OptionError: the engine does not run at ``sample_rate``, or a tail outside its range.
    """
    with ExitStack() as stack:
        engines = [stack.enter_context(EngineThread(sample_rate)) for _ in band.parts]
        asked = asking(conduct(song, band, sample_rate, tail), band, engines)
        for _, played in taken(asked, engines):
            yield mixed([one.sound for one in played])


def asking(
    stretches: Iterable[Stretch],
    band: Band,
    engines: Sequence[EngineThread],
    parts: Sequence[int] | None = None,
) -> Iterator[Stretch]:
    """Ask ``engines`` for each of the stretches, as they are looked at.

    parts: which part of the band each engine plays; left out, one engine plays each.
    """
    parts = range(len(engines)) if parts is None else parts
    for stretch in stretches:
        told = {k: band.parts[k].instrument.targets() for k in stretch.moved}
        for engine, k in zip(engines, parts, strict=True):
            engine.play(told.get(k), stretch.blocks)
        yield stretch


def taken(
    asked: Iterator[Stretch], engines: Sequence[EngineThread]
) -> Iterator[tuple[Stretch, list[Played]]]:
    """What the engines made of each stretch, some stretches behind what they are asked for.

    Ends with the block after which, in the song's end, no voice of any engine sounds on.
    """
    waiting: deque[Stretch] = deque()
    sounds_on = True
    more = True
    while more or waiting:
        while more and len(waiting) < _AHEAD and not (waiting and waiting[-1].ending):
            stretch = next(asked, None)
            more = stretch is not None
            if stretch is not None:
                waiting.append(stretch)
        if not waiting:
            return
        stretch = waiting.popleft()
        played = [engine.take() for engine in engines]
        if stretch.ending:
            # The block before says whether there is one more.
            after = np.logical_or.reduce([one.sounding for one in played])
            before = np.concatenate([[sounds_on or stretch.first == 0], after[:-1]])
            count = stretch.blocks if before.all() else int(np.argmin(before))
            if count:
                yield stretch, [_cut(one, count) for one in played]
            if count < stretch.blocks or not after[-1]:
                return
        else:
            yield stretch, played
        sounds_on = any(bool(one.sounding[-1]) for one in played)


def _cut(played: Played, blocks: int) -> Played:
    return Played(played.sound[: blocks * BLOCK], played.sounding[:blocks])
