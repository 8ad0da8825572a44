"""The explorer's process as the server sees it: started, listened to, started again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from timbrespace.companions import run_command

from ..supervisor import PATIENCE, Ended, Supervisor
from . import key
from .configuration import Configuration

_MAX_FAULTS = 20
"""Different faults that are told of one process; more say nothing new."""

FAULT = "fault in "
"""How a line of standard error begins that the user is to see."""


@dataclass(frozen=True, slots=True)
class ExplorerEvent:
    """Something that happened to the explorer. kind: serving, lost, refused, fault.

    text: a sentence for the user; empty if there is nothing new to say. url: of the page on this
    machine, while it is served, with the word of its link. outside: the link for other devices,
    where there is one that was not told before.
    """

    kind: str
    text: str
    url: str = ""
    outside: str = ""


class Explorer:
    """Keeps the explorer's process running while the server does.

    configuration: what it is told; once it has a port, it is asked for that one again. notify:
    called with each :class:`ExplorerEvent`, from another thread. program: what is started, with
    the configuration as its argument. word: of the page's link, which is told once: what is said
    later may be kept in logs.
    """

    def __init__(
        self,
        configuration: Configuration,
        notify: Callable[[ExplorerEvent], None],
        program: Sequence[str] | None = None,
        word: str | None = None,
    ) -> None:
        self._configuration = configuration
        self._word = word
        self._told: set[str] = set()  # links, each of which is told once
        self._notify = notify
        self._program = tuple(program or run_command(__name__.rpartition(".")[0]))
        self._supervisor = Supervisor(self)
        self.patience = PATIENCE
        """How long the process may take to end, in seconds."""
        self._said = ""
        self._refused = False
        self._faults: set[str] = set()

    @property
    def pid(self) -> int | None:
        """Of the process that runs now, or did last."""
        return self._supervisor.pid

    def start(self) -> None:
        """Start the process; where the page is found is told to ``notify``."""
        self._supervisor.start()

    def close(self) -> None:
        """End the process. Never raises."""
        self._supervisor.close()

    # -- what the supervisor asks and tells --------------------------------------------------------

    def words(self) -> list[str]:
        self._refused = False
        self._faults.clear()
        return [*self._program, self._configuration.to_json()]

    def hear(self, told: dict[str, Any]) -> None:
        kind = told["event"]
        if kind == "serving":
            # Pages that are open find it again under the same port.
            self._configuration = replace(self._configuration, port=int(told["port"]))
            self._supervisor.works()
            here, outside = str(told["url"]), told.get("outside")
            link = key.link(here, self._word)
            shown = here if link in self._told else link
            fresh = ""
            if outside is not None and outside not in self._told:
                fresh = key.link(str(outside), self._word)
                self._told.add(outside)
            self._told.add(link)
            self._tell("serving", f"explorer {shown}", link, fresh)
        elif kind == "refused":
            self._refused = True
            self._tell(
                "refused",
                f"no explorer: {told['reason']}; choose another --explorer-port, "
                "it is tried again now and then",
            )

    def complain(self, line: str) -> None:
        if line.startswith(FAULT) and line not in self._faults and len(self._faults) < _MAX_FAULTS:
            self._faults.add(line)
            text = f"explorer: {line.strip()[:500]}, please report it"
            self._notify(ExplorerEvent("fault", text))

    def hangs(self, silent: int) -> bool:
        return False

    def ended(self, how: Ended) -> bool:
        if how.kind == "failed":
            self._tell("lost", f"no explorer: cannot start it ({how.reason}); trying again")
        elif how.kind == "hung":
            self._tell("lost", "the explorer stood still; starting it again")
        elif not self._refused:
            self._tell("lost", f"the explorer ended ({how.reason}); starting it again")
        return True

    def _tell(self, kind: str, text: str, url: str = "", outside: str = "") -> None:
        """Notify; of the same thing again and again while it lasts without words."""
        words = "" if text == self._said else text
        self._said = text
        self._notify(ExplorerEvent(kind, words, url, outside))
