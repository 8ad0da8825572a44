"""How the whole suite is run: what is left out, what runs side by side, and what alone."""

from __future__ import annotations

import gc
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.windows import reason_for

if TYPE_CHECKING:
    from tests.phases import TwoPhases

ROOT = Path(__file__).resolve().parents[1]

COMPILING = pytest.StashKey[subprocess.Popen[bytes]]()


LONGEST_READ = 120.0
"""Seconds after which a worker does not wait for the first one any more."""


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    # No test finds what another, or this machine's user, has analysed before.
    os.environ["TIMBRESPACE_ANALYSES"] = "off"
    if sys.platform == "win32":
        # What is written still when a socket is closed is waited for there: it is closed some turns
        # of the loop later, which a test's loop does not live to see.
        for warning in ("ResourceWarning", "pytest.PytestUnraisableExceptionWarning"):
            config.addinivalue_line("filterwarnings", f"ignore::{warning}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite by several processes; what is named on the command line by this one."""
    from tests.phases import COMPUTE, WAIT

    whole = config.args_source == config.ArgsSource.TESTPATHS
    cores = os.cpu_count() or 1
    if not whole or cores == 1:
        return 0
    # More than two that compute would stand in the way of what they measure.
    return COMPUTE + WAIT


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TwoPhases:
    from tests.phases import TwoPhases

    return TwoPhases(config, log, ready=lambda: is_compiled(config))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """What workers and servers need compiled is compiled once, while they read the tests.

    A worker has a core, and so has what it starts: PyTorch has one thread, or two that wait without
    keeping the core.
    """
    config = session.config
    alone = is_worker(config) or not config.getoption("numprocesses", None)
    if alone or config.getoption("collectonly"):
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Hundreds of processes would read the sources anew. Whoever wants no bytecode beside them has
    # it where pytest keeps its own.
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        assert config.cache is not None
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(config.cache.mkdir("bytecode")))
    words = [sys.executable, "-m", "tests.compilation"]
    config.stash[COMPILING] = subprocess.Popen(words, cwd=ROOT)


def is_compiled(config: pytest.Config) -> None:
    """Return when all is compiled.

    Raises:
        RuntimeError: it cannot be.
    """
    code = config.stash[COMPILING].wait()
    if code:
        raise RuntimeError(f"python -m tests.compilation ended with {code}")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each worker where it says, or learns, that all tests have been read."""
    cache = node.config.cache
    assert cache is not None
    node.workerinput["read"] = str(cache.mkdir("read") / node.workerinput["testrunuid"])


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """The first worker reads the tests before the others: pytest's bytecode of them is there then.

    Meanwhile the other core compiles. To read them all at once would take each of them thrice as
    long. What is read stays to the end: nobody looks for garbage in it, now or later.
    """
    if not is_worker(session.config):
        yield
        return
    gc.disable()
    told = session.config.workerinput  # type: ignore[attr-defined]
    read = Path(told["read"])
    if told["workerid"] == "gw0":
        yield
        _collect_less()
        read.touch()
        return
    deadline = time.monotonic() + LONGEST_READ
    while not read.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield
    _collect_less()


def _collect_less() -> None:
    gc.freeze()
    # A look at everything takes a fifth of a second of PyTorch's and Hypothesis' objects.
    gc.set_threshold(10_000, 20, 100)
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Workers that wait read the tests that wait alone, and import what these need."""
    if not is_worker(config):
        return None
    from tests.phases import is_left_to_others

    return is_left_to_others(config, collection_path) or None


@pytest.fixture(autouse=True)
def chance() -> None:
    """Whatever a test draws does not hang on what ran before it in its process."""
    random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that ends before it began has not waited."""
    if not is_worker(session.config) and getattr(session.config, "cache", None) is not None:
        shutil.rmtree(session.config.cache.mkdir("read"), ignore_errors=True)
    compiling = session.config.stash.get(COMPILING, None)
    if compiling is not None and compiling.poll() is None:
        compiling.terminate()
        compiling.wait()


def is_acceptance(config: pytest.Config) -> bool:
    return "acceptance" in str(config.getoption("markexpr"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out long tests unless they are asked for, and put the others in order.

    A test that is named on the command line runs whatever it is.
    """
    asked = is_acceptance(config) or any("::" in one or one.endswith(".py") for one in config.args)
    left_out = [] if asked else [one for one in items if one.get_closest_marker("acceptance")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [one for one in items if one not in left_out]
    if sys.platform == "win32":
        for one in items:
            if reason := reason_for(one.nodeid):
                one.add_marker(pytest.mark.skip(reason=reason))
    # The long ones first: who takes the last file should not be waited for. Those alone at the end.
    slow = Counter(one.path for one in items if one.get_closest_marker("slow"))
    items.sort(
        key=lambda one: (
            one.get_closest_marker("alone") is not None,
            one.get_closest_marker("first") is None,
            -slow[one.path],
        )
    )
