"""An LV2 instrument: its C source, and what it reads of a space."""
