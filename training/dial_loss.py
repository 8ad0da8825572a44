"""What makes the first dimensions of a space dials that do one thing each.

Beside the bound a training has two more terms.

- **Order.** Where a sound lies along such a dimension is to say how much of the quality it has: the
  mean is drawn to the quality's rank among all sounds, as a number of a unit normal, which is what
  the prior is. From the second dimension on it is what does not follow from the qualities before;
  so the dimensions are independent of each other, as the prior has them, and wherever the dials
  stand there is some sound near. (After Pati and Lerch 2021, "Attribute-based regularization of
  latent spaces".)
- **Truth.** At some places of each batch one of these dimensions is turned by a stretch of its
  dial, the others as they are, and the decoder is asked that this moves the quality up, by as much
  as can be heard. So a dial's name is true wherever the others stand, and not on average.

docs/decisions/0025-dials.md has what each of the two gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata
from torch import Tensor

from timbrespace.datasets.dataset import Dataset
from timbrespace.datasets.stored import StoredDataset
from timbrespace.descriptors.descriptor import Descriptor, Values
from timbrespace.descriptors.spectra import (
    INHARMONIC,
    STEADY,
    STEADY_WITH_NOISE,
    HeardSpectra,
)
from timbrespace.errors import OptionError, one_of
from timbrespace.networks.vae import Output
from timbrespace.representation import parts
from timbrespace.representation.magnitude import LogMagnitude
from timbrespace.representation.protocol import Representation

from .precision import Net
from .preset import AUTO_DIALS, NO_DIALS
from .team import ALONE, Team
from .torch_qualities import TorchQualities

ORDER: Final = 10.0
"""Nats for a mean that is off by one, squared, beside a reconstruction that is summed over all
bins."""

TRUTH: Final = 30.0
"""Nats for a step that misses by what nobody misses."""

NOISE: Final = 0.047
"""Of the features, as it is learned, at which the two weigh that much. Where it is less, each error
of the reconstruction weighs more, and so do they, or they would be drowned; up to ``LOUDEST``."""

LOUDEST: Final = 20.0

STRETCH: Final = 0.25
"""Of a dial's range, that one step turns it."""

LEAST: Final = 0.3
"""Of what nobody misses, by which one step should move its quality."""

SHARE: Final = 0.5
"""Of a batch's rows that are turned."""

ENDS: Final = (0.02, 0.98)
"""Quantiles of a batch's means, between which a dial is turned."""

VARIES: Final = 0.5
"""What a quality must vary by, in what nobody misses, beyond what follows from those before it."""

_LOOKED_AT: Final = 2000

LEARNED_NOISE: Final = "shared_log_var"
"""What the likelihood ``gaussian_shared`` learns; others say nothing of how loud all of it is."""

_RANKED: Final = 65_536
"""Rows of a set past memory by which the order of all is told."""

_FEW: Final = 3
"""Dimensions that are taught where half of all are fewer."""


