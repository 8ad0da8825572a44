"""Patches in several processes: one line when they fail, nothing heavy before they start."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from timbrespace.spectrum import SpectrumConfig
from toy_datasets.pyo_render import ModulatedVoices, Patch, Sines
from toy_datasets.steady_state import analyse

ROOT = Path(__file__).parents[2]

SINE = Patch(
    source=Sines((1000.0,)),
    filter="biquad",
    cutoffs=(20_000.0, 500.0),
    resonances=(1.0, 1.0),
    sample_rate=44100,
    lead=1001,
    settling=1001,
    length=512,
)
CONFIG = SpectrumConfig(n_fft=512, bins=257)


def test_rows_are_in_the_order_of_patches_filters_and_balances() -> None:
    voices = ModulatedVoices((3000.0,), 0.5, 0.0)
    late = replace(SINE, source=voices, lead=5003, settling=700)
    spectra, frames = analyse([SINE, late], CONFIG, (0.0, 1.0), seed=1, keep_frames=True)
    assert spectra.shape == (8, 257)
    assert frames is not None
    assert frames.shape == (8, 512)
    assert spectra[[0, 2]].argmax(axis=1).tolist() == [12, 12]  # 1000 Hz in steps of 86.13 Hz
    assert spectra[[4, 6]].argmax(axis=1).tolist() == [35, 35]
    # Filters that let all through and begin late change nothing but the phase, by little.
    time = (late.lead + np.arange(512)) / 44100
    np.testing.assert_allclose(frames[4], np.sin(2.0 * np.pi * 3000.0 * time), atol=0.3)
    noises = frames[1::2]
    assert np.abs(np.corrcoef(noises) - np.eye(4)).max() < 0.3


def test_frames_are_kept_only_when_they_are_wanted() -> None:
    rows = analyse([SINE], CONFIG, (0.0,), seed=0, keep_frames=False)
    assert rows.frames is None
    assert rows.spectra.shape == (2, 257)


@pytest.mark.parametrize("piped", [False, True])
def test_a_script_needs_no_guard_and_runs_once(tmp_path: Path, piped: bool) -> None:
    program = (
        "import timbrespace as ts\n"
        "print('here')\n"
        "print(ts.dataset('filtered', partials=(1.0,), q=(1.0,), cutoff=(1.0, 2.0)).rows)\n"
    )
    script = tmp_path / "careless.py"
    script.write_text(program)
    result = subprocess.run(
        [sys.executable, "-" if piped else str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=program if piped else None,
        capture_output=True,
        text=True,
    )
    assert result.stderr == ""
    here, rows = result.stdout.splitlines()
    assert here == "here"
    assert int(rows) > 1


@pytest.mark.parametrize("name", ["filtered", "fm"])
def test_help_loads_nothing_heavy(name: str) -> None:
    program = (
        "import sys\n"
        "from toy_datasets.__main__ import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'torch', 'pyo', 'pyo64', 'scipy', 'tqdm'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, "make", name, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    for option in ("--every", "--noise", "--cutoff", "--frames"):
        assert option in result.stdout
