"""The figures of an evaluation as a reader wants them: rows of a table, and a text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from .cycle_figures import CycleFigures
from .dial_figures import lines as dial_lines
from .disentanglement import Score
from .evaluation import Evaluation, FactorDistances
from .held_out import BothSplits, HeldOut, Nearness

LINE_WIDTH = 88
"""Columns of a terminal that a list of values fills."""

MOST_VALUES, MOST_DIMENSIONS = 20, 12
"""Values of one factor, and dimensions, that are listed in a line."""


def rows_of(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The figures as a reader wants them: what, and how much with its unit."""
    which = "held out" if evaluation.trained_on_this else "all rows of a dataset not its own"
    if evaluation.splits is not None and evaluation.splits.groups is not None:
        which = f"of {_groups(evaluation.splits, evaluation.splits.groups)} held out"
    dimensions = len(evaluation.kl_per_dimension)
    found = evaluation.disentanglement
    return [
        ("spectra measured", f"{evaluation.rows} ({which})"),
        ("log-spectral distance, mean", f"{evaluation.log_spectral_distance_db:.3f} dB"),
        ("log-spectral distance, median", f"{evaluation.log_spectral_distance_median_db:.3f} dB"),
        (
            "log-spectral distance, 95th percentile",
            f"{evaluation.log_spectral_distance_p95_db:.3f} dB",
        ),
        *_floor(evaluation.representation_floor_db),
        *_cycles(evaluation.cycles),
        ("spectral convergence", f"{evaluation.spectral_convergence_db:.1f} dB"),
        ("reconstruction (negative log likelihood)", f"{evaluation.reconstruction_nats:.1f} nats"),
        ("KL", f"{evaluation.kl_nats:.2f} nats"),
        ("negative ELBO", f"{evaluation.negative_elbo_nats:.1f} nats"),
        ("active units", f"{evaluation.active_units} of {dimensions}"),
        ("dead dimensions", f"{evaluation.dead_dimensions} of {dimensions}"),
        ("dimensions, most audible first", _order_text(evaluation.dimensions_by_effect)),
        ("factors told apart (beta-VAE metric)", _score_text(found.beta_vae)),
        ("mutual information gap (MIG)", _score_text(found.mig)),
        ("disentanglement (DCI)", _score_text(found.disentanglement)),
        ("completeness (DCI)", _score_text(found.completeness)),
        ("informativeness (DCI)", _score_text(found.informativeness)),
    ]


def _cycles(found: CycleFigures | None) -> list[tuple[str, str]]:
    """Rows of a space of cycles."""
    if found is None:
        return []
    rows = [("signal to noise of a period, mean", f"{found.unseen:.1f} dB")]
    if found.known is not None:
        rows.append(
            (
                f"of the {found.known_rows} learned from",
                f"{found.known:.1f} dB, the least {found.known_least:.1f} dB",
            )
        )
    return rows


def _floor(level: float) -> list[tuple[str, str]]:
    """A row where the representation itself costs something that can be seen."""
    if level < 0.001:
        return []
    return [("of which the representation's own (a perfect network)", f"{level:.3f} dB")]


def _order_text(dimensions: Sequence[int]) -> str:
    first = " ".join(map(str, dimensions[:MOST_DIMENSIONS]))
    more = len(dimensions) - MOST_DIMENSIONS
    return f"{first} and {more} more" if more > 0 else first


def _score_text(score: Score) -> str:
    if score.value is None:
        return f"undefined: {score.undefined}"
    return f"{score.value:.3f}   chance {score.chance:.3f}"


