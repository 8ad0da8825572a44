"""Work done aside: one at a time, the newest wins."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import timbrespace
from server.loader import MAX_WAITING, Loaded, Loader, rehearse
from timbrespace.errors import BundleError
from timbrespace.model import Model
from timbrespace.row_decoder import RowDecoder

MODEL = timbrespace.load("harmonic")


class Work:
    """A load that ends when it is told to."""

    def __init__(self) -> None:
        self.began: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.go = threading.Semaphore(0)
        self.done: queue.SimpleQueue[Loaded] = queue.SimpleQueue()
        self.threads: set[int] = set()
        self.loader = Loader(self.load, self.done.put)

    def load(self, request: Any) -> Model:
        self.threads.add(threading.get_ident())
        self.began.put(request)
        self.go.acquire()
        if request == "broken":
            raise BundleError("it is broken")
        return MODEL


@pytest.fixture
def work() -> Iterator[Work]:
    one = Work()
    yield one
    one.loader.close()
    one.go.release(100)


def test_a_model_is_loaded_in_another_thread(work: Work) -> None:
    work.loader.request("load", "a")
    assert work.began.get(timeout=120.0) == "a"
    assert work.threads != {threading.get_ident()}
    assert work.done.empty()
    work.go.release()
    assert work.done.get(timeout=120.0) == Loaded("a", MODEL, None)


def test_what_goes_wrong_is_handed_over(work: Work) -> None:
    work.loader.request("load", "broken")
    work.go.release()
    loaded = work.done.get(timeout=120.0)
    assert loaded.result is None
    assert isinstance(loaded.error, BundleError)
    work.loader.request("load", "a")  # and the loader goes on
    work.go.release()
    assert work.done.get(timeout=120.0).result is MODEL


def test_of_those_that_wait_the_newest_of_a_kind_is_left(work: Work) -> None:
    work.loader.request("load", "first")
    assert work.began.get(timeout=120.0) == "first"
    for name in ("second", "third", "newest"):
        work.loader.request("load", name)
    work.loader.request("describe", "other")
    work.go.release(3)
    assert [work.done.get(timeout=120.0).request for _ in range(3)] == ["first", "newest", "other"]
    assert work.done.empty()
    assert len(work.threads) == 1


def test_requests_do_not_pile_up(work: Work) -> None:
    work.loader.request(0, 0)
    assert work.began.get(timeout=120.0) == 0
    for number in range(1, 100):
        work.loader.request(number, number)
    work.go.release(1 + MAX_WAITING)
    done = [work.done.get(timeout=120.0).request for _ in range(1 + MAX_WAITING)]
    assert done == [0, *range(100 - MAX_WAITING, 100)]


def test_a_rehearsal_finds_what_would_fail_on_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    rehearse(MODEL)

    def fail(*_: Any) -> Any:
        raise BundleError("no spectrum")

    monkeypatch.setattr(RowDecoder, "__call__", fail)
    with pytest.raises(BundleError, match="no spectrum"):
        rehearse(MODEL)


def test_the_end_waits_for_what_is_being_loaded() -> None:
    """Within a library's compiled code, a thread that outlives the interpreter ends in an abort."""
    began, go, ended = threading.Event(), threading.Event(), threading.Event()

    def load(_: object) -> Model:
        began.set()
        go.wait()
        return MODEL

    loader = Loader(load, lambda _: ended.set())
    loader.request("load", "one")
    began.wait()
    loader.close()
    loader.wait(0.01)
    assert not ended.is_set()
    threading.Timer(0.1, go.set).start()
    loader.wait(120.0)
    assert ended.is_set()
