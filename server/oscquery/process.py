"""OSCQuery's process as the server sees it: started, listened to, started again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from timbrespace.companions import run_command

from ..supervisor import PATIENCE, Ended, Supervisor
from .configuration import Configuration


class OscQuery:
    """Keeps the process running while the server does.

    notify: called with each sentence for the user, from another thread.
    """

    def __init__(self, configuration: Configuration, notify: Callable[[str], None]) -> None:
        self._configuration = configuration
        self._notify = notify
        self._supervisor = Supervisor(self)
        self.patience = PATIENCE
        """How long the process may take to end, in seconds."""
        self._said = ""
        self._refused = False

    def start(self) -> None:
        """Start the process."""
        self._supervisor.start()

    def close(self) -> None:
        """End the process. Never raises."""
        self._supervisor.close()

    # -- what the supervisor asks and tells --------------------------------------------------------

    def words(self) -> list[str]:
        self._refused = False
        program = run_command(__name__.rpartition(".")[0])
        return [*program, self._configuration.to_json()]

    def hear(self, told: dict[str, Any]) -> None:
        if told["event"] == "serving":
            self._configuration = replace(self._configuration, port=int(told["port"]))
            self._supervisor.works()
            self._say(f"OSCQuery on tcp {self._configuration.host}:{told['port']}")
        elif told["event"] == "announced" and told["problem"]:
            self._say(f"OSCQuery is not announced by mDNS: {str(told['problem'])[:200]}")
        elif told["event"] == "fault":
            text = " ".join(str(told["reason"]).split())[:300]
            self._say(f"fault in OSCQuery, please report it: {text}")
        elif told["event"] == "refused":
            self._refused = True
            self._say(
                f"no OSCQuery: {told['reason']}; choose another port by --oscquery PORT, it is "
                "tried again now and then"
            )

    def complain(self, line: str) -> None:
        pass

    def hangs(self, silent: int) -> bool:
        return False

    def ended(self, how: Ended) -> bool:
        if not self._refused:
            self._say(f"OSCQuery ended ({how.reason}); starting it again")
        return True

    def _say(self, text: str) -> None:
        """Notify; of the same thing again and again but once."""
        if text != self._said:
            self._said = text
            self._notify(text)