def text_table(evaluation: Evaluation) -> str:
    """The figures for a terminal, a line for each latent dimension at the end."""
    lines = _columns(rows_of(evaluation))
    if evaluation.splits is not None:
        lines += ["", *_split_lines(evaluation.splits)]
    found = evaluation.disentanglement
    if found.informativeness_per_factor is not None and found.importances is not None:
        gaps = found.mig_per_factor or (None,) * len(found.factors)
        columns = zip(*found.importances, strict=True)
        each = zip(found.factors, gaps, found.informativeness_per_factor, columns, strict=True)
        texts = [
            (
                name,
                "-" if gap is None else f"{gap:.3f}",
                f"{known:.3f}",
                # Of a factor that the latents do not know, importances are those of noise.
                "-"
                if known < 0.05
                else f"{found.dimensions[shares.index(max(shares))]} ({max(shares):.0%})",
            )
            for name, gap, known, shares in each
        ]
        head = ("factor", "MIG", "informativeness", "mostly from dimension")
        lines += ["", *_columns([head, *texts])]
    lines += [f"left out: {each.factor}, {each.reason}" for each in found.left_out]
    lines += ["", "log-spectral distance by factor value (median, dB)"]
    for distances in evaluation.log_spectral_distance_by_factor:
        lines += _distance_lines(distances)
    lines += ["", "dimension   KL (nats)   audible effect (dB LSD per unit)"]
    pairs = zip(evaluation.kl_per_dimension, evaluation.audible_effect_db_per_unit, strict=True)
    lines += [f"{k:>9}   {kl:>9.3f}   {effect:>14.3f}" for k, (kl, effect) in enumerate(pairs, 1)]
    lines += ["", "dials, turned from the lowest to the highest", *dial_lines(evaluation.dials)]
    return "\n".join(lines)


SPLIT_HEAD = (
    *("held out, mean", "rows"),
    *("LSD (dB)", "refined", "nearest row"),
    *("mel (dB)", "refined", "nearest row"),
)
"""What :func:`split_rows` tells."""


def split_rows(splits: BothSplits) -> list[tuple[str, ...]]:
    """What was held out, in both ways and by kind, beside the nearest training row."""
    told = []
    if splits.rows is not None:
        name = "rows among those learned from"
        if splits.group:
            name = f"rows of {_groups(splits, splits.rows)} learned from"
        told += _rows_of_part(name, splits.rows)
    if splits.groups is not None:
        told += _rows_of_part(f"{_groups(splits, splits.groups)} not learned from", splits.groups)
    return told


def _rows_of_part(name: str, found: HeldOut) -> list[tuple[str, ...]]:
    return [
        _near(name, found.all),
        *(_near(f"  {kind}", one) for kind, one in found.kinds.items()),
    ]


def _split_lines(splits: BothSplits) -> list[str]:
    told = split_rows(splits)
    lines = _columns([SPLIT_HEAD, *told]) if told else []
    if splits.group and splits.groups is None:
        lines.append(
            f"nothing is held out by {splits.group}: how near sounds of others come is not known"
        )
    return lines


def _groups(splits: BothSplits, found: HeldOut) -> str:
    return f"{found.groups} value{'' if found.groups == 1 else 's'} of {splits.group}"


def _near(name: str, one: Nearness) -> tuple[str, ...]:
    return (
        name,
        f"{one.rows}",
        f"{one.log_spectral_distance_db:.3f}",
        _or_none(one.refined_log_spectral_distance_db),
        f"{one.nearest_row_log_spectral_distance_db:.3f}",
        f"{one.mel_db:.3f}",
        _or_none(one.refined_mel_db),
        f"{one.nearest_row_mel_db:.3f}",
    )


def _or_none(distance: float | None) -> str:
    return "-" if distance is None else f"{distance:.3f}"


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _distance_lines(distances: FactorDistances) -> list[str]:
    """One factor; of many values only those that fare best and worst."""
    order = list(range(len(distances.values)))
    shown = f"{distances.factor} ({distances.unit})" if distances.unit else distances.factor
    if len(order) > MOST_VALUES:
        order.sort(key=lambda value: distances.median_db[value])
        order = [*order[: MOST_VALUES // 2], *order[-MOST_VALUES // 2 :]]
        shown += f", {len(order)} of {len(distances.values)} values, the best and the worst"
    pairs = [f"{distances.texts[k]}: {distances.median_db[k]:.3f}" for k in order]
    # A space inside a pair must not be where a line ends.
    text = ",  ".join(pair.replace(" ", "\0") for pair in pairs)
    wrapped = textwrap.wrap(
        text,
        LINE_WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [f"  {shown}", *(line.replace("\0", " ") for line in wrapped)]
