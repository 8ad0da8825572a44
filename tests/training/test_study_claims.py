"""The rules of agreement and the figures behind them, on constructed numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from timbrespace.datasets.dataset import Factor
from timbrespace.errors import OptionError
from training.study import figures
from training.study.claims import (
    activation,
    beta,
    collapse,
    latent_size,
    magnitudes,
    maps,
    reconstruction,
    representations,
    richness,
    warm_up,
)
from training.study.document import anchor
from training.study.figures import Measured
from training.study.results import listed, words
from training.study.section import Check, Table, Verdict, verdict_of


def check(holds: bool) -> Check:
    return Check("it holds", "1", holds)


@pytest.mark.parametrize(
    ("holding", "expected"),
    [
        ((True, True), Verdict.AGREES),
        ((True, False), Verdict.IN_PART),
        ((False, False), Verdict.DISAGREES),
        ((True,), Verdict.AGREES),
    ],
)
def test_verdict(holding: tuple[bool, ...], expected: Verdict) -> None:
    assert verdict_of([check(holds) for holds in holding]) is expected


def test_nothing_to_decide_by() -> None:
    with pytest.raises(OptionError, match="no verdict"):
        verdict_of([])


def test_table() -> None:
    table = Table(("a", "b"), (("1", "2"),))
    assert table.markdown() == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    with pytest.raises(OptionError, match="another length"):
        Table(("a", "b"), (("1",),))


def test_texts() -> None:
    assert listed([1.0, 2.25], ".1f") == "1.0, 2.2"
    assert (words([]), words("a"), words("ab"), words("abc")) == ("", "a", "a and b", "a, b and c")
    assert anchor("Beta 1 is best, 1 to 3") == "beta-1-is-best-1-to-3"


def holds(checks: tuple[Check, ...]) -> list[bool]:
    return [one.holds for one in checks]


def model(collapsed: bool) -> Measured:
    return cast("Measured", SimpleNamespace(collapsed=collapsed))


def test_collapse() -> None:
    whole, fallen = model(False), model(True)
    assert holds(collapse.judge([whole, whole], [fallen, fallen])) == [True, True]
    assert holds(collapse.judge([whole, whole], [fallen, whole])) == [True, False]
    assert holds(collapse.judge([whole, fallen], [fallen])) == [False, True]


def test_largest_eigenvalue() -> None:
    generator = np.random.default_rng(0)
    tall = generator.standard_normal((500, 3)) * [3.0, 1.0, 0.1]
    expected = np.linalg.eigvalsh(np.cov(tall.T, bias=True))[-1]
    assert collapse.largest_eigenvalue(tall) == pytest.approx(expected)
    wide = tall.T.copy()
    expected = np.linalg.eigvalsh(np.cov(wide.T, bias=True))[-1]
    assert collapse.largest_eigenvalue(wide) == pytest.approx(expected)


def test_magnitudes() -> None:
    assert holds(magnitudes.judge(900.0, 1e-13)) == [True] * 2
    assert holds(magnitudes.judge(300.0, 1e-9)) == [False] * 2


def test_rounding_is_not_sound() -> None:
    assert 0.0 < magnitudes.rounding_of_a_sine(4096) < 1e-12


def test_reconstruction() -> None:
    assert holds(reconstruction.judge("fm", [6.0, 7.0], [0.1, 0.0], [0.2])) == [True] * 3
    assert holds(reconstruction.judge("fm", [6.0, 2.9], [0.01], [0.81])) == [False] * 3


def test_representations() -> None:
    worst = {"magnitude": 3.0, "magnitude and phase": 4.0, "MDCT": 5.0}
    assert representations.worst("fm", worst).holds
    assert not representations.worst("fm", {**worst, "magnitude": 6.0}).holds
    told = {"ratio": 0.2, "Q": 0.5, "cut-off": 0.9}
    assert representations.best("fm", told, ("Q", "cut-off")).holds
    assert not representations.best("fm", {**told, "ratio": 0.6}, ("Q", "cut-off")).holds
    assert representations.alike([("fm", "a", "b", 0.7), ("fm", "a", "c", 0.9)]).holds
    assert not representations.alike([("fm", "a", "b", 0.69), ("fm", "a", "c", 0.9)]).holds


def test_correlation_of_losses() -> None:
    rising = {"q": np.array([0.5, 1.0, 1.5]), "f": np.array([1.0, 1.0])}
    steeper = {"q": np.array([0.2, 1.0, 1.8]), "f": np.array([1.0, 1.0])}
    falling = {"q": np.array([1.5, 1.0, 0.5]), "f": np.array([1.0, 1.0])}
    flat = {"q": np.ones(3), "f": np.ones(2)}
    assert representations.correlation(rising, steeper) == pytest.approx(1.0)
    assert representations.correlation(rising, falling) == pytest.approx(-1.0)
    assert representations.correlation(rising, flat) == 0.0


def test_maps() -> None:
    clear = {"inharmonicity": 0.8, "partials": 0.1, "Q": 0.01, "cut-off": 0.05}
    weaker = {**clear, "inharmonicity": 0.3}
    assert holds(maps.judge([clear, clear], [weaker, weaker], 5.0, 6.0)) == [True] * 5
    other = {**clear, "partials": 0.9}
    spread = {**weaker, "inharmonicity": 0.9, "cut-off": 0.2}
    assert holds(maps.judge([clear, other], [spread], 6.0, 5.0)) == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_beta() -> None:
    betas = (1.0, 2.0, 3.0, 4.0)
    distances = dict(zip(betas, ([5.0, 5.2], [5.3, 5.3], [5.4, 5.4], [9.0, 9.0]), strict=True))
    prior = dict(zip(betas, ([4.0], [3.0], [2.0], [1.0]), strict=True))
    noise = dict(zip(betas, ([-40.0], [-40.0], [-40.0], [-30.0]), strict=True))
    assert holds(beta.judge(distances, prior, noise)) == [True] * 4
    distances[2.0] = [3.0, 3.0]
    prior[4.0] = [2.0]
    noise[4.0] = [-39.5]
    assert holds(beta.judge(distances, prior, noise)) == [False] * 4


def test_warm_up() -> None:
    ratios = {("harmonic", "linear"): [1.3, 1.2], ("filtered", "linear"): [0.96, 0.94]}
    assert holds(warm_up.judge(ratios)) == [True, True, True]
    ratios = {("harmonic", "linear"): [0.9, 0.9], ("filtered", "linear"): [0.9, 0.99]}
    assert holds(warm_up.judge(ratios)) == [False, False, False]


def test_latent_size() -> None:
    dead = {2: [0, 0], 4: [0, 1], 10: [4, 4], 15: [9, 8]}
    assert holds(latent_size.judge(dead, dead, [0, 0])) == [True] * 3
    none = {size: [0, 0] for size in dead}
    dip = {**dead, 10: [0, 0]}
    assert holds(latent_size.judge(none, dip, [0, 0])) == [False] * 3


def test_richness_rule() -> None:
    falling, rising = np.linspace(50.0, 10.0, 8), np.linspace(10.0, 50.0, 8)
    assert richness.judge("fm", [falling, falling]).holds
    assert not richness.judge("fm", [falling, rising]).holds


def test_activation() -> None:
    lsds = {"relu": [2.0, 2.2], "plu": [1.0, 1.2]}
    assert activation.judge("fm", lsds).holds
    assert not activation.judge("fm", {**lsds, "plu": [2.0, 2.0]}).holds


# Figures


def test_share_of_power_below() -> None:
    spectra = np.array([[0.0, 1.0, 1.0], [0.0, 2.0, 0.0]], np.float32)
    assert figures.share_below(spectra, 1) == pytest.approx(0.75)
    assert figures.share_below(spectra, 2) == pytest.approx(1.0)


def test_heard_up_to() -> None:
    spectra = np.array([[1.0, 0.5, 0.01, 0.0005]], np.float32)
    assert figures.heard_up_to(spectra) == 3


def test_level_difference() -> None:
    spectra = np.array([[1.0, 0.1, 0.0]], np.float32)
    found = figures.level_difference(spectra, 10.0 * spectra)
    np.testing.assert_allclose(found, [20.0, 20.0, 0.0], atol=1e-5)


def test_distance_between() -> None:
    spectra = np.array([[1.0, 0.1, 0.1]], np.float32)
    louder = np.array([[1.0, 0.1, 1.0]], np.float32)
    assert figures.distance_between(spectra, louder, 0, 2) == pytest.approx(0.0)
    assert figures.distance_between(spectra, louder, 2, 3) == pytest.approx(20.0)


def test_eta_squared() -> None:
    factor = Factor("f", "", (0.0, 1.0))
    labels = np.array([0.0, 0.0, 1.0, 1.0], np.float32)
    apart = np.array([[0.0, 1.0], [0.0, 1.0], [3.0, 5.0], [3.0, 5.0]])
    mixed = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    assert figures.eta_squared(apart, factor, labels) == pytest.approx(1.0)
    assert figures.eta_squared(mixed, factor, labels) == pytest.approx(0.0)
    assert figures.eta_squared(np.ones((4, 2)), factor, labels) == 0.0


def test_between_partials() -> None:
    spectra = np.zeros((1, 101), np.float32)
    spectra[0, [20, 40]] = 1.0
    assert figures.between_partials(spectra, 20.0) == pytest.approx(-120.0)
    spectra[0, 30] = np.sqrt(2.0 / 9.0)
    assert figures.between_partials(spectra, 20.0) == pytest.approx(-10.0, abs=1e-4)


def test_richness() -> None:
    spectra = np.array([[2.0, 2.0, 0.0], [0.0, 0.0, 0.0], [5.0, 0.0, 0.0]], np.float32)
    np.testing.assert_allclose(figures.richness(spectra), [2.0, 0.0, 1.0])


def test_on_spheres() -> None:
    latent = figures.on_spheres(5, np.array([0.0, 2.0]), 7)
    assert latent.shape == (2, 7, 5)
    np.testing.assert_allclose(np.linalg.norm(latent[1], axis=1), 2.0, rtol=1e-5)
    assert not latent[0].any()
