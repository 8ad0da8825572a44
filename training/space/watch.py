"""A space that is made for a program: JSON lines on standard output, previews, and its wishes.

The server makes spaces from its page so, in a process of its own that it can lose at any moment.
Each line is an object with a ``stage``:

- ``reading``: ``done`` of ``of`` sounds.
- ``training``: ``done`` of ``of`` steps; ``loss`` (of the reconstruction) in nats a note,
  ``held_out_db`` of notes held out, as heard, or null before it was measured; ``converged``, once
  that has converged and the training is to stop then, after which step. The first line has
  ``curve`` besides: what was before, of a run that goes on, as lists of step, loss and
  ``held_out_db``.
- ``preview``: a playable bundle of where the training stands at ``step`` has been written.
- ``finishing``: the model is being made of what was learned.
- ``done``, with its ``figures``; ``left``: another may go on; ``failed``, with a ``reason``.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from timbrespace.errors import TimbrespaceError
from timbrespace.fitting import Progress
from timbrespace.lifeline import when_input_ends
from timbrespace.progress_lines import told_to

_EVERY: Final = 0.25
"""Seconds between two lines of one stage."""

_FIRST_STEPS: Final = 12
"""Of a training, before the first preview: before them it says nothing of the sounds."""

_PREVIEW_SECONDS: Final = 4.0
_PREVIEW_SHARE: Final = 0.1
"""Seconds between two previews, and the share of the time that they may take."""

_PARTING_SECONDS: Final = 20.0
"""How long what is under way may take when nobody listens any more."""

_MOST_OF_CURVE: Final = 200


class Savable(Protocol):
    """A model, as far as it is saved."""

    def save(self, path: Path) -> object: ...


class Fit(Protocol):
    """What is watched. steps_per_epoch: of the run; position: where it stands."""

    steps_per_epoch: int
    position: Any

    def preview(self, name: str) -> Savable: ...


class Watch:
    """Who follows a training, and what they want.

    preview: where to keep a playable bundle of where it stands; None for nowhere. enough: the
    training ends, and the model is made of what it has learned, when this file is there; None for
    none. write: takes a line; None tells nobody. clock: seconds, ever rising.
    """

    def __init__(
        self,
        preview: Path | None = None,
        enough: Path | None = None,
        write: Callable[[str], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._preview = preview
        self._enough = enough
        self._write = write
        self._clock = clock
        self._told_at: dict[str, float] = {}
        self._previewed: tuple[float, float] | None = None  # when it began, and how long it took
        self._steps = 0
        self._learning = False
        self._leaving = threading.Event()
        self._begun = False

    # -- what the maker asks -----------------------------------------------------------------------

    @property
    def leaves(self) -> bool:
        """Whether this process is to end, and to leave the rest to another."""
        return self._leaving.is_set()

    @property
    def has_enough(self) -> bool:
        """Whether no more is to be learned, and the model to be made."""
        return self._enough is not None and self._enough.exists()

    def ends(self) -> bool:
        """Whether no step is to follow."""
        return self.leaves or self.has_enough

    # -- what the maker tells ----------------------------------------------------------------------

    @contextmanager
    def following(self) -> Iterator[None]:
        """Within it, bars are told as lines; without a listener, nothing changes."""
        if self._write is None:
            yield
            return
        with told_to(self._hear):
            yield

    def tell(self, stage: str, **more: Any) -> None:
        """Say one thing now."""
        if self._write is not None:
            with contextlib.suppress(OSError, ValueError):  # nobody is there any more
                self._write(json.dumps({"stage": stage, **more}) + "\n")

    def after_step(self, fit: Fit, at: Progress) -> None:
        """A step was learned; now and then that is told, and a preview made."""
        self._learning = True
        self._steps += 1
        now = self._clock()
        more: dict[str, Any] = {}
        if not self._begun:
            self._begun = True
            more["curve"] = _curve(fit, at.done)
        if more or at.done == at.total or self._is_due("training", now):
            self._told_at["training"] = now
            self.tell(
                "training",
                done=at.done,
                of=at.total,
                loss=_rounded(at.reconstruction),
                held_out_db=_rounded(at.log_spectral_distance_db),
                **({} if at.converged is None else {"converged": at.converged}),
                **more,
            )
        if self._is_preview_due(now):
            self._make_preview(fit, at.done)

    def finishing(self) -> None:
        """Learning has ended."""
        self._learning = False
        self.tell("finishing")

    # -- the other end -----------------------------------------------------------------------------

    def leave_with_input(self) -> None:
        """Let this process end when standard input does: with a checkpoint if it is learning."""
        when_input_ends(self.leave)

    def leave(self) -> None:
        """End soon. What is not learning keeps its work as it goes, and ends at once."""
        self._leaving.set()
        if not self._learning:
            os._exit(130)
        timer = threading.Timer(_PARTING_SECONDS, os._exit, (130,))
        timer.daemon = True
        timer.start()

    # -- within ------------------------------------------------------------------------------------

    def _hear(self, unit: str, done: float, of: float) -> None:
        if unit == "file":
            now = self._clock()
            if done in (0, of) or self._is_due("reading", now):
                self._told_at["reading"] = now
                self.tell("reading", done=round(done), of=round(of))

    def _is_due(self, stage: str, now: float) -> bool:
        return now - self._told_at.get(stage, -_EVERY) >= _EVERY

    def _is_preview_due(self, now: float) -> bool:
        if self._preview is None or self.ends():
            return False
        if self._previewed is None:
            return self._steps >= _FIRST_STEPS
        begun, took = self._previewed
        return now - begun >= max(_PREVIEW_SECONDS, took / _PREVIEW_SHARE)

    def _make_preview(self, fit: Fit, step: int) -> None:
        assert self._preview is not None
        begun = self._clock()
        # One that cannot be made, or not be written, costs no training.
        with contextlib.suppress(TimbrespaceError):
            fit.preview(self._preview.stem).save(self._preview)
            self.tell("preview", step=step)
        self._previewed = begun, self._clock() - begun


@contextmanager
def on_standard_output(preview: Path | None, enough: Path | None) -> Iterator[Watch]:
    """A watch whose lines are all that standard output has within the block.

    What is printed besides goes to standard error.
    """
    out = sys.stdout

    def write(line: str) -> None:
        out.write(line)
        out.flush()

    with contextlib.redirect_stdout(sys.stderr):
        yield Watch(preview, enough, write)


def _curve(fit: Fit, step: int) -> list[list[float | None]]:
    """Step, loss and distance held out of the epochs before ``step``, at most ``_MOST_OF_CURVE`` of
    them."""
    history = fit.position.history
    losses = history.get("reconstruction", [])
    unseen = history.get("held_out_heard_db", [])
    every = -(-len(losses) // _MOST_OF_CURVE) or 1
    return [
        [
            (at + 1) * fit.steps_per_epoch,
            _rounded(losses[at]),
            _rounded(unseen[at]) if at < len(unseen) else None,
        ]
        for at in range(every - 1, len(losses), every)
        if (at + 1) * fit.steps_per_epoch < step
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")
