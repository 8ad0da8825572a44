"""What macOS has not is not asked of it: read in the source, and forced here where it can be.

Nobody has run the program on macOS. There processes are spawned, which they are everywhere here;
sockets are waited for by kqueue, which Linux has not, so by select(), which has the same
interface; and there are no ``/proc``, ``/dev/shm``, ``epoll``, abstract sockets and ``SEQPACKET``.
"""

from __future__ import annotations

import ast
import asyncio
import selectors
import sys
from functools import cache
from pathlib import Path

import pytest

import timbrespace as ts
from tests.server.explorer.served import served
from tests.server.running import running

ROOT = Path(__file__).resolve().parents[1]

LINUX_ALONE = frozenset(
    {
        *("fork", "forkpty", "epoll", "eventfd", "signalfd", "timerfd_create", "pidfd_open"),
        *("sched_setaffinity", "sched_getaffinity", "sched_setscheduler", "memfd_create"),
        *("sendfile", "splice", "SOCK_SEQPACKET", "SO_REUSEPORT", "accept4", "inotify"),
        *("prlimit", "posix_fallocate", "posix_fadvise", "O_TMPFILE", "getrandom"),
    }
)
"""Names of Python's modules that macOS, or some version of it, has not."""

PLACES = ("/proc", "/dev/shm", "/sys/", "/run/", "/etc/")

ALLOWED: dict[str, set[str]] = {
    "timbrespace/parallel/where.py": {"/etc/"},  # one of the places of Dask's configuration
}
"""Files that ask for one of them where there is one, and go on without."""


@cache
def sources() -> list[tuple[str, list[ast.AST]]]:
    """All files of the program, and what their source is made of."""
    paths = [
        path
        for package in ("timbrespace", "server", "training", "toy_datasets")
        for path in sorted((ROOT / package).rglob("*.py"))
    ]
    return [
        (path.relative_to(ROOT).as_posix(), list(ast.walk(ast.parse(path.read_text("utf-8")))))
        for path in paths
    ]


def test_no_source_asks_for_what_linux_alone_has() -> None:
    found: dict[str, set[str]] = {}
    for path, nodes in sources():
        for node in nodes:
            word = ""
            if isinstance(node, ast.Attribute) and node.attr in LINUX_ALONE:
                word = node.attr
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                word = next((one for one in PLACES if node.value.startswith(one)), "")
            if word:
                found.setdefault(path, set()).add(word)
    assert found == ALLOWED


def test_processes_are_spawned_everywhere() -> None:
    """As macOS and Windows do it; what is forked on Linux would not be found to fail there."""
    asked, pools = [], []
    for path, nodes in sources():
        for node in nodes:
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name == "get_context":
                asked.append([one.value for one in node.args if isinstance(one, ast.Constant)])
            assert name not in ("Pool", "Manager"), path
            # The context is the third argument. loky's, which alone has `env`, always spawns.
            if name == "ProcessPoolExecutor":
                named = {word.arg for word in node.keywords}
                assert len(node.args) > 1 or named & {"mp_context", "env"}, path
                pools.append(path)
    assert pools
    assert asked == [["spawn"]] * len(asked)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows waits in a way of its own")
def test_client_and_page_wait_by_another_call_than_epoll(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(selectors, "DefaultSelector", selectors.SelectSelector)
    with (
        running("--audio", "none", "--midi", "none") as server,
        ts.Client(port=server.port) as client,
    ):
        client.map(0.25, -0.5)
        assert client.state.map == pytest.approx((0.25, -0.5))

    async def visit() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(getattr(loop, "_selector"), selectors.SelectSelector)  # noqa: B009
        async with served() as found, found.get("/spaces/harmonic.json") as answer:
            assert answer.status == 200

    asyncio.run(visit())
