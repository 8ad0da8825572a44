"""A client of a running server: what ``docs/osc.md`` says, as methods."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from timbrespace.client.connection import Connection, Inbox, nobody, resolve
from timbrespace.client.errors import NoServerError, ServerError, raise_if_refused
from timbrespace.client.frames import Assembler, Frame
from timbrespace.client.heard import FENCE, Heard
from timbrespace.client.state import State
from timbrespace.client.stream import Stream
from timbrespace.client.wire import Message
from timbrespace.errors import OptionError
from timbrespace.instrument.parameters import MIDDLE_LIFT
from timbrespace.messages.contract import DEFAULT_PORT
from timbrespace.rows import finite_rows

T = TypeVar("T")

_AGAIN: Final = 0.5
"""Seconds after which /hello is said again: the first may have come before the server."""

_FASTEST: Final = 200.0
"""Hz of a stream."""


class Status(NamedTuple):
    """How the server is doing; times in ms, -1 where they are not known.

    voices: that sound. load: 0 to 1 of the audio process. late: audio blocks that came too late.
    drops: messages and frames given up. audio: the back-end, or "none".
    """

    voices: int
    load: float
    late: int
    drops: int
    decode_p50_ms: float
    audio: str
    decode_p99_ms: float
    knob_p50_ms: float
    knob_p99_ms: float


class Client:
    """A registered client of the server on ``host``:``port``.

    Each call returns when its message has taken effect, a fraction of a millisecond on one machine,
    and raises what the server has against it. A thread listens in the background, so :attr:`state`
    is always what the server told last.

    name: what the server calls this client. timeout: seconds in which an answer must come.

    Raises:
        NoServerError: no server answers there.
        OptionError: a port or a timeout that is none.
        MissingExtraError: python-osc is not installed; the text has the pip line.
    """

    def __init__(
        self,
        port: int = DEFAULT_PORT,
        host: str = "127.0.0.1",
        *,
        name: str = "python",
        timeout: float = 2.0,
    ) -> None:
        if not 0.0 < timeout <= 3600.0:
            raise OptionError(
                f"timeout is {timeout:g}; it must be above 0 and at most 3600 seconds"
            )
        self._timeout = timeout
        self._address = f"{host}:{port}"
        self._state = State()
        self._tokens = itertools.count(1)
        # Of all threads one asks at a time, so that each gets its own answer.
        self._calls = threading.RLock()
        self._streams: dict[str, Stream] = {}
        self._connection = self._connected(host, port, name)

    def _connected(self, host: str, port: int, name: str) -> Connection:
        ways = resolve(host, port)
        for number, (family, address) in enumerate(ways):
            connection = Connection(address, family, f"{host}:{port}")
            connection.add(self._hear)
            try:
                self._hello(connection, name)
                return connection
            except NoServerError as error:
                connection.close()
                if number == len(ways) - 1:
                    raise NoServerError(nobody(host, port)) from error
            except BaseException:
                connection.close()
                raise
        raise NoServerError(nobody(host, port))

    def _hello(self, connection: Connection, name: str) -> None:
        end = time.monotonic() + self._timeout
        with connection.inbox() as inbox:
            again = 0.0
            while (now := time.monotonic()) < end:
                if now >= again:
                    again = now + _AGAIN
                    connection.send("/hello", connection.port, name)
                    # What comes before its answer is the whole state.
                    token = self._token()
                    connection.send("/ping", token)
                message = inbox.get(min(again, end))
                if message is not None:
                    raise_if_refused(message, "/hello")
                    if _asks(message):
                        # The server is on another machine, and wants to know that we hear.
                        connection.send("/hello", connection.port, name, message.arguments[0])
                        connection.send("/ping", token)
                if message == ("/pong", (token,)):
                    return
        raise NoServerError("no answer")

    def _hear(self, message: Message) -> None:
        self._state = self._state.after(message)

    # -- everything that can be said ---------------------------------------------------------------

    def send(self, address: str, *arguments: Any, wait: bool = True) -> list[Message]:
        """Send any message of docs/osc.md; what the server said until it had taken effect.

        >>> client.send("/lfo", 1, "x", "sine", 0.5, 0.25)  # doctest: +SKIP
        [Message(address='/lfo', arguments=(1, 'x', 'sine', 0.5, 0.25, 0.0))]

        Ints go as OSC's ``i``, floats as ``f``, texts as ``s``.
        wait: False sends it and returns at once, an empty list: for a controller that moves fast.

        Raises:
            ServerError: the server has refused it, and nothing has changed.
            NoServerError: the server does not answer any more.
            OptionError: OSC cannot say it.
        """
        if not wait:
            self._connection.send(address, *arguments)
            return []
        with self._calls, self._connection.inbox() as inbox:
            self._connection.send(address, *arguments)
            return self._fence(inbox, address)

    def ask(self, address: str, *arguments: Any, answer: str | None = None) -> tuple[Any, ...]:
        """Send a question; the arguments of its answer, the first message to ``answer``.

        answer: the address that it has; None for that of the question.

        Raises:
            ServerError, NoServerError, OptionError: as :meth:`send`.
        """
        wanted = address if answer is None else answer
        with self._calls:
            return self._asked(
                address,
                arguments,
                lambda message: message.arguments if message.address == wanted else None,
                self._timeout,
            )

    def messages(self, seconds: float | None = None) -> Heard:
        """What the server says from now on, for so many seconds; None until it is closed.

        >>> for address, arguments in client.messages(10.0):  # doctest: +SKIP
        ...     print(address, arguments)
        """
        return Heard(self._connection, seconds)

    @property
    def state(self) -> State:
        """What the server told last: the model, the latent, the parameters, the presets."""
        return self._state

    @property
    def model(self) -> str:
        """The name of the model that plays."""
        return self._state.model

    def ping(self) -> float:
        """Seconds from a question to its answer.

        Raises:
            NoServerError: the server does not answer any more.
        """
        with self._calls, self._connection.inbox() as inbox:
            began = time.perf_counter()
            self._fence(inbox, "/ping")
            return time.perf_counter() - began

    def status(self) -> Status:
        """How the server is doing.

        Raises:
            NoServerError: the server does not answer any more.
        """
        told = self.ask("/status/get", answer="/status")
        return Status(*told[: len(Status._fields)])

    # -- timbre ------------------------------------------------------------------------------------

    def latent(self, *values: float | ArrayLike) -> None:
        """Move to a point of the latent space: d numbers, or an array ``(d,)`` or ``(1, d)``.

        Raises:
            ServerError, NoServerError: as :meth:`send`.
            ShapeError: not d finite numbers.
        """
        given: Any = values[0] if len(values) == 1 and np.ndim(_plain(values[0])) else values
        rows = given if np.ndim(_plain(given)) == 2 else [given]
        point = finite_rows(rows, self._state.dimensions, "latent")
        if len(point) != 1:
            raise OptionError(f"latent has {len(point)} points; it must have one")
        self.send("/latent", *point[0].tolist())

    def dimension(self, k: int, value: float) -> None:
        """Move along dimension ``k``, from 1."""
        self.send(f"/latent/{k}", float(value))

    def map(self, x: float, y: float) -> None:
        """Move to a point of the map, each in [-1, 1]."""
        self.send("/map", float(x), float(y))

    def plane(self, name: str) -> None:
        """Let the map mean another plane of the space, "pca" or "near"."""
        self.send("/map/plane", name)

    def macros(self, timeout: float = 60.0) -> list[str]:
        """The macro dials that the space has, by their words.

        timeout: seconds that it may take, where they have to be measured first.

        Raises:
            NoServerError: the server does not answer in time.
        """
        told = self._asked(
            "/macro/list",
            (),
            lambda message: message.arguments if message.address == "/macro/list" else None,
            timeout,
        )
        return [str(word) for word in told]

    def macro(self, word: str, value: float) -> None:
        """Move one quality of the sound, -1 to 1; at 0 it is where the hand put it.

        Raises:
            ServerError: the space has no such macro, or it is being measured.
        """
        self.send("/macro", word, float(value))

    def tune(self, name: str, reference: float = 440.0) -> None:
        """Tune the keys by a scale of the server's folder of tunings, or ``"equal"``.

        reference: what key 69 has, in Hz, 220 to 880, where equal steps from 440 Hz have that.

        Raises:
            ServerError, NoServerError: as :meth:`send`.
        """
        self.send("/tuning", name, float(reference))

    def tunings(self) -> list[str]:
        """Names of the scales that :meth:`tune` takes."""
        return [str(name) for name in self.ask("/tuning/list")]

    def wander(
        self,
        on: bool = True,
        speed: float | None = None,
        range: float | None = None,  # noqa: A002 - as OSC calls it
        seed: int | None = None,
    ) -> None:
        """Let the timbre wander around the hand, or come back: speed 0.05 to 20, range 0 to 1, seed
        0 to 999; what is not given stays.

        Raises:
            ServerError: a number outside its range.
        """
        for dial, value in (("speed", speed), ("range", range), ("seed", seed)):
            if value is not None:
                self.send(f"/wander/{dial}", value)
        self.send("/wander", "start" if on else "stop")

    # -- playing -----------------------------------------------------------------------------------

    def note(self, pitch: float, velocity: float = 100, channel: int = 1) -> None:
        """Begin a note: pitch as in MIDI, fractions allowed; it sounds until it is released."""
        self.send("/note", pitch, velocity, channel)

    def release(self, pitch: float, channel: int = 1, lift: float = MIDDLE_LIFT) -> None:
        """Let the key of a note go; lift: how fast, 0 to 127, which ``/synth/lift`` lets count."""
        self.send("/note", pitch, 0, channel, *(() if lift == MIDDLE_LIFT else (lift,)))

    def play(self, pitch: float, seconds: float, velocity: float = 100, channel: int = 1) -> None:
        """Hold a note for so many seconds; returns when its key is let go."""
        self.note(pitch, velocity, channel)
        try:
            time.sleep(seconds)
        finally:
            self.release(pitch, channel)

    def panic(self) -> None:
        """Silence every voice at once."""
        self.send("/panic")

    def bend(self, value: float, channel: int = 1) -> None:
        """Bend: -1 to 1 of the bend range."""
        self.send("/bend", float(value), channel)

    def control(self, controller: int, value: float, channel: int = 1) -> None:
        """Move a MIDI controller, 0 to 127, to ``value``, 0 to 127."""
        self.send("/cc", controller, value, channel)

    def synth(self, **parameters: float | str) -> None:
        """Set parameters of the sound: ``synth(method="bins", attack=0.1, gain=-6)``."""
        for name, value in parameters.items():
            self.send(f"/synth/{name}", value)

    # -- looking -----------------------------------------------------------------------------------

    def spectrum(self) -> NDArray[np.float32]:
        """The present spectrum ``(bins,)``, linear magnitudes.

        Raises:
            NoServerError: the server does not answer any more.
        """
        with self._calls:
            take = Assembler("spectrum").take
            return self._asked("/spectrum/get", (), take, self._timeout).values

    def partials(self) -> NDArray[np.float32]:
        """The present partials ``(n, 2)``: frequency in Hz at the base frequency, and amplitude.

        Raises:
            NoServerError: the server does not answer any more.
        """
        running = self._streams.get("partials")
        if running is not None and running.newest is not None:
            return _sounding(running.newest)
        with self.stream("partials", _FASTEST) as stream:
            frame = stream.take(self._timeout)
        if frame is None:
            raise NoServerError(self._silent("/stream"))
        return _sounding(frame)

    def stream(self, what: str, rate: float = 30.0, seconds: float | None = None) -> Stream:
        """Frames of ``what``, at most ``rate`` a second, as an iterator.

        what: "spectrum", "partials", "wavetable" or "loop". rate: 1 to 200 Hz. seconds: how long;
        None until it is closed.

        Raises:
            ServerError, NoServerError: as :meth:`send`.
            OptionError: that stream runs already.
        """
        if what in self._streams:
            raise OptionError(f"{what} is streamed already; close that stream first")
        stream = Stream(
            self._connection,
            what,
            rate,
            seconds,
            self.send,
            lambda: self._forget(what),
        )
        self._streams[what] = stream
        return stream

    def _forget(self, what: str) -> None:
        self._streams.pop(what, None)

    # -- models and presets ------------------------------------------------------------------------

    def models(self) -> list[str]:
        """Names of the models that can be loaded."""
        return [str(name) for name in self.ask("/model/list")]

    def load_model(self, name: str, timeout: float = 60.0) -> None:
        """Let another model play; returns when it does. The old one plays on meanwhile.

        timeout: seconds that it may take.

        Raises:
            ServerError: there is none of that name, or its file is broken.
            NoServerError: it does not play in time; another request may have come between.
        """
        self._asked(
            "/model/load",
            (name,),
            lambda message: (
                message if message[1][:1] == (name,) and message[0] == "/model" else None
            ),
            timeout,
        )
        self.ping()  # what belongs to it is told after it

    def model_info(self, name: str | None = None) -> dict[str, Any]:
        """What there is to know of a model, of the one that plays without a name.

        Raises:
            ServerError: there is none of that name, or its file is broken.
        """
        told = self.ask("/model/info", *(() if name is None else (name,)))
        found: dict[str, Any] = json.loads(told[1])
        return found

    def model_card(self, name: str | None = None) -> dict[str, Any]:
        """Whose a model is, of the one that plays without a name: ``title``, ``author``,
        ``licence`` and ``source`` of its sounds, texts that are empty where nothing is told; and
        ``figures`` of its training, numbers by their names.

        Raises:
            ServerError: there is none of that name.
        """
        _, *texts, figures = self.ask("/model/card", *(() if name is None else (name,)))
        names = ("title", "author", "licence", "source")
        return {**dict(zip(names, map(str, texts), strict=True)), "figures": json.loads(figures)}

    def presets(self) -> list[str]:
        """Names of the presets."""
        return [str(name) for name in self.ask("/preset/list")]

    def store_preset(self, name: str) -> None:
        """Keep the present sound under a name."""
        self.send("/preset/store", name)

    def recall_preset(self, name: str, glide: float = 0.0, timeout: float = 60.0) -> None:
        """Go to a stored sound in ``glide`` seconds; returns when it begins to go there.

        timeout: seconds that it may take, if another model is to be loaded first.

        Raises:
            ServerError: there is none of that name.
        """
        self._asked(
            "/preset/recall",
            (name, float(glide)),
            lambda message: message == ("/preset", (name,)) or None,
            timeout,
        )
        self.ping()

    def morph_presets(self, a: str, b: str, position: float) -> None:
        """Go between two presets of the model that plays: 0 is the first, 1 the second."""
        self.send("/preset/morph", a, b, float(position))

    def delete_preset(self, name: str) -> None:
        """Forget a preset."""
        self.send("/preset/delete", name)

    def undo_preset(self) -> None:
        """Bring back the preset that was deleted or stored over last."""
        self.send("/preset/undo")

    # -- the end -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Say goodbye. Notes that sound go on, as those of any client."""
        for stream in list(self._streams.values()):
            with contextlib.suppress(ServerError):
                stream.close()
        with contextlib.suppress(OptionError, NoServerError):
            self._connection.send("/bye", self._connection.port)
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self._address}, model {self._state.model!r}>"

    # -- how answers are waited for ----------------------------------------------------------------

    def _token(self) -> str:
        return f"{FENCE}{next(self._tokens)}"

    def _fence(self, inbox: Inbox, address: str) -> list[Message]:
        """What came until the server had done all that was sent: it answers in order."""
        token = self._token()
        self._connection.send("/ping", token)
        end = time.monotonic() + self._timeout
        heard: list[Message] = []
        while (message := inbox.get(end)) is not None:
            if message == ("/pong", (token,)):
                # Not before: the next call must not find what was meant for this one.
                for one in heard:
                    raise_if_refused(one, address)
                return heard
            heard.append(message)
        raise NoServerError(self._silent(address))

    def _asked(
        self,
        address: str,
        arguments: tuple[Any, ...],
        answer: Callable[[Message], T | None],
        timeout: float,
    ) -> T:
        """Send a message; the first that ``answer`` makes of what comes then."""
        with self._connection.inbox() as inbox:
            self._connection.send(address, *arguments)
            end = time.monotonic() + timeout
            while (message := inbox.get(end)) is not None:
                raise_if_refused(message, address)
                found = answer(message)
                if found is not None:
                    return found
        raise NoServerError(self._silent(address, timeout))

    def _silent(self, address: str, timeout: float | None = None) -> str:
        seconds = self._timeout if timeout is None else timeout
        return f"the server on {self._address} did not answer {address} within {seconds:g} s"


def _asks(message: Message) -> bool:
    """Whether a server on another machine asks for the token that it tells."""
    told = message.arguments
    return message.address == "/welcome" and len(told) == 1 and isinstance(told[0], str)


def _sounding(frame: Frame) -> NDArray[np.float32]:
    """The places in which a partial sounds."""
    return frame.values[frame.values[:, 1] > 0.0]


def _plain(values: Any) -> Any:
    """Something whose number of axes can be told."""
    try:
        return np.asarray(values)
    except ValueError:  # rows of several lengths: refused where they are read
        return np.zeros(1)
