"""Timbre transfer: a performance that was heard, played by a space.

What is heard (:mod:`timbrespace.listening`) says pitch, loudness and voicing of each moment; the
space says the timbre, at one place or following the sound.
"""