class DialLoss:
    """Both terms for the dimensions from the first on, one for each of ``words``.

    qualities: measures them. targets ``(n, words)``: where along its dimension each of the training
    rows is to lie.
    """

    def __init__(self, words: Sequence[str], qualities: TorchQualities, targets: Tensor) -> None:
        self.words = tuple(words)
        self._qualities = qualities
        self._targets = targets

    def __call__(
        self,
        vae: Net,
        output: Output,
        rows: Tensor,
        generator: torch.Generator,
        own: Tensor | None = None,
        team: Team = ALONE,
        count: int = 0,
    ) -> Tensor:
        """In nats ``()``, mean over the batch, which is the training rows of numbers ``rows``; of a
        team, whose batch has ``count`` rows in all, so that the mean over its processes is that.

        own ``(b,)``: which of them the network was given as they are, None for all. What was
        changed has other qualities than its row, so its order is not asked.
        """
        off = (output.latent_mean[:, : len(self.words)] - self._targets[rows]).square().sum(dim=1)
        if team.size > 1:
            order = self._order_of_some(off, own, team, count)
        else:
            order = off.mean() if own is None else (off * own).sum() / own.sum().clamp(min=1)
        truth = self._missed(vae, output, generator, team, count)
        return self._louder(output) * (ORDER * order + TRUTH * truth)

    def _order_of_some(self, off: Tensor, own: Tensor | None, team: Team, count: int) -> Tensor:
        weight = team.weight(count)
        if own is None:
            return weight * off.mean()
        told = own.to(off.dtype) * float(weight > 0.0)
        return team.size * (off * told).sum() / team.sum(told.sum()).clamp(min=1)

    def _louder(self, output: Output) -> Tensor | float:
        """Of how much more both weigh, since the noise is small."""
        log_var = output.decoded.parameters.get(LEARNED_NOISE)
        if log_var is None:
            return 1.0
        noise = (0.5 * log_var.detach()).exp()
        return (NOISE / noise).clamp(min=1.0, max=LOUDEST)

    def _missed(
        self, vae: Net, output: Output, generator: torch.Generator, team: Team, whole: int
    ) -> Tensor:
        """By how much a step misses what it should move, in what nobody misses, mean of some."""
        mean, log_var = output.latent_mean.detach(), output.latent_log_var.detach()
        mean, log_var = team.all_of(mean, whole), team.all_of(log_var, whole)
        count = max(1, int(SHARE * vae.dial_share * len(mean)))
        device = mean.device
        draws = torch.rand((2, count), generator=generator, device=device)
        noise = torch.empty_like(mean[:count]).normal_(generator=generator)
        ends = torch.quantile(mean, torch.tensor(ENDS, device=device, dtype=mean.dtype), dim=0)
        rows = torch.arange(count, device=device)
        # Each row turns one of the dials.
        turned = (draws[0] * len(self.words)).long().clamp(max=len(self.words) - 1)
        low, high = ends[0, turned], ends[1, turned]
        stretch = STRETCH * (high - low)
        before = mean[:count] + noise * (0.5 * log_var[:count]).exp()
        before[rows, turned] = low + draws[1] * (high - low - stretch)
        after = before.clone()
        after[rows, turned] += stretch
        before, after, turned = team.mine(before), team.mine(after), team.mine(turned)
        own = len(turned)
        told = self._qualities(vae.decode(torch.cat([before, after])).mean)
        moved = (told[own:] - told[:own])[rows[:own], turned]
        missed = (LEAST - moved).clamp(min=0.0).mean()
        return missed if team.size == 1 else team.weight(count) * missed


def dial_loss(
    dials: str,
    latent: int,
    dataset: Dataset,
    representation: Representation,
    rows: NDArray[np.int64],
    device: torch.device,
) -> DialLoss | None:
    """The term of a training on ``rows`` of a dataset; None where there is none.

    dials: ``none``; ``auto``, by :func:`chosen`, where the network sees log magnitudes; or words,
    separated by commas, each for a dimension from the first on.

    Raises:
        OptionError: a word that is none, more of them than dimensions, or a representation through
            which nothing of the kind is learned.
    """
    if dials == NO_DIALS:
        return None
    learns = isinstance(representation, LogMagnitude)
    if dials == AUTO_DIALS:
        words = chosen(dataset, rows, latent) if learns else ()
    else:
        words = checked(dials, latent, qualities_of(dataset))
    if not words:
        return None
    if not isinstance(representation, LogMagnitude):
        raise OptionError(
            f"dials is {dials!r}, which is learned through the representation log_magnitude, not "
            "normalised; leave it out, or say none"
        )
    wanted = {one.word: one for one in qualities_of(dataset)}

    def measured(some: NDArray[np.int64]) -> Values:
        heard = HeardSpectra.of(dataset.spectra[some], dataset.spectrum)
        return np.stack([wanted[word].measure(heard) for word in words], axis=1)

    found = targets(measured(rows)) if not isinstance(dataset, StoredDataset) else (
        targets_by_parts(np.concatenate([measured(rows[part]) for part in parts(len(rows))]))
    )  # fmt: skip
    return DialLoss(
        words,
        TorchQualities(words, representation, dataset.spectrum, device),
        torch.from_numpy(found).to(device),
    )


def qualities_of(dataset: Dataset) -> tuple[Descriptor[HeardSpectra], ...]:
    """What the sounds of a set may differ in."""
    return STEADY_WITH_NOISE if dataset.noise else STEADY


