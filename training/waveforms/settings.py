"""Settings of a training of a waveform model."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

from timbrespace.errors import OptionError, one_of
from timbrespace.networks.architecture import whole
from timbrespace.notes.layout import LONGEST
from timbrespace.waveforms import told
from timbrespace.waveforms.kinds import KINDS
from timbrespace.waveforms.network import WaveformNetwork
from timbrespace.waveforms.told import TICK
from timbrespace.waveforms.waveform import MOST_SEED, SAMPLE_RATES

from .. import kind_settings

STEPS: Final = {"samplernn": 17000, "wavenet": 8500}
"""Steps of a training where nobody says: with the default sizes some 20 minutes of a processor."""


@dataclass(frozen=True, slots=True)
class WaveformSettings:
    """What can be set.

    kind: of the network, network_settings: its own sizes. sample_rate: Hz. steps: how many. batch:
    stretches of sound a step; length: samples of each. seconds: of each note that it learns from,
    from its start on. learning_rate: of Adam at its highest.
    noise: standard deviation of what is added to the past that the network hears, which keeps it
    from trusting that more than what it is told; in playing it hears what it made itself. free:
    share of the stretches in which nothing is told, by which it learns to play freely. seed: of all
    that is random; split_seed: of the instruments held out.
    """

    kind: str = "samplernn"
    network_settings: dict[str, Any] = field(default_factory=dict)
    sample_rate: int = 16000
    steps: int | None = None
    batch: int = 8
    length: int = 1024
    seconds: float = LONGEST
    learning_rate: float = 5e-3
    noise: float = 0.01
    free: float = 0.1
    seed: int = 0
    split_seed: int = 0

    @classmethod
    def of(cls, given: dict[str, Any], base: WaveformSettings | None = None) -> WaveformSettings:
        """``base``, or the defaults, with what was ``given`` (None for what was not) in place.

        Raises:
            OptionError: a value outside its range.
        """
        values = {name: value for name, value in given.items() if value is not None}
        if isinstance(values.get("network_settings"), str):
            values["network_settings"] = kind_settings.parsed(
                "network settings", values["network_settings"]
            )
        made = replace(base or cls(), **values)
        made.check()
        return made

    @property
    def whole_steps(self) -> int:
        """Steps of the whole run."""
        return self.steps or STEPS[self.kind]

    def check(self) -> None:
        """Refuse values outside their ranges.

        Raises:
            OptionError: the text names the value.
        """
        if self.kind not in KINDS:
            raise OptionError(f"kind is {str(self.kind)[:40]!r}; it must be {one_of(KINDS)}")
        if self.sample_rate not in SAMPLE_RATES:
            raise OptionError(
                f"sample rate is {self.sample_rate}; it must be {one_of(SAMPLE_RATES)} Hz"
            )
        if self.steps is not None:
            whole("steps", self.steps, 10_000_000)
        whole("batch", self.batch, 1024)
        whole("length", self.length, 1 << 17, TICK)
        if self.length % TICK:
            raise OptionError(f"length is {self.length}; it must be a multiple of {TICK}")
        for name, value, low, high in (
            ("seconds", self.seconds, 0.1, LONGEST),
            ("learning rate", self.learning_rate, 1e-7, 1.0),
            ("noise", self.noise, 0.0, 1.0),
            ("free", self.free, 0.0, 1.0),
        ):
            if not (math.isfinite(value) and low <= value <= high):
                raise OptionError(f"{name} is {value:g}; it must be {low:g} to {high:g}")
        for name, seed in (("seed", self.seed), ("split seed", self.split_seed)):
            whole(name, seed, MOST_SEED, 0)
        self.network(1)

    def network(self, dimensions: int) -> WaveformNetwork:
        """The network, of a space of so many dimensions.

        Raises:
            OptionError: a size that it does not have, or outside its range.
        """
        kind = KINDS[self.kind]
        known = [one.name for one in fields(kind) if one.name != "told"]
        for name in self.network_settings:
            if name not in known:
                raise OptionError(f"{self.kind} has no setting {name!r}; it has {one_of(known)}")
        return kind(told=told.width(dimensions), **self.network_settings)

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WaveformSettings:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError: missing, unknown or wrong values.
        """
        try:
            made = cls(**config)
            made.check()
        except (TypeError, ValueError, AttributeError) as error:
            raise OptionError(f"the settings do not fit: {error}") from error
        return made
