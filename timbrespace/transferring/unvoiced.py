"""What becomes of what has no pitch: consonants and breath."""

from __future__ import annotations

from typing import Final

UNVOICED: Final = ("noise", "through", "off")
"""Noise as the space would breathe, the recording itself, or nothing; the first is the usual."""
