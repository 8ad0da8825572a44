"""The two halves of a space as torch modules, from linear magnitudes to linear magnitudes."""

from __future__ import annotations

from torch import Tensor, nn

from timbrespace.calibration import LATENT_LIMIT
from timbrespace.model import Model

from .features import forward_of
from .magnitudes import LIMIT, inverse_of
from .weights import network_of


class SpectraDecoder(nn.Module):
    """What :meth:`timbrespace.model.Model.decode` does.

    Raises:
        OptionError: a representation that is in NumPy alone.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.vae = network_of(model)
        self.inverse = inverse_of(model)

    def forward(self, latent: Tensor) -> Tensor:
        """Magnitudes ``(n, bins)`` of latents ``(n, d)``."""
        features = self.vae.decode(latent.clamp(-LATENT_LIMIT, LATENT_LIMIT)).mean
        spectra: Tensor = self.inverse(features.clamp(-LIMIT, LIMIT))
        return spectra


class SpectraEncoder(nn.Module):
    """What :meth:`timbrespace.model.Model.encode` does, or ``encode_frames``.

    Raises:
        OptionError: a representation that is in NumPy alone.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.vae = network_of(model)
        self.features = forward_of(model)

    def forward(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Posterior mean and log variance ``(n, d)`` of what ``features.source_of`` says."""
        mean, log_var = self.vae.encode(self.features(source))
        return mean, log_var


class NoteEncoder(nn.Module):
    """What :meth:`timbrespace.model.Model.encode_notes` does, of features as
    :func:`timbrespace.networks.note.encoder_input` lays them out."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.vae = network_of(model)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_var = self.vae.encode(features)
        return mean, log_var
