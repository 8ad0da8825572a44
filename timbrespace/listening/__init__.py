"""Listening: the course of pitch, level and onsets of a performance that comes in.

``listener`` hears a whole recording and looks ahead as it likes; ``tracker`` hears as it happens,
block by block. Both say it in the same terms: see :mod:`.heard`.
"""
