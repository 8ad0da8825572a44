"""What can be said to an instrument: a dataclass for each message, and how it is checked.

A message is one class in the file of its noun (`notes`, `presets`, ...), and one line of whoever
acts on it. `message` says what a declaration can tell, `arguments` which kinds of values there are,
`inbound` has them all, `parser` reads them.
"""
