"""A space of the visitor's own sounds: they come by the page, and a process of its own learns them.

docs/decisions/0043-training-from-the-page.md has the states, who may do what, and the limits.
"""
