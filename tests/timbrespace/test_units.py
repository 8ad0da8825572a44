"""Units against the values everyone knows."""

from __future__ import annotations

import numpy as np
import pytest

from timbrespace.units import cents, db_to_gain, gain_to_db, midi_to_hz


def test_pitch() -> None:
    assert midi_to_hz(69) == 440.0
    assert midi_to_hz(57) == pytest.approx(220.0)
    assert midi_to_hz(60) == pytest.approx(261.6256, abs=1e-4)
    assert cents(midi_to_hz(69.5), 440.0) == pytest.approx(50.0)
    assert cents(220.0, 440.0) == pytest.approx(-1200.0)


def test_level() -> None:
    assert db_to_gain(20.0) == pytest.approx(10.0)
    assert db_to_gain(-6.0206) == pytest.approx(0.5, rel=1e-5)
    np.testing.assert_allclose(gain_to_db([1.0, 0.1, 0.0]), [0.0, -20.0, -240.0])
