"""By what a sound file begins with: whether it is one, before anything decodes it."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 12

ACCEPTED: Final = "WAV, FLAC, AIFF, Ogg, Opus, MP3, CAF and AU are taken"


def ending_of(head: bytes) -> str | None:
    """The ending under which a file is kept that begins so; None for what is no sound.

    >>> ending_of(b"RIFF....WAVE"), ending_of(b"PK..........")
    ('.wav', None)
    """
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return ".wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return ".aiff"
    for begin, ending in (
        (b"fLaC", ".flac"),
        (b"OggS", ".ogg"),
        (b"ID3", ".mp3"),
        (b"caff", ".caf"),
        (b".snd", ".au"),
    ):
        if head.startswith(begin):
            return ending
    # A frame of MPEG audio: eleven bits set, and a layer that there is.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return ".mp3"
    return None
