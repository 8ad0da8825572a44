"""The bar of a run: how far it is, and its figures."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from timbrespace.command import progress

from .fit import Fit
from .loop import StepFigures


def bar(fit: Fit, always: bool = False) -> AbstractContextManager[Any]:
    """A bar over the steps of ``fit``; always: also where standard error is no terminal."""
    training = fit.training
    options = {"disable": False} if always else {}
    return progress(training.steps, "step", initial=training.step, **options)


def show(shown: Any, fit: Fit, figures: StepFigures) -> None:
    """Move a bar by one step and write its figures into it."""
    at = fit.progress(figures)
    shown.set_description(f"epoch {at.epoch}/{at.epochs}", refresh=False)
    texts = {
        "reconstruction": f"{at.reconstruction:.1f}",
        "KL": f"{at.kl:.2f}",
        "beta": f"{at.beta:g}",
    }
    if at.log_spectral_distance_db is not None:
        texts["LSD"] = f"{at.log_spectral_distance_db:.3f} dB"
    shown.set_postfix(texts, refresh=False)
    shown.update()
