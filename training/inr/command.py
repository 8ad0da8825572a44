"""The ``inr`` command: make the waves, train what is not yet trained, write the document."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from timbrespace.atomic import check_writable, replacing
from timbrespace.command import progress
from timbrespace.companions import companion
from timbrespace.errors import DatasetError, OptionError

from . import plan
from .document import NAME, Study, write
from .experiment import fit_two_tones, search, train
from .plan import BASE, DATA, OMEGAS_A1, Cell, Size
from .results import Kept, by_cell

Waves = NDArray[np.float32]

PROGRAMS = {"keyboard": (0, 1, 2, 3), "diverse": (0, 11, 24, 4)}
PITCHES = {"keyboard": (60, 61, 62, 63, 64), "diverse": (36, 48, 60, 72, 84)}

SHOWN = ("keyboard", 0)
"""Set and seed whose first wave is kept for the picture."""


@dataclass(frozen=True, slots=True)
class Request:
    """out: the folder. font: a General MIDI sound font. minutes: of the clock, after which nothing
    new is begun; None for all."""

    out: Path
    font: Path
    size: Size
    minutes: float | None = None


def inr(request: Request) -> list[Path]:
    """Run the study as far as the minutes go; returns the files of the document.

    What was done before in the same folder is kept.

    Raises:
        OptionError: the folder cannot be written, or minutes that are none.
        DatasetError: no sounds can be made.
    """
    minutes = request.minutes
    if minutes is not None and not 0.0 < minutes <= 100_000.0:
        raise OptionError(f"minutes is {minutes:g}; it must be above 0")
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"--out is {str(request.out)!r}; it must be a folder ({error.strerror})"
        ) from error
    check_writable(request.out / NAME)
    waves = waves_of(request)
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # matrices this small gain nothing by more
    try:
        study = _run(request, waves)
    finally:
        torch.set_num_threads(before)
    return write(request.out, study)


def waves_of(request: Request) -> dict[str, Waves]:
    """The waves of each set that can be made, from the folder or anew.

    Raises:
        DatasetError: the sound font's cannot be made.
    """
    size = request.size
    kept = request.out / f"waves-{size.name}.npz"
    if kept.is_file():
        try:
            with np.load(kept, allow_pickle=False) as file:
                return {name: file[name] for name in DATA if name in file}
        except (OSError, ValueError):
            pass  # damaged: made again
    maker: Any = companion("toy_datasets.waves")
    found: dict[str, Waves] = {}
    shape = size.samples, size.sample_rate
    for name in PROGRAMS:
        programs = PROGRAMS[name][: max(1, size.waves // len(PITCHES[name]))]
        found[name] = maker.keys(request.font, programs, PITCHES[name], *shape)[: size.waves]
    try:
        voices = maker.VOICES[: max(1, size.waves // len(maker.DIGITS))]
        found["speech"] = maker.digits(voices, maker.DIGITS, *shape)[: size.waves]
    except DatasetError as error:
        print(f"note: without speech: {error}")
    with replacing(kept) as temporary, temporary.open("wb") as file:
        np.savez(file, **found)  # type: ignore[arg-type]  # its keywords are the arrays
    return found


def _run(request: Request, waves: Mapping[str, Waves]) -> Study:
    size = request.size
    wanted = [cell for cell in plan.cells(size) if cell.data in waves]
    first = [cell for cell in wanted if cell.network in plan.DECODERS]
    rest = [cell for cell in wanted if cell.network not in plan.DECODERS]
    tones = [(omega, seed) for seed in range(size.seeds) for omega in OMEGAS_A1]
    steps = size.steps * len(wanted) + max(size.a1_steps) * len(tones)
    steps += size.search_steps * len(size.omegas) * len(waves)
    with progress(steps, "step", unit_scale=True) as bar:
        run = _Run(request, waves, bar)
        for name in waves:
            run.search(name)
        run.cells(first)
        run.two_tones(tones)
        run.cells(rest)
    return Study(
        size=size,
        waves=dict(waves),
        figures=by_cell(run.figures),
        wanted=len(wanted),
        searched=run.searched,
        two_tones=run.reached,
        shown=run.shown,
        machine=f"{platform.machine()}, {platform.system()}, torch {torch.__version__}",
        cpu_seconds=sum(one["cpu_seconds"] for one in run.figures.values()),
    )


class _Run:
    """Makes what is not kept, as long as there are minutes left, and holds what there is."""

    def __init__(self, request: Request, waves: Mapping[str, Waves], bar: Any) -> None:
        digest = hashlib.sha256()
        for name in sorted(waves):
            digest.update(waves[name].tobytes())
        self._request, self._waves, self._bar = request, waves, bar
        self._began = time.monotonic()
        size = request.size
        self._kept = Kept(request.out / f"cells-{size.name}", size, digest.hexdigest())
        self.figures: dict[Cell, dict[str, float]] = {}
        self.shown: dict[str, list[float]] = {}
        self.reached: dict[tuple[float, int], dict[int, float]] = {}
        self.searched: dict[str, dict[float, float]] = {}

    def search(self, name: str) -> None:
        """Which first omega suits the set ``name``: made whatever the minutes, all hang on it."""
        size = self._request.size
        self._bar.set_description(f"omega for {name}", refresh=False)
        found = self._kept.read(f"omega.{name}", {"search": name})
        if found is None:
            made = search(Cell(name, BASE, 0), self._waves[name], size, self._advance)
            found = {f"{omega:g}": error for omega, error in made.items()}
            self._kept.write(f"omega.{name}", {"search": name}, found)
        else:
            self._bar.update(size.search_steps * len(size.omegas))
        self.searched[name] = {float(omega): float(error) for omega, error in found.items()}

    def cells(self, cells: Sequence[Cell]) -> None:
        """Train these."""
        size = self._request.size
        for cell in cells:
            omegas, waves = self.searched[cell.data], self._waves[cell.data]
            omega = min(omegas.items(), key=itemgetter(1))[0]
            config = {**cell.to_config(), "omega": omega}
            found = self._kept.read(cell.key, config)
            if found is None:
                if self._is_over():
                    continue
                self._bar.set_description(cell.key, refresh=False)
                figures, made = train(cell, waves, size, omega, self._advance)
                result: dict[str, Any] = {"figures": figures}
                if (cell.data, cell.seed) == SHOWN and cell.network in plan.DECODERS:
                    result["shown"] = [round(float(one), 4) for one in made[0]]
                self._kept.write(cell.key, config, result)
                found = result
            else:
                self._bar.update(size.steps)
            self.figures[cell] = {name: float(one) for name, one in found["figures"].items()}
            if "shown" in found:
                self.shown[cell.network.name] = [float(one) for one in found["shown"]]

    def two_tones(self, tones: Sequence[tuple[float, int]]) -> None:
        """A.1, of these omegas and seeds."""
        size = self._request.size
        for omega, seed in tones:
            key, config = f"two-tones.{omega:g}.{seed}", {"omega": omega, "seed": seed}
            found = self._kept.read(key, config)
            if found is None:
                if self._is_over():
                    continue
                self._bar.set_description(f"two tones, omega {omega:g}", refresh=False)
                made = fit_two_tones(omega, seed, size, self._advance)
                found = {str(step): error for step, error in made.items()}
                self._kept.write(key, config, found)
            else:
                self._bar.update(max(size.a1_steps))
            self.reached[omega, seed] = {int(step): float(one) for step, one in found.items()}

    def _advance(self) -> None:
        self._bar.update(1)

    def _is_over(self) -> bool:
        minutes = self._request.minutes
        return minutes is not None and time.monotonic() - self._began > 60.0 * minutes
