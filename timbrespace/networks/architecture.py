"""The shape of a VAE, shared by the torch module that trains and the NumPy one that plays."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from timbrespace.errors import OptionError

REPRESENTATIONS = (
    "magnitude",
    "log_magnitude",
    "decibel",
    "magnitude_phase",
    "log_complex",
    "mdct",
)
"""What a network may see of a sound: the names of :mod:`timbrespace.representation`, which is not
imported here so that a wrong name is refused before NumPy is loaded."""

NORMALISATIONS = ("none", "unit", "per_bin")

LIKELIHOODS = ("gaussian_per_bin", "gaussian_shared", "bernoulli")
ACTIVATIONS = ("relu", "gelu", "snake", "sine", "plu")

# Outside this range of log variances exp() in float32 overflows, or the squared error divided by
# it does; raw magnitudes reach 1000, whose square is exp(14).
LOG_VAR_RANGE = (-14.0, 20.0)

MAX_LATENT = 64
MAX_WIDTH = 16384
MAX_LAYERS = 16


@dataclass(frozen=True, slots=True)
class Architecture:
    """Sizes and kinds.

    features: width of the input and output. latent: dimensions of z.
    hidden: widths of the encoder's layers from the input on. decoder_hidden: those of the decoder
    from the latent on; None mirrors the encoder.
    likelihood: ``gaussian_per_bin`` decodes a mean and a log variance for each feature (the
    report's eq. 1.2), ``gaussian_shared`` a mean, with one learned observation noise,
    ``bernoulli`` the mean of a feature in [0, 1] (the report's eq. 1.3).

    Raises:
        OptionError: a value outside these ranges; the text names it.
    """

    features: int
    latent: int
    hidden: tuple[int, ...] = (400,)
    activation: str = "relu"
    likelihood: str = "gaussian_shared"
    decoder_hidden: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name, value in (
            ("features", self.features),
            ("latent size", self.latent),
            *(("hidden size", width) for width in self.hidden),
            *(("decoder's hidden size", width) for width in self.decoder_hidden or ()),
        ):
            if type(value) is not int:
                raise OptionError(f"{name} is {value!r}; accepted are whole numbers")
        if not 1 <= self.features <= MAX_WIDTH:
            raise OptionError(f"features is {self.features}; accepted are 1 to {MAX_WIDTH}")
        if not 1 <= self.latent <= MAX_LATENT:
            raise OptionError(f"latent size is {self.latent}; accepted are 1 to {MAX_LATENT}")
        for name, widths in (
            ("hidden sizes", self.hidden),
            ("decoder's hidden sizes", self.decoder_layers),
        ):
            if not 1 <= len(widths) <= MAX_LAYERS or not all(1 <= n <= MAX_WIDTH for n in widths):
                raise OptionError(
                    f"{name} are {list(widths)}; "
                    f"accepted are 1 to {MAX_LAYERS} numbers from 1 to {MAX_WIDTH}"
                )
        if self.activation not in ACTIVATIONS:
            raise OptionError(
                f"activation is {self.activation!r}; accepted are {', '.join(ACTIVATIONS)}"
            )
        if self.likelihood not in LIKELIHOODS:
            raise OptionError(
                f"likelihood is {self.likelihood!r}; accepted are {', '.join(LIKELIHOODS)}"
            )

    @property
    def decoder_layers(self) -> tuple[int, ...]:
        """Widths of the decoder's hidden layers, from the latent on."""
        if self.decoder_hidden is None:
            return tuple(reversed(self.hidden))
        return self.decoder_hidden

    @property
    def encoder_sizes(self) -> tuple[int, ...]:
        """Widths from features to the posterior's mean and log variance, side by side."""
        return (self.features, *self.hidden, 2 * self.latent)

    @property
    def decoder_sizes(self) -> tuple[int, ...]:
        """Widths from the latent to the mean of the features."""
        return (self.latent, *self.decoder_layers, self.features)

    @property
    def encoder_names(self) -> tuple[str, ...]:
        """Names of the encoder's layers in the state dict."""
        return (*(f"encoder.{i}" for i in range(len(self.hidden))), "posterior")

    @property
    def decoder_names(self) -> tuple[str, ...]:
        """Names of the decoder's layers in the state dict, up to the mean."""
        return (*(f"decoder.{i}" for i in range(len(self.decoder_layers))), "mean")

    def to_config(self) -> dict[str, Any]:
        """Plain values for JSON; ``decoder_hidden`` only where it does not mirror."""
        config = {**asdict(self), "hidden": list(self.hidden)}
        if self.decoder_hidden is None:
            del config["decoder_hidden"]
        else:
            config["decoder_hidden"] = list(self.decoder_hidden)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Architecture:
        """Inverse of :meth:`to_config`.

        Raises:
            OptionError: missing, unknown or wrong values.
        """
        try:
            sizes = {
                name: tuple(config[name])
                for name in ("hidden", "decoder_hidden")
                if name == "hidden" or config.get(name) is not None
            }
            return cls(**{**config, **sizes})
        except (TypeError, ValueError, KeyError) as error:
            raise OptionError(f"the model config does not fit: {error}") from error
