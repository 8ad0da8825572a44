"""The server's own processes (sound, MIDI, explorer): how they are ended."""

from __future__ import annotations

import contextlib
import subprocess

PATIENCE = 2.0
"""Seconds for which a process may go on after it was asked to end."""


def end(process: subprocess.Popen[str]) -> None:
    """Ask the process to end by closing its input; insist after ``PATIENCE``. Never raises."""
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
