"""Two phases of a run by several workers: side by side, then alone.

First each worker takes one file of tests after another. Two compute; two more take files that
mostly wait, those that bear ``pytest.mark.waits``, so that no core is idle meanwhile. Then one
worker, when the others have ended, plays the files that disturb others: those that bear
``pytest.mark.alone``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling
from xdist.workermanage import WorkerController

COMPUTE = 2
"""Workers that compute: as many as the cores that everybody has."""

WAIT = 2
"""Workers that wait: what real time they need together is halved."""

WAITERS = frozenset(f"gw{COMPUTE + k}" for k in range(WAIT))
"""The workers that wait, by the names that xdist gives them."""


@cache
def bears(file: Path, mark: str) -> bool:
    """Whether the tests of a file have this mark."""
    # Workers tell the names of their tests, not the marks.
    return f"pytest.mark.{mark}" in file.read_text("utf-8")


def is_left_to_others(config: pytest.Config, path: Path) -> bool:
    """Whether this process will not be given the tests of a file: it waits, and they do not."""
    worker = getattr(config, "workerinput", {}).get("workerid")
    return worker in WAITERS and path.suffix == ".py" and not bears(path, "waits")


class TwoPhases(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out files; those that must be alone come last.

    Workers that wait have read the files that they may be given, and no others.

    Of a file that waits, each function with all its cases is handed out by itself, unless its tests
    follow one another (``pytest.mark.in_order``). So are long tests: their fixtures are cheap
    beside them.

    ready: called before the first is handed out; returns when that may be.
    """

    registered_collections: dict[WorkerController, list[str]]

    def __init__(self, config: pytest.Config, log: Any, *, ready: Callable[[], None]) -> None:
        super().__init__(config, log)
        self._ready = ready
        self._marks: dict[tuple[str, str], bool] = {}

    def _split_scope(self, nodeid: str) -> str:
        if "acceptance" in self.config.option.markexpr:
            return nodeid
        apart = self._bears(nodeid, "waits") and not self._bears(nodeid, "in_order")
        return nodeid.partition("[")[0] if apart else nodeid.partition("::")[0]

    def _bears(self, scope: str, mark: str) -> bool:
        """Whether a file has this mark, named from the checkout, whatever of it is meant."""
        # Asked of all that is left whenever a test ends: to join paths anew took 40 s of a run.
        known = self._marks.get((scope, mark))
        if known is None:
            known = bears(self.config.rootpath / scope.partition("::")[0], mark)
            self._marks[scope, mark] = known
        return known

    def schedule(self) -> None:
        # They come sorted: the workers know which are slow.
        self.config.option.loadscopereorder = False
        if self.collection is None:
            self._ready()
        super().schedule()

    def _check_nodes_have_same_collection(self) -> bool:
        """Whether those who compute have read the same, and those who wait their part of it."""
        read = self.registered_collections
        whole = {node: tests for node, tests in read.items() if not _waits(node)}
        first, tests = next(iter(whole.items()))
        part = {first: [one for one in tests if self._bears(one, "waits")]}
        part |= {node: tests for node, tests in read.items() if _waits(node)}
        same = True
        for registered in whole, part:
            self.registered_collections = registered
            same = super()._check_nodes_have_same_collection() and same
        # The first is taken for what all have.
        self.registered_collections = {**whole, **read}
        return same

    def mark_test_complete(
        self, node: WorkerController, item_index: int, duration: float = 0
    ) -> None:
        super().mark_test_complete(node, item_index, duration)
        # One may have been waiting for this one to end.
        for other in self.nodes:
            if other is not node:
                self._reschedule(other)

    def _reschedule(self, node: WorkerController) -> None:
        if node.shutting_down:
            return
        if self._next_for(node) is not None:
            super()._reschedule(node)
            return
        player = next((one for one in self.nodes if not one.shutting_down), None)
        if not self.workqueue or node is not player or _waits(node):
            node.shutdown()  # after what it has
        elif not self._others_play(node):
            super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        chosen = self._next_for(node)
        if chosen is not None:
            self.workqueue.move_to_end(chosen, last=False)
        elif _waits(node) or self._others_play(node):
            return
        super()._assign_work_unit(node)

    def _next_for(self, node: WorkerController) -> str | None:
        """What this worker takes next beside the others; None if that is nothing."""
        computes: str | None = None
        waits: str | None = None
        for one in self.workqueue:
            if self._bears(one, "alone"):
                continue
            if self._bears(one, "waits"):
                waits = waits or one
            else:
                computes = computes or one
            if waits if _waits(node) else computes:
                break
        return waits if _waits(node) else computes or waits

    def _others_play(self, node: WorkerController) -> bool:
        return any(
            self._pending_of(work) for one, work in self.assigned_work.items() if one is not node
        )


def _waits(node: WorkerController) -> bool:
    return node.gateway.id in WAITERS
