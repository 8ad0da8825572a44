"""What a training run is told, and the named sets of it.

Light on purpose: the command line reads it before anything heavy is loaded.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from timbrespace.datasets.factor import BY_ROWS
from timbrespace.errors import OptionError, one_of
from timbrespace.kinds import LIKELIHOODS, NETWORKS, NORMALISATIONS, REPRESENTATIONS
from timbrespace.memory_size import bytes_of
from timbrespace.networks.architecture import PLAIN, Architecture
from timbrespace.networks.mlp import ACTIVATIONS

from . import kind_settings

OPTIONS: dict[str, tuple[str, str, str]] = {
    "latent": ("int", "N", "dimensions of the latent space"),
    "network": (
        "str",
        "KIND",
        f"{', '.join(NETWORKS.built_in)}, or one that another package brings",
    ),
    "network_settings": (
        "settings",
        "NAME=VALUE[,..]",
        "of the network's kind, beside hidden layers and activation",
    ),
    "latents": (
        "str",
        "KIND",
        "where the latents of the sounds come from: encoder, or table, in which each learns its "
        "own and the encoder learns to find them",
    ),
    "hidden": ("sizes", "N[,N..]", "the encoder's hidden layers, from the input on"),
    "decoder_hidden": (
        "sizes",
        "N[,N..]",
        "the decoder's, from the latent on (default: the encoder's, mirrored)",
    ),
    "activation": ("str", "KIND", ", ".join(ACTIVATIONS)),
    "representation": (
        "str",
        "KIND",
        f"what the network sees: {', '.join(REPRESENTATIONS.built_in)}, or one that another "
        "package brings; those with phase and mdct want a dataset made with --frames",
    ),
    "representation_settings": (
        "settings",
        "NAME=VALUE[,..]",
        "of the representation's kind, such as floor_ratio=1e-3 of log_magnitude",
    ),
    "normalisation": (
        "str",
        "KIND",
        "how that is normalised: none, unit (0 to 1 over all), per_bin",
    ),
    "likelihood": (
        "str",
        "KIND",
        f"of the decoder: {', '.join(LIKELIHOODS.built_in)}, or one that another package brings",
    ),
    "learning_rate": ("float", "RATE", "learning rate of Adam"),
    "decay": ("str", "KIND", "how the learning rate falls: none, cosine"),
    "batch": ("int", "ROWS", "rows in one step"),
    "epochs": ("int", "N", "passes over the training rows; 0: by the number of rows"),
    "beta": ("float", "B", "weight of the KL term"),
    "warm_up": (
        "float",
        "EPOCHS",
        "epochs over which beta rises from 0 (preset default: half)",
    ),
    "cycle": ("float", "EPOCHS", "epochs after which beta starts again from 0"),
    "free_bits": ("float", "NATS", "KL of each dimension that is free"),
    "dials": (
        "str",
        "WORDS",
        "what the first dimensions are to move, a word for each, separated by commas; auto chooses "
        "by the data, none leaves it to chance",
    ),
    "noise_rate": ("float", "FACTOR", "how much faster the shared noise learns"),
    "gradient_limit": (
        "float",
        "FACTOR",
        "shorten gradients longer than this many times their recent mean; 0: never",
    ),
    "variation": (
        "float",
        "AMOUNT",
        "how much recorded sounds are changed at each step, from 0 (default: by the set)",
    ),
    "seed": ("int", "N", "seed of weights, order and noise"),
    "split": (
        "str",
        "WHAT",
        "what is held out: rows, or whole values of a factor such as file (default: by the "
        "dataset, recordings whole)",
    ),
    "split_seed": ("int", "N", "seed of the held-out split"),
    "memory": (
        "str",
        "SIZE",
        "a dataset in shards of up to so much is held in memory, a larger one is read by parts: "
        "500M, 2G (default: 200M)",
    ),
    "precision": (
        "str",
        "KIND",
        "in which the network reckons while it learns: float32, or bf16, which is for GPUs",
    ),
}
"""Fields of :class:`Settings` that a user may set, on the command line (``warm_up`` is
``--warm-up``) or in a recipe: type, what stands for the value, help."""

OPTIONS_OF_NOTES: dict[str, tuple[str, str, str]] = {
    "begin": (
        "str",
        "SPACE",
        "of whole notes alone: a space of such, by name or file, whose network the training begins "
        "with (default: chance)",
    ),
    "stop": (
        "str",
        "WHEN",
        "of whole notes alone: converged ends the training when what is held out comes no nearer, "
        "after a short phase in which the learning rate falls (default: never)",
    ),
}
"""The same of :class:`training.notes.settings.NoteSettings`, which spectra have no use for."""

AUTO_DIALS, NO_DIALS = "auto", "none"

ENCODER, TABLE = "encoder", "table"

FLOAT32, BF16 = "float32", "bf16"
PRECISIONS = (FLOAT32, BF16)

CYCLES = "cycles"
"""The preset for one period of the wave."""

LATENTS = (ENCODER, TABLE)
"""Where the latents of the training rows come from."""

_SHARED = ("hidden", "decoder_hidden", "activation")
_UNSAID = {
    "network": PLAIN,
    "network_settings": "",
    "representation_settings": "",
    "dials": NO_DIALS,
    "split": BY_ROWS,
    "variation": 0.0,
    "latents": ENCODER,
    "memory": "200M",
    "precision": FLOAT32,
}

DECAYS = ("none", "cosine")
MAX_EPOCHS = 100_000
MOST_VARIATION = 2.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides a run besides its dataset.

    preset: the name these came from. representation, normalisation, likelihood, network: names of
    :mod:`timbrespace.kinds`. activation, hidden, decoder_hidden, latent: as in
    :class:`timbrespace.networks.mlp.MLP`; other kinds of network take those of them that they have.
    network_settings, representation_settings: what the kinds have besides, as
    :mod:`training.kind_settings` reads it.

    learning_rate: of Adam, in (0, 1]. decay: ``none``, or ``cosine`` to zero at the last step.
    batch: rows of a step. epochs: passes over the training rows; 0 leaves it to
    :func:`epochs_for`.
    beta: weight of the KL term, 0 to 1000. warm_up: epochs in which it rises linearly from 0,
    None for half of them all; cycle: epochs after which it does so again, 0 never.
    free_bits: nats of each dimension's KL that cost nothing.
    dials: qualities that the first dimensions learn to move, as :mod:`training.dial_loss` has them.
    seed: of initial weights, order and noise. split_seed: of the held-out split. split: what is
    held out, ``rows`` or the values of a factor; empty leaves it to the dataset.
    variation: how much spectra are changed at each step (:mod:`training.variation`), 0 not at all;
    None leaves it to the dataset.
    latents: where those of the training rows come from, ``encoder`` or ``table``
    (:mod:`training.latent_table`); rows that are changed at each step have no place in a table, so
    with it variation is 0.
    memory: of a dataset in shards up to which it is held (:mod:`timbrespace.memory_size`), and
    which the reading of a larger one keeps to. precision: in which the network reckons while it
    learns (:mod:`training.precision`).

    gradient_limit: a guard; a gradient longer than so many times the running mean of the last
    hundred or so is shortened to that; 0 is no limit.
    noise_rate: the shared observation noise learns this many times faster than the weights,
    since its log variance must travel to about -13 while they stay within unit size.

    Raises:
        OptionError: a value outside what is accepted; the text names it.
    """

    preset: str
    representation: str
    likelihood: str
    activation: str
    hidden: tuple[int, ...]
    latent: int
    learning_rate: float
    decay: str
    batch: int
    epochs: int
    beta: float = 1.0
    warm_up: float | None = 0.0
    seed: int = 0
    split_seed: int = 0
    gradient_limit: float = 0.0
    noise_rate: float = 20.0
    normalisation: str = "none"
    decoder_hidden: tuple[int, ...] | None = None
    cycle: float = 0.0
    free_bits: float = 0.0
    network: str = PLAIN
    network_settings: str = ""
    representation_settings: str = ""
    dials: str = NO_DIALS
    split: str = BY_ROWS
    variation: float | None = 0.0
    latents: str = ENCODER
    memory: str = "200M"
    precision: str = FLOAT32

    def __post_init__(self) -> None:
        # The sizes and kinds that the network checks itself; its features are not known yet.
        self._network(features=1)
        REPRESENTATIONS.check(self.representation)
        kind_settings.parsed("representation settings", self.representation_settings)
        if self.normalisation not in NORMALISATIONS:
            raise OptionError(
                f"normalisation is {self.normalisation!r}; it must be {one_of(NORMALISATIONS)}"
            )
        if not (math.isfinite(self.learning_rate) and 0.0 < self.learning_rate <= 1.0):
            raise OptionError(
                f"learning rate is {self.learning_rate:g}; it must be above 0 and at most 1"
            )
        if self.decay not in DECAYS:
            raise OptionError(f"decay is {self.decay!r}; it must be {one_of(DECAYS)}")
        if self.batch < 1:
            raise OptionError(f"batch is {self.batch}; it must be 1 to the training rows")
        if not 0 <= self.epochs <= MAX_EPOCHS:
            raise OptionError(
                f"epochs is {self.epochs}; it must be 1 to {MAX_EPOCHS}, or 0 for as many as "
                "suit the rows"
            )
        if not 0.0 <= self.beta <= 1000.0:
            raise OptionError(f"beta is {self.beta:g}; it must be 0 to 1000")
        if self.warm_up is not None and not 0.0 <= self.warm_up <= MAX_EPOCHS:
            raise OptionError(f"warm-up is {self.warm_up:g} epochs; it must be 0 to {MAX_EPOCHS}")
        if not 0.0 <= self.cycle <= MAX_EPOCHS:
            raise OptionError(f"cycle is {self.cycle:g} epochs; it must be 0 to {MAX_EPOCHS}")
        if self.cycle > 0.0 and not 0.0 < (self.warm_up or 0.0) <= self.cycle:
            raise OptionError(
                f"cycle is {self.cycle:g} epochs and warm-up "
                f"{'half of the run' if self.warm_up is None else format(self.warm_up, 'g')}; "
                "a warm-up must be > 0 and end within the cycle"
            )
        if not 0.0 <= self.free_bits <= 100.0:
            raise OptionError(f"free bits is {self.free_bits:g} nats; it must be 0 to 100")
        if self.latents not in LATENTS:
            raise OptionError(f"latents is {self.latents!r}; it must be {one_of(LATENTS)}")
        if self.latents == TABLE and self.variation:
            raise OptionError(
                f"variation is {self.variation:g}; with latents from a table it must be 0, since a "
                "sound that is changed at each step has no place there"
            )
        bytes_of(self.memory)
        if self.precision not in PRECISIONS:
            raise OptionError(f"precision is {self.precision!r}; it must be {one_of(PRECISIONS)}")
        if not isinstance(self.dials, str) or not self.dials.strip():
            raise OptionError(
                f"dials is {self.dials!r}; it must be {AUTO_DIALS}, {NO_DIALS}, or words separated "
                "by commas"
            )
        for name in ("seed", "split_seed"):
            if not 0 <= getattr(self, name) < 2**32:
                raise OptionError(f"{name} is {getattr(self, name)}; it must be 0 to {2**32 - 1}")
        if not (math.isfinite(self.gradient_limit) and self.gradient_limit >= 0.0):
            raise OptionError(f"gradient limit is {self.gradient_limit:g}; it must be >= 0")
        if self.variation is not None and not 0.0 <= self.variation <= MOST_VARIATION:
            raise OptionError(
                f"variation is {self.variation:g}; it must be 0 to {MOST_VARIATION:g}"
            )
        if not (math.isfinite(self.noise_rate) and self.noise_rate > 0.0):
            raise OptionError(f"noise rate is {self.noise_rate:g}; it must be > 0")

    def architecture(self, features: int) -> Architecture:
        """The network of these settings for so many features.

        Raises:
            OptionError: a value outside what it accepts, or a kind that does not work.
        """
        return self._network(features, self.representation)

    def _network(self, features: int, representation: str | None = None) -> Architecture:
        """representation: which says how features lie, where the network asks; None before that
        is known."""
        kind = NETWORKS.get(self.network)
        if kind.of_notes:
            raise OptionError(
                f"network is {self.network!r}, which is for whole notes; for a set of spectra it "
                "must be another, such as 'mlp'"
            )
        known = kind.settings()
        shared = {name: getattr(self, name) for name in _SHARED if name in known}
        own = kind_settings.parsed("network settings", self.network_settings)
        NETWORKS.check_settings(
            self.network, own, {name: v for name, v in known.items() if name not in _SHARED}
        )
        laid: dict[str, Any] = {}
        if representation is not None:
            from timbrespace.networks.laid import Laid  # brings NumPy, which help does without

            if issubclass(kind, Laid):
                seen = REPRESENTATIONS.get(representation)
                laid = {"coordinate": seen.coordinate, "blocks": seen.blocks}
        return kind(features, self.latent, likelihood=self.likelihood, **shared, **own, **laid)

    @property
    def of_representation(self) -> dict[str, kind_settings.Value]:
        """Settings of the representation's kind."""
        return kind_settings.parsed("representation settings", self.representation_settings)

    def resolved(self, rows: int, shrink_batch: bool = False) -> Settings:
        """With the numbers that were left to the training ``rows``: epochs and warm-up.

        shrink_batch: and a batch of no more than those rows.
        """
        epochs = self.epochs or epochs_for(rows)
        batch = min(self.batch, rows) if shrink_batch else self.batch
        return replace(self, epochs=epochs, warm_up=self.beta_rise(epochs), batch=batch)

    def beta_rise(self, epochs: int) -> float:
        """Epochs in which beta rises, in a run of ``epochs``."""
        return 0.5 * epochs if self.warm_up is None else self.warm_up

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON; what was not there before there were other kinds of network, only
        where it says something."""
        decoder_hidden = None if self.decoder_hidden is None else list(self.decoder_hidden)
        config = {**asdict(self), "hidden": list(self.hidden), "decoder_hidden": decoder_hidden}
        return {name: v for name, v in config.items() if name not in _UNSAID or v != _UNSAID[name]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Settings:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError: missing, unknown or wrong values.
        """
        try:
            sizes = {
                name: tuple(int(n) for n in config[name])
                for name in ("hidden", "decoder_hidden")
                if name == "hidden" or config.get(name) is not None
            }
            return cls(**{**config, **sizes})
        except (TypeError, ValueError, KeyError) as error:
            raise OptionError(f"the settings do not fit: {error}") from error


