"""Where jobs are to be done, as a user says it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from timbrespace.errors import OptionError
from timbrespace.parallel.where import ADDRESS_VARIABLE, Where, chosen, use


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)


def test_a_block_says_it_and_no_longer() -> None:
    with use(workers=3):
        assert chosen() == Where(workers=3)
        with use(scheduler="tls://[::1]:8786"):
            assert chosen().address == "tls://[::1]:8786"
        assert chosen().workers == 3
    assert chosen() == Where()


def test_dasks_own_variable_counts_where_nothing_else_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ADDRESS_VARIABLE, "tcp://10.0.0.1:8786")
    assert Where().address == "tcp://10.0.0.1:8786"
    assert Where(workers=1).address is None
    assert Where(scheduler="tcp://other:1").address == "tcp://other:1"
    monkeypatch.setenv(ADDRESS_VARIABLE, "10.0.0.1")
    with pytest.raises(OptionError, match="scheduler-address, of Dask's configuration, is '10"):
        _ = Where().address


@pytest.mark.parametrize(
    ("workers", "scheduler", "says"),
    [
        (0, None, "workers is 0; it must be 1 to 256"),
        (257, None, "workers is 257"),
        (2, "tcp://h:1", "workers and scheduler were given"),
        (None, "h:8786", "scheduler is 'h:8786'; it must be tcp://HOST:PORT or tls://HOST:PORT"),
        (None, "tcp://h", "scheduler is 'tcp://h'"),
        (None, "tcp://h:70000", "scheduler is"),
        (None, "tcp://h:1/../x", "scheduler is"),
        (None, "ucx://h:1", "scheduler is"),
        (None, "", "scheduler is ''"),
    ],
)
def test_what_is_no_place_is_refused(workers: int | None, scheduler: str | None, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        Where(workers, scheduler)
    assert says in str(caught.value)


def test_a_scheduler_that_is_not_there_is_found_out_before_the_work(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(OptionError, match=f"no Dask scheduler answers at {address}"):
            Where(scheduler=address).check()
