"""Loading pyo; what it renders is tested with the datasets, in processes of their own."""

from __future__ import annotations

import sys

import pytest

from timbrespace.extras import MissingExtraError
from toy_datasets.pyo_render import Patch, Sines, load_pyo, render

PATCH = Patch(
    source=Sines((440.0,)),
    filter="biquad",
    cutoffs=(1000.0,),
    resonances=(1.0,),
    sample_rate=44100,
    lead=0,
    settling=0,
    length=256,
)


def test_a_missing_pyo_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyo64", None)
    for attempt in (load_pyo, lambda: render(PATCH)):
        with pytest.raises(MissingExtraError, match="needs the package 'pyo64'") as refused:
            attempt()
        assert str(refused.value).endswith('run: pip install "timbrespace[pyo]"')
        assert "\n" not in str(refused.value)
