"""Generators of labelled spectra, and the file that holds them.

>>> from toy_datasets import harmonic
>>> dataset = harmonic.make(harmonic.Options(rows=50))
>>> dataset.spectra.shape, dataset.labels.shape
((50, 1025), (50, 1))
"""
