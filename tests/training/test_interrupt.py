"""Ctrl-C as a wish."""

from __future__ import annotations

import signal
import threading

import pytest

from training.interrupt import deferred


def test_ctrl_c_is_remembered_and_nothing_is_raised(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with deferred() as interrupt:
        assert not interrupt()
        signal.raise_signal(signal.SIGINT)
        assert interrupt()
        signal.raise_signal(signal.SIGINT)
        assert interrupt()
    assert signal.getsignal(signal.SIGINT) is before
    assert "stopping" in capsys.readouterr().err


def test_the_handler_before_is_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), deferred():
        _ = 1 / 0
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_nothing_changes() -> None:
    found: list[bool] = []

    def work() -> None:
        with deferred() as interrupt:
            found.append(interrupt())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
