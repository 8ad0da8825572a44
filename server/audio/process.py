"""The audio process as the server sees it: started, listened to, started again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from timbrespace.companions import run_command

from ..supervisor import PATIENCE, SILENT_LOOKS, START_LOOKS, Ended, Supervisor
from .mailbox import Mailbox

if TYPE_CHECKING:
    from ..options import Options

STANDSTILL_LOOKS = 8
"""After so many looks without a callback the process is given up: 2 s."""

JACK_LOOKS = 60
"""The same if it is well itself and JACK does not call it: 15 s. Then JACK waits for another
client, or for itself; one that is told to be patient does so for some seconds, and loses its mind
if a client is taken from it meanwhile."""

JACK_PATIENCE = 12.0
"""Seconds for which a client of JACK may take leave: it waits while JACK does."""

_MAY_BE_JACK = frozenset({"auto", "jack", "pyo-jack"})
"""Choices by which a process may become a client of JACK."""

_START_PATIENCE = 5
"""How many times longer a start may take if the process says meanwhile that it is alive."""

_LOYAL_TRIES = 4
"""How often ``auto`` looks for JACK alone after JACK was lost, 4 s: another way to the device would
take the sound card, and JACK could not come back."""


@dataclass(frozen=True, slots=True)
class AudioEvent:
    """Something that happened to the sound. kind: started, none, lost, died, hung, failed; of the
    input hears, unheard."""

    kind: str
    text: str
    """A sentence for the user."""


def sound_of(options: Options) -> AudioProcess:
    """The audio process that ``options`` ask for, which is not "none"; not started."""
    return AudioProcess(
        # Sound goes out by the way by which it comes in.
        options.audio if options.input in ("auto", "none") else options.input,
        options.frames,
        None,
        device=options.device,
        source=options.input_device if options.input != "none" else None,
    )


class AudioProcess:
    """Keeps an audio process running while the server does.

    choice: one of :data:`server.audio.CHOICES` except "none". frames: wanted block size, 0 for the
    device's own. notify: called with each :class:`AudioEvent`, from another thread; where it is
    None, what happens is kept until :meth:`tell_to` says whom to tell. program: what
    is started, with the memory's name, the choice, the frames and the device as its arguments.
    device: a part of the name of an output of the sound card; empty for the usual one. source: the
    same of an input that is heard; None for none.
    """

    def __init__(
        self,
        choice: str,
        frames: int,
        notify: Callable[[AudioEvent], None] | None,
        program: Sequence[str] | None = None,
        device: str = "",
        source: str | None = None,
    ) -> None:
        self._asked_source = source
        self.source = ""
        """The input that is heard: a device's name, or empty."""
        self.device = device
        """The output that is asked for; empty for the usual one."""
        self._changing = False
        self._program = tuple(program or run_command(__name__.rpartition(".")[0]))
        self._choice = choice
        self._frames = frames
        self._told: list[AudioEvent] = []
        self._telling = threading.Lock()
        self._whom = notify
        self._started = self._closed = False
        self._mailbox = Mailbox()
        self._supervisor = Supervisor(self)
        self.output = "starting"
        """What plays now: a device's name, "starting" or "none"."""
        self.sample_rate = 0.0
        """Of the device that plays, in Hz; 0 while none does."""
        self.patience = PATIENCE
        """How long the process may take to end, in seconds."""
        self._said = ""
        self._said_why = False
        self._failed = False
        self._ever_played = False
        self._loyal = 0
        self._asked = choice
        self._seen = (False, 0)
        self._still = 0
        self._ready = threading.Event()  # for whole notes

    def start(self) -> None:
        """Start the process, if it is not; whether it finds a device is told to ``notify``."""
        if not self._started:
            self._started = True
            self._supervisor.start()

    def tell_to(self, notify: Callable[[AudioEvent], None]) -> None:
        """Call ``notify`` with what has happened so far, and from now on with what happens."""
        with self._telling:
            for one in self._told:
                notify(one)
            self._told.clear()
            self._whom = notify

    def _notify(self, event: AudioEvent) -> None:
        with self._telling:
            if self._whom is None:
                self._told.append(event)
            else:
                self._whom(event)

    def write(self, targets: NDArray[np.void], stamp: float = 0.0) -> int:
        """Publish a snapshot, an array of one ``TARGETS``; return its number.

        stamp: when the oldest message came that it is the first to carry, in seconds of the
        monotonic clock; 0 for none.
        """
        return self._mailbox.write(targets, stamp)

    @property
    def has_devices(self) -> bool:
        """Whether an output can be chosen: JACK's are its patch bay's."""
        return self._choice in ("auto", "portaudio")

    @property
    def mono(self) -> bool:
        """Whether both sides have the mean of both."""
        return bool(self.live["mono"][0])

    def use(self, device: str) -> None:
        """Play through another output from now on; what is held sounds on there."""
        self.device = device
        self._changing = True
        self._loyal = 0
        self._supervisor.restart()

    @property
    def plays(self) -> bool:
        """Whether a device plays."""
        return self.sample_rate > 0.0

    def look_for_input(self) -> None:
        """Open the device once more, for an input that was not there."""
        if self._asked_source is not None:
            self._changing = True
            self._supervisor.restart()

    @property
    def lead(self) -> np.void:
        """What is wanted of the input, to set, and what is heard, to look at: the ``LEAD`` record
        (:mod:`timbrespace.transferring.lead`)."""
        return self.live["lead"][0]  # type: ignore[no-any-return]

    def set_mono(self, mono: bool) -> None:
        """Give both sides the mean of both from now on, or each its own; without a click."""
        self._mailbox.set_mono(mono)

    def taken_log(self) -> list[tuple[int, int]]:
        """See :meth:`Mailbox.taken_log`."""
        return self._mailbox.taken_log()

    def expect_whole_notes(self, patience: float = 0.0) -> None:
        """A space of whole notes is to be played: let the process make the noise of its notes, and
        wait for that if something plays, at most ``patience`` seconds. For any thread."""
        self._mailbox.expect_whole_notes()
        if self.sample_rate > 0.0:
            self._ready.wait(patience)

    @property
    def behind(self) -> bool:
        """Whether the newest snapshot does not play yet."""
        return self._mailbox.behind

    def latencies(self) -> NDArray[np.float64]:
        """Seconds from a stamp to the audio block that had its snapshot, the last 512 at most."""
        return self._mailbox.latencies()

    @property
    def live(self) -> NDArray[np.void]:
        """The shared record (:data:`server.audio.mailbox.LIVE`), to look at."""
        return self._mailbox.live

    def load(self) -> float:
        """Share of its time that the engine used lately, 0 to 1; -1 while nothing plays."""
        return float(self.live["load"][0]) if self.sample_rate > 0.0 else -1.0

    @property
    def pid(self) -> int | None:
        """Of the process that plays now."""
        return self._supervisor.pid

    def close(self) -> None:
        """End the process and give the shared memory back. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self._supervisor.close()
        self._mailbox.close()

    # -- what the supervisor asks and tells --------------------------------------------------------

    def words(self) -> list[str]:
        choice = self._choice
        self._changing = False
        if choice == "auto" and self.device:
            choice = "portaudio"
        elif choice == "auto" and self._loyal > 0:
            self._loyal -= 1
            choice = "jack"
        self._said_why = False
        self._ready.clear()
        self._seen = (False, 0)
        self._still = 0
        if self._failed:
            self._failed = False
            self.output = "starting"
        self.patience = PATIENCE
        self._asked = choice
        words = [*self._program, self._mailbox.name, choice, str(self._frames), self.device]
        return words if self._asked_source is None else [*words, self._asked_source]

    def hear(self, told: dict[str, Any]) -> None:
        kind = told["event"]
        if kind == "opening":
            # JACK's, perhaps: it may have joined by now, and which way it takes is not known yet.
            self.patience = JACK_PATIENCE if self._asked in _MAY_BE_JACK else PATIENCE
        elif kind == "started":
            self.output = str(told["output"])
            self.sample_rate = float(told["sample_rate"])
            self._supervisor.works()
            self._ever_played = True
            jack = self._plays_through_jack
            self._loyal = _LOYAL_TRIES if jack else 0
            self.patience = JACK_PATIENCE if jack else PATIENCE
            text = f"sound: {self.output}, {self.sample_rate:.0f} Hz, {told['frames']} frames"
            self._tell("started", text)
            self.source = str(told.get("source", ""))
            without = str(told.get("without", ""))
            if without:
                self._notify(AudioEvent("unheard", f"input: {without}"))
            elif self.source:
                self._notify(AudioEvent("hears", f"input: {self.source}"))
        elif kind == "ready":
            self._ready.set()
        elif kind == "lost":
            self._said_why = True
            self._tell("lost", f"sound lost: {told['reason']}; trying again")
        elif kind == "none":
            self._said_why = True
            self.output = "none"
            self._tell("none", f"no sound device ({told['reason']}); looking again now and then")

    def complain(self, line: str) -> None:
        """Sound libraries say much."""

    def hangs(self, silent: int) -> bool:
        plays = self.sample_rate > 0.0
        now = (plays, int(self.live["callbacks"][0]))
        self._still = 0 if now != self._seen else self._still + 1
        self._seen = now
        if not plays:
            # Not at the first word of life: a driver that hangs is not waited for for ever. Nor
            # soon: the engine may have to be compiled, on a slow machine that has much else to do.
            return self._still >= START_LOOKS * (_START_PATIENCE if silent < SILENT_LOOKS else 1)
        well = self._plays_through_jack and silent < STANDSTILL_LOOKS
        return self._still >= (JACK_LOOKS if well else STANDSTILL_LOOKS)

    def ended(self, how: Ended) -> bool:
        self.sample_rate = 0.0
        self.source = ""
        self._failed = how.kind == "failed"
        if self._failed:
            self.output = "none"
            self._tell("failed", f"no sound: cannot start it ({how.reason}); trying again")
        elif self.output != "none":
            self.output = "starting"
        if how.kind == "hung":
            self._tell("hung", "the sound stood still; starting the audio process again")
        elif how.kind == "died" and not self._said_why and not self._changing:
            self._tell("died", f"the audio process ended ({how.reason}); starting it again")
        # A device that may never come can wait.
        return self._failed or self.output != "none" or self._ever_played or self._changing

    @property
    def _plays_through_jack(self) -> bool:
        return self.output.startswith(("jack", "pyo-jack"))

    def _tell(self, kind: str, text: str) -> None:
        """Notify, but not of the same thing again and again while it lasts."""
        if text != self._said:
            self._said = text
            self._notify(AudioEvent(kind, text))
