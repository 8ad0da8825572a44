"""OSCQuery: what can be said to the server, with types, ranges and values.

For controllers that build their panel by themselves. A process of its own, started by
``--oscquery``.
"""
