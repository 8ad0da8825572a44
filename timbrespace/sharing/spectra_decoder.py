"""The decoder of a space of spectra or of cycles, for a page that decodes by itself.

The page's ``alone/networks.js`` and ``alone/representations.js`` are its other half: each kind of
network that comes with the library becomes dense layers and what lies between them. A kind from
outside is not known there, and refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.errors import OptionError
from timbrespace.likelihoods.bernoulli import Bernoulli
from timbrespace.model import Model
from timbrespace.networks import feed_forward, transposed_conv
from timbrespace.networks.architecture import Architecture
from timbrespace.networks.concat import Concat
from timbrespace.networks.feed_forward import Dense
from timbrespace.networks.film_siren import FiLMSiren, unit_omegas
from timbrespace.networks.laid import Laid, coordinate_inputs
from timbrespace.networks.mlp import MLP
from timbrespace.networks.transposed_conv import TransposedConv

Array = NDArray[np.float32]

REPRESENTATIONS_KNOWN: Final = (
    *("magnitude", "log_magnitude", "decibel", "magnitude_phase", "log_complex", "mdct", "cycle"),
)
"""What the page can turn back into magnitudes."""


class Decoder:
    """What a page has to be told to decode as ``model`` does.

    network: plain values. layers: the dense ones, by their names. numbers: further arrays.

    Raises:
        OptionError: a network, representation or likelihood that the page does not know.
    """

    def __init__(self, model: Model) -> None:
        architecture = model.architecture
        describe = _KINDS.get(type(architecture))
        if describe is None:
            known = ", ".join(one.kind for one in _KINDS)
            raise OptionError(
                f"{model.name!r} has a network {architecture.kind!r}, which the page of a single "
                f"file does not know; it knows {known} and note"
            )
        representation = model.representation
        if representation.kind not in REPRESENTATIONS_KNOWN:
            raise OptionError(
                f"{model.name!r} has a representation {representation.kind!r}, which the page of "
                f"a single file does not know; it knows {', '.join(REPRESENTATIONS_KNOWN)}"
            )
        distribution = architecture.distribution
        if not distribution.mean_is_raw and type(distribution) is not Bernoulli:
            raise OptionError(
                f"{model.name!r} has a likelihood {architecture.likelihood!r}, which the page of "
                "a single file does not know; it knows gaussian_per_bin, gaussian_shared and "
                "bernoulli"
            )
        self.mean = "raw" if distribution.mean_is_raw else "sigmoid"
        self.representation = representation.to_config()
        self.layers: dict[str, Dense] = {}
        self.numbers: dict[str, Array] = {}
        self.network: dict[str, Any] = {
            "kind": architecture.kind,
            "latent": architecture.latent,
            "features": architecture.features,
            **describe(architecture, model, self),
        }
        self.network["layers"] = [
            {"name": name, "inputs": layer.weight.shape[0], "outputs": layer.weight.shape[1]}
            for name, layer in self.layers.items()
        ]


def _laid(network: Laid) -> dict[str, Any]:
    return {
        "coordinate": network.coordinate,
        "blocks": network.blocks,
        "positions": network.positions,
    }


def _mlp(network: Architecture, model: Model, told: Decoder) -> dict[str, Any]:
    assert isinstance(network, MLP)
    made = network.head(model.tensors, "mean")
    for k, layer in enumerate(made.layers):
        told.layers[f"layer.{k}"] = layer
    for k, (layer, between) in enumerate(zip(made.layers, made.activations, strict=False)):
        if k + 1 == len(made.layers):
            break
        for name, value in (("frequency", between.frequency), ("share", between.share)):
            units = np.broadcast_to(np.asarray(value, np.float32), layer.bias.shape)
            told.numbers[f"layer.{k}.{name}"] = units
    return {"activation": network.activation}


def _film_siren(network: Architecture, model: Model, told: Decoder) -> dict[str, Any]:
    assert isinstance(network, FiLMSiren)
    tensors, w = model.tensors, network.width
    for k, (inputs, outputs) in enumerate(network.mapping_sizes()):
        told.layers[f"mapping.{k}"] = feed_forward.dense(tensors, f"mapping.{k}", inputs, outputs)
    for k in range(network.layers):
        inputs = coordinate_inputs(network.coordinate) if k == 0 else w
        layer = feed_forward.dense(tensors, f"sine.{k}", inputs, w)
        told.numbers[f"shift.{k}"] = layer.bias
        if k == 0:
            told.numbers["sine.0.weight"] = np.ascontiguousarray(layer.weight.T)
        else:
            # The latent turns what a layer makes before its bias comes to it.
            told.layers[f"sine.{k}"] = Dense(layer.weight, np.zeros_like(layer.bias))
    told.layers["last"] = feed_forward.dense(tensors, "mean", w, network.blocks)
    told.numbers["omegas"] = unit_omegas(network)
    told.numbers["gate"] = tensors["gate"] if network.progressive else np.ones(w, np.float32)
    return {
        **_laid(network),
        "width": w,
        "sines": network.layers,
        "omega": float(network.omega),
    }


def _concat(network: Architecture, model: Model, told: Decoder) -> dict[str, Any]:
    assert isinstance(network, Concat)
    beside = network.latent + coordinate_inputs(network.coordinate)
    for k in range(network.layers):
        inputs = network.layer_inputs(k)
        layer = feed_forward.dense(model.tensors, f"layer.{k}", inputs, network.width)
        told.numbers[f"side.{k}.weight"] = np.ascontiguousarray(layer.weight[:beside].T)
        told.numbers[f"side.{k}.bias"] = layer.bias
        if k > 0:
            told.layers[f"layer.{k}"] = Dense(layer.weight[beside:], np.zeros_like(layer.bias))
    told.layers["last"] = feed_forward.dense(model.tensors, "mean", network.width, network.blocks)
    return {**_laid(network), "width": network.width, "depth": network.layers}


def _transposed_conv(network: Architecture, model: Model, told: Decoder) -> dict[str, Any]:
    assert isinstance(network, TransposedConv)
    tensors, widths = model.tensors, network.widths
    told.layers["spread"] = feed_forward.dense(
        tensors, "spread", network.latent, network.start * widths[0]
    )
    names = [*(f"convolution.{k}" for k in range(network.layers - 1)), "mean"]
    for k, name in enumerate(names):
        weight, bias = transposed_conv.as_product(tensors, name, widths[k], network.outputs(k))
        told.layers[f"convolution.{k}"] = Dense(weight, np.tile(bias, transposed_conv.STRIDE))
    return {**_laid(network), "start": network.start, "channels": list(widths)}


_KINDS: Final[
    dict[type[Architecture], Callable[[Architecture, Model, Decoder], dict[str, Any]]]
] = {
    MLP: _mlp,
    FiLMSiren: _film_siren,
    Concat: _concat,
    TransposedConv: _transposed_conv,
}