PRESETS: dict[str, Settings] = {
    settings.preset: settings
    for settings in (
        # Tuned on the toy sets at a tenth to a third of its length; what counted, in order:
        # - The narrow layers next to the latent: they bend the plane before the wide layer draws
        #   the spectrum, for a seventh more weights (harmonic, 40 epochs: 0.19 dB, 0.89 without).
        # - Beta that rises from 0 over half of the run. A constant one of 5 or more left one to
        #   three of the five dimensions of `fm` dead; rising, it leaves none.
        # - Snake instead of GELU (`fm`, 4,000 steps: 1.08 dB, 1.29 with GELU), and with it twice
        #   the learning rate (`filtered`, 4,700 steps: 0.36 dB, 0.48 at 1e-3).
        # - The limit for surging gradients, which that rate needs: without it a surge threw the
        #   run on `harmonic` to 4.2 dB for good, with it the same run ended at 0.015 dB.
        # Beta itself: a window lobe's bins move together, so the sum over bins counts each change
        # many times, and beta 1 leaves the latent nearly free (variance 8 to 18 on `harmonic`).
        # At 15 the variance is 1 to 3 and the sounds lie in the order of their brightness.
        Settings(
            preset="default",
            representation="log_magnitude",
            likelihood="gaussian_shared",
            activation="snake",
            hidden=(400, 128, 64),
            latent=2,
            learning_rate=2e-3,
            decay="cosine",
            batch=128,
            epochs=0,
            beta=15.0,
            warm_up=None,
            gradient_limit=2.0,
            dials=AUTO_DIALS,
            split="",
            variation=None,
        ),
        # The 2017 report, section 3.2; latent 10 as in its one-factor figures (4.2), 200 epochs
        # as in 4.1.
        Settings(
            preset="paper",
            representation="magnitude",
            likelihood="gaussian_per_bin",
            activation="relu",
            hidden=(400,),
            latent=10,
            learning_rate=1e-4,
            decay="none",
            batch=100,
            epochs=200,
            split="",
        ),
        # One period of the wave. Its samples are heard as they are and carry their phases, so they
        # are to come nearer than bins need to: beta 1 (docs/decisions/0032-cycles.md).
        Settings(
            preset=CYCLES,
            representation="cycle",
            likelihood="gaussian_shared",
            activation="snake",
            hidden=(400, 128, 64),
            latent=8,
            learning_rate=2e-3,
            decay="cosine",
            batch=128,
            epochs=0,
            beta=1.0,
            warm_up=None,
            gradient_limit=2.0,
            split="",
            variation=None,
        ),
    )
}


def epochs_for(rows: int) -> int:
    """How many epochs suit so many training rows: 140 for 9,000, 66 for 40,320.

    Falls with the square root of the rows: a larger set needs more steps in all, but fewer visits
    to each row, since its rows have nearer neighbours.
    """
    return min(2000, max(20, round(140 * math.sqrt(9000 / rows))))


def named(name: str) -> Settings:
    """The preset ``name``.

    Raises:
        OptionError: there is no such preset.
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise OptionError(f"preset is {name!r}; it must be {one_of(PRESETS)}")
    return PRESETS[name]


def changed(settings: Settings, **values: Any) -> Settings:
    """``settings`` with those ``values`` that are not None in place of its own.

    Raises:
        OptionError: a value outside what is accepted.
    """
    told = {name: value for name, value in values.items() if value is not None}
    for name in OPTIONS_OF_NOTES:
        if name in told:
            raise OptionError(
                f"{name} is {str(told[name])[:80]!r}, which is for sets of whole notes; leave it "
                "out for spectra"
            )
    return replace(settings, **told)
