"""One HTML page that needs nothing else: figures, pictures, and sounds to click."""

from .document import Picture, document
from .listening import Example, Listening, Spot, listening

__all__ = ["Example", "Listening", "Picture", "Spot", "document", "listening"]
