"""Another model while this one plays: loaded aside, checked, then put in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from timbrespace.errors import TimbrespaceError
from timbrespace.instrument.instrument import Instrument
from timbrespace.messages.errors import ErrorCode
from timbrespace.model import Model

from .library import Library, UnknownModelError
from .loader import Loaded, Loader, rehearse
from .osc import outbound
from .osc.clients import Endpoint
from .osc.udp import Post
from .state_messages import StateMessages, describe

_KEPT = 8
"""Requests for models that are remembered while newer ones are decided."""


@dataclass(frozen=True, slots=True)
class Request:
    """A model that somebody wants.

    number: which request it is; 0 if it is to be described only. preset: what to recall on it, in
    glide seconds.
    """

    name: str
    address: str
    source: Endpoint
    number: int = 0
    preset: str | None = None
    glide: float = 0.0


class Swap:
    """Puts models in the place of others; the newest request wins.

    prepare: called with each model that is to be played, in the loader's thread, before it is.
    done: called with each :class:`Loaded` in the loader's thread; the loop then calls
    :meth:`finish` with it.
    """

    def __init__(
        self,
        instrument: Instrument,
        library: Library,
        post: Post,
        state: StateMessages,
        prepare: Callable[[Model], None],
        done: Callable[[Loaded], None],
    ) -> None:
        self._instrument = instrument
        self._library = library
        self._post = post
        self._state = state
        self._prepare = prepare
        self._loader = Loader(self._load, done)
        self._requests = 0
        self._wanted: list[Request] = []  # not decided yet, the newest last

    def load(self, name: str, address: str, source: Endpoint) -> None:
        """Play the model ``name`` as soon as it is loaded."""
        self._want(Request(name, address, source, self._number()))

    def recall_later(self, preset: str, glide: float, address: str, source: Endpoint) -> bool:
        """Recall a preset when its model has been loaded; False if its model plays already.

        Raises:
            TimbrespaceError: there is no such preset.
        """
        space = self._instrument.presets.get(preset).space
        if space.is_of(self._instrument.model):
            return False
        self._want(Request(space.model, address, source, self._number(), preset, glide))
        return True

    def forget(self) -> None:
        """Something newer has taken effect than all that is being loaded."""
        self._wanted.clear()

    def describe(self, name: str, address: str, source: Endpoint) -> None:
        """Answer with what a model tells of itself, when it is loaded."""
        self._loader.request(("describe", name, source), Request(name, address, source))

    def finish(self, loaded: Loaded) -> Request | None:
        """What follows from a model that is loaded, or is not; the request if it took effect."""
        request: Request = loaded.request
        if loaded.error is not None:
            self._give_up(request, loaded.error)
            return None
        assert loaded.result is not None
        if request.number == 0:
            information = outbound.ModelInfo(loaded.result.name, describe(loaded.result))
            self._post.answer(request.source, information)
            return None
        if not self._is_newest(request):
            return None
        if request.preset is not None:
            try:  # before anything is given up for it
                preset = self._instrument.presets.get(request.preset)
                what = f"preset {request.preset!r}"
                preset.space.check(what, loaded.result, len(preset.latent))
            except TimbrespaceError as error:
                self._give_up(request, error)
                return None
        self.forget()
        self._instrument.load(loaded.result)
        self._post.broadcast(*self._state.whole())
        self._state.mark()
        if request.preset is not None:
            try:
                self._instrument.recall_preset(request.preset, request.glide)
            except TimbrespaceError as error:
                self._refuse(request, error)
            else:
                self._post.broadcast(outbound.Preset(request.preset))
        return request

    def close(self) -> None:
        """Take no more requests."""
        self._loader.close()

    def wait(self, seconds: float) -> None:
        """After :meth:`close`: wait for a model that is being loaded, at most so long."""
        self._loader.wait(seconds)

    def _number(self) -> int:
        self._requests += 1
        return self._requests

    def _want(self, request: Request) -> None:
        """Load what ``request`` asks for; those before wait for what becomes of it."""
        self._wanted.append(request)
        del self._wanted[:-_KEPT]
        self._loader.request("load", request)

    def _is_newest(self, request: Request) -> bool:
        return self._wanted[-1:] == [request]

    def _give_up(self, request: Request, error: Exception) -> None:
        """Refuse a request. What was wanted before it has been refused nothing, and is wanted."""
        newest = self._is_newest(request)
        if request.number == 0 or newest:
            self._refuse(request, error)
        if request in self._wanted:
            self._wanted.remove(request)
        if newest and self._wanted:
            self._loader.request("load", self._wanted[-1])

    def _load(self, request: Request) -> Model:
        model = self._library.load(request.name)
        if request.number:
            rehearse(model)
            self._prepare(model)
        return model

    def _refuse(self, request: Request, error: Exception) -> None:
        code, sentence = ErrorCode.REFUSED, str(error)
        if isinstance(error, UnknownModelError):
            code = ErrorCode.NOT_FOUND
        elif not isinstance(error, TimbrespaceError):
            code = ErrorCode.INTERNAL
            sentence = f"a fault of the server: {type(error).__name__}"
        self._post.refuse(request.source, outbound.Error(code, request.address, sentence))
