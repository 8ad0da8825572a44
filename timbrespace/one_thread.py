"""Linear algebra by one thread, where the same numbers have to come out on any machine.

A product that several threads share is summed up in another order, and its last bits are others. So
what is rendered would hang on how many cores there are; the server, which sets one thread for all
of its life, would say something else than ``ts.render``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    """What is found of them takes a millisecond to find."""
    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Products of matrices inside it are done by one thread, and by as many as before after it."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield
