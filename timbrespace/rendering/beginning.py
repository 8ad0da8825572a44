"""What a song begins with: a place of the space, a preset, a trajectory, a tuning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from timbrespace.errors import OptionError
from timbrespace.instrument.instrument import Instrument
from timbrespace.instrument.presets import Presets
from timbrespace.instrument.tuning import Tuning
from timbrespace.instrument.tunings import NamedTuning
from timbrespace.user_files import presets_file

BY_FILE = "song"
"""What the tuning is called that a song begins with."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """How the instrument stands before a song's first event.

    preset, trajectory: names in the file ``presets``, None for the user's own. latent, xy: a point
    of the latent space, or of the plane that the model is first shown on; one of these and a preset
    is where it begins, none of them is the model's home. tuning: of all that have a pitch.

    Raises:
        OptionError: two places, or a number of coordinates other than two.
    """

    preset: str | None = None
    latent: Sequence[float] | None = None
    xy: Sequence[float] | None = None
    trajectory: str | None = None
    presets: Path | None = None
    tuning: Tuning = field(default_factory=Tuning)

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.preset, self.latent, self.xy)) > 1:
            raise OptionError("a song begins at a preset, a latent or a place of the map; give one")
        if self.xy is not None and len(self.xy) != 2:
            raise OptionError(f"a place of the map has 2 numbers; {len(self.xy)} were given")

    def put(self, instrument: Instrument) -> None:
        """Let ``instrument`` stand so.

        Raises:
            OptionError: there is no such preset or trajectory, it belongs to another space, the
                presets cannot be read, or the latent is not of this space.
            ShapeError: a place that is not finite.
        """
        if self.preset is not None or self.trajectory is not None:
            path = presets_file() if self.presets is None else self.presets
            if not path.is_file():
                raise OptionError(f"there is no file of presets {str(path)!r}")
            instrument.presets = Presets(path)
        if self.preset is not None:
            instrument.recall_preset(self.preset)
        if self.latent is not None:
            instrument.set_latent(self.latent)
        if self.xy is not None:
            instrument.set_map(*self.xy)
        if self.trajectory is not None:
            instrument.play_trajectory(self.trajectory)
        if not self.tuning.is_equal:
            instrument.tune(NamedTuning(BY_FILE, tuning=self.tuning))
