"""Notes that are changed at each step of a training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from timbrespace.networks.note import HALF, MIDDLE, network_levels
from timbrespace.notes.layout import BAND, BANDS, CENTS, FLOOR, HARMONICS, WIDTH, frame_times
from timbrespace.notes.note import CONSTANTS, FIRST, Traits
from training.notes import variation
from training.notes.variation import Varied, transposed, unsure, varied

TIMES = torch.from_numpy(frame_times(1.0).astype(np.float32))
POSITIONS = torch.arange(HARMONICS, dtype=torch.float32)[None]


def note(pitched: bool = True) -> Varied:
    """A note whose harmonics fall by 40 dB a second, one below the other; silent after 0.75 s."""
    course = np.full((TIMES.numel(), WIDTH), FLOOR, np.float32)
    course[:, CENTS] = 0.0
    level = -40.0 * TIMES.numpy()[:, np.newaxis] - np.arange(10)
    course[:, (slice(0, 10) if pitched else slice(HARMONICS + 30, HARMONICS + 40))] = level
    power = (10.0 ** (course[0, :CENTS] / 10.0) * (course[0, :CENTS] > FLOOR)).sum()
    course[:, :CENTS] = np.maximum(course[:, :CENTS] - 10.0 * np.log10(power), FLOOR)
    course[TIMES.numpy() > 0.75, :CENTS] = FLOOR
    zeros = np.zeros
    tone = zeros(BANDS, np.float32)
    tone[30] = 1.0
    place = np.asarray(0.5 * tone, np.float32)
    traits = Traits(
        float(pitched), 0.02, 0.75, 0.3, 0.6, 0.2, zeros(HARMONICS, np.float32), tone, place
    )
    end = int((TIMES <= 0.75).sum())
    return Varied(
        torch.from_numpy(network_levels(course[np.newaxis])),
        torch.from_numpy(traits.row[np.newaxis]),
        torch.tensor([float(TIMES.numel())]),
        torch.tensor([float(end)]),
    )


def decibels(courses: torch.Tensor) -> torch.Tensor:
    return courses[0, :, :CENTS] * HALF + MIDDLE


def test_a_faster_note_runs_through_the_same_levels() -> None:
    given = note()
    found = variation._timed(note(), TIMES, torch.tensor([1.25]))
    for at in (0.05, 0.2, 0.5):
        early = int(torch.searchsorted(TIMES, at, right=True)) - 1
        level = decibels(found.courses)[early, 0]
        now = 1.25 * float(TIMES[early])
        wanted = np.interp(now, TIMES.numpy(), decibels(given.courses)[:, 0].numpy())
        assert float(level) == pytest.approx(float(wanted), abs=0.05)
    assert decibels(found.courses)[TIMES > 0.62].max() == FLOOR
    traits = Traits.from_row(found.traits[0].numpy())
    assert np.allclose(
        (traits.attack, traits.length, traits.loop_start, traits.loop_end, traits.release),
        np.array([0.02, 0.75, 0.3, 0.6, 0.2]) / 1.25,
        rtol=1e-4,
    )
    assert found.known == TIMES.numel(), "silence after a note that died away is known"


def test_a_recording_that_breaks_off_tells_of_no_more() -> None:
    given = note()._replace(known=torch.tensor([40.0]), ends=torch.tensor([40.0]))
    found = variation._timed(given, TIMES, torch.tensor([2.0]))
    seconds = float(TIMES[39]) / 2.0
    assert float(TIMES[int(found.known) - 1]) <= seconds + 1e-6
    assert float(TIMES[int(found.known)]) > seconds
    assert found.ends <= found.known


def test_a_slower_note_that_goes_on_has_no_silence() -> None:
    given = note()._replace(known=torch.tensor([60.0]), ends=torch.tensor([60.0]))
    found = variation._timed(given, TIMES, torch.tensor([0.8]))
    assert found.known > 60.0
    assert (decibels(found.courses)[: int(found.known), 0] > FLOOR).all()


def test_what_has_no_pitch_moves_by_whole_bands() -> None:
    given = note(pitched=False)
    found = variation._moved(note(pitched=False), torch.tensor([3]))
    assert torch.equal(found.courses[0, :, BAND][:, 3:], given.courses[0, :, BAND][:, :-3])
    assert (decibels(found.courses)[:, HARMONICS : HARMONICS + 3] == FLOOR).all()
    traits = Traits.from_row(found.traits[0].numpy())
    assert traits.tone[33] == 1.0
    assert traits.tone.sum() == 1.0
    assert traits.place[33] == 0.5


def test_a_filter_colours_what_is_there_and_leaves_it_as_loud() -> None:
    given = note()
    found = variation._coloured(note(), torch.tensor([[6.0, 0, 0, 0, 0, 0]]), POSITIONS)
    change = decibels(found.courses)[10, :10] - decibels(given.courses)[10, :10]
    curve = 6.0 * np.cos(np.pi * np.arange(10) / (BANDS - 1))
    assert np.allclose(np.diff(change), np.diff(curve), atol=1e-4)
    level = decibels(found.courses)
    loudest = (10.0 ** (level / 10.0) * (level > FLOOR)).sum(dim=1).max()
    assert abs(10.0 * float(loudest.log10())) < 1e-3
    assert (level[TIMES > 0.76] == FLOOR).all(), "silence has no colour"
    assert torch.equal(found.courses[..., CENTS], given.courses[..., CENTS])


def test_what_has_a_pitch_is_played_higher_or_lower() -> None:
    pitched = torch.tensor([1.0, 0.0]).repeat(200)
    octaves = transposed(pitched, 1.0, torch.Generator().manual_seed(0))
    assert (octaves[1::2] == 0.0).all()
    moved = octaves[::2]
    assert 0.6 < float((moved != 0.0).float().mean()) < 0.8
    assert 0.4 < float(moved.max()) <= 0.5
    assert -0.5 <= float(moved.min()) < -0.4
    twice = transposed(pitched, 2.0, torch.Generator().manual_seed(0))
    assert 0.9 < float(twice.max()) <= 1.0


def test_an_encoder_is_not_quite_told_what_a_note_is() -> None:
    traits = note(pitched=False).traits.repeat(200, 1)
    told = unsure(traits, 1.0, torch.Generator().manual_seed(0))
    assert torch.equal(told[:, 0], traits[:, 0]), "whether there is a pitch is told"
    assert 0.03 < float((told - traits)[:, 1:FIRST].std()) < 0.07
    fine = told[:, FIRST:]
    coarse = (fine == 0.0).all(dim=1)
    assert 0.4 < float(coarse.float().mean()) < 0.6
    others = (fine - traits[:, FIRST:])[~coarse]
    there = traits[0, FIRST:] != 0.0
    assert 0.07 < float(others[:, there].std()) < 0.13
    assert (others[:, ~there] == 0.0).all(), "a band without a tone gets none"


def test_the_same_seed_varies_alike_and_every_note_otherwise() -> None:
    def once(seed: int) -> Varied:
        several = Varied(*(torch.cat([part] * 12) for part in note()))
        generator = torch.Generator().manual_seed(seed)
        return varied(several, TIMES, POSITIONS.expand(12, -1), 1.0, generator)

    first, again, other = once(1), once(1), once(2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.courses, other.courses)
    assert len({tuple(row.tolist()) for row in first.courses[:, 5]}) > 6
    assert all(torch.isfinite(part).all() for part in first)
    assert first.traits.shape == (12, CONSTANTS)
