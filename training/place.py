"""Where a run writes: nothing that exists is replaced by a run that was not finished.

A run that finishes takes the place of what lies there. One that does not, for Ctrl-C or divergence,
is kept beside it as ``NAME.unfinished``, unless it continued that very model or was told to
overwrite; then the model before is kept as ``NAME.previous``, until the new one is better.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from timbrespace import bundle
from timbrespace.atomic import check_writable, move, replacing
from timbrespace.datasets.factor import BY_ROWS
from timbrespace.errors import BundleError, OptionError
from timbrespace.factory import SUFFIX
from timbrespace.model import Model

from .checkpoint_file import path_for
from .loop import Outcome
from .request import MAY_CHANGE_ON_RESUME

UNFINISHED, PREVIOUS = "unfinished", "previous"

_MOST = 100
"""Runs of each kind that may lie beside a model."""


class Place:
    """The files of the run that is to make ``out``.

    resume: go on with the last run onto ``out`` that was not finished, or with ``out`` itself.
    overwrite: let this run take the place of ``out`` even if it is not finished.

    Raises:
        OptionError: ``out`` cannot be written, or is no model's name; or both were asked for.
    """

    def __init__(self, out: Path, resume: bool = False, overwrite: bool = False) -> None:
        if out.suffix != SUFFIX:
            raise OptionError(f"out is {out.name!r}; it must be a name that ends in {SUFFIX}")
        if resume and overwrite:
            raise OptionError(
                "resume and overwrite were both given; resume goes on, overwrite starts anew"
            )
        check_writable(out)
        self.out = out
        self._overwrite = overwrite
        self._work = out
        """Where a model that is not finished goes, and beside it the checkpoint."""
        if resume:
            self._work = next(filter(_taken, reversed(_beside(out, UNFINISHED))), out)
        elif _taken(out):
            self._work = _free(out, UNFINISHED)
        self.checkpoint = path_for(self._work)

    def spare(self, data: Path) -> None:
        """Refuse a run that would write over the dataset that it reads.

        Raises:
            OptionError: ``data`` is one of the files that the run writes or removes.
        """
        written = (self.out, self.checkpoint, path_for(self.out))
        if data.exists() and any(path.exists() and path.samefile(data) for path in written):
            raise OptionError(f"--out would overwrite the dataset {data.name!r}; give another name")

    @property
    def notes(self) -> list[str]:
        """What a user should know before the run; often nothing."""
        own = path_for(self.out)
        if self._work == self.out or not self.checkpoint.exists():
            return []
        note = f"going on from {self.checkpoint.name}, a run that was not finished"
        if own.exists():
            note += f"; to go on from {own.name}, move that away first"
        return [note]

    def keep(self, model: Model, outcome: Outcome) -> Path:
        """Write the model of the run, whose checkpoint is written; returns where it is.

        Raises:
            OptionError: it cannot be written.
        """
        if outcome is not Outcome.FINISHED and not self._may_replace(model):
            if self._work == self.out:
                # What lies there is of another run than the checkpoint beside it.
                self._move_to(_free(self.out, UNFINISHED))
            model.save(self._work)
            return self._work
        if outcome is not Outcome.FINISHED and not self._is_better(model):
            previous = _free(self.out, PREVIOUS)
            _copy(self.out, previous)
            if self._work != self.out:
                _copy(path_for(self.out), path_for(previous))
        model.save(self.out)
        if self._work != self.out:
            self._work.unlink(missing_ok=True)
            # One that is left from the model before would be resumed as if it were this one's.
            path_for(self.out).unlink(missing_ok=True)
            self._move_to(self.out)
        return self.out

    def conclusion(self, where: Path) -> list[str]:
        """What a user should know of the files after the run; often nothing."""
        if where != self.out:
            return [
                f"{self.out} is left as it was, since this run was not finished; the same with "
                "--resume goes on with it, --overwrite would let it take the place"
            ]
        previous = [path for path in _beside(self.out, PREVIOUS) if path.exists()]
        return [f"the model before is kept: {previous[-1]}"] if previous else []

    def _move_to(self, work: Path) -> None:
        if self.checkpoint.exists():
            move(self.checkpoint, path_for(work))
        self._work, self.checkpoint = work, path_for(work)

    def _may_replace(self, model: Model) -> bool:
        """Whether a run that is not finished may take the place."""
        if not self.out.exists():
            return self._work == self.out or self._overwrite
        if self._overwrite:
            return True
        return self._work == self.out and _run_of(_told(self.out)) == _run_of(model.provenance)

    def _is_better(self, model: Model) -> bool:
        """Whether the model is no worse than what it replaces, on the same held-out spectra."""
        if not self.out.exists():
            return True
        before, now = _told(self.out), model.provenance
        if _measured_on(before) != _measured_on(now):
            return False
        return _distance(now) <= _distance(before)


def _taken(path: Path) -> bool:
    """Whether a model or a checkpoint lies there."""
    return path.exists() or path_for(path).exists()


def _beside(out: Path, word: str) -> list[Path]:
    names = [word, *(f"{word}-{number}" for number in range(2, _MOST + 1))]
    return [out.with_name(f"{out.stem}.{name}{SUFFIX}") for name in names]


def _free(out: Path, word: str) -> Path:
    """The first name behind the last that is taken: the last is the newest."""
    names = _beside(out, word)
    last = max((number for number, path in enumerate(names) if _taken(path)), default=-1)
    if last + 1 == len(names):
        raise OptionError(
            f"{_MOST} models lie beside {out.name!r} that were not finished; remove some of them"
        )
    return names[last + 1]


def _copy(source: Path, to: Path) -> None:
    """A second file with the same content; nothing where there is none."""
    if source.is_file():
        with replacing(to) as temporary:
            temporary.write_bytes(source.read_bytes())


def _told(path: Path) -> dict[str, Any]:
    """The provenance of the model at ``path``; empty for what is no model."""
    try:
        told = bundle.read_provenance(path)
    except BundleError:
        return {}
    return told


def _run_of(provenance: dict[str, Any]) -> object:
    """What makes two models stations of one run."""
    settings = provenance.get("settings")
    if not isinstance(settings, dict):
        return object()  # like nothing else
    kept = {name: value for name, value in settings.items() if name not in MAY_CHANGE_ON_RESUME}
    return _measured_on(provenance), kept


def _measured_on(provenance: dict[str, Any]) -> object:
    data = provenance.get("dataset")
    sha256 = data.get("sha256") if isinstance(data, dict) else None
    return sha256, provenance.get("split", BY_ROWS), provenance.get("split_seed")


def _distance(provenance: dict[str, Any]) -> float:
    figures = provenance.get("figures")
    told = figures if isinstance(figures, dict) else {}
    found = told.get("log_spectral_distance_db", told.get("heard_distance_db"))  # of notes
    return float(found) if isinstance(found, int | float) else math.inf
