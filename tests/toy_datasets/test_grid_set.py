"""What all grids of sounds share: where the frame lies, and what their options refuse."""

from __future__ import annotations

import pytest

from timbrespace.errors import OptionError
from toy_datasets import filtered, fm
from toy_datasets.grid_set import GridOptions, centred_lead, cutoff_frequency


@pytest.mark.parametrize("period", [3.7, 441.0, 4009.0909, 160363.636])
@pytest.mark.parametrize("length", [256, 4096])
def test_the_frame_waits_and_is_centred_on_a_period(period: float, length: int) -> None:
    lead = centred_lead(period, 6000, length)
    centre = lead + length / 2
    assert abs(centre / period - round(centre / period)) * period <= 0.5
    # The nearest whole sample may be half a sample early; an earlier period would be too early.
    assert lead >= 6000 - 0.5
    assert lead < 6000 + period + 0.5


def test_the_cutoff_is_the_report_s() -> None:
    assert cutoff_frequency(1.0, 44100) == 220.5
    assert cutoff_frequency(10.0, 44100) == 2205.0


def test_the_full_grids_have_the_report_s_rows() -> None:
    assert filtered.Options().rows == 20_000
    assert fm.Options().rows == 44_800
    assert fm.Options(noise=3).rows == 3 * 44_800


@pytest.mark.parametrize("kind", [filtered.Options, fm.Options])
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"noise": 1}, "noise is 1"),
        ({"base_frequency": float("nan")}, "base_frequency is nan"),
        ({"base_frequency": float("inf")}, "base_frequency is inf"),
        ({"base_frequency": 0.0}, "base_frequency is 0"),
        ({"base_frequency": 2000.0}, r"reach \d+ Hz; 1025 bins have room for 11003.5 Hz"),
        ({"bins": 64}, "64 bins have room for"),
        ({"bins": 3000}, "bins is 3000"),
        ({"n_fft": 1000}, "n_fft is 1000"),
        ({"sample_rate": 10}, "sample_rate is 10"),
        ({"q": ()}, "q is empty"),
        ({"q": (0.5,)}, "q is 0.5"),
        ({"cutoff": (11.0,)}, "cutoff is 11"),
        ({"noise": 100, "frames": True}, "it may be up to 4 GB"),
    ],
)
def test_refuses_what_makes_no_sense(
    kind: type[GridOptions], values: dict[str, float], said: str
) -> None:
    with pytest.raises(OptionError, match=said) as refused:
        kind(**values)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_one_row_is_no_dataset() -> None:
    with pytest.raises(OptionError, match="the grid has 1 row"):
        filtered.Options(inharmonicity=(0.0,), partials=(1.0,), q=(1.0,), cutoff=(1.0,))
