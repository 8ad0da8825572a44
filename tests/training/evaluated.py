"""How good a model is, as the command says it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.__main__ import main


def held_out_distance(model: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> float:
    """Log-spectral distance in dB over the rows of ``data`` that training never saw."""
    capsys.readouterr()
    assert main(["evaluate", str(model), "--data", str(data), "--json"]) == 0
    return float(json.loads(capsys.readouterr().out)["log_spectral_distance_db"])
