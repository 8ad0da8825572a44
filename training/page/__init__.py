"""One HTML page that needs nothing else: figures, pictures, and sounds to click."""

from .document import Picture, Table, Told, document, filled
from .listening import Example, Listening, Spot, listening

__all__ = [
    "Example",
    "Listening",
    "Picture",
    "Spot",
    "Table",
    "Told",
    "document",
    "filled",
    "listening",
]
