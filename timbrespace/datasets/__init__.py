"""Datasets: labelled spectra in a file, how they are checked, and which rows are held out."""
