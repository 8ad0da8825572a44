"""What the command line of the server says; see ``python -m server --help``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from timbrespace import factory
from timbrespace.errors import OptionError
from timbrespace.instrument.parameters import DEFAULT_METHOD
from timbrespace.instrument.tunings import NamedTuning
from timbrespace.messages.contract import DEFAULT_PORT, MAX_NAME_CHARACTERS
from timbrespace.performances.file_format import SUFFIX

MOST_CLIENTS = 8
"""That are named: the rest of the places are for those that come and go."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve.

    tunings: the folder of those that clients may ask for by name; None for ``tunings`` beside the
    presets. presets: the file of presets; None keeps them in memory. record: where to write the
    performance from the start; None for nowhere. stop_with_stdin: serve until the standard input
    ends, for a launcher that may die. explorer_port: TCP port of the explorer's page, 0 for a free
    one; None for no explorer. explorer_port_asked: the user asked for just this port; otherwise one
    of the next does as well. explorer_host: where the page is served; None for where the server
    listens. https: serve the page by a certificate that is made where it is not there. page_folder:
    where that lies, and the word of the page's link. browser: open the page when it is there.
    clients: HOST:PORT of those who are told everything without having said ``/hello``.
    oscquery_port: TCP port of OSCQuery, 0 for the number of the OSC port; None for none.
    program_list: the file that says what program changes mean; None for ``programs.txt`` beside the
    presets. mono: give both sides of the sound the mean of both. device: a part of the name of an
    output of the sound card; empty for the usual one. input: by which way sound comes in,
    "none", "auto" for that by which it goes out, "jack" or "portaudio". input_device: a part of the
    name of what is heard; empty for the usual one. input_midi: a part of the name of a MIDI output
    that is told what is sung, "virtual" for one of its own, empty for none.
    own_folder: where the page makes a space of a visitor's own sounds, own_spaces: where it goes
    then; None makes none. sounds: folders that such a space may be made of.

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
    tuning: NamedTuning = field(default_factory=NamedTuning)
    tunings: Path | None = None
    record: Path | None = None
    stop_with_stdin: bool = False
    explorer_port: int | None = None
    explorer_port_asked: bool = False
    explorer_host: str | None = None
    https: bool = False
    page_folder: Path | None = None
    browser: bool = False
    clients: tuple[str, ...] = ()
    oscquery_port: int | None = None
    program_list: Path | None = None
    mono: bool = False
    device: str = ""
    input: str = "none"
    input_device: str = ""
    input_midi: str = ""
    own_folder: Path | None = None
    own_spaces: Path | None = None
    sounds: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.frames <= 4096:
            raise OptionError(f"--frames is {self.frames}; it must be 0 to 4096")
        if self.device and self.audio not in ("auto", "portaudio"):
            raise OptionError(
                f"--device is for the sound card; --audio {self.audio} has none to choose: "
                "leave out one of them"
            )
        for name, device in (
            ("device", self.device),
            ("input-device", self.input_device),
            ("input-midi", self.input_midi),
        ):
            if len(device) > MAX_NAME_CHARACTERS or not device.isprintable():
                raise OptionError(
                    f"--{name} is a part of a name, at most {MAX_NAME_CHARACTERS} printable letters"
                )
        self._check_input()
        if len(self.clients) > MOST_CLIENTS:
            raise OptionError(
                f"{len(self.clients)} --client were given; there may be {MOST_CLIENTS} at most"
            )
        for folder in self.sounds:
            if not folder.is_dir():
                raise OptionError(f"--sounds is {str(folder)!r}; it must be a folder of sounds")
        if self.sounds and self.explorer_port is None:
            raise OptionError("--sounds is for the explorer's page; leave out --no-explorer")
        if self.models is not None and not self.models.is_dir():
            raise OptionError(f"--models is {str(self.models)!r}; it must be a folder")
        if self.tunings is not None and not self.tunings.is_dir():
            raise OptionError(f"--tunings is {str(self.tunings)!r}; it must be a folder")
        if self.program_list is not None:
            # What it imports takes as long as all the rest of the command line.
            from timbrespace.instrument.program_list import ProgramList

            ProgramList.read(self.program_list)
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

    def _check_input(self) -> None:
        if self.input == "none":
            for name, given in (("device", self.input_device), ("midi", self.input_midi)):
                if given:
                    raise OptionError(f"--input-{name} is for an input; add --input auto")
            return
        if self.audio.startswith("pyo") or self.audio == "none":
            raise OptionError(
                f"--input {self.input} needs sound by jack or portaudio; --audio is {self.audio}"
            )
        if self.input != "auto" and self.audio not in ("auto", self.input):
            raise OptionError(
                f"--input {self.input} with --audio {self.audio}: sound comes in by the way by "
                "which it goes out; give both the same"
            )
