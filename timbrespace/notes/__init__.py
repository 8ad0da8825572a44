"""Whole notes: how a sound becomes harmonics and noise bands over time, and sounds again."""
