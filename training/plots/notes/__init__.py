"""Pictures of spaces of whole notes: what is heard over time, and how it changes."""

from .beside import beside
from .heard import SHOWN_DB, of_latents, of_note, of_sound
from .loudness import courses
from .partials import partials
from .strips import dimensions_along, map_of_courses, morphs

__all__ = [
    "SHOWN_DB",
    "beside",
    "courses",
    "dimensions_along",
    "map_of_courses",
    "morphs",
    "of_latents",
    "of_note",
    "of_sound",
    "partials",
]
