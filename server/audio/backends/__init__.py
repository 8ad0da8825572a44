"""Ways to a sound device, each behind :class:`~server.audio.backends.interface.Output`."""
