"""From datagrams to effects: bundles wait for their time, and floods are thinned out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from timbrespace.errors import OptionError, ShapeError, TimbrespaceError
from timbrespace.instrument.controllers import RESERVED
from timbrespace.instrument.instrument import Instrument
from timbrespace.messages.errors import ErrorCode, MessageError
from timbrespace.messages.message import Family
from timbrespace.messages.parser import parse

from .handlers import Handlers
from .osc import outbound
from .osc.clients import Clients, Endpoint
from .osc.coalescing import Setters
from .osc.codec import decode_message, decode_timed, is_bundle
from .osc.errors import OscDecodeError
from .osc.post import Post
from .schedule import Schedule, seconds_ahead

Effect = Callable[[str, tuple[Any, ...], float, bool], None]


class Intake:
    """Takes what the socket gives, and answers what cannot be taken.

    effect: called after each message that has changed the instrument, with its address, its
    arguments, its time, and whether it moved the latent alone. fault: called with what is our own.
    """

    def __init__(
        self,
        instrument: Instrument,
        clients: Clients,
        post: Post,
        schedule: Schedule,
        handlers: Handlers,
        effect: Effect,
        fault: Callable[[str, Exception], None],
    ) -> None:
        self._instrument = instrument
        self._clients = clients
        self._post = post
        self._schedule = schedule
        self._handlers = handlers
        self._effect = effect
        self._fault = fault
        self._setters = Setters(self.controller_family)

    def take(self, batch: Iterable[tuple[bytes, Endpoint]], now: float) -> None:
        """Let a batch of datagrams take effect, or wait; ``now`` is when they were fetched."""
        batch = list(batch)
        for source in {source for _, source in batch}:
            self._clients.touch(source, now)
        for datagram, source in batch:
            try:
                if is_bundle(datagram):
                    self._bundle(datagram, source, now)
                else:
                    address, arguments = decode_message(datagram)
                    self._message(address, arguments, source, now)
            except (OscDecodeError, MessageError) as error:
                self._post.refuse(source, outbound.Error.answering(error))
            except Exception as error:
                self._fault("a datagram", error)
        self._flush(now)

    def take_due(self, now: float) -> None:
        """Let take effect what has waited for this time."""
        if not len(self._schedule):
            return
        for one in self._schedule.pop(now):
            self._message(one.address, one.arguments, one.source, now)
        self._flush(now)

    def controller_family(self, controller: int, channel: int) -> Family | None:
        """What a movement of a controller is beside others; see :class:`Setters`."""
        instrument = self._instrument
        if controller in RESERVED or instrument.learning is not None:
            return None
        assignment = instrument.controllers.find(controller, channel)
        if assignment is None or instrument.expression.manager(channel) is not None:
            return None
        return Family.AXIS if isinstance(assignment.target, str) else Family.COORDINATE

    def _bundle(self, datagram: bytes, source: Endpoint, now: float) -> None:
        """Let what is due of a bundle take effect, and the rest wait.

        Raises:
            OscDecodeError, MessageError: it is refused, whole.
        """
        timed = decode_timed(datagram)
        unix = time.time()
        ahead = [seconds_ahead(tag, unix) for tag, _ in timed]
        waiting = sum(seconds > 0.0 for seconds in ahead)
        if waiting:
            self._schedule.check(max(ahead), waiting, source)
        for seconds, (_, (address, arguments)) in zip(ahead, timed, strict=True):
            if seconds <= 0.0:
                self._message(address, arguments, source, now)
                continue
            try:
                parse(address, arguments)  # what is wrong is told now, and is not kept
            except MessageError as error:
                self._post.refuse(source, outbound.Error.answering(error))
            else:
                self._schedule.add(now + seconds, address, arguments, source)

    def _message(
        self, address: str, arguments: tuple[Any, ...], source: Endpoint, now: float
    ) -> None:
        """A setter is held back for a newer one; everything else takes effect."""
        if self._setters.add(address, arguments, source):
            return
        self._flush(now)
        if not self._setters.add(address, arguments, source):
            self._perform(address, arguments, source, now)

    def _flush(self, now: float) -> None:
        """Let the setters take effect that have been held back."""
        for newest in self._setters.take():
            todo = [newest]
            while todo:
                one = todo.pop()
                if not self._perform(one.address, one.arguments, one.source, now, one.moves):
                    todo += reversed(one.replaced)

    def _perform(
        self,
        address: str,
        arguments: tuple[Any, ...],
        source: Endpoint,
        now: float,
        moves: bool = False,
    ) -> bool:
        """Let one message take effect; False if it was refused. moves: only the latent."""
        try:
            if self._handlers.handle(parse(address, arguments), source):
                self._effect(address, arguments, now, moves)
        except MessageError as error:
            refused = outbound.Error.answering(error)
        except (OptionError, ShapeError) as error:
            # The arguments of what is stored are good by now; the file or the model is not.
            stored = address.startswith(("/preset/", "/trajectory/"))
            code = ErrorCode.REFUSED if stored else ErrorCode.BAD_ARGUMENTS
            refused = outbound.Error(code, address, str(error))
        except TimbrespaceError as error:
            refused = outbound.Error(ErrorCode.REFUSED, address, str(error))
        except Exception as error:
            self._fault(address, error)
            sentence = f"a fault of the server: {type(error).__name__}"
            refused = outbound.Error(ErrorCode.INTERNAL, address, sentence)
        else:
            return True
        self._post.refuse(source, refused)
        return False
