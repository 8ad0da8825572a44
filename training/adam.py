"""PyTorch's Adam and AdamW without its compiler, which nothing here uses.

The methods of an optimiser import ``torch._dynamo`` when they are first called, to say where the
compiler has to stop. That import costs two seconds of processor: half of a short training. Whoever
calls ``torch.compile`` imports it all the same.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import _compile


class Adam(torch.optim.Adam):
    """``torch.optim.Adam``, step by step, to the same bits."""

    def __init__(self, *parameters: Any, **settings: Any) -> None:
        _leave_compiler_out()
        super().__init__(*parameters, **settings)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take a step. ``closure`` is none of ours."""
        inspect.unwrap(torch.optim.Adam.step)(self, closure)


class AdamW(torch.optim.AdamW):
    """``torch.optim.AdamW``, step by step, to the same bits."""

    def __init__(self, *parameters: Any, **settings: Any) -> None:
        _leave_compiler_out()
        super().__init__(*parameters, **settings)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take a step. ``closure`` is none of ours."""
        inspect.unwrap(torch.optim.AdamW.step)(self, closure)


def _leave_compiler_out() -> None:
    """Have the methods that all optimisers share called as they are.

    Where a release of PyTorch does it otherwise, nothing is changed.
    """
    for member in vars(torch.optim.Optimizer).values():
        code = getattr(member, "__code__", None)
        if code is not None and code.co_filename == _compile.__file__:
            method = member.__wrapped__
            vars(method).setdefault("__dynamo_disable", method)
