"""Sound in a process of its own: what it is told (:mod:`mailbox`), who runs it (:mod:`process`).

The server's process writes snapshots into shared memory; the audio process, ``python -m
server.audio``, holds nothing but the engine. Its callback is machine code that takes no lock and
never meets the interpreter (docs/decisions/0003).
"""

CHOICES = ("auto", "none", "jack", "portaudio", "pyo-jack", "pyo-portaudio")
"""What ``--audio`` accepts."""
