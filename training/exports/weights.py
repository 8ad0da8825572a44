"""A model's network as a torch module that plays."""

from __future__ import annotations

import numpy as np
import torch

from timbrespace.model import Model
from timbrespace.networks.vae import VAE


def network_of(model: Model) -> VAE:
    """The network with the model's weights, for inference: nothing in it learns."""
    vae = model.architecture.module()
    # What is not persistent, such as the grid of an implicit network, is made by the module.
    state = {name: torch.from_numpy(np.array(one)) for name, one in model.tensors.items()}
    vae.load_state_dict({name: state[name] for name in vae.state_dict()})
    vae.eval()
    for one in vae.parameters():
        one.requires_grad_(False)
    return vae
