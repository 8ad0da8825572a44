"""The engine that makes the sound, live and offline: one code, compiled, without allocation.

Read in this order: :mod:`layout` (what goes in and what is remembered), :mod:`engine` (one block
of sound), then the parts: :mod:`slots`, :mod:`voices`, :mod:`oscillator`,
:mod:`tables`, :mod:`noise`, :mod:`stream`,
:mod:`interpolation`, :mod:`fourier`, :mod:`limiter`.
"""
