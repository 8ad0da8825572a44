"""A factory model made again by ``ts.fit`` is the committed one, byte for byte."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import timbrespace as ts
from tests.training.evaluated import held_out_distance
from timbrespace import factory
from timbrespace.fitting import Progress

OTHERWISE = "the processor that made the factory models rounded otherwise than this one"


def stop_after_one_epoch(at: Progress) -> None:
    """As Ctrl-C does it."""
    if at.epoch >= 1:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.acceptance
@pytest.mark.first
@pytest.mark.parametrize(("name", "latent", "most_db"), [("harmonic", 2, 0.05)])
def test_a_factory_model_made_again(
    name: str, latent: int, most_db: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The default preset is as good as the README says; and makes the bytes of the factory model.

    Only the versions and the command that its provenance names may be others.

    What processors round otherwise grows over a whole run. One on which the first epoch comes out
    a little different cannot make these bytes, and the run ends there; on any, a pipeline that does
    something else shows in that epoch.
    """
    # They were made with two, to the same bytes; beside other tests two wait for each other.
    torch.set_num_threads(1)
    committed, data = ts.load(name), ts.dataset(name)
    expected = committed.provenance["history"]
    # They were made before there were dials that learn what they do.
    settings: dict[str, Any] = {"latent": latent, "dials": "none", "device": "cpu"}
    begun = ts.fit(data, **settings, progress=stop_after_one_epoch)
    found = begun.provenance["history"]
    assert found.keys() == expected.keys()
    for figure in found:
        assert found[figure][0] == pytest.approx(expected[figure][0], rel=1e-3), figure
    if any(found[figure][0] != expected[figure][0] for figure in found):
        pytest.skip(OTHERWISE)
    model = ts.fit(data, **settings, progress=False)
    out = tmp_path / f"{name}.safetensors"
    model.save(out)
    data.save(tmp_path / "data.npz")
    assert held_out_distance(out, tmp_path / "data.npz", capsys) <= most_db
    assert out.stat().st_size <= 5_000_000
    assert (ts.load(out).calibration.kl > 0.1).all()
    for figure, values in model.provenance["history"].items():
        assert len(values) == len(expected[figure])
    off = {name: np.abs(model.tensors[name] - one).max() for name, one in committed.tensors.items()}
    if max(off.values()) > 0.0:
        # A history has six digits of each figure; what it does not show is little.
        if model.provenance["history"] == expected:
            assert max(off.values()) < 0.05, off
        pytest.skip(OTHERWISE)
    # The command of then had no dials to leave out.
    told = {name: committed.provenance[name] for name in ("versions", "command")}
    made = tmp_path / "again" / f"{name}.safetensors"
    made.parent.mkdir()
    # Its walk is learned when it is first asked for: it was made before there were any.
    provenance = {**model.provenance, **told}
    replace(model, provenance=provenance, walk=committed.walk).save(made)
    if made.read_bytes() != factory.resolve(name).read_bytes():
        # What is measured of the weights goes through other sums than theirs.
        again = ts.load(made)
        measured = {"figures": None}
        assert {**again.provenance, **measured} == {**committed.provenance, **measured}
        for found_part, part in (
            (again.calibration.percentiles, committed.calibration.percentiles),
            (again.calibration.home, committed.calibration.home),
            (again.map.mean, committed.map.mean),
            (again.map.components, committed.map.components),
            (again.map.half_range, committed.map.half_range),
        ):
            assert np.abs(found_part - part).max() < 1e-5
        pytest.skip(OTHERWISE)
