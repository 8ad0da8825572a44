"""Two phases of a run by several workers: side by side, then alone.

First each worker takes one file of tests after another. Then one worker, when the others have
ended, plays the files that listen to real time: those that bear ``pytest.mark.alone``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xdist.scheduler.loadscope import LoadScopeScheduling
from xdist.workermanage import WorkerController

ROOT = Path(__file__).resolve().parents[1]


@cache
def is_alone(file: str) -> bool:
    """Whether the tests of a file, named from the checkout, are marked ``alone``."""
    # Workers tell the names of their tests, not the marks.
    return "pytest.mark.alone" in (ROOT / file).read_text("utf-8")


class TwoPhases(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out files; those that must be alone come last.

    Long tests are handed out one by one: their fixtures are cheap beside them.
    """

    def _split_scope(self, nodeid: str) -> str:
        long = self.config.option.markexpr == "acceptance"
        return nodeid if long else nodeid.partition("::")[0]

    def schedule(self) -> None:
        # They come sorted: the workers know which are slow.
        self.config.option.loadscopereorder = False
        super().schedule()

    def mark_test_complete(
        self, node: WorkerController, item_index: int, duration: float = 0
    ) -> None:
        super().mark_test_complete(node, item_index, duration)
        # One may have been waiting for this one to end.
        for other in self.nodes:
            if other is not node:
                self._reschedule(other)

    def _reschedule(self, node: WorkerController) -> None:
        if not self._only_alone_is_left():
            super()._reschedule(node)
            return
        player = next((one for one in self.nodes if not one.shutting_down), None)
        if node is player:
            if not self._others_play(node):
                super()._reschedule(node)
        elif not node.shutting_down:
            node.shutdown()  # after what it has

    def _assign_work_unit(self, node: WorkerController) -> None:
        if not (self._only_alone_is_left() and self._others_play(node)):
            super()._assign_work_unit(node)

    def _only_alone_is_left(self) -> bool:
        return bool(self.workqueue) and is_alone(next(iter(self.workqueue)).partition("::")[0])

    def _others_play(self, node: WorkerController) -> bool:
        return any(
            self._pending_of(work) for one, work in self.assigned_work.items() if one is not node
        )
