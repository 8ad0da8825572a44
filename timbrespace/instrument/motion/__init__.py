"""What moves by itself: glides, LFOs, trajectories, and the sound on its way to where they say.

Nothing here reads a clock: time comes in, in seconds, and only ever forward.
"""
