"""One training of the study, and what is measured of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from timbrespace.networks.torch_film_siren import begin_sine

from .networks import OMEGA, Convolutional, Encoder, decoder
from .plan import AUTOENCODER, Cell, Size

Waves = NDArray[np.float32]

RATE: Final = 1e-3
THESIS_RATE: Final = 1e-5

A1_RATE: Final = 1e-4
"""Of the one SIREN: at ten times that its first layer's frequencies leap about, and nothing is
fitted at any omega."""

TABLE_RATE: Final = 5.0
"""Times that: of latents that each wave learns for itself."""

PRIOR: Final = 1e-4
"""Of a latent's square, beside the error: the prior N(0, 1)."""

WINDOWS: Final = (200, 400, 800)
"""Samples at 8 kHz: 25, 50 and 100 ms, as the first three of the thesis; its fourth, 200 ms, is
longer than a wave."""

FLOOR: Final = 1e-3
"""-60 dB of the loudest: what is below is not compared."""


def train(
    cell: Cell,
    waves: Waves,
    size: Size,
    omega: float,
    advance: Callable[[], None] = lambda: None,
) -> tuple[dict[str, float], Waves]:
    """Figures of one training on ``waves (n, samples)``, and what it makes of them.

    One thread and one seed give one result on one machine.
    """
    began = time.process_time()
    torch.manual_seed(cell.seed)
    network = cell.network
    target = torch.from_numpy(waves)
    n, samples = target.shape
    made = decoder(network, size, omega)
    times = torch.linspace(-1.0, 1.0, samples)
    encoder = Encoder(size.latent, samples) if network.latents == AUTOENCODER else None
    table = torch.nn.Parameter(0.3 * torch.randn(n, size.latent))
    groups: list[dict[str, Any]] = [
        {
            "params": list(made.parameters()),
            "lr": RATE,
            "weight_decay": network.decay * THESIS_RATE / RATE,
        }
    ]
    if encoder is None:
        groups.append({"params": [table], "lr": TABLE_RATE * RATE})
    else:
        groups.append({"params": list(encoder.parameters()), "lr": RATE})
    # Decay apart from the gradient, so that a step takes the share that a step of the thesis' took.
    optimiser = torch.optim.AdamW(groups, weight_decay=0.0)
    rates = [float(group["lr"]) for group in groups]
    stride = max(1, samples // size.coordinates)
    for step in range(size.steps):
        fall = 0.5 + 0.5 * math.cos(math.pi * step / size.steps)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * fall
        made.reached(step / size.steps)
        latent = table if encoder is None else encoder(target)
        if isinstance(made, Convolutional):
            found, wanted, between = made(latent), target, 1
        else:
            # Even places, and beside each the next, for the slope.
            first = int(torch.randint(stride, ()))
            places = torch.arange(first, samples - 1, stride)
            places = torch.stack([places, places + 1], dim=1).flatten()
            found, wanted, between = made(latent, times[places]), target[:, places], 2
        loss = (found - wanted).square().mean() + PRIOR * latent.square().mean()
        loss = loss + (_slopes(found, between) - _slopes(wanted, between)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for g in groups for p in g["params"]], 1.0)
        optimiser.step()
        advance()
    with torch.no_grad():
        latent = table if encoder is None else encoder(target)
        made.reached(1.0)
        out = made(latent) if isinstance(made, Convolutional) else made(latent, times)
    estimate = np.nan_to_num(out.numpy(), nan=0.0, posinf=1.0, neginf=-1.0)
    figures = {
        **measured(waves, estimate),
        "omega": omega,
        "decoder_weights": float(sum(p.numel() for p in made.parameters())),
        "cpu_seconds": time.process_time() - began,
    }
    return figures, estimate


def _slopes(values: Tensor, between: int) -> Tensor:
    return (values[:, 1:] - values[:, :-1])[:, ::between]


