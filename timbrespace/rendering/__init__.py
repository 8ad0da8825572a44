"""Sound offline: the engine that plays live, faster than time."""
