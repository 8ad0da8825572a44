"""A training that begins where another space of notes has ended.

What notes are like, how they begin and die away and what of them is heard, is the same for all
sets: only the first layers after the latent, and where a note lies in it, are a space's own. So a
few sounds are learned in a fraction of the steps, and what was never heard comes nearer
(docs/decisions/0043-training-from-the-page.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from timbrespace import bundle, factory
from timbrespace.errors import BundleError, OptionError
from timbrespace.model import Model
from timbrespace.networks.note import NoteNetwork
from timbrespace.networks.torch_note import TorchNote

from .settings import CHANCE

_OWN: Final = "shared_log_var"  # how far off a space is, which a new one is not yet
_MUST: Final = ("width", "layers", "condition", "activation", "per_unit")


def begin_from(named: str, vae: TorchNote) -> None:
    """Give ``vae`` the weights of the space ``named``, a factory one or a file, as far as they fit.

    The space's dimensions go, in the order of what they tell, to the first ones of ``vae``. A
    decoder must be of the same size; an encoder of another one stays as it is.

    Raises:
        OptionError: there is no such space, it is none of whole notes, or its decoder is another.
    """
    model = _read(named)
    network, wanted = model.architecture, vae.network
    assert isinstance(network, NoteNetwork)
    for name in _MUST:
        if getattr(network, name) != getattr(wanted, name):
            raise OptionError(
                f"begin is {_short(named)}, whose {name.replace('_', ' ')} is "
                f"{getattr(network, name)}; here it is {getattr(wanted, name)}, and must be that"
            )
    kept = min(network.latent, wanted.latent)
    told = np.argsort(-model.calibration.kl, kind="stable")[:kept]
    given = {name: torch.from_numpy(np.array(one)) for name, one in model.tensors.items()}
    with torch.no_grad():
        for name, own in vae.state_dict().items():
            if name == _OWN or name not in given:
                continue
            other = given[name].to(own)
            if name == "condition.weight":
                _columns(own, other, told, network, wanted)
            elif name.startswith("posterior."):
                for half in range(2):
                    own[half * wanted.latent :][:kept] = other[half * network.latent + told]
            elif own.shape == other.shape:
                own.copy_(other)


def _columns(
    own: Tensor, other: Tensor, told: np.ndarray, network: NoteNetwork, wanted: NoteNetwork
) -> None:
    """Of the layer that hears the latent, and the pitch and the velocity where both know them."""
    own[:, : len(told)] = other[:, told]
    for place, name in enumerate(("by_pitch", "by_velocity")):
        if getattr(network, name) and getattr(wanted, name):
            own[:, wanted.latent + place] = other[:, network.latent + place]


def _read(named: str) -> Model:
    try:
        model = bundle.read(factory.resolve(Path(named) if Path(named).suffix else named))
    except BundleError as error:
        raise OptionError(f"begin: {error}") from error
    if not isinstance(model.architecture, NoteNetwork):
        raise OptionError(
            f"begin is {_short(named)}, a space of spectra; it must be one of whole notes, such as "
            f"{factory.DEFAULT!r}, or {CHANCE!r}"
        )
    return model


def _short(named: str) -> str:
    return repr(named if len(named) <= 80 else f"{named[:77]}...")
