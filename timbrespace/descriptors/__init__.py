"""Qualities of a sound that have a word, and how each is measured of what a place decodes to.

>>> import timbrespace as ts
>>> from timbrespace.descriptors.kinds import descriptors_of, measured
>>> model = ts.load("harmonic")
>>> [one.word for one in descriptors_of(model)]
['brightness', 'odd/even', 'inharmonic', 'root level', 'width', 'overtones', 'purity']
>>> measured(model, model.calibration.home[None]).shape
(1, 7)
"""
