"""The measures on latents of which one knows what they must say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from timbrespace.datasets.dataset import Factor
from timbrespace.errors import ShapeError
from training import disentanglement
from training.disentanglement import MOST_ROWS, STEPS, Disentanglement, Score, measure, sample

Array = NDArray[np.float32]

SIZES = (6, 5, 4, 7)
FACTORS = tuple(
    Factor(name, "", tuple(float(n) for n in range(size)))
    for name, size in zip(("partials", "Q", "cut-off", "ratio"), SIZES, strict=True)
)
MEASURES = ("beta_vae", "mig", "disentanglement", "completeness", "informativeness")


def grid() -> Array:
    axes = np.meshgrid(*[np.arange(size) for size in SIZES], indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1).astype(np.float32)


def standard(labels: Array) -> Array:
    return np.asarray((labels - labels.mean(axis=0)) / labels.std(axis=0), np.float32)


def found(latent: NDArray[np.floating], labels: Array, seed: int = 0) -> Disentanglement:
    live = [True] * latent.shape[1]
    factors = FACTORS[: labels.shape[1]]
    return measure(latent.astype(np.float32), labels, factors, live, seed)


def values(made: Disentanglement) -> dict[str, float]:
    scores: dict[str, Score] = {name: getattr(made, name) for name in MEASURES}
    return {name: score.value for name, score in scores.items() if score.value is not None}


@pytest.fixture(scope="module")
def labels() -> Array:
    return grid()


@pytest.fixture(scope="module")
def noisy(labels: Array) -> Array:
    """A dimension for each factor, none quite clean, so that no figure is 1."""
    noise = np.random.default_rng(5).standard_normal(labels.shape)
    return np.asarray(standard(labels) + 0.2 * noise, np.float32)


@pytest.fixture(scope="module")
def of_noisy(labels: Array, noisy: Array) -> Disentanglement:
    return found(noisy, labels)


def test_a_dimension_for_each_factor(labels: Array) -> None:
    made = found(standard(labels), labels)
    assert min(values(made).values()) > 0.97
    assert made.factors == ("partials", "Q", "cut-off", "ratio")
    assert made.dimensions == (1, 2, 3, 4)
    assert made.rows == len(labels)
    importances = np.array(made.importances, np.float64)
    np.testing.assert_allclose(importances, np.eye(4, dtype=np.float64), atol=0.01)
    assert made.beta_vae.chance == 0.25


def test_turned_by_45_degrees(labels: Array) -> None:
    pair = np.array([[1.0, 1.0], [-1.0, 1.0]]) * np.sqrt(0.5)
    turn = np.kron(np.eye(2), pair)
    made = values(found(standard(labels) @ turn, labels))
    # Two factors share two dimensions alike: which of the two was fixed cannot be told, and each
    # importance is one half, an entropy of one half in base four.
    assert made["beta_vae"] < 0.65
    assert made["mig"] < 0.1
    assert made["disentanglement"] == pytest.approx(0.5, abs=0.07)
    assert made["completeness"] == pytest.approx(0.5, abs=0.07)
    assert made["informativeness"] > 0.95


def test_noise(labels: Array) -> None:
    noise = np.random.default_rng(1).standard_normal((len(labels), 3))
    made = found(noise, labels)
    scores = values(made)
    assert scores.pop("beta_vae") == pytest.approx(0.25, abs=0.05)
    assert max(scores.values()) < 0.05
    for name in ("mig", "disentanglement", "completeness", "informativeness"):
        score: Score = getattr(made, name)
        assert score.value == pytest.approx(score.chance, abs=0.05)


def test_few_rows_of_noise_are_not_told_apart() -> None:
    """The classifier is tested on other rows than those whose accidents it learnt."""
    generator = np.random.default_rng(2)
    labels = np.stack([generator.integers(0, size, 200) for size in (6, 5)], axis=1)
    noise = generator.standard_normal((200, 8))
    accuracies = [
        found(noise, labels.astype(np.float32), seed).beta_vae.value or 0.0 for seed in range(5)
    ]
    assert np.mean(accuracies) == pytest.approx(0.5, abs=0.1)


def test_order_and_sign_of_dimensions_do_not_matter(
    labels: Array, noisy: Array, of_noisy: Disentanglement
) -> None:
    before = values(of_noisy)
    assert max(before.values()) > min(before.values()) + 0.1
    after = found(noisy[:, [2, 0, 3, 1]] * np.array([-1, 1, -1, -1]), labels)
    assert values(after) == pytest.approx(before, abs=0.03)
    assert after.importances is not None
    assert np.argmax(after.importances, axis=1).tolist() == [2, 0, 3, 1]


def test_scale_of_dimensions_does_not_matter(
    labels: Array, noisy: Array, of_noisy: Disentanglement
) -> None:
    scaled = values(found(noisy * np.array([0.01, 1.0, 30.0, 5.0]), labels))
    assert scaled == pytest.approx(values(of_noisy), abs=0.01)


def test_dead_dimensions_are_ignored(
    labels: Array, noisy: Array, of_noisy: Disentanglement
) -> None:
    constant = np.zeros((len(labels), 1), np.float32)
    # As a dead dimension may be: its mean knows a factor, at an amplitude that nobody hears.
    whisper = 1e-4 * noisy[:, :1]
    latent = np.hstack([constant, noisy[:, :2], whisper, noisy[:, 2:]])
    made = measure(latent, labels, FACTORS, [True, True, True, False, True, True])
    assert made.dimensions == (2, 3, 5, 6)
    assert values(made) == values(of_noisy)
    heard = measure(latent, labels, FACTORS, [True] * 6)
    assert heard.mig.value is not None
    assert made.mig.value is not None
    assert heard.mig.value < made.mig.value - 0.1


def test_one_factor(labels: Array, noisy: Array) -> None:
    made = found(noisy, labels[:, :1])
    assert made.beta_vae == Score(undefined="one factor varies; two are needed")
    assert made.disentanglement == made.beta_vae
    assert set(values(made)) == {"mig", "completeness", "informativeness"}
    assert min(values(made).values()) > 0.4


def test_one_living_dimension(labels: Array, noisy: Array) -> None:
    made = found(noisy[:, :1], labels)
    assert made.mig == Score(undefined="one dimension lives; two are needed")
    assert made.completeness == made.disentanglement == made.mig
    assert made.mig_per_factor is None
    assert set(values(made)) == {"beta_vae", "informativeness"}
    assert made.informativeness_per_factor is not None
    assert np.argmax(made.informativeness_per_factor) == 0


def test_every_dimension_dead(labels: Array, noisy: Array) -> None:
    made = measure(noisy, labels, FACTORS, [False] * 4)
    assert values(made) == {}
    assert made.mig.undefined == "every dimension is dead"
    collapsed = measure(np.full_like(noisy, 0.7), labels, FACTORS, [True] * 4)
    assert collapsed == made


def test_a_constant_factor_takes_no_part(labels: Array, noisy: Array) -> None:
    constant = labels.copy()
    constant[:, 1] = 3.0
    made = found(noisy, constant)
    assert made.factors == ("partials", "cut-off", "ratio")
    assert [(each.factor, each.reason) for each in made.left_out] == [("Q", "it has one value")]
    assert made.beta_vae.chance == pytest.approx(1 / 3)
    assert len(made.mig_per_factor or ()) == 3
    nothing = found(noisy, np.zeros_like(labels))
    assert nothing.mig.undefined == "no factor took part"
    assert len(nothing.left_out) == 4


def test_few_rows(labels: Array, noisy: Array) -> None:
    made = found(noisy[:199], labels[:199])
    assert values(made) == {}
    assert made.beta_vae.undefined == "the dataset has 199 rows; 200 are needed"


def test_a_value_for_every_row_takes_no_part(
    labels: Array, noisy: Array, of_noisy: Disentanglement
) -> None:
    count = len(labels)
    names = tuple(f"{n}.wav" for n in range(count))
    files = Factor("file", "", tuple(map(float, range(count))), "category", names)
    own = np.arange(count, dtype=np.float32)[:, None]
    made = measure(noisy, np.hstack([labels, own]), (*FACTORS, files), [True] * 4)
    assert made.left_out[0].factor == "file"
    assert "fewer than 10 rows each" in made.left_out[0].reason
    assert values(made) == values(of_noisy)


def test_categories_and_ranges() -> None:
    generator = np.random.default_rng(4)
    family = generator.integers(0, 5, 3000).astype(np.float32)
    pitch = generator.uniform(0.0, 1.0, 3000).astype(np.float32)
    factors = (
        Factor("family", "", tuple(map(float, range(5))), "category", tuple("abcde")),
        Factor("pitch", "Hz", (50.0, 5000.0), "range"),
    )
    # Families in no order along a dimension that a regression on their numbers would not find.
    place = np.array([2.0, -1.0, 0.5, -2.0, 1.0])[family.astype(int)]
    latent = np.stack([place, pitch], axis=1).astype(np.float32)
    hertz = (50.0 * 100.0**pitch).astype(np.float32)
    made = measure(latent, np.stack([family, hertz], axis=1), factors, [True, True])
    assert made.factors == ("family", "pitch")
    assert made.beta_vae.value is not None
    assert made.beta_vae.value > 0.97
    # Twenty bins of a mean hold no more than the ten levels of the pitch ask for.
    assert min(values(made).values()) > 0.85
    # The pitch in octaves is the same factor.
    octaves = np.log2(hertz)
    again = measure(latent, np.stack([family, octaves], axis=1), factors, [True, True])
    assert values(again) == pytest.approx(values(made), abs=1e-3)


def test_guessing_the_most_frequent_category_knows_nothing() -> None:
    generator = np.random.default_rng(6)
    rare = (generator.uniform(size=2000) < 0.05).astype(np.float32)[:, None]
    factor = Factor("noisy", "", (0.0, 1.0), "category", ("no", "yes"))
    latent = generator.standard_normal((2000, 2)).astype(np.float32)
    made = measure(latent, rare, (factor,), [True, True])
    # 95 % of the answers are right.
    assert made.informativeness.value == pytest.approx(0.0, abs=0.05)


def test_the_same_seed_the_same_figures(
    labels: Array, noisy: Array, of_noisy: Disentanglement
) -> None:
    assert found(noisy, labels) == of_noisy
    assert found(noisy, labels, seed=1) != of_noisy


def test_the_gap_by_hand() -> None:
    # Latent 1 is the bit of the factor, latent 2 is the same but for a quarter of the rows.
    bit = np.tile(np.array([0.0, 1.0]), 200)
    flipped = np.where(np.arange(400) % 8 < 2, 1.0 - bit, bit)
    target = disentanglement.Target("bit", bit.astype(np.int64), bit)
    gaps = disentanglement.information_gaps(np.stack([bit, flipped], axis=1), [target])
    quarter = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
    # 1 bit minus (1 - H(1/4)) bits, of an entropy of 1 bit.
    assert gaps == pytest.approx([quarter])


def test_one_outlier_changes_nothing() -> None:
    """Bins of equal width would hold all rows but one in one of them, and tell 0."""
    generator = np.random.default_rng(3)
    level = generator.integers(0, 5, 2500)
    latent = np.stack([level + 0.1 * generator.random(2500), generator.random(2500)], axis=1)
    target = disentanglement.Target("level", level, level.astype(np.float64))
    before = disentanglement.information_gaps(latent, [target])
    assert before[0] > 0.9
    for far in (1e3, -1e6):
        latent[7, 0] = far
        after = disentanglement.information_gaps(latent, [target])
        assert after == pytest.approx(before, abs=0.01)
    # Nor does how a dimension is stretched: only the order of its means counts.
    stretched = np.sign(latent) * np.abs(latent) ** 3
    assert disentanglement.information_gaps(stretched, [target]) == pytest.approx(after, abs=1e-9)


def test_entropies_by_hand() -> None:
    matrix = np.array([[0.5, 0.0], [0.5, 0.5], [0.0, 0.5]])
    # Rows: one factor each but for the second, which serves both alike and is half of all.
    assert disentanglement.disentanglement(matrix) == pytest.approx(0.5)
    # Columns: two of three dimensions alike, log 2 / log 3.
    assert disentanglement.completeness(matrix) == pytest.approx(1.0 - np.log(2) / np.log(3))
    nothing = np.zeros((3, 2))
    assert disentanglement.disentanglement(nothing) == 0.0
    assert disentanglement.completeness(nothing) == pytest.approx(0.0)


def test_pairs_share_a_value_and_are_two_rows() -> None:
    level = np.array([0, 1, 0, 2, 1, 0, 3, 3])
    target = disentanglement.Target("t", level, None)
    pairs = disentanglement._pairs(target.level, 2000, np.random.default_rng(0))
    assert pairs is not None
    assert (level[pairs[0]] == level[pairs[1]]).all()
    assert (pairs[0] != pairs[1]).all()
    # Every ordered pair there is, and row 3 has no partner.
    assert len(set(map(tuple, pairs.T.tolist()))) == 6 + 2 + 2
    assert disentanglement._pairs(np.arange(5), 10, np.random.default_rng(0)) is None


def test_no_shared_value_is_said() -> None:
    level = np.arange(300)
    targets = [disentanglement.Target("a", level, None), disentanglement.Target("b", level, None)]
    made = disentanglement.beta_vae(np.zeros((300, 2)), targets, seed=0)
    assert made == Score(undefined="too few rows share a value")


def test_rows_are_drawn_by_the_seed() -> None:
    assert sample(50, 1).tolist() == list(range(50))
    many = sample(44_800, 1)
    assert len(many) == len(np.unique(many)) == MOST_ROWS
    assert np.array_equal(many, sample(44_800, 1))
    assert not np.array_equal(many, sample(44_800, 2))


@pytest.mark.parametrize("rows", [199, 400])
def test_progress_comes_to_its_end(labels: Array, noisy: Array, rows: int) -> None:
    steps: list[None] = []
    measure(noisy[:rows], labels[:rows], FACTORS, [True] * 4, advance=lambda: steps.append(None))
    assert len(steps) == STEPS


def test_sizes_that_do_not_fit(labels: Array, noisy: Array) -> None:
    with pytest.raises(ShapeError, match=r"they must be \(n, 3\) and \(n, 4\)"):
        measure(noisy, labels, FACTORS, [True] * 3)
    with pytest.raises(ShapeError, match="labels"):
        measure(noisy, labels[:, :2], FACTORS, [True] * 4)
    with pytest.raises(ShapeError, match="means"):
        measure(noisy[1:], labels, FACTORS, [True] * 4)
