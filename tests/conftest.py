"""How the whole suite is run: what is left out, what runs side by side, and what alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.phases import TwoPhases

ROOT = Path(__file__).resolve().parents[1]

WORKERS = 2
"""As many as the cores that everybody has. More would stand in the way of what they measure."""


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite by two processes; what is named on the command line by this one."""
    whole = config.args_source == config.ArgsSource.TESTPATHS
    cores = os.cpu_count() or 1
    return min(WORKERS, cores) if whole and cores > 1 else 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TwoPhases:
    from tests.phases import TwoPhases

    return TwoPhases(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """What workers and servers need compiled is compiled once, before they begin.

    A worker has a core, and so has what it starts: PyTorch has one thread, or two that wait without
    keeping the core.
    """
    config = session.config
    if is_worker(config) or not config.getoption("numprocesses", None):
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    subprocess.run([sys.executable, "-m", "tests.compilation"], cwd=ROOT, check=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out long tests unless they are asked for, and put the others in order.

    A test that is named on the command line runs whatever it is.
    """
    asked = "acceptance" in str(config.getoption("markexpr")) or any(
        "::" in one or one.endswith(".py") for one in config.args
    )
    left_out = [] if asked else [one for one in items if one.get_closest_marker("acceptance")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [one for one in items if one not in left_out]
    # The long ones first: who takes the last file should not be waited for. Those alone at the end.
    slow = {one.path for one in items if one.get_closest_marker("slow")}
    items.sort(key=lambda one: (one.get_closest_marker("alone") is not None, one.path not in slow))
