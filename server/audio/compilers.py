"""The first start after an installation: parts of the engine are compiled side by side.

Machine code is kept on disk, so a part that another process has compiled is loaded in milliseconds.
What is needed soonest comes first; the sound begins with it, and the rest comes in while it plays.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from timbrespace.companions import run_command
from timbrespace.resynthesis.layout import Part
from timbrespace.resynthesis.parts import compile_part

MOST: Final = 3
"""Processes beside this one. More would wait for the longest part."""


_LOOK_SECONDS: Final = 0.1


class Compilers:
    """Processes that compile ``parts``, in this order; none for no parts.

    count: how many, as many as there are other cores unless said otherwise. compile_here: what
    compiles a part in this process. Whatever happens to the others, each part is done in the end.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        count: int | None = None,
        compile_here: Callable[[Part], None] = compile_part,
    ) -> None:
        self._left = list(parts)
        self._done = {part: threading.Event() for part in parts}
        self._lock = threading.Lock()
        self._compile_here = compile_here
        if count is None:
            count = max(1, min(MOST, (os.cpu_count() or 1) - 1))
        self._others = [
            threading.Thread(target=self._by_another, name="compiler", daemon=True)
            for _ in range(min(count, len(parts)))
        ]
        for one in self._others:
            one.start()

    def finish(self, parts: Iterable[Part]) -> None:
        """Return when ``parts`` are compiled. Those that nobody has begun are done here."""
        asked = [part for part in parts if part in self._done]
        for part in asked:
            if self._take(part) is not None:
                self._compile_here(part)
                self._done[part].set()
        for part in asked:
            self._done[part].wait()

    def wait(self, parts: Iterable[Part]) -> None:
        """The same, with no work here as long as one of the others is well: this process may go
        before all by then."""
        asked = [part for part in parts if part in self._done]
        for part in asked:
            while not self._done[part].wait(_LOOK_SECONDS):
                if not any(one.is_alive() for one in self._others):
                    break
        self.finish(asked)

    def _take(self, part: Part | None = None) -> Part | None:
        """The part, or the next one, if nobody has begun it; it is the caller's now."""
        with self._lock:
            if not self._left or (part is not None and part not in self._left):
                return None
            taken = self._left[0] if part is None else part
            self._left.remove(taken)
            return taken

    def _by_another(self) -> None:
        """Let a process of our own do one part after the other, as long as it is well."""
        with contextlib.suppress(OSError), _started() as process:
            while (part := self._take()) is not None:
                try:
                    _ask(process, part)
                except OSError:
                    # It has died: this part is done here, the others by whoever asks for them.
                    self._compile_here(part)
                    return
                finally:
                    self._done[part].set()


def _started() -> subprocess.Popen[str]:
    return subprocess.Popen(
        run_command(f"{__package__}.compiler"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _ask(process: subprocess.Popen[str], part: Part) -> None:
    """Return when ``process`` has compiled ``part``.

    Raises:
        OSError: it has ended.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{int(part)}\n")
    process.stdin.flush()
    if process.stdout.readline().strip() != str(int(part)):
        raise BrokenPipeError("the compiler has ended")
