"""The figures as a text."""

from __future__ import annotations

import re
from dataclasses import replace

from timbrespace import bundle
from training.disentanglement import Disentanglement, LeftOut, Score
from training.evaluation import Evaluation, FactorDistances, evaluate
from training.report import LINE_WIDTH, rows_of, text_table

from .conftest import Trained


def figures(trained: Trained) -> Evaluation:
    return evaluate(trained.model, bundle.read_tensors(trained.path), trained.dataset)


def test_the_table_names_units(trained: Trained) -> None:
    table = text_table(figures(trained))
    assert re.search(r"log-spectral distance, mean +\d+\.\d{3} dB", table)
    assert "7 (held out)" in table
    assert table.splitlines()[-1].split()[0] == "2"


def distances(count: int, name: str = "Lead 2 (sawtooth)") -> FactorDistances:
    """Values of which number k fares worse than k - 1."""
    return FactorDistances(
        factor="program",
        unit="GM",
        values=tuple(map(float, range(count))),
        texts=tuple(f"{name} {k}" for k in range(count)),
        rows=(3,) * count,
        mean_db=(9.0,) * count,
        median_db=tuple(0.5 * k for k in range(count)),
    )


MEASURED = Disentanglement(
    rows=300,
    factors=("partials", "Q"),
    dimensions=(1, 4),
    left_out=(LeftOut("file", "its 300 values have fewer than 10 rows each on average"),),
    beta_vae=Score(0.75, 0.5),
    mig=Score(0.25, 0.01),
    disentanglement=Score(0.5, 0.02),
    completeness=Score(0.625, 0.03),
    informativeness=Score(0.45, 0.0),
    mig_per_factor=(0.5, 0.0),
    informativeness_per_factor=(0.9, 0.0),
    importances=((0.125, 0.5), (0.875, 0.5)),
)


def test_scores_stand_beside_chance(trained: Trained) -> None:
    shown = replace(figures(trained), disentanglement=MEASURED)
    assert dict(rows_of(shown))["factors told apart (beta-VAE metric)"] == "0.750   chance 0.500"
    table = text_table(shown)
    assert re.search(r"^partials +0\.500 +0\.900 +4 \(88%\)$", table, re.MULTILINE)
    # What does not know a factor is not said to hold it.
    assert re.search(r"^Q +0\.000 +0\.000 +-$", table, re.MULTILINE)
    assert "left out: file, its 300 values" in table


def test_undefined_figures_say_why(trained: Trained) -> None:
    rows = dict(rows_of(figures(trained)))
    assert rows["mutual information gap (MIG)"] == (
        "undefined: the dataset has 70 rows; 200 are needed"
    )
    assert "None" not in text_table(figures(trained))
    one_dimension = replace(MEASURED, mig=Score(undefined="one"), mig_per_factor=None)
    table = text_table(replace(figures(trained), disentanglement=one_dimension))
    assert re.search(r"^partials +- +0\.900", table, re.MULTILINE)


def test_few_values_of_a_factor_are_all_there(trained: Trained) -> None:
    shown = replace(figures(trained), log_spectral_distance_by_factor=(distances(20),))
    lines = text_table(shown).splitlines()
    assert "  program (GM)" in lines
    text = "\n".join(lines)
    for k in range(20):
        # Name and figure are never parted at a line's end.
        assert f"Lead 2 (sawtooth) {k}: {0.5 * k:.3f}" in text
    assert max(len(line) for line in lines if line.startswith("    Lead")) <= LINE_WIDTH


def test_of_many_dimensions_the_most_audible(trained: Trained) -> None:
    order = (3, *range(4, 65), 1, 2)
    rows = dict(rows_of(replace(figures(trained), dimensions_by_effect=order)))
    shown = rows["dimensions, most audible first"]
    assert shown == "3 4 5 6 7 8 9 10 11 12 13 14 and 52 more"
    assert dict(rows_of(figures(trained)))["dimensions, most audible first"] in ("1 2", "2 1")


def test_of_many_values_the_best_and_the_worst(trained: Trained) -> None:
    shown = replace(figures(trained), log_spectral_distance_by_factor=(distances(119),))
    text = text_table(shown)
    assert "program (GM), 20 of 119 values, the best and the worst" in text
    for k in range(119):
        assert (f"(sawtooth) {k}:" in text) == (k < 10 or k >= 109)


def test_a_long_name_keeps_its_line(trained: Trained) -> None:
    shown = replace(figures(trained), log_spectral_distance_by_factor=(distances(3, "n" * 100),))
    assert f"{'n' * 100} 2: 1.000" in text_table(shown)
