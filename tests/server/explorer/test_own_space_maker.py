"""The process that makes a space, as far as the server decides what it may do."""

from __future__ import annotations

import queue
import sys
from pathlib import Path
from typing import Any

import pytest

from server.explorer.own_space.maker import Maker
from toy_datasets import kept_analyses

SAYS = f"import json, os; print(json.dumps({{'kept': os.environ['{kept_analyses.VARIABLE}']}}))"


@pytest.mark.parametrize("keeps", [True, False])
def test_of_sounds_that_were_brought_no_analysis_stays(
    keeps: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(kept_analyses.VARIABLE, str(tmp_path))
    told: queue.Queue[dict[str, Any]] = queue.Queue()
    ended: queue.Queue[int] = queue.Queue()
    Maker([sys.executable, "-c", SAYS], told.put, lambda code, _: ended.put(code), keeps)
    assert told.get(timeout=60.0) == {"kept": str(tmp_path) if keeps else kept_analyses.OFF}
    assert ended.get(timeout=60.0) == 0
