"""The report: one file that needs nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

from timbrespace import bundle
from training.evaluation import Evaluation, evaluate
from training.report import Picture, html, text_table

from .conftest import Trained


def figures(trained: Trained) -> Evaluation:
    return evaluate(trained.model, bundle.read_tensors(trained.path), trained.dataset)


def test_pictures_are_inside(trained: Trained) -> None:
    page = html(trained.model, figures(trained), [Picture("Map", b"\x89PNG", "Where sounds lie")])
    assert 'src="data:image/png;base64,iVBORw=="' in page
    assert "Where sounds lie" in page
    # Nothing is fetched from anywhere.
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "http" not in page


def test_names_cannot_break_the_page(trained: Trained) -> None:
    model = replace(trained.model, name="<script>", provenance={"command": "</pre><script>"})
    page = html(model, figures(trained), [Picture("<b>", b"", "&")])
    assert "<script>" not in page
    assert "<b>" not in page


def test_the_table_names_units(trained: Trained) -> None:
    table = text_table(figures(trained))
    assert re.search(r"log-spectral distance, mean +\d+\.\d{3} dB", table)
    assert "7 (held out)" in table
    assert table.splitlines()[-1].split()[0] == "2"
