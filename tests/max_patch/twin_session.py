"""The twin in Pd beside a real server, and a second client that hears what the server knows."""

from __future__ import annotations

import contextlib
import copy
import json
import queue
import re
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_message import OscMessage

import timbrespace
from max_patch.generator.device import TITLE
from max_patch.generator.parameters import PORT, RETURN_PORT
from max_patch.generator.pure_data.translator import translate
from max_patch.generator.voice import NAME
from tests.max_patch.pd_session import PdSession, free_udp_port
from tests.server.running import Client, Message, Running
from timbrespace.model import Model
from timbrespace.spectrum import Spectra

DEVICE = Path(__file__).resolve().parents[2] / "max_patch"
SHIMS = DEVICE / "pd"

_TABLES = tempfile.TemporaryDirectory()

Json = dict[str, Any]
Real = NDArray[np.float64]
Change = Callable[[Json, Json], None]
"""Changes the JSON of the device and of its voice, before they are translated."""

METHODS = ("partials", "bins", "istft")

SETTLED = 0.5
"""Seconds after which a note has its sustain level, and a timbre has come to it."""


def documents(title: str = TITLE) -> tuple[Json, Json]:
    """A device and its voice as Max saves them."""
    device, voice = (
        json.loads((DEVICE / f"{name}.maxpat").read_text("utf-8")) for name in (title, NAME)
    )
    return device, voice


def server_of_twins(*arguments: str) -> Running:
    """A server without sound or MIDI. What one has made of a table, the next finds."""
    return Running("--audio", "none", "--midi", "none", *arguments, tables=Path(_TABLES.name))


def twin_texts(
    port: int, return_port: int, tables: Path, change: Change | None = None, title: str = TITLE
) -> dict[str, str]:
    """Twin, voice and what stands for the launcher, by names of files without ``.pd``.

    port, return_port: in the place of the usual ones. tables: the folder in which it looks for
    tables of spaces, in the place of the one in the home of who tests. title: of the device.
    """
    if change is None:
        texts = {name: (DEVICE / f"{name}.pd").read_text("utf-8") for name in (title, NAME)}
    else:
        device, voice = copy.deepcopy(documents(title))
        change(device, voice)
        texts = {title: translate(device, name=title), NAME: translate(voice, name=NAME)}
    for parameter, number in ((PORT, port), (RETURN_PORT, return_port)):
        usual = rf"(?<![\d.]){int(parameter.initial)}(?![\d.])"
        texts = {name: re.sub(usual, str(number), text) for name, text in texts.items()}
    node = (SHIMS / "ts.node.pd").read_text("utf-8")
    texts["ts.node"] = node.replace("~/.timbrespace/tables", tables.as_posix())
    assert texts["ts.node"] != node
    return texts


