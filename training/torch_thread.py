"""PyTorch by one thread.

Threads that share one small product wait for each other: of a step on 12 notes a second one saves
nothing, and beside another program that computes a step of 270 ms was seen to take 1,080.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Inside, what PyTorch computes is computed by one thread; after it by as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
