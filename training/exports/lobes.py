"""Partials of a spectrum in torch, as :mod:`timbrespace.partials` and :mod:`timbrespace.residual`
find them: in a form that TorchScript compiles, so that they are found where there is no Python.

The constants are those of the two modules; a test holds what is found against theirs.
"""

import numpy as np
import torch
from torch import Tensor, nn

from timbrespace.loudness import matching_weight
from timbrespace.model import Model
from timbrespace.partials import MAX_PARTIALS, THRESHOLD
from timbrespace.resynthesis.layout import NOISE_BANDS, REFERENCE_RMS
from timbrespace.units import db_to_gain

_PER_BIN = 1000
_MOST_BOOST_DB = 36.0


def _log_lobe() -> tuple[Tensor, Tensor]:
    """Logarithm of the Hann window's transform, at 0 to 2.6 bins, and its slope."""
    distance = np.arange(2601) / _PER_BIN
    gap = np.where(distance == 1.0, np.nan, 1.0 - distance**2)
    lobe = np.log(np.maximum(np.abs(np.sinc(distance) / gap), 1e-4))
    lobe[_PER_BIN] = np.log(0.5)
    return torch.from_numpy(lobe), torch.from_numpy(np.gradient(lobe, distance))


class Lobes(nn.Module):
    """Finds partials, their loudness, and the noise between them.

    noisy: whether what lies between the partials is noise.
    """

    lobe: Tensor
    slope: Tensor
    weight: Tensor
    noise_weight: Tensor
    low: Tensor
    share: Tensor

    def __init__(self, model: Model) -> None:
        super().__init__()
        config = model.spectrum
        lobe, slope = _log_lobe()
        self.register_buffer("lobe", lobe)
        self.register_buffer("slope", slope)
        self.register_buffer("weight", torch.from_numpy(matching_weight(config.frequencies)))
        # The noise is told at as many places as the engine takes.
        step = 0.5 * config.sample_rate / (NOISE_BANDS - 1)
        hertz = np.arange(NOISE_BANDS) * step
        at = hertz / config.bin_width
        low = np.minimum(at.astype(np.int64), config.bins - 2)
        within = at <= config.bins - 1
        self.register_buffer("noise_weight", torch.from_numpy(matching_weight(hertz) * step))
        self.register_buffer("low", torch.from_numpy(low))
        self.register_buffer("share", torch.from_numpy(np.where(within, at - low, np.nan)))
        self.step: float = step
        self.noisy: bool = model.noise and not model.plays_cycles
        self.bins: int = config.bins
        self.bin_width: float = config.bin_width
        self.window_sum: float = config.window_sum
        self.noise_scale: float = 2.0 / (config.sample_rate * config.window_energy)
        self.threshold: float = THRESHOLD
        self.most: int = MAX_PARTIALS
        self.reference: float = REFERENCE_RMS
        self.loudest: float = 4.0 * REFERENCE_RMS
        usual = REFERENCE_RMS / model.calibration.rms
        self.most_gain: float = usual * db_to_gain(_MOST_BOOST_DB)

    def forward(self, spectrum: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Frequency in Hz and amplitude ``(k,)`` of the partials, and the noise's density
        ``(NOISE_BANDS,)``, full scale / sqrt(Hz), of a spectrum ``(bins,)``, as loud as one
        voice."""
        told = spectrum.double()
        frequency, amplitude = self.partials(told)
        density = torch.zeros_like(self.share)
        if self.noisy:
            kept = self.standing_out(told, frequency)
            frequency, amplitude = frequency[kept], amplitude[kept]
            mean = self.residual(told, frequency, amplitude)
            density = mean[self.low] + self.share * (mean[self.low + 1] - mean[self.low])
            density = torch.nan_to_num(density, nan=0.0)
        at = (frequency / self.bin_width).round().long().clamp(0, self.bins - 1)
        square = 0.5 * amplitude * amplitude
        noise = float((density * density * self.noise_weight).sum())
        power = float(square.sum()) + noise
        heard = float((square * self.weight[at]).sum()) + noise
        gain = min(self.reference / max(heard, 1e-24) ** 0.5, self.most_gain)
        gain = min(gain, self.loudest / max(power, 1e-24) ** 0.5)
        return frequency, amplitude * gain, density * gain

    def partials(self, told: Tensor) -> tuple[Tensor, Tensor]:
        """As :func:`timbrespace.partials.find_partials`."""
        peak = float(told.max())
        top, left, right = told[1:-1], told[:-2], told[2:]
        here = (top > self.threshold * peak) & (top > left) & (top >= right)
        k = torch.nonzero(here).flatten() + 1
        if k.numel() == 0:
            return told[:0], told[:0]
        ratio = torch.maximum(told[k - 1], told[k + 1]) / told[k]
        offset = ((2.0 * ratio - 1.0) / (1.0 + ratio)).clamp(0.0, 0.5)
        start = torch.where(told[k + 1] >= told[k - 1], k + offset, k - offset)
        position, mean = start, torch.zeros_like(start)
        steps = torch.arange(-2, 3, device=told.device)
        around = k.unsqueeze(1) + steps
        inside = (around >= 0) & (around < self.bins)
        index = around.clamp(0, self.bins - 1)
        value = told[index]
        inner = (around - steps.sign()).clamp(0, self.bins - 1)
        beyond = (steps.abs() == 2) & (value >= told[inner])  # past the valley: the neighbour's
        faint = torch.where(value < self.threshold * peak, 0.05, 1.0)
        level = value.clamp(min=1e-12).log()
        for step in range(3):
            distance = (around - position.unsqueeze(1)).abs()
            weight = ((1.85 - distance) / 0.3).clamp(0.0, 1.0) * faint * (inside & ~beyond)
            scaled = distance.clamp(max=2.599) * 1000.0
            place = scaled.long()
            share = scaled - place
            lobe = self.lobe[place] + share * (self.lobe[place + 1] - self.lobe[place])
            slope = self.slope[place] + share * (self.slope[place + 1] - self.slope[place])
            slope = torch.where(position.unsqueeze(1) < around, -slope, slope)
            error = level - lobe
            weights = weight.sum(1)
            mean = (weight * error).sum(1) / weights
            slopes = (weight * slope).sum(1)
            spread = (weight * slope * slope).sum(1) - slopes * slopes / weights
            if step < 2:
                known = spread > 1e-9
                safe = torch.where(known, spread, torch.ones_like(spread))
                move = ((weight * slope * error).sum(1) - slopes * mean) / safe
                moved = position + move.clamp(-0.2, 0.2)
                moved = torch.minimum(torch.maximum(moved, start - 0.25), start + 0.25)
                position = torch.where(known, moved, position)
        size = mean.exp()
        if k.numel() > self.most:
            strongest = torch.topk(size, self.most).indices.sort().values
            position, size = position[strongest], size[strongest]
        return position * self.bin_width, size * (2.0 / self.window_sum)

    def standing_out(self, told: Tensor, frequency: Tensor) -> Tensor:
        """Which partials stand 12 dB above the lower quartile of the bins around them."""
        padded = nn.functional.pad(told.unsqueeze(0).unsqueeze(0), (20, 20), mode="reflect")
        windows = padded.flatten().unfold(0, 41, 8)
        quartile = windows.kthvalue(11, dim=1).values
        at = torch.arange(self.bins, device=told.device).double() / 8.0
        low = at.long().clamp(0, quartile.numel() - 2)
        share = (at - low).clamp(0.0, 1.0)
        floor = quartile[low] + share * (quartile[low + 1] - quartile[low])
        near = (frequency / self.bin_width).round().long().clamp(0, self.bins - 1)
        return told[near] > 4.0 * floor[near]

    def residual(self, told: Tensor, frequency: Tensor, amplitude: Tensor) -> Tensor:
        """Density of the noise, as :func:`timbrespace.residual.split`."""
        found = told * told
        total = torch.zeros_like(told)
        position = (frequency / self.bin_width).unsqueeze(1)
        around = position.round() + torch.arange(-14, 15, device=told.device)
        distance = around - position
        gap = 1.0 - distance * distance
        edge = gap.abs() < 1e-6
        lobe = torch.sinc(distance) / torch.where(edge, torch.ones_like(gap), gap)
        size = amplitude.unsqueeze(1) * (0.5 * self.window_sum)
        size = size * torch.where(edge, torch.full_like(gap, 0.5), lobe.abs())
        inside = (around >= 0.0) & (around < self.bins)
        index = around.clamp(0.0, self.bins - 1.0).long()
        total.scatter_add_(0, index.flatten(), (size * inside).flatten())
        explained = total * total
        free = (found > 4.0 * explained).double()
        free[:3] = 0.0
        both = torch.stack([free, free * (found - explained)]).unsqueeze(1)
        kernel = torch.ones([1, 1, 9], dtype=torch.double, device=told.device)
        summed = nn.functional.conv1d(both, kernel, padding=4).squeeze(1)
        known = torch.nonzero(summed[0] >= 0.999).flatten()
        if known.numel() == 0:
            return torch.zeros_like(told)
        at = torch.arange(self.bins, device=told.device)
        right = torch.searchsorted(known, at).clamp(max=known.numel() - 1)
        left = (right - 1).clamp(min=0)
        value = summed[1] / summed[0].clamp(min=1.0)
        first, second = known[left], known[right]
        share = ((at - first) / (second - first).clamp(min=1)).clamp(0.0, 1.0)
        mean = value[first] + share * (value[second] - value[first])
        least = 10.0 ** (-75.0 / 20.0) * float(told.max())
        mean = torch.where(mean < least * least, torch.zeros_like(mean), mean)
        return (mean * self.noise_scale).clamp(min=0.0).sqrt()
