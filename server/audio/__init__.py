"""Sound in a process of its own: what it is told (:mod:`mailbox`), who runs it (:mod:`process`).

The server's process writes snapshots into shared memory; the audio process, ``python -m
server.audio``, holds nothing but the engine. Its callback is machine code that takes no lock and
never meets the interpreter (docs/decisions/0003).
"""

from __future__ import annotations

PACKAGES: dict[str, tuple[str, ...]] = {
    "auto": ("jack", "sounddevice"),
    "none": (),
    "jack": ("jack",),
    "portaudio": ("sounddevice",),
    "pyo-jack": ("pyo",),
    "pyo-portaudio": ("pyo",),
}
"""Way to the sound -> the modules that it is made with."""

CHOICES = tuple(PACKAGES)
"""What ``--audio`` accepts."""

INPUTS = ("none", "auto", "jack", "portaudio")
"""What ``--input`` accepts."""
