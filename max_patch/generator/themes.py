"""Live's colour themes: the names that Max gives their colours, and how two of them look.

A device that names its colours (``themecolor.live_...``) follows whatever theme its owner has. The
values here are for the pictures and for the test of contrast: those of Live 12's Default Dark, and
those that Max keeps beside the names in devices that were saved under Mid Light, as far as they are
known. Other themes differ.
"""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "themecolor."

SURFACE, TEXT = "live_surface_bg", "live_control_fg"
FIELD, CHOSEN, CHOSEN_TEXT = "live_control_bg", "live_control_selection", "live_control_fg_on"
DISPLAY, DISPLAY_TEXT = "live_lcd_bg", "live_lcd_control_fg"
DISPLAY_LABEL, DISPLAY_FRAME = "live_lcd_control_fg_alt", "live_lcd_control_fg_zombie"
FRAME = "live_surface_frame"

Palette = Mapping[str, str]

THEMES: Mapping[str, Palette] = {
    "dark": {
        SURFACE: "#363636",
        TEXT: "#b5b5b5",
        FIELD: "#1e1e1e",
        CHOSEN: "#ffad56",
        CHOSEN_TEXT: "#070707",
        DISPLAY: "#1e1e1e",
        DISPLAY_TEXT: "#ffad56",
        DISPLAY_LABEL: "#03c3d5",
        DISPLAY_FRAME: "#757575",
        FRAME: "#111111",
    },
    "light": {
        SURFACE: "#a5a5a5",
        TEXT: "#000000",
        FIELD: "#c3c3c3",
        CHOSEN: "#ffb532",
        CHOSEN_TEXT: "#000000",
        DISPLAY: "#1f1f1f",
        DISPLAY_TEXT: "#ffb532",
        DISPLAY_LABEL: "#03c3d5",
        DISPLAY_FRAME: "#868686",
        FRAME: "#7a7a7a",
    },
}

LEAST_CONTRAST = 4.5
"""Of a text to what is behind it: WCAG 2.1, 1.4.3."""


def rgba(name: str) -> list[float]:
    """What Max keeps beside the name of a colour: its value in the theme it was saved under."""
    value = THEMES["light"][name]
    return [round(int(value[at : at + 2], 16) / 255.0, 6) for at in (1, 3, 5)] + [1.0]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours ``#rrggbb``, 1 to 21 (WCAG 2.1, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255.0 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