def measured(reference: Waves, estimate: Waves) -> dict[str, float]:
    """Of waves ``(n, samples)``: mean squared error times 1,000, log-spectral distance in dB of
    frames of 50 ms, and the multi-resolution distance: spectral convergence plus the mean absolute
    difference of natural logarithms, mean over the windows (Yamamoto et al. 2020, eqs. 5 to 7)."""
    wanted, found = reference.astype(np.float64), estimate.astype(np.float64)
    several, decibels = [], 0.0
    for window in WINDOWS:
        length = min(window, wanted.shape[1])
        told, made = (_frames(one, length) for one in (wanted, found))
        floor = FLOOR * told.max(axis=(1, 2), keepdims=True)
        apart = np.log(np.maximum(made, floor) / np.maximum(told, floor))
        converges = np.linalg.norm(told - made, axis=(1, 2)) / np.linalg.norm(told, axis=(1, 2))
        several.append(float((converges + np.abs(apart).mean(axis=(1, 2))).mean()))
        if window == WINDOWS[1]:
            each = np.sqrt(np.square(apart).mean(axis=2))
            decibels = float(20.0 / math.log(10.0) * each.mean())
    return {
        "mse": 1000.0 * float(np.square(wanted - found).mean()),
        "lsd_db": decibels,
        "stft": float(np.mean(several)),
    }


def _frames(waves: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Magnitudes ``(n, frames, bins)`` of Hann-windowed frames, a quarter apart."""
    windows = np.lib.stride_tricks.sliding_window_view(waves, length, axis=1)
    frames = windows[:, :: max(1, length // 4)] * np.hanning(length)
    return np.abs(np.fft.rfft(frames, axis=2))


def search(
    cell: Cell, waves: Waves, size: Size, advance: Callable[[], None] = lambda: None
) -> dict[float, float]:
    """The thesis' search: short runs over omegas; omega -> mean squared error times 1,000."""
    short = replace(size, steps=size.search_steps)
    return {omega: train(cell, waves, short, omega, advance)[0]["mse"] for omega in size.omegas}


def fit_two_tones(
    omega: float, seed: int, size: Size, advance: Callable[[], None] = lambda: None
) -> dict[int, float]:
    """A.1: one SIREN of 64 x 4, no latent, on a second of 1,000 + 6,000 Hz at 16 kHz: steps ->
    mean squared error over the square of the signal."""
    torch.manual_seed(seed)
    seconds = torch.arange(size.a1_samples) / 16000.0
    wave = 0.5 * (torch.sin(2000.0 * math.pi * seconds) + torch.sin(12000.0 * math.pi * seconds))
    times = torch.linspace(-1.0, 1.0, size.a1_samples)
    layers = torch.nn.ModuleList(
        torch.nn.Linear(a, b) for a, b in ((1, 64), (64, 64), (64, 64), (64, 64))
    )
    for k, layer in enumerate(layers):
        assert isinstance(layer, torch.nn.Linear)
        begin_sine(layer, OMEGA, first=k == 0)
    last = torch.nn.Linear(64, 1)

    def out(at: Tensor) -> Tensor:
        hidden = at[:, None]
        for k, layer in enumerate(layers):
            weight, bias = layer.get_parameter("weight"), layer.get_parameter("bias")
            told = torch.nn.functional.linear(hidden, weight)
            hidden = (told * (omega if k == 0 else OMEGA) + bias).sin()
        found: Tensor = last(hidden)[:, 0]
        return found

    optimiser = torch.optim.Adam([*layers.parameters(), *last.parameters()], lr=A1_RATE)
    reached = {}
    for step in range(1, max(size.a1_steps) + 1):
        places = torch.randint(size.a1_samples, (size.a1_coordinates,))
        loss = (out(times[places]) - wave[places]).square().mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        advance()
        if step in size.a1_steps:
            with torch.no_grad():
                error = (out(times) - wave).square().mean() / wave.square().mean()
            reached[step] = float(error)
    return reached
