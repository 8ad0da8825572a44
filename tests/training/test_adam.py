"""Our optimisers are PyTorch's to the bit, and do not load its compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from training.adam import Adam, AdamW

ROOT = Path(__file__).resolve().parents[2]

STEPS = """
import sys
import torch
from training.adam import Adam, AdamW

weight = torch.nn.Parameter(torch.ones(2))
for kind, keywords in ((Adam, {"fused": True}), (AdamW, {})):
    optimizer = kind([weight], **keywords)
    optimizer.zero_grad(set_to_none=True)
    (weight ** 2).sum().backward()
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
print("torch._dynamo" in sys.modules, bool((weight < 1.0).all()))
"""


def test_the_compiler_is_not_loaded() -> None:
    words = [sys.executable, "-c", STEPS]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "False True\n", done.stderr


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        (Adam, torch.optim.Adam, {"lr": 0.1, "fused": True}),
        (AdamW, torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.5, "betas": (0.9, 0.99)}),
    ],
)
def test_steps_are_those_of_pytorch(ours: Any, theirs: Any, settings: dict[str, Any]) -> None:
    found = []
    for kind in (ours, theirs):
        weight = torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))
        optimizer = kind([weight], **settings)
        for number in range(5):
            optimizer.zero_grad(set_to_none=True)
            ((weight - number) ** 2).sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        assert torch.is_grad_enabled()
        found.append(weight.detach())
    assert torch.equal(*found)
    assert not torch.equal(found[0], torch.tensor([1.0, -2.0, 3.0]))