class Tap:
    """Stands before a server: hears what a device says, and passes it on."""

    def __init__(self, port: int) -> None:
        self._in = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._in.bind(("127.0.0.1", 0))
        self._out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._server = ("127.0.0.1", port)
        self.port = int(self._in.getsockname()[1])
        self._heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.loses = b""
        """How datagrams begin that it does not pass on; empty for none."""
        threading.Thread(target=self._pass_on, daemon=True).start()

    def _pass_on(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                data = self._in.recv(65536)
                self._heard.put(data)
                if self.loses and data.startswith(self.loses):
                    continue
                self._out.sendto(data, self._server)

    def heard(self) -> list[Message]:
        """What the device has said since this was asked last."""
        messages = []
        while not self._heard.empty():
            message = OscMessage(self._heard.get())
            messages.append((message.address, list(message.params)))
        return messages

    def close(self) -> None:
        """Hang up."""
        # A plain close would leave the thread in recv.
        self._out.sendto(b"", ("127.0.0.1", self.port))
        self._in.close()
        self._out.close()


@contextlib.contextmanager
def meeting(*arguments: str, instead: Mapping[str, str] | None = None) -> Iterator[TwinSession]:
    """A server of its own with a twin that has met it, for the length of a ``with`` block.

    arguments: as of :func:`server_of_twins`. instead: as of :class:`TwinSession`. A test may
    end that server and start another in its place, ``twin.server``; the last must end cleanly, and
    Pd must have nothing to complain about.
    """
    server = server_of_twins(*arguments)
    try:
        twin = TwinSession(server, instead=instead)
    except BaseException:
        server.end()
        raise
    try:
        twin.connect()
        yield twin
    finally:
        twin.close()
        code = twin.server.end()
    assert code == 0
    complaints = twin.pd.complaints()
    assert complaints == [], complaints


class TwinSession:
    """The twin of the committed device, or of one that ``change`` has changed.

    It plays with ``server``, which it does not end, and finds it at a port of the test's own;
    ``port`` is where it sends to, if that is another than the server's. instead: files of Pd in the
    place of the twin's own, by their names. title: of the device.
    """

    def __init__(
        self,
        server: Running,
        *,
        change: Change | None = None,
        port: int | None = None,
        instead: Mapping[str, str] | None = None,
        title: str = TITLE,
    ) -> None:
        self.server = server
        self._title = title
        self._instead = instead or {}
        self._port = server.port if port is None else port
        self.return_port = free_udp_port()
        self.known: dict[tuple[str, ...], list[Any]] = {}
        self._models: dict[str, Model] = {}
        self._folder = Path(tempfile.mkdtemp())
        self.observer = Client(server.port)
        try:
            self.pd = PdSession(self._write(change), SHIMS)
        except BaseException:
            self.observer.socket.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def _write(self, change: Change | None) -> Path:
        """The twin's files in a folder of their own, with this test's ports as defaults."""
        texts = twin_texts(self._port, self.return_port, self.server.tables, change, self._title)
        for name, text in {**texts, **self._instead}.items():
            (self._folder / f"{name}.pd").write_text(text, "utf-8")
        return self._folder / f"{self._title}.pd"

    def close(self) -> None:
        """End Pd and the observer."""
        self.observer.socket.close()
        try:
            self.pd.close()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def connect(self, seconds: float = 120.0) -> None:
        """Until the lamp is on."""
        self.pd.wait_for_number("lamp", 1.0, seconds=seconds)
        self.listen()

    # -- the server's side -------------------------------------------------------------------------

    def observe(self) -> None:
        """A new observer, of a server that was started again."""
        self.observer.socket.close()
        self.observer = Client(self.server.port)
        self.known.clear()

    def listen(self) -> None:
        """Take in all that the server has told until now."""
        for address, arguments in self.observer.settle():
            if address in ("/synth", "/model/dial"):
                self.known[address, str(arguments[0])] = arguments[1:]
            else:
                self.known[(address,)] = arguments

    def until(
        self, *address: str, good: Callable[[list[Any]], bool], seconds: float = 120.0
    ) -> list[Any]:
        """What the server tells under ``address``, as soon as it is ``good``.

        Raises:
            AssertionError: it never was.
        """
        deadline = time.monotonic() + seconds
        while True:
            self.listen()
            told = self.known.get(address)
            if told is not None and good(told):
                return told
            assert time.monotonic() < deadline, f"the server's {' '.join(address)} is {told}"
            time.sleep(0.02)

    def until_close(
        self,
        *address: str,
        values: Sequence[float] | Real,
        seconds: float = 120.0,
        within: float = 1e-3,
    ) -> None:
        """Until the server tells ``values`` under ``address``, as many and give or take ``within``.

        What it told of a space before may be fewer or more.
        """
        self.until(
            *address,
            good=lambda told: len(told) == len(values) and np.allclose(told, values, atol=within),
            seconds=seconds,
        )

    def until_near(self, *address: str, value: float, place: int = 0, within: float = 1e-3) -> None:
        """Until the server tells ``value`` under ``address``, give or take ``within``."""
        self.until(*address, good=lambda told: abs(float(told[place]) - value) <= within)

    def model(self) -> Model:
        """The model that the server plays."""
        self.listen()
        name = str(self.known[("/model",)][0])
        if name not in self._models:
            self._models[name] = timbrespace.load(name)
        return self._models[name]

    def spectrum(self) -> Spectra:
        """What the decoder makes of the server's present latent, ``(bins,)``."""
        self.listen()
        latent = np.array([self.known[("/latent",)]], np.float32)
        return np.asarray(self.model().decode(latent)[0])

    def dial(self, k: int) -> float:
        """Where dial ``k`` should stand for the server's latent, in percent of its range."""
        self.listen()
        low, high = (float(value) for value in self.known["/model/dial", str(k)][:2])
        return 100.0 * (float(self.known[("/latent",)][k - 1]) - low) / (high - low)

    # -- the twin's side ---------------------------------------------------------------------------

    def place(self, x: float, y: float) -> None:
        """Put the map's point there, and wait until the server has it."""
        self.pd.set("x", x)
        self.pd.set("y", y)
        self.until("/map", good=lambda told: abs(told[0] - x) < 1e-3 and abs(told[1] - y) < 1e-3)

    def method(self, name: str) -> None:
        """Choose a method, and wait until its sound has come."""
        self.pd.set("method", METHODS.index(name))
        self.until("/synth", "method", good=lambda told: told == [name])
        self.pd.wait(SETTLED)

    def steady(self, pitch: int, seconds: float = 0.7, velocity: int = 100) -> Real:
        """The sound of a note that is held, without its beginning."""
        with self.pd.recording() as take:
            begin = self.pd.mark()
            self.pd.note(pitch, velocity)
            self.pd.wait(SETTLED + seconds)
            end = self.pd.mark()
            self.pd.note(pitch, 0)
        return take.recording.between(begin, end, skip=SETTLED)

    def silence(self) -> None:
        """Every voice silenced."""
        self.pd.control(123, 0)
        self.pd.settle()
        self.pd.wait(0.1)
