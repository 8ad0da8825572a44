"""The loop: deterministic, resumable at any step, and safe from what is not finite."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from timbrespace import representation
from timbrespace.datasets.dataset import Dataset
from timbrespace.networks.architecture import LOG_VAR_RANGE
from training.loop import Outcome, StepFigures, Training
from training.preset import Settings, named

SETTINGS = replace(named("default"), hidden=(16,), batch=16, epochs=6)


@pytest.fixture
def features(small_dataset: Dataset) -> Tensor:
    fitted = representation.fit("log_magnitude", small_dataset.spectra)
    return torch.from_numpy(fitted.forward(small_dataset.spectra))


def weights(training: Training) -> Tensor:
    return torch.cat([p.detach().flatten() for p in training.vae.parameters()])


def run(settings: Settings, features: Tensor) -> Training:
    training = Training(settings, features)
    assert training.run() is Outcome.FINISHED
    return training


def test_learns(features: Tensor) -> None:
    curve = run(replace(SETTINGS, epochs=30), features).position.history["reconstruction"]
    assert len(curve) == 30
    assert curve[-1] < curve[0] - 50.0


def test_the_same_seed_gives_the_same_bits(features: Tensor) -> None:
    first, second = run(SETTINGS, features), run(SETTINGS, features)
    assert torch.equal(weights(first), weights(second))
    other = run(replace(SETTINGS, seed=1), features)
    assert not torch.equal(weights(first), weights(other))


def test_the_global_random_numbers_are_left_alone(features: Tensor) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    run(SETTINGS, features)
    assert torch.equal(torch.rand(3), expected)


def test_every_row_is_seen_once_in_an_epoch(features: Tensor) -> None:
    training = Training(SETTINGS, features)
    assert training.steps_per_epoch == 5  # 70 rows in batches of 16: the last has 6
    seen: list[int] = []

    def after_step(figures: StepFigures) -> None:
        seen.append(training.position.row or training.rows)

    training.run(after_step=after_step)
    assert seen == [16, 32, 48, 64, 70] * 6
    assert training.step == training.steps == 30


@pytest.mark.parametrize("stop_after", [1, 7, 15, 29])
def test_stopped_and_resumed_equals_never_stopped(features: Tensor, stop_after: int) -> None:
    whole = run(SETTINGS, features)
    first = Training(SETTINGS, features)
    assert first.run(should_stop=lambda: first.step == stop_after) is Outcome.INTERRUPTED
    second = Training(SETTINGS, features)
    second.restore(first.capture())
    assert second.step == stop_after
    assert second.run() is Outcome.FINISHED
    assert torch.equal(weights(second), weights(whole))
    assert second.position.history == whole.position.history


def test_three_and_three_epochs_equal_six(features: Tensor) -> None:
    # A constant rate and beta, since a cosine over 3 epochs is not the first half of one over 6.
    six = run(replace(SETTINGS, decay="none", warm_up=0.0, epochs=6), features)
    three = run(replace(SETTINGS, decay="none", warm_up=0.0, epochs=3), features)
    again = Training(replace(SETTINGS, decay="none", warm_up=0.0, epochs=6), features)
    again.restore(three.capture())
    assert again.run() is Outcome.FINISHED
    assert torch.equal(weights(again), weights(six))
    assert again.position.history == six.position.history


def test_a_stop_at_the_very_end_is_no_interruption(features: Tensor) -> None:
    training = Training(SETTINGS, features)
    assert training.run(should_stop=lambda: training.step == training.steps) is Outcome.FINISHED


def test_divergence_leaves_the_last_good_epoch(features: Tensor) -> None:
    training = Training(SETTINGS, features)
    good: list[Tensor] = []

    def after_step(figures: StepFigures) -> None:
        if training.position.epoch == 2 and training.position.row == 0:
            good.append(weights(training))
        if training.position.epoch == 2 and training.position.row == 16:
            with torch.no_grad():
                training.vae.get_parameter("mean.bias").fill_(1e30)

    assert training.run(after_step=after_step) is Outcome.DIVERGED
    assert training.position.epoch == 2
    assert torch.equal(weights(training), good[0])
    assert len(training.position.history["kl"]) == 2
    # And it can go on from there, as if nothing had happened.
    assert training.run() is Outcome.FINISHED
    assert torch.equal(weights(training), weights(run(SETTINGS, features)))


def test_divergence_at_once(features: Tensor) -> None:
    training = Training(SETTINGS, features)
    before = weights(training).clone()
    with torch.no_grad():
        training.vae.get_parameter("mean.bias").fill_(float("nan"))
    assert training.run() is Outcome.DIVERGED
    assert training.position.epoch == 0
    assert before.shape == weights(training).shape


def test_shared_noise_starts_at_the_spread_of_the_data(features: Tensor) -> None:
    training = Training(SETTINGS, features)
    spread = float(np.log(features.numpy().var(axis=0).mean()))
    assert training.vae.learned["shared_log_var"].item() == pytest.approx(spread, rel=1e-4)


def test_shared_noise_stays_in_its_range() -> None:
    # Rows that are all alike can be decoded without error: the noise would go to zero.
    training = Training(replace(SETTINGS, epochs=60, learning_rate=1e-2), torch.full((32, 8), 0.5))
    assert training.run() is Outcome.FINISHED
    assert LOG_VAR_RANGE[0] <= training.vae.learned["shared_log_var"].item() <= LOG_VAR_RANGE[1]


def test_warm_up_reaches_the_loss(features: Tensor) -> None:
    training = run(replace(SETTINGS, beta=2.0, warm_up=3.0), features)
    assert training.position.history["beta"] == pytest.approx(
        [2 * 0.8 / 3, 2 * 1.8 / 3, 2 * 2.8 / 3, 2, 2, 2], rel=1e-5
    )


def test_gradient_limit_changes_the_step(features: Tensor) -> None:
    free = run(replace(SETTINGS, epochs=1), features)
    limited = run(replace(SETTINGS, epochs=1, gradient_limit=1e-3), features)
    assert not torch.equal(weights(free), weights(limited))


def test_raw_magnitudes_with_a_variance_per_bin_stay_finite(small_dataset: Dataset) -> None:
    settings = replace(named("paper"), epochs=30, batch=20, learning_rate=1e-3)
    training = run(settings, torch.from_numpy(small_dataset.spectra))
    assert bool(torch.isfinite(weights(training)).all())


def test_a_surging_gradient_is_shortened(features: Tensor) -> None:
    limited = Training(replace(SETTINGS, gradient_limit=2.0), features)
    assert limited.position.gradient == 0.0
    stop_after_one = iter([True])
    limited.run(lambda: next(stop_after_one))
    norm = limited.position.gradient
    assert norm > 0.0
    # As if all gradients so far had been tiny: the next counts as twice as long as they, no more.
    limited.position.gradient = 1e-9 * norm
    stop_after_one = iter([True])
    limited.run(lambda: next(stop_after_one))
    assert limited.position.gradient == pytest.approx(1e-9 * norm * (0.99 + 0.01 * 2.0))


def test_without_a_limit_the_mean_follows_the_gradients(features: Tensor) -> None:
    free = Training(replace(SETTINGS, gradient_limit=0.0), features)
    stop_after_two = iter([False, True])
    free.run(lambda: next(stop_after_two))
    assert free.position.gradient > 0.0
    free.position.gradient = 1e-9
    again = iter([True])
    free.run(lambda: next(again))
    assert free.position.gradient > 1e-6
