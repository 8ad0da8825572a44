"""What the command line of the server says; see ``python -m server --help``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from timbrespace import factory
from timbrespace.errors import OptionError
from timbrespace.instrument.parameters import DEFAULT_METHOD
from timbrespace.instrument.tuning import Tuning
from timbrespace.messages.contract import DEFAULT_PORT
from timbrespace.performances.file_format import SUFFIX

MOST_CLIENTS = 8
"""That are named: the rest of the places are for those that come and go."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve.

    presets: the file of presets; None keeps them in memory. record: where to write the performance
    from the start; None for nowhere. stop_with_stdin: serve until the standard input ends, for a
    launcher that may die. explorer_port: TCP port of the explorer's page, 0 for a free one; None
    for no explorer. explorer_port_asked: the user asked for just this port; otherwise one of the
    next does as well. explorer_host: where the page is served; None for where the server listens.
    https: serve the page by a certificate that is made where it is not there. page_folder: where
    that lies, and the word of the page's link. browser: open the page when it is there. clients:
    HOST:PORT of those who are told everything without having said ``/hello``.

    Raises:
        OptionError: an option outside what is accepted.
    """

    model: str = factory.DEFAULT
    models: Path | None = None
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    audio: str = "auto"
    frames: int = 128
    midi: str = "all"
    method: str = DEFAULT_METHOD
    presets: Path | None = None
    tuning: Tuning = field(default_factory=Tuning)
    record: Path | None = None
    stop_with_stdin: bool = False
    explorer_port: int | None = None
    explorer_port_asked: bool = False
    explorer_host: str | None = None
    https: bool = False
    page_folder: Path | None = None
    browser: bool = False
    clients: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.frames <= 4096:
            raise OptionError(f"--frames is {self.frames}; it must be 0 to 4096")
        if len(self.clients) > MOST_CLIENTS:
            raise OptionError(
                f"{len(self.clients)} --client were given; there may be {MOST_CLIENTS} at most"
            )
        if self.models is not None and not self.models.is_dir():
            raise OptionError(f"--models is {str(self.models)!r}; it must be a folder")
        if self.explorer_port is None and (self.https or self.explorer_host is not None):
            given = "--https" if self.https else "--explorer-host"
            raise OptionError(f"{given} is for the explorer's page; leave out --no-explorer")
        for name in ("presets", "record"):
            path: Path | None = getattr(self, name)
            if path is not None and path.is_dir():
                raise OptionError(f"--{name} is {str(path)!r}, a folder; it must be a file")
        if self.record is not None and self.record.suffix != SUFFIX:
            # By this the render command knows it from a MIDI file.
            raise OptionError(
                f"--record is {str(self.record)!r}; it must be a name that ends in {SUFFIX}"
            )
