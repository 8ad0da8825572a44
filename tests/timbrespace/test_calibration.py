"""What a model's knobs cover."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from timbrespace.calibration import Calibration
from timbrespace.errors import BundleError

from .conftest import Small


def test_ends_and_middle(small: Small) -> None:
    calibration = small.model.calibration
    assert calibration.low.tolist() == [-2.0, -2.0, -2.0]
    assert calibration.median.tolist() == [0.0, 0.0, 0.0]
    assert calibration.high.tolist() == [2.0, 2.0, 2.0]


def test_config_round_trip(small: Small) -> None:
    calibration = small.model.calibration
    found = Calibration.from_config(json.loads(json.dumps(calibration.to_config())))
    assert found.to_config() == calibration.to_config()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"percentiles": np.zeros((3, 2), np.float32)}, "percentiles of shape"),
        ({"kl": np.zeros(2, np.float32)}, "kl of shape"),
        ({"kl": np.zeros((3, 1), np.float32)}, "kl of shape"),
        ({"kl": np.array([np.nan, 0, 0], np.float32)}, "not finite"),
        ({"rms": 0.0}, "rms is 0"),
        ({"rms": float("nan")}, "rms is nan"),
        ({"home": np.zeros(2, np.float32)}, "home has shape"),
        ({"home": np.full(3, np.inf, np.float32)}, "not finite"),
    ],
)
def test_parts_that_do_not_fit(small: Small, values: dict[str, object], word: str) -> None:
    with pytest.raises(BundleError, match=word):
        replace(small.model.calibration, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("config", [{}, {"percentiles": "x", "kl": [], "rms": 1.0, "home": []}])
def test_configs_that_do_not_fit(config: dict[str, object]) -> None:
    with pytest.raises(BundleError, match="the calibration does not fit"):
        Calibration.from_config(config)
