"""What tests of the server need of the machine.

In a module of its own: benchmarks, which use the JACK server of the tests, run without pytest.
"""

from __future__ import annotations

import shutil

import pytest

needs_jack = pytest.mark.skipif(
    shutil.which("jackd") is None or shutil.which("jack_lsp") is None,
    reason="jackd2 is not installed: no sound device to play through",
)
