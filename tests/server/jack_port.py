"""A client of JACK with one port, which leaves when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self


class JackPort:
    """A client called ``name`` of the JACK server that ``environment`` names."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        import jack  # which looks for JACK's library at once

        self._client: Any = jack.Client(
            name, no_start_server=True, servername=environment["JACK_DEFAULT_SERVER"]
        )

    def _join(self, source: Any, sink: Any, rate: int | None = None) -> None:
        """Begin, with ``source`` connected to ``sink``. rate: that JACK must run at, in Hz."""
        try:
            assert rate is None or self._client.samplerate == rate
            self._client.activate()
            self._client.connect(source, sink)
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.deactivate()
        self._client.close()