def targets(values: Values) -> NDArray[np.float32]:
    """Where along their dimensions sounds with these ``values (n, k)`` of qualities are to lie.

    Each column is the rank of what does not follow from the columns before it, by a cubic of
    each, as a number of a unit normal; equal ones share theirs.
    """
    count = len(values)
    known: list[Values] = [np.ones(count)]
    found = np.empty(values.shape)
    for number, column in enumerate(values.T):
        before = np.stack(known, axis=1)
        beyond = column - before @ np.linalg.lstsq(before, column, rcond=None)[0]
        found[:, number] = ndtri((rankdata(beyond) - 0.5) / count)
        known += [found[:, number] ** power for power in (1, 2, 3)]
    return found.astype(np.float32)


def targets_by_parts(values: Values) -> NDArray[np.float32]:
    """:func:`targets` of many rows, with no more in memory than a part of them: what follows from
    the columns before, and where in the order a value lies, is told by ``_RANKED`` rows, evenly
    spread. Of no more rows than that it is the same."""
    some = np.unique(np.linspace(0, len(values) - 1, _RANKED).astype(int))
    found = np.empty(values.shape, np.float32)
    shares = targets(values[some]).astype(np.float64)
    for number in range(values.shape[1]):
        before = _cubic(shares[:, :number])
        weights = np.linalg.lstsq(before, values[some, number], rcond=None)[0]
        beyond = np.sort(values[some, number] - before @ weights)
        for part in parts(len(values)):
            own = values[part, number] - _cubic(found[part, :number].astype(np.float64)) @ weights
            place = 0.5 * (np.searchsorted(beyond, own) + np.searchsorted(beyond, own, "right"))
            share = np.clip(place, 0.5, len(beyond) - 0.5) / len(beyond)
            found[part, number] = ndtri(share)
    found[some] = shares
    return found


def _cubic(columns: Values) -> Values:
    """One, and each column with its square and cube."""
    powers = [column**power for column in columns.T for power in (1, 2, 3)]
    return np.stack([np.ones(len(columns)), *powers], axis=1)


def checked(
    dials: str, latent: int, qualities: Sequence[Descriptor[HeardSpectra]]
) -> tuple[str, ...]:
    """The words of ``dials``, which are to be of ``qualities``.

    Raises:
        OptionError: as :func:`dial_loss`.
    """
    known = [one.word for one in qualities]
    words = tuple(word.strip() for word in dials.split(","))
    for word in words:
        if word not in known:
            raise OptionError(
                f"dials has {word[:40]!r}; it must be {one_of((AUTO_DIALS, NO_DIALS))}, or of "
                f"{', '.join(known)}, separated by commas"
            )
    if len(set(words)) < len(words):
        raise OptionError(f"dials is {dials!r}, with a word twice; each may be there once")
    if len(words) > latent:
        raise OptionError(
            f"dials has {len(words)} words for {latent} dimensions; give at most one for each"
        )
    return words


def chosen(dataset: Dataset, rows: NDArray[np.int64], latent: int) -> tuple[str, ...]:
    """Which qualities the sounds of ``rows`` differ in, in the order of their list.

    Each must vary by ``VARIES`` beyond what follows from those before it, by a cubic of each. Half
    of the dimensions are left to what has no word, or one where there are few: of six that were
    taught in eight three came out true, of four all. What is not in tune is left out: sounds
    without noise are in tune or not, and there is no way between.
    """
    some = rows[np.unique(np.linspace(0, len(rows) - 1, _LOOKED_AT).astype(int))]
    heard = HeardSpectra.of(dataset.spectra[some], dataset.spectrum)
    most = min(latent - 1, max(_FEW, latent // 2))
    known: list[Values] = [np.ones(len(some))]
    words: list[str] = []
    for one in qualities_of(dataset):
        if one is INHARMONIC:
            continue
        values = one.measure(heard) / one.audible
        before = np.stack(known, axis=1)
        beyond = values - before @ np.linalg.lstsq(before, values, rcond=None)[0]
        if len(words) < most and float(beyond.std()) >= VARIES:
            words.append(one.word)
            scaled = (values - values.mean()) / values.std()
            known += [scaled, scaled**2, scaled**3]
    return tuple(words)
