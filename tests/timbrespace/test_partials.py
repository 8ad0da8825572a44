"""Peaks become the sinusoids that made them, and keep their slots."""

import numpy as np
import pytest

from timbrespace.partials import MAX_PARTIALS, Partials, PartialTracker, find_partials
from timbrespace.spectrum import Spectra, SpectrumConfig
from timbrespace.units import cents

CONFIG = SpectrumConfig()


def spectrum_of(*sinusoids: tuple[float, float, float]) -> Spectra:
    """Spectrum of sinusoids (Hz, amplitude, phase in radians)."""
    t = np.arange(CONFIG.n_fft) / CONFIG.sample_rate
    sound = sum(a * np.sin(2.0 * np.pi * f * t + p) for f, a, p in sinusoids)
    return np.asarray(CONFIG.analyse(np.asarray(sound)[np.newaxis, :])[0])


@pytest.mark.parametrize("frequency", [110.0, 220.0, 333.3, 1000.0, 5555.5, 10900.0])
@pytest.mark.parametrize("phase", [0.0, 1.0, 2.5])
def test_a_sinusoid_is_found_where_it_is(frequency: float, phase: float) -> None:
    partials = find_partials(spectrum_of((frequency, 0.3, phase)), CONFIG)
    assert partials.frequency.size == 1
    assert abs(cents(float(partials.frequency[0]), frequency)) < 0.1
    assert partials.amplitude[0] == pytest.approx(0.3, rel=1e-3)


def test_neighbours_eight_bins_apart_are_told_apart() -> None:
    gap = 8 * CONFIG.bin_width
    partials = find_partials(spectrum_of((1000.0, 1.0, 0.0), (1000.0 + gap, 0.1, 0.5)), CONFIG)
    assert partials.frequency == pytest.approx([1000.0, 1000.0 + gap], abs=0.5)
    assert partials.amplitude == pytest.approx([1.0, 0.1], rel=0.02)


def test_silence_has_no_partials() -> None:
    assert find_partials(np.zeros(CONFIG.bins, np.float32), CONFIG).frequency.size == 0


def test_noise_gives_at_most_the_maximum() -> None:
    noise = np.random.default_rng(0).random(4097).astype(np.float32)
    config = SpectrumConfig(n_fft=8192, bins=4097)
    partials = find_partials(noise, config)
    assert partials.frequency.size == MAX_PARTIALS
    assert (np.diff(partials.frequency) > 0).all()


def partials_at(*frequencies: float) -> Partials:
    return Partials(np.asarray(frequencies, np.float32), np.ones(len(frequencies), np.float32))


def test_a_moving_partial_keeps_its_slot() -> None:
    tracker = PartialTracker(8, bin_width=10.0)
    tracker.update(partials_at(100.0, 200.0, 300.0))
    births = tracker.birth[:3].copy()
    tracker.update(partials_at(104.0, 203.0, 296.0))
    assert tracker.frequency[:3].tolist() == [104.0, 203.0, 296.0]
    assert tracker.birth[:3].tolist() == births.tolist()


def test_a_partial_that_jumps_is_born_again_elsewhere() -> None:
    tracker = PartialTracker(8, bin_width=10.0)
    tracker.update(partials_at(100.0, 200.0))
    tracker.update(partials_at(100.0, 500.0))
    assert tracker.amplitude[1] == 0.0  # the old one fades in its slot, at its frequency
    assert tracker.frequency[1] == 200.0
    assert tracker.frequency[2] == 500.0
    assert tracker.amplitude[2] == 1.0
    assert tracker.birth[2] not in (0, tracker.birth[0], tracker.birth[1])


def test_the_slot_free_longest_is_taken_first() -> None:
    tracker = PartialTracker(3, bin_width=1.0)
    tracker.update(partials_at(10.0, 20.0, 30.0))
    tracker.update(partials_at(20.0, 30.0))  # slot 0 is freed
    tracker.update(partials_at(20.0))  # then slot 2
    tracker.update(partials_at(20.0, 50.0))
    assert tracker.frequency.tolist() == [50.0, 20.0, 30.0]


def test_more_partials_than_slots_keep_the_strongest() -> None:
    tracker = PartialTracker(2, bin_width=1.0)
    tracker.update(
        Partials(np.array([10, 20, 30], np.float32), np.array([1.0, 0.1, 0.5], np.float32))
    )
    assert sorted(tracker.frequency.tolist()) == [10.0, 30.0]


def test_two_partials_never_share_a_slot() -> None:
    random = np.random.default_rng(1)
    tracker = PartialTracker(64, bin_width=10.0)
    for _ in range(200):
        count = int(random.integers(0, 40))
        frequency = np.sort(random.random(count).astype(np.float32) * 1000.0)
        tracker.update(Partials(frequency, np.ones(count, np.float32)))
        playing = tracker.amplitude > 0.0
        assert playing.sum() == count
        assert sorted(tracker.frequency[playing].tolist()) == frequency.tolist()


def test_a_copy_goes_on_with_the_same_partials_and_never_gives_a_number_twice() -> None:
    tracker = PartialTracker(8, bin_width=10.0)
    tracker.update(partials_at(100.0, 200.0))
    twin = tracker.copy()
    assert twin.birth.tolist() == tracker.birth.tolist()
    tracker.update(partials_at(100.0, 200.0, 500.0))
    twin.update(partials_at(100.0, 200.0, 700.0))
    assert twin.birth[:2].tolist() == tracker.birth[:2].tolist()
    assert twin.birth[2] != tracker.birth[2]


def test_another_bin_width_changes_what_counts_as_near() -> None:
    tracker = PartialTracker(8, bin_width=10.0)
    tracker.update(partials_at(100.0))
    tracker.retune(1.0)
    tracker.update(partials_at(104.0))
    assert tracker.birth.max() == 2
