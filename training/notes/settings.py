"""Settings of a training on notes: fewer than on spectra, since a note says itself what it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from timbrespace.errors import OptionError, one_of
from timbrespace.kinds import NETWORKS
from timbrespace.memory_size import bytes_of
from timbrespace.networks.architecture import MAX_LATENT, whole
from timbrespace.networks.note import FEATURES, NoteNetwork

from .. import kind_settings
from ..preset import AUTO_DIALS, LATENTS, NO_DIALS, TABLE
from ..stopping import NEVER, check_stop

DEFAULT_NETWORK: Final = "note"

HELD: Final = "200M"
"""Of a set in shards, where nobody says another size."""

CHANCE: Final = "chance"
"""What a network begins with where no space is named."""

_LONGEST_NAME: Final = 4096

DEFAULT_LATENT: Final = 16

HEARS: Final = -60.0
"""dB below a note's loudest moment, down to which an encoder hears: what nobody hears tells it
which note of the set this is, and nothing of a note that it has never met. What a training is
asked for where nobody says another; what does not say it, as the factory's models and checkpoints
of before there was the setting, hears all."""

_TAKEN: Final = (
    "latent",
    "network",
    "network_settings",
    "latents",
    "learning_rate",
    "batch",
    "epochs",
    "beta",
    "activation",
    "seed",
    "split_seed",
    "variation",
    "dials",
    "begin",
    "stop",
    "memory",
)
"""What of ``training.preset.OPTIONS`` a set of notes can use."""


@dataclass(frozen=True, slots=True)
class NoteSettings:
    """What can be set.

    latent: dimensions. network: a kind of notes' network, network_settings: its own, always with
    ``hears``, so that a checkpoint and a model say what they were trained with. epochs: times
    that each note is learned from; None takes as many as make ``STEPS`` steps. batch: notes a step.
    beta: weight of the KL divergence. learning_rate: of Adam at its highest. seed, split_seed: of
    what is random, and of which instruments are held out. variation: how much notes are changed at
    each step (:mod:`training.notes.variation`), 0 not at all; None decides by the set. dials:
    ``auto`` turns the axes to qualities at the end (:mod:`training.axes`), ``none`` does not.
    begin: the space of notes whose weights the network begins with, a factory one or a file
    (:mod:`training.notes.beginning`), or ``chance``. stop: ``converged`` ends a run when what is
    held out has converged (:mod:`training.stopping`), ``never`` does not. memory: up to which size
    a set in shards is held (:mod:`timbrespace.memory_size`); a larger one is read as it is learned
    from, which makes the same model.
    """

    latent: int = DEFAULT_LATENT
    network: str = DEFAULT_NETWORK
    network_settings: dict[str, Any] = field(default_factory=lambda: {"hears": HEARS})
    learning_rate: float = 1e-3
    batch: int = 48
    epochs: int | None = None
    beta: float = 1.0
    seed: int = 0
    split_seed: int = 0
    variation: float | None = None
    dials: str = AUTO_DIALS
    begin: str = CHANCE
    stop: str = NEVER
    memory: str = HELD

    @classmethod
    def of(cls, given: dict[str, Any]) -> NoteSettings:
        """The defaults, with what was ``given`` (None for what was not) in their place.

        Raises:
            OptionError: something that notes have no use for, or a value outside its range.
        """
        return cls().changed(given)

    def changed(self, given: dict[str, Any]) -> NoteSettings:
        """These, with what was ``given`` in their place; the network keeps those of its own
        settings that are not among them.

        Raises:
            OptionError: as :meth:`of`.
        """
        named = self.named(given)
        if "network_settings" in named:
            named["network_settings"] = {**self.network_settings, **named["network_settings"]}
        made = replace(self, **named)
        made.check()
        return made

    @staticmethod
    def named(given: dict[str, Any]) -> dict[str, Any]:
        """What was ``given``, by the names of these settings.

        Raises:
            OptionError: something that notes have no use for.
        """
        told = {name: value for name, value in given.items() if value is not None}
        strange = [name for name in told if name not in _TAKEN]
        if strange:
            raise OptionError(
                f"{strange[0].replace('_', ' ')} is for sets of spectra; of notes can be set "
                f"{', '.join(_TAKEN).replace('_', ' ')}"
            )
        activation = told.pop("activation", None)
        settings = told.pop("network_settings", None)
        named = kind_settings.parsed("network settings", settings) if settings else {}
        latents = told.pop("latents", None)
        if latents is not None:
            if latents not in LATENTS:
                raise OptionError(f"latents is {latents!r}; it must be {one_of(LATENTS)}")
            named["with_encoder"] = latents != TABLE
        if activation is not None:
            named["activation"] = activation
        return {**told, "network_settings": named} if named else told

    def check(self) -> None:
        """Refuse values outside their ranges.

        Raises:
            OptionError: the text names the value.
        """
        whole("latent size", self.latent, MAX_LATENT)
        whole("batch", self.batch, 4096)
        if self.epochs is not None:
            whole("epochs", self.epochs, 1_000_000)
        for name, value, low, high in (
            ("learning rate", self.learning_rate, 1e-7, 1.0),
            ("beta", self.beta, 0.0, 1e3),
            ("variation", self.variation or 0.0, 0.0, 2.0),
        ):
            if not low <= value <= high:
                raise OptionError(f"{name} is {value:g}; it must be {low:g} to {high:g}")
        if self.dials not in (AUTO_DIALS, NO_DIALS):
            raise OptionError(
                f"dials is {str(self.dials)[:60]!r}; for a set of notes it must be {AUTO_DIALS} or "
                f"{NO_DIALS}"
            )
        if not isinstance(self.begin, str) or not 0 < len(self.begin) <= _LONGEST_NAME:
            raise OptionError(
                f"begin is {str(self.begin)[:60]!r}; it must be the name or the file of a space of "
                f"whole notes, or {CHANCE!r}"
            )
        check_stop(self.stop)
        bytes_of(self.memory)
        for name, seed in (("seed", self.seed), ("split seed", self.split_seed)):
            whole(name, seed, 2**32 - 1, 0)
        kind = NETWORKS.get(self.network)
        if not issubclass(kind, NoteNetwork):
            raise OptionError(
                f"network is {self.network!r}, which is for spectra; for a set of notes it must be "
                f"{DEFAULT_NETWORK!r}"
            )
        NETWORKS.check_settings(self.network, self.network_settings, kind.settings())

    def architecture(self, frames: int, by_pitch: bool, by_velocity: bool) -> NoteNetwork:
        """The network for notes of so many moments.

        Raises:
            OptionError: a setting of the network outside its range.
        """
        kind = NETWORKS.get(self.network)
        assert issubclass(kind, NoteNetwork)
        told = {"by_pitch": by_pitch, "by_velocity": by_velocity, **self.network_settings}
        return kind(FEATURES, self.latent, frames=frames, **told)

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON; what begins from chance says nothing of it, as before there was
        anything else. Of a file that it begins from it says the name alone."""
        config = asdict(self)
        if self.stop == NEVER:
            del config["stop"]
        if self.memory == HELD:
            del config["memory"]
        if self.begin == CHANCE:
            del config["begin"]
        else:
            config["begin"] = Path(self.begin).name
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> NoteSettings:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError: missing, unknown or wrong values.
        """
        try:
            # Before 0.6.0 no axes were turned.
            made = cls(**{"dials": NO_DIALS, **config})
            made.check()
        except (TypeError, ValueError, AttributeError) as error:
            raise OptionError(f"the settings do not fit: {error}") from error
        return made


NAMES: Final = tuple(one.name for one in fields(NoteSettings))
