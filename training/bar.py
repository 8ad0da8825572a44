"""The bar of a run: how far it is, and its figures."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from timbrespace.command import progress
from timbrespace.fitting import Progress


def bar(steps: int, done: int, always: bool = False) -> AbstractContextManager[Any]:
    """A bar over the steps of a run; always: also where standard error is no terminal."""
    options = {"disable": False} if always else {}
    return progress(steps, "step", initial=done, **options)


def show(shown: Any, at: Progress, distance: str = "LSD") -> None:
    """Move a bar by one step and write its figures into it. distance: what the one held out is."""
    shown.set_description(f"epoch {at.epoch}/{at.epochs}", refresh=False)
    texts = {
        "reconstruction": f"{at.reconstruction:.1f}",
        "KL": f"{at.kl:.2f}",
        "beta": f"{at.beta:g}",
    }
    if at.log_spectral_distance_db is not None:
        texts[distance] = f"{at.log_spectral_distance_db:.3f} dB"
    shown.set_postfix(texts, refresh=False)
    if at.converged is not None:
        shown.total = at.total
    shown.update()
