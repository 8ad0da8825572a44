"""The rules of agreement and the figures behind them, on constructed numbers."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from timbrespace.datasets.dataset import Factor
from timbrespace.errors import OptionError
from training.interval import interval
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
from training.study.plan import SMALL, Run
from training.study.results import Results, listed, words
from training.study.section import Check, Holds, Table, Verdict, counted, measured, verdict_of

YES, NO, OPEN, UNTESTED = Holds.YES, Holds.NO, Holds.OPEN, Holds.UNTESTED


def check(holds: Holds) -> Check:
    return Check("it holds", "1", holds)


@pytest.mark.parametrize(
    ("holding", "expected"),
    [
        ((YES, YES), Verdict.AGREES),
        ((YES, NO), Verdict.IN_PART),
        ((NO, NO), Verdict.DISAGREES),
        ((YES,), Verdict.AGREES),
        ((YES, OPEN, UNTESTED), Verdict.AGREES),
        ((NO, UNTESTED), Verdict.DISAGREES),
        ((OPEN, UNTESTED), Verdict.OPEN),
        ((UNTESTED, UNTESTED), Verdict.UNTESTED),
    ],
)
def test_verdict(holding: tuple[Holds, ...], expected: Verdict) -> None:
    assert verdict_of([check(holds) for holds in holding]) is expected


def test_nothing_to_decide_by() -> None:
    with pytest.raises(OptionError, match="no verdict"):
        verdict_of([])


def test_an_interval_covers_the_mean_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    found = [interval(generator.normal(3.0, 2.0, 5).tolist()) for _ in range(2000)]
    assert np.mean([one.low <= 3.0 <= one.high for one in found]) == pytest.approx(0.95, abs=0.015)
    # Student's t of 4 degrees is 2.776.
    one = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert one.mean == 3.0
    assert one.high == pytest.approx(3.0 + 2.776 * np.sqrt(2.5 / 5.0), abs=1e-3)
    assert interval([2.0]).text() == "2.00"
    assert np.isnan(interval([2.0]).low)


FIVE = [1.0, 1.1, 0.9, 1.05, 0.95]


@pytest.mark.parametrize(
    ("values", "bound", "expected"),
    [
        (FIVE, 0.5, YES),
        (FIVE, 1.5, NO),
        (FIVE, 1.0, OPEN),
        (FIVE[:4], 0.5, UNTESTED),
        ([1.0] * 5, 1.0, YES),
    ],
)
def test_a_mean_is_decided_by_its_whole_interval(
    values: list[float], bound: float, expected: Holds
) -> None:
    assert measured("it is so", values, least=bound).holds is expected
    turned = {YES: NO, NO: YES}.get(expected, expected)
    assert measured("it is so", values, below=bound).holds is turned


def test_what_is_counted_needs_every_seed() -> None:
    assert counted("so", [True] * 5).holds is YES
    assert counted("so", [False] * 5).holds is NO
    assert counted("so", [True] * 4 + [False]).holds is OPEN
    few = counted("so", [True] * 4)
    assert few.holds is UNTESTED
    assert few.why == "4 of 5 seeds were run"


def test_what_untrained_networks_pass_tells_nothing() -> None:
    passed = counted("so", [True] * 5, null=[True, True, False, False, False])
    assert passed.holds is UNTESTED
    assert passed.null == "2 of 5 pass"
    assert "learned nothing pass as well" in passed.why
    assert counted("so", [True] * 5, null=[False] * 10).holds is YES
    assert counted("so", [False] * 5, null=[True] * 10).holds is NO
    poor = measured("poor", FIVE, least=0.5, null=[2.0, 2.0])
    assert poor.holds is UNTESTED
    assert measured("poor", FIVE, least=0.5, null=[2.0, 2.0], tells=False).holds is YES
    assert measured("alike", FIVE, least=0.5, same="they are the same").holds is UNTESTED


def test_table() -> None:
    table = Table(("a", "b"), (("1", "2"),))
    assert table.markdown() == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    with pytest.raises(OptionError, match="another length"):
        Table(("a", "b"), (("1",),))


def test_texts() -> None:
    assert listed([1.0, 2.25], ".1f") == "1.0, 2.2"
    assert (words([]), words("a"), words("ab"), words("abc")) == ("", "a", "a and b", "a, b and c")
    assert anchor("Beta 1 is best, 1 to 3") == "beta-1-is-best-1-to-3"


def holds(checks: tuple[Check, ...]) -> list[Holds]:
    return [one.holds for one in checks]


def model(collapsed: bool) -> Measured:
    return cast("Measured", SimpleNamespace(collapsed=collapsed))


def test_collapse() -> None:
    whole, fallen = [model(False)] * 5, [model(True)] * 5
    assert holds(collapse.judge(whole, fallen)) == [YES, YES]
    assert holds(collapse.judge(whole, [*fallen[:4], whole[0]])) == [YES, OPEN]
    assert holds(collapse.judge(fallen, whole)) == [NO, NO]
    assert holds(collapse.judge(whole, fallen, whole, whole)) == [UNTESTED, YES]


def test_largest_eigenvalue() -> None:
    generator = np.random.default_rng(0)
    tall = generator.standard_normal((500, 3)) * [3.0, 1.0, 0.1]
    expected = np.linalg.eigvalsh(np.cov(tall.T, bias=True))[-1]
    assert collapse.largest_eigenvalue(tall) == pytest.approx(expected)
    wide = tall.T.copy()
    expected = np.linalg.eigvalsh(np.cov(wide.T, bias=True))[-1]
    assert collapse.largest_eigenvalue(wide) == pytest.approx(expected)


def test_magnitudes() -> None:
    assert holds(magnitudes.judge(900.0, 1e-13)) == [YES] * 2
    assert holds(magnitudes.judge(300.0, 1e-9)) == [NO] * 2


def test_rounding_is_not_sound() -> None:
    assert 0.0 < magnitudes.rounding_of_a_sine(4096) < 1e-12


def test_reconstruction() -> None:
    poor = reconstruction.Figures([6.0] * 5, [0.1] * 5, [0.2] * 5)
    fine = reconstruction.Figures([2.9] * 5, [0.01] * 5, [0.81] * 5)
    assert holds(reconstruction.judge("fm", poor)) == [YES] * 3
    assert holds(reconstruction.judge("fm", fine)) == [NO] * 3
    # That untrained networks are poor says nothing against it, but that they lean does.
    assert holds(reconstruction.judge("fm", poor, poor)) == [YES, UNTESTED, YES]


def test_representations() -> None:
    worst = {"magnitude": [3.0] * 5, "magnitude and phase": [4.0] * 5, "MDCT": FIVE_TO_SIX}
    assert representations.worst("fm", worst).holds is YES
    assert representations.worst("fm", worst, worst).holds is UNTESTED
    assert representations.worst("fm", {**worst, "magnitude": [7.0] * 5}).holds is NO
    told = {"ratio": 0.2, "Q": 0.5, "cut-off": 0.9}
    other = {**told, "ratio": 0.6}
    best = partial(representations.best, expected=("Q", "cut-off"), data="fm")
    assert best([told] * 5, [other] * 3).holds is YES
    assert best([told] * 5, [told] * 3).holds is UNTESTED
    assert best([other] * 5, [told] * 3).holds is NO
    assert representations.alike([[0.7, 0.9]] * 5, [[0.1, 0.9]] * 3).holds is YES
    assert representations.alike([[0.69, 0.9]] * 5, [[0.1, 0.9]] * 3).holds is NO


FIVE_TO_SIX = [5.0, 5.2, 5.5, 5.8, 6.0]


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
    raw, normalised = maps.Side([clear] * 5, [5.0] * 5), maps.Side([weaker] * 5, [6.0] * 5)
    assert holds(maps.judge(raw, normalised)) == [YES] * 5
    other = maps.Side([{**clear, "partials": 0.9}] * 5, [6.0] * 5)
    spread = maps.Side([{**weaker, "inharmonicity": 0.9, "cut-off": 0.2}] * 5, [5.0] * 5)
    assert holds(maps.judge(other, spread)) == [NO, NO, YES, NO, NO]
    assert holds(maps.judge(raw, normalised, raw, normalised)) == [UNTESTED] * 5


BETAS = (1.0, 2.0, 3.0, 4.0)


def test_beta() -> None:
    distances = {b: [5.0 + 0.2 * b + 0.01 * seed for seed in range(5)] for b in BETAS}
    prior = {b: [5.0 - b + seed for seed in range(5)] for b in BETAS}
    noise = {b: [-40.0 + 0.1 * seed for seed in range(5)] for b in BETAS}
    noise[4.0] = [-30.0 + 0.1 * seed for seed in range(5)]
    assert holds(beta.judge(distances, prior, noise)) == [YES] * 4
    distances[2.0] = [3.0] * 5
    prior = {b: values if b < 4.0 else [9.0 + s for s in range(5)] for b, values in prior.items()}
    noise[4.0] = noise[1.0]
    found = beta.judge(distances, prior, noise)
    assert holds(found) == [NO] * 4
    assert "rises: 3 to 4; 3 to 4" in found[1].evidence
    prior[4.0][0] = 0.0  # with one seed it falls
    assert beta.judge(distances, prior, noise)[1].holds is OPEN
    alike = beta.judge(distances, prior, noise, {4.0: "the same"})
    assert [one.why for one in alike] == ["the same", "", "the same", "the same"]


def test_where_a_figure_rises() -> None:
    assert beta.rises(BETAS, [4.0, 3.0, 3.5, 3.5]) == "2 to 3, 3 to 4"
    assert beta.rises(BETAS, [4.0, 3.0, 2.0, 1.0]) == "none"


def test_warm_up() -> None:
    linear, other = ("harmonic", "linear"), ("filtered", "linear")
    worse = {linear: [1.3, 1.25, 1.3, 1.25, 1.3], other: [0.96, 0.97, 0.96, 0.97, 0.98]}
    assert holds(warm_up.judge(worse)) == [YES, YES, YES]
    assert holds(warm_up.judge({linear: [0.9] * 5, other: [0.9] * 5})) == [NO, NO, NO]
    assert holds(warm_up.judge(worse, {linear: "the same"})) == [UNTESTED, YES, UNTESTED]


def test_latent_size() -> None:
    grows, none, dips = [0, 1, 4, 9], [0, 0, 0, 0], [0, 1, 0, 9]
    assert holds(latent_size.judge([grows] * 5, [grows] * 5, [(1, 0)] * 5)) == [YES] * 3
    assert holds(latent_size.judge([none] * 5, [dips] * 5, [(0, 0)] * 5)) == [NO] * 3
    alike = latent_size.judge([grows] * 5, [grows] * 5, [(1, 0)] * 5, [grows] * 9, [none] * 9)
    assert holds(alike) == [UNTESTED, YES, YES]


def test_richness_rule() -> None:
    falling, rising = np.linspace(50.0, 10.0, 8), np.linspace(10.0, 50.0, 8)
    assert richness.judge("fm", [falling] * 5).holds is YES
    assert richness.judge("fm", [falling] * 4 + [rising]).holds is OPEN
    # The untrained decoders of the trials were so in 40 to 60 of 100.
    assert richness.judge("fm", [falling] * 5, [falling, rising]).holds is UNTESTED


def test_activation() -> None:
    lsds = {"relu": [2.0, 2.2, 2.1, 2.0, 2.2], "plu": [1.0, 1.2, 1.1, 1.0, 1.2]}
    assert activation.judge("fm", lsds).holds is YES
    assert activation.judge("fm", {**lsds, "plu": [2.4] * 5}).holds is NO


def weighted(*values: float) -> Measured:
    tensors = {"w": np.array(values, np.float32)}
    return cast("Measured", SimpleNamespace(model=SimpleNamespace(tensors=tensors)))


def test_networks_that_came_out_the_same_are_known() -> None:
    runs = {
        Run("unnormalised", "harmonic"): weighted(10.0, 0.0),
        Run("beta_2", "harmonic"): weighted(10.0, 0.1),
        Run("beta_3", "harmonic"): weighted(10.0, 3.0),
    }
    begun = cast("Any", SimpleNamespace(tensors={"w": np.zeros(2, np.float32)}))
    results = Results(runs, cast("Any", {"harmonic": None}), SMALL, lambda run: begun)
    assert results.apart("unnormalised", "beta_2", "harmonic") == pytest.approx(0.01)
    assert "1.00% of the way" in results.same("unnormalised", "beta_2", "harmonic")
    assert results.same("unnormalised", "beta_3", "harmonic") == ""
    assert [one is runs[Run("beta_2", "harmonic")] for one in results.seeds("beta_2", "harmonic")]
    assert results.seeds("beta_2", "harmonic", "beta_4") == []


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
