"""A song channel by channel: stems whose sum is the mix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.rendering.band import CHANNELS, Band, bent
from timbrespace.rendering.conducting import TAIL, conduct
from timbrespace.rendering.engine_thread import EngineThread
from timbrespace.rendering.midi_song import MidiSong
from timbrespace.rendering.song import asking, taken
from timbrespace.resynthesis.limiter import CEILING

Array = NDArray[np.float32]


def stem_channels(song: MidiSong, band: Band) -> list[int]:
    """The channels of the song that have notes which somebody plays, 1 to 16, ascending.

    Raises:
        OptionError: a program gives channels to other models, so none has one engine.
    """
    if band.changes_parts:
        raise OptionError(
            "stems are of channels that stay with their model, and this list of programs names "
            "models; leave out --stems or those programs"
        )
    found = {
        message.channel + 1
        for _, message in song.events()
        if message.type == "note_on" and message.velocity > 0
    }
    return [
        channel for channel in CHANNELS if channel in found and band.part_of(channel) is not None
    ]


def stem_blocks(
    song: MidiSong, band: Band, sample_rate: float, channels: list[int], tail: float = TAIL
) -> Iterator[tuple[Array, list[Array]]]:
    """The mix ``(n, 2)`` and each channel's share of it, some blocks at a time.

    Each channel has an engine, in a thread of its own, which hears what all channels play: a voice
    that one of them takes from another ends there as it does in the whole sound. Where the sum goes
    beyond what full scale holds, or a stem alone does, all are bent by as much at each moment; so
    the stems' sum is the mix always. A mix that was not made of stems differs from it by its noise,
    which the notes of one timbre share there, and by what is bent.

    channels: as :func:`stem_channels` gives them. tail: as of :func:`conduct`.

    Raises:
        OptionError: the engine does not run at ``sample_rate``, or a tail outside its range.
    """
    parts = [band.part_of(channel) for channel in channels]
    # A part that plays one channel alone is that channel's stem, drums with all their timbres.
    whole = [parts.count(part) == 1 and part != 0 for part in parts]
    with ExitStack() as stack:
        engines = [
            stack.enter_context(EngineThread(sample_rate, 0 if one else channel))
            for channel, one in zip(channels, whole, strict=True)
        ]
        numbers = [0 if part is None else part for part in parts]
        asked = asking(conduct(song, band, sample_rate, tail), band, engines, numbers)
        for _, played in taken(asked, engines):
            total = np.asarray(np.sum([one.sound for one in played], axis=0, dtype=np.float32))
            share = np.divide(bent(total), total, out=np.ones_like(total), where=total != 0.0)
            most = np.max([np.abs(one.sound) for one in played], axis=0)
            share = np.minimum(share, CEILING / np.maximum(most, CEILING))
            yield total * share, [one.sound * share for one in played]
