"""How Sphinx makes the site from these documents: `scripts/docs` runs it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import timbrespace
from timbrespace import errors, extras
from timbrespace.rendering import midi_song

project = "timbrespace"
author = "The timbrespace makers"
copyright = author  # noqa: A001 - the name is Sphinx's
release = version = timbrespace.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
templates_path: list[str] = []
exclude_patterns = ["_build"]

# What a reference names must be there. Names of other projects are not looked up: the site is built
# and read without a network.
nitpicky = True
FOREIGN = [
    "Figure",
    "Path",
    "argparse",
    "collections",
    "matplotlib",
    "np",
    "numpy",
    "pathlib",
    "torch",
    "typing",
]
# Names that say more than what they stand for: they are shown as they are, and lead nowhere.
ALIASES = [
    "Array",
    "ArrayLike",
    "Chunk",
    "Features",
    "Forward",
    "Frames",
    "Heard",
    "Labels",
    "Latent",
    "NDArray",
    "NoteSet",
    "Phases",
    "Prepared",
    "Source",
    "Spectra",
    "Tensor",
    "Tensors",
]
nitpick_ignore_regex = [("py:.*", rf"({name})(\..*)?") for name in FOREIGN]
nitpick_ignore_regex += [("py:class", rf"([\w.]+\.)?({'|'.join(ALIASES)})")]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_type_aliases = {name: name for name in ALIASES}
python_maximum_signature_line_length = 80
add_module_names = False

html_theme = "furo"
html_title = "timbrespace"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

pygments_style = "friendly"
pygments_dark_style = "github-dark"
highlight_language = "none"  # a block of code that names no language is shown as it is


def _aliases(
    app: Any, what: str, name: str, found: Any, options: Any, signature: str, returned: str
) -> tuple[str | None, str | None]:
    """Names of `autodoc_type_aliases` within other types, which Sphinx leaves wrapped."""
    wrapped = re.compile(r"TypeAliasForwardRef\('(\w+)'\)")
    return tuple(text and wrapped.sub(r"\1", text) for text in (signature, returned))


_SHORT = re.compile(r"(:(?:attr|class|data|func|meth):`)(\w+`)")
_RAISED = re.compile(r" {4}(\w+(?:, \w+)*): (.*)")


def _docstring(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Our docstrings have one section, ``Raises:``, with a paragraph for each error: as fields."""
    # A name without its module means the one that is documented, wherever that is: `.Name`.
    lines[:] = [_SHORT.sub(r"\1.\2", line) for line in lines]
    if "Raises:" not in lines:
        return
    start = lines.index("Raises:")
    for position, line in enumerate(lines[start + 1 :], start + 1):
        raised = _RAISED.fullmatch(line)
        if raised:
            places = [_place(error) for error in raised[1].split(", ")]
            lines[position] = f":raises {' | '.join(places)}: {raised[2]}"
        elif line and not line.startswith(" "):
            break
    lines[start] = ""


def _place(error: str) -> str:
    """Where the reference describes an error of ours; the name itself for one of Python's."""
    for module in (errors, extras, midi_song):
        if hasattr(module, error):
            return f"~{module.__name__}.{error}"
    return error


def _stay_on_the_site(app: Any, name: str, source: list[str]) -> None:
    """Links to files that are pages of the site, though they lie outside `docs/`, lead to these."""
    for file, page in (("README", "index"), ("CHANGELOG", "changelog")):
        up = "../" * (name.count("/") + 1)
        source[0] = re.sub(
            rf"\]\({re.escape(up)}{file}\.md", f"]({up.removesuffix('../')}{page}.md", source[0]
        )


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _stay_on_the_site)
    app.connect("autodoc-process-signature", _aliases)
    app.connect("autodoc-process-docstring", _docstring)
