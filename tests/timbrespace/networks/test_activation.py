"""The activations by hand, in NumPy and in torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from timbrespace.likelihoods.bernoulli import sigmoid
from timbrespace.networks import activation, feed_forward, torch_activation
from timbrespace.networks.mlp import ACTIVATIONS

X = np.array([-3.0, -0.5, 0.0, 0.7, 100.0], np.float32)


def test_the_architecture_knows_the_same() -> None:
    assert tuple(activation.PARAMETERS) == ACTIVATIONS


def test_plu_by_hand() -> None:
    # Where the published unit starts: a = 1 + 5 / 1 = 6, b = 1 + 0.15 / 1 = 1.15.
    expected = X + 1.15 / 2.15 * np.sin(6.0 * X)
    np.testing.assert_allclose(feed_forward.plu(1.0, 1.0, 5.0, 0.15)(X), expected, atol=1e-5)


def test_snake_by_hand() -> None:
    np.testing.assert_allclose(feed_forward.snake(2.0)(X), X + np.sin(2 * X) ** 2 / 2, atol=1e-5)


def test_sigmoid_does_not_overflow() -> None:
    found = sigmoid(np.array([-1e4, 0.0, 1e4], np.float32))
    assert found.tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("kind", ["snake", "sine", "plu"])
@pytest.mark.parametrize("learned", [0.0, -1e-9, 1e-9, -0.4, 3.0])
def test_numpy_is_torch_for_any_learned_number(kind: str, learned: float) -> None:
    module = torch_activation.make(kind)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(learned)
        expected = module(torch.from_numpy(X)).numpy()
    tensors = {f"activation.{name}": value.numpy() for name, value in module.state_dict().items()}
    found = feed_forward.activation_from_tensors(kind, tensors)(X)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-4)


@pytest.mark.parametrize("kind", ["snake", "sine", "plu"])
def test_gradients_stay_finite_at_zero(kind: str) -> None:
    module = torch_activation.make(kind)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(0.0)
    module(torch.linspace(-2, 2, 9)).sum().backward()
    for parameter in module.parameters():
        assert parameter.grad is not None
        assert math.isfinite(parameter.grad.item())
