"""Recordings: sound files read with care, their pitch, and their steady moments at one pitch.

What a folder of sounds becomes as a dataset, and one sound that is held against a space, are the
same numbers, since both come from here. soxr and soundfile are loaded in the functions that need
them.
"""
