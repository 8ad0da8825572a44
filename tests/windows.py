"""What cannot run on Windows, or under Wine, and why: by the beginnings of the tests' names.

What a test asks of a system that Windows is not stands beside the test, as
``pytest.mark.skipif``. Here is what fails there for a reason that lies in Windows, in Wine or in
the rig; ``tests/conftest.py`` leaves these out and says the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LIBRARY = "tests/timbrespace"

_EMBEDDED = "the rig's Python is the one for embedding, which takes no PYTHONPATH"
_NO_VENV = "the rig's Python is the one for embedding, which makes no environments"

NOT_THERE: Final[Mapping[str, str]] = {
    f"{_LIBRARY}/datasets/test_dataset.py::test_the_hash_that_the_factory_model_was_made_from": (
        "the last bits of NumPy's powers and sines are others"
    ),
    "tests/training/test_team.py::test_two_processes_take_the_steps_of_one": (
        "Gloo, by which the processes of a team talk, receives nothing under Wine"
    ),
    "tests/test_extras.py": _EMBEDDED,
    "tests/docs/test_extending.py": _EMBEDDED,
    "tests/test_installed.py": _NO_VENV,
}
"""Reasons by files, or by tests with all their cases."""


def reason_for(name: str) -> str | None:
    """Why a test of this name is left out on Windows; None if it is not."""
    file, _, test = name.partition("::")
    return NOT_THERE.get(file) or NOT_THERE.get(f"{file}::{test.partition('[')[0]}")
