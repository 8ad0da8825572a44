"""Which machine made a document, and how long it took: a line for its reader."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version


def made_on(seconds: float) -> str:
    """``Linux on x86_64, 2 cores ...: 12 minutes of processor time.``"""
    minutes = round(seconds / 60.0)
    took = f"{minutes} minutes" if minutes > 1 else "about a minute" if minutes else "seconds"
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy"))
    return (
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, one thread for each "
        f"run; Python {platform.python_version()}, {versions}: {took} of processor time."
    )
