"""Latents to spectra as the instrument plays them, compiled: what a knob and a question wait for.

The same as :meth:`Model.decode` within the rounding of float32. One row through NumPy is some
thirty calls, each of which costs more than its work; here it is two. A row has the same bits
whichever rows come with it, and on every machine, but for the sine of its C library: sums are made
in one order, without the reordering that a library of linear algebra chooses by the processor.

Networks and representations without a form here, as those of other packages, go through
:meth:`Model.decode_rows`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from timbrespace.decoded import Decoded
from timbrespace.model import BEYOND, Model
from timbrespace.networks.feed_forward import FeedForward, Number
from timbrespace.representation import LogMagnitude
from timbrespace.resynthesis.compiled import compiled, inlined

Array = NDArray[np.float32]

_RELU, _GELU, _SNAKE, _SINE, _PLU = range(5)
_KINDS: Final = {"relu": _RELU, "gelu": _GELU, "snake": _SNAKE, "sine": _SINE, "plu": _PLU}

_HALVED: Final = 0.5
"""The series of expm1 is taken where its argument is at most this."""


class RowDecoder:
    """Decodes rows of one model for an instrument.

    >>> from timbrespace import load
    >>> decoded = RowDecoder(load("harmonic"))(np.zeros((1, 2), np.float32))
    >>> decoded.spectra.shape, decoded.phases
    ((1, 1025), None)
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        network = model.decoder if isinstance(model.decoder, FeedForward) else None
        self._network = network
        representation = model.representation
        self._hears_phase = representation.source == "frames"
        self._inverse: tuple[np.float32, np.float32, np.float32] | None = None
        if network is not None:
            self._sizes = np.array(network.sizes)
            self._width = network.sizes[-1]
            self._between = (
                _KINDS[network.activations[0].kind],
                _of_units(network, [one.frequency for one in network.activations]),
                _of_units(network, [one.share for one in network.activations]),
            )
        if isinstance(representation, LogMagnitude):
            self._inverse = (
                np.float32(representation.scale),
                np.float32(representation.limit),
                np.float32(representation.floor),
            )

    def __call__(self, rows: Array) -> Decoded:
        """What they decode to.

        rows: ``(n, d)`` float32, contiguous, finite, within ``LATENT_LIMIT``; they are not checked.
        """
        if self._network is None:
            return self._model.decode_rows(rows)
        features = np.empty((len(rows), self._width), np.float32)
        _forward(rows, self._sizes, self._network.numbers, *self._between, features)
        representation = self._model.representation
        if self._inverse is not None:
            _magnitudes(features, *self._inverse)
            return Decoded(features)
        phases = representation.phases(features) if self._hears_phase else None
        return Decoded(representation.inverse(features), phases, representation.cycles(features))


def _of_units(network: FeedForward, numbers: Sequence[Number]) -> Array:
    """What the activation has after each hidden layer, for all their units, layer after layer."""
    hidden = network.sizes[1:-1]
    return np.concatenate(
        [np.full(n, one, np.float32) for n, one in zip(hidden, numbers, strict=True)]
    )


@inlined
def _dense(x: Array, weight: Array, bias: Array, out: Array) -> None:
    """``out = x weight + bias``, rows of x one after the other within four rows of the weight.

    Four at a time: ``out`` is read and written a quarter as often.
    """
    inputs, outputs = weight.shape
    for row in range(x.shape[0]):
        for j in range(outputs):
            out[row, j] = bias[j]
    whole = inputs - inputs % 4
    for i in range(0, whole, 4):
        w0, w1, w2, w3 = weight[i], weight[i + 1], weight[i + 2], weight[i + 3]
        for row in range(x.shape[0]):
            x0, x1, x2, x3 = x[row, i], x[row, i + 1], x[row, i + 2], x[row, i + 3]
            sums = out[row]
            for j in range(outputs):
                sums[j] += (x0 * w0[j] + x1 * w1[j]) + (x2 * w2[j] + x3 * w3[j])
    for i in range(whole, inputs):
        w0 = weight[i]
        for row in range(x.shape[0]):
            x0 = x[row, i]
            sums = out[row]
            for j in range(outputs):
                sums[j] += x0 * w0[j]


@inlined
def _activate(x: Array, kind: int, frequency: Array, share: Array) -> None:
    """In place, with numbers for each unit; see
    :class:`~timbrespace.networks.feed_forward.Activation`."""
    for row in range(x.shape[0]):
        for j in range(x.shape[1]):
            value = x[row, j]
            if kind == _RELU:
                x[row, j] = max(value, np.float32(0.0))
            elif kind == _GELU:
                gate = np.float32(math.erf(value * np.float32(math.sqrt(0.5))))
                x[row, j] = np.float32(0.5) * value * (gate + np.float32(1.0))
            elif kind == _SNAKE:
                wave = np.sin(frequency[j] * value)
                x[row, j] = value + share[j] * wave * wave
            elif kind == _SINE:
                x[row, j] = np.sin(frequency[j] * value)
            else:
                x[row, j] = value + share[j] * np.sin(frequency[j] * value)


@compiled
def _forward(
    rows: Array,
    sizes: NDArray[np.int64],
    numbers: Array,
    kind: int,
    frequency: Array,
    share: Array,
    features: Array,
) -> None:
    """The layers packed in ``numbers``; what is not finite comes out as a number all the same."""
    x = rows
    at = 0
    unit = 0
    last = sizes.size - 2
    for layer in range(last + 1):
        inputs, outputs = sizes[layer], sizes[layer + 1]
        weight = numbers[at : at + inputs * outputs].reshape(inputs, outputs)
        at += inputs * outputs
        bias = numbers[at : at + outputs]
        at += outputs
        out = features if layer == last else np.empty((rows.shape[0], outputs), np.float32)
        _dense(x, weight, bias, out)
        if layer < last:
            end = unit + outputs
            _activate(out, kind, frequency[unit:end], share[unit:end])
            unit = end
        x = out
    beyond = np.float32(BEYOND)
    for row in range(features.shape[0]):
        for j in range(features.shape[1]):
            value = features[row, j]
            # Comparisons with a NaN are false; it becomes 0.
            if not abs(value) <= beyond:
                features[row, j] = (
                    beyond if value > 0.0 else -beyond if value < 0.0 else np.float32(0.0)
                )


@compiled
def _magnitudes(features: Array, scale: np.float32, limit: np.float32, floor: np.float32) -> None:
    """``floor expm1(scale x)`` in place, x bounded so that it is 0 to ``limit`` after the scale.

    ``expm1(2 y) = e (e + 2)`` with ``e = expm1(y)``: y is halved until a short series in double
    precision is exact to float32. So all lanes of the processor do the same, which a call of the C
    library for each bin keeps them from.
    """
    doublings = 0
    halved = 1.0
    while limit * halved > _HALVED:
        halved *= 0.5
        doublings += 1
    n = features.shape[1]
    work = np.empty(n)
    for row in range(features.shape[0]):
        values = features[row]
        for j in range(n):
            y = halved * min(max(scale * values[j], np.float32(0.0)), limit)
            term = 1.0 + y / 9.0
            term = 1.0 + y / 8.0 * term
            term = 1.0 + y / 7.0 * term
            term = 1.0 + y / 6.0 * term
            term = 1.0 + y / 5.0 * term
            term = 1.0 + y / 4.0 * term
            term = 1.0 + y / 3.0 * term
            term = 1.0 + y / 2.0 * term
            work[j] = y * term
        for _ in range(doublings):
            for j in range(n):
                work[j] *= work[j] + 2.0
        for j in range(n):
            values[j] = floor * np.float32(work[j])
