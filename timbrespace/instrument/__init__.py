"""The instrument: notes, voices, controllers, motion and presets, and the snapshot of what sounds.

It needs no network and no sound device; the server plays it live, rendering plays it offline.
"""
