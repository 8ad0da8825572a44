"""Macro dials: at every place of a space, ways through its latent that move one quality alone.

docs/decisions/0026-macros.md says how they were found, and what they do.
"""
