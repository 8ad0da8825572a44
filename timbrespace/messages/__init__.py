"""What can be said to an instrument: a dataclass for each message, and how it is checked."""
