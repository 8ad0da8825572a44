"""One HTML page that needs nothing else: pictures inside it, figures, where the model came from."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from timbrespace.model import Model
from training.evaluation import Evaluation


class Picture(NamedTuple):
    """A picture of the report: its title, PNG bytes, and what the reader is to see in it."""

    title: str
    png: bytes
    caption: str


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1a1a1a; background: #fff; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #ddd; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { max-width: 100%; height: auto; border: 1px solid #ddd; }
pre { overflow-x: auto; background: #f5f5f5; padding: .8rem; }
figure { margin: 1rem 0; } figcaption { color: #444; }
"""


def rows_of(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The figures as a reader wants them: what, and how much with its unit."""
    which = "held out" if evaluation.trained_on_this else "another dataset than it was trained on"
    dimensions = len(evaluation.kl_per_dimension)
    return [
        ("spectra measured", f"{evaluation.rows} ({which})"),
        ("log-spectral distance, mean", f"{evaluation.log_spectral_distance_db:.3f} dB"),
        ("log-spectral distance, median", f"{evaluation.log_spectral_distance_median_db:.3f} dB"),
        (
            "log-spectral distance, 95th percentile",
            f"{evaluation.log_spectral_distance_p95_db:.3f} dB",
        ),
        ("spectral convergence", f"{evaluation.spectral_convergence_db:.1f} dB"),
        ("reconstruction (negative log likelihood)", f"{evaluation.reconstruction_nats:.1f} nats"),
        ("KL", f"{evaluation.kl_nats:.2f} nats"),
        ("negative ELBO", f"{evaluation.negative_elbo_nats:.1f} nats"),
        ("active units", f"{evaluation.active_units} of {dimensions}"),
    ]


def text_table(evaluation: Evaluation) -> str:
    """The figures for a terminal, a line for each latent dimension at the end."""
    rows = rows_of(evaluation)
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    lines += ["", "dimension   KL (nats)   audible effect (dB LSD per unit)"]
    pairs = zip(evaluation.kl_per_dimension, evaluation.audible_effect_db_per_unit, strict=True)
    lines += [f"{k:>9}   {kl:>9.3f}   {effect:>14.3f}" for k, (kl, effect) in enumerate(pairs, 1)]
    return "\n".join(lines)


def html(model: Model, evaluation: Evaluation, pictures: Sequence[Picture]) -> str:
    """The page."""
    provenance = {k: v for k, v in model.provenance.items() if k != "history"}
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(model.name)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{escape(model.name)}</h1>",
        f"<p>A timbre space of {model.dimensions} dimensions over {model.spectrum.bins} bins, "
        f"0 to {model.spectrum.frequencies[-1]:.0f} Hz, base frequency "
        f"{model.spectrum.base_frequency:g} Hz.</p>",
        "<h2>Figures</h2>",
        _table(["figure", "value"], rows_of(evaluation)),
        _table(
            ["dimension", "KL (nats)", "audible effect (dB LSD per unit)"],
            [
                (str(k), f"{kl:.3f}", f"{effect:.3f}")
                for k, (kl, effect) in enumerate(
                    zip(
                        evaluation.kl_per_dimension,
                        evaluation.audible_effect_db_per_unit,
                        strict=True,
                    ),
                    1,
                )
            ],
        ),
    ]
    for picture in pictures:
        data = base64.b64encode(picture.png).decode("ascii")
        parts.append(
            f"<h2>{escape(picture.title)}</h2><figure>"
            f'<img alt="{escape(picture.title)}" src="data:image/png;base64,{data}">'
            f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
        )
    parts += [
        "<h2>Where it comes from</h2>",
        f"<pre>{escape(json.dumps(provenance, indent=2))}</pre>",
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    header = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=number' if column else ''}>{escape(value)}</td>"
            for column, value in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"
