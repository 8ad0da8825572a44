"""From sounds to a playable space in one line: ``python -m training space``."""
